//! What a check found, with advice and the missing policy statements.
//! Above: `connector check`, `issuer check`. Below: `model::check`.
//! Invariant: findings keep their order; a failure is never shown without its message.

use super::indented;
use crate::cli::output::View;
use crate::cli::style::{Style, Tone, safe};
use crate::cli::table::{Field, Rows};
use crate::cli::words;
use crate::model::check::{CheckStatus, Finding};
use serde::Serialize;

/// What was checked, by its name.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checked<'a> {
    Connector(&'a str),
    Issuer(&'a str),
}

impl<'a> Checked<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::Connector(name) | Self::Issuer(name) => name,
        }
    }
}

/// The findings on one thing.
#[derive(Debug)]
pub struct CheckView<'a> {
    pub checked: Checked<'a>,
    pub findings: &'a [Finding],
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    checked: Checked<'a>,
    findings: &'a [Finding],
}

impl View for CheckView<'_> {
    const SCHEMA: &'static str = "sensor.check/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            checked: self.checked,
            findings: self.findings,
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&[
            "status",
            "code",
            "subject",
            "message",
            "advice",
            "statement",
        ]);
        for finding in self.findings {
            let (word, tone) = words::check(finding.status);
            let text =
                |text: &Option<String>| Field::from(text.as_deref().map_or_else(String::new, safe));
            rows.push(vec![
                Field::toned(tone, word),
                safe(&finding.code).into(),
                text(&finding.subject),
                safe(&finding.message).into(),
                text(&finding.advice),
                finding.statement.clone().unwrap_or_default().into(),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let mut text = format!("{}\n", style.paint(Tone::Strong, self.checked.name()));
        for finding in self.findings {
            text += &finding_text(finding, style);
        }
        let number_of = |status| {
            self.findings
                .iter()
                .filter(|finding| finding.status == status)
                .count()
        };
        let statuses = [
            CheckStatus::Success,
            CheckStatus::Warning,
            CheckStatus::Failure,
            CheckStatus::Skipped,
        ];
        let told: Vec<_> = statuses
            .into_iter()
            .filter(|status| number_of(*status) > 0)
            .map(|status| {
                let (word, tone) = words::check(status);
                style.paint(tone, &format!("{} {word}", number_of(status)))
            })
            .collect();
        text + &format!(
            "\n{}\n",
            if told.is_empty() {
                "nothing was checked".to_owned()
            } else {
                told.join(", ")
            }
        )
    }
}

fn finding_text(finding: &Finding, style: Style) -> String {
    let (word, tone) = words::check(finding.status);
    let subject = finding
        .subject
        .as_deref()
        .map_or_else(String::new, |subject| format!(" {}", safe(subject)));
    let mark = style.paint(tone, &format!("[ {word} ]"));
    let code = style.paint(Tone::Dim, &safe(&finding.code));
    let mut text = format!("  {mark} {code}{subject}: {}\n", safe(&finding.message));
    if let Some(advice) = &finding.advice {
        put!(text, "      {}\n", safe(advice));
    }
    // What was not tried lacks nothing that is known.
    let untried = finding.status == CheckStatus::Skipped;
    if let Some(statement) = finding.statement.as_ref().filter(|_| !untried) {
        text += "      add to the policy:\n";
        text += &indented(&pretty(statement), 8);
    }
    text
}

/// JSON over several lines, its members in their order; anything else as one safe line.
pub(super) fn pretty(document: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(document).is_err() {
        return safe(document);
    }
    let mut text = String::with_capacity(document.len() * 2);
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut marks = document.chars().filter(|c| !c.is_control()).peekable();
    while let Some(mark) = marks.next() {
        if quoted {
            text.push(mark);
            quoted = escaped || mark != '"';
            escaped = !escaped && mark == '\\';
            continue;
        }
        match mark {
            ' ' => {}
            '{' | '[' => {
                text.push(mark);
                while marks.next_if(|next| *next == ' ').is_some() {}
                if let Some(end) = marks.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    new_line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(mark);
            }
            ',' => {
                text.push(mark);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ => {
                quoted = mark == '"';
                text.push(mark);
            }
        }
    }
    text.lines().map(|line| safe(line) + "\n").collect()
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn json_keeps_its_order_and_its_texts() {
        let text = r#"{"b":[1,{}],"a":"x, {\"y\": [1]}\\", "c" : [ ]}"#;
        let expected = r#"{
  "b": [
    1,
    {}
  ],
  "a": "x, {\"y\": [1]}\\",
  "c": []
}
"#;
        assert_eq!(pretty(text), expected);
        assert_eq!(pretty("no {json\u{1b}"), "no {json");
    }
}
