//! What a request would do: every target tried, every call named.
//! Above: `request create --dry-run`. Below: `table`, `style`.
//! Invariant: tells what was tried and what would be done apart.

use crate::app::Rehearsal;
use crate::cli::output::View;
use crate::cli::style::{Style, Tone, safe};
use crate::cli::table::{Field, Rows};
use crate::cli::words;
use crate::model::check::Finding;
use serde::Serialize;

/// A rehearsed request.
#[derive(Debug)]
pub struct RehearsalView<'a> {
    pub rehearsal: &'a Rehearsal,
}

#[derive(Serialize)]
struct Data<'a> {
    names: &'a [String],
    profile: &'a str,
    refused: bool,
    advice: &'a [String],
    targets: Vec<TargetData<'a>>,
    calls: Vec<CallData<'a>>,
}

#[derive(Serialize)]
struct TargetData<'a> {
    target: String,
    findings: &'a [Finding],
    error: Option<String>,
}

#[derive(Serialize)]
struct CallData<'a> {
    step: &'a str,
    call: &'a str,
    at: &'a str,
}

impl View for RehearsalView<'_> {
    const SCHEMA: &'static str = "sensor.rehearsal/v1";

    fn data(&self) -> impl Serialize + '_ {
        let rehearsal = self.rehearsal;
        Data {
            names: &rehearsal.request.names,
            profile: rehearsal.request.profile.as_str(),
            refused: rehearsal.is_refused(),
            advice: &rehearsal.advice,
            targets: rehearsal
                .targets
                .iter()
                .map(|(target, tried)| TargetData {
                    target: target.to_string(),
                    findings: tried
                        .as_ref()
                        .map_or(&[], |tried| tried.findings.as_slice()),
                    error: tried.as_ref().err().map(ToString::to_string),
                })
                .collect(),
            calls: rehearsal
                .calls
                .iter()
                .map(|call| CallData {
                    step: call.step,
                    call: &call.call,
                    at: &call.at,
                })
                .collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["step", "call", "at"]);
        for call in &self.rehearsal.calls {
            rows.push(vec![
                call.step.into(),
                call.call.as_str().into(),
                safe(&call.at).into(),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for (target, tried) in &self.rehearsal.targets {
            put!(text, "{}\n", style.paint(Tone::Strong, &target.to_string()));
            match tried {
                Err(error) => put!(
                    text,
                    "  {} {}\n",
                    style.paint(Tone::Bad, "✗"),
                    safe(&error.to_string())
                ),
                Ok(tried) => {
                    for finding in &tried.findings {
                        let (word, tone) = words::check(finding.status);
                        put!(
                            text,
                            "  {} {}\n",
                            style.paint(tone, &format!("[{word}]")),
                            safe(&finding.message)
                        );
                        if let Some(advice) = &finding.advice {
                            put!(text, "      {}\n", safe(advice));
                        }
                    }
                }
            }
        }
        for line in &self.rehearsal.advice {
            put!(text, "{} {}\n", style.paint(Tone::Warning, "!"), safe(line));
        }
        if self.rehearsal.is_refused() {
            put!(text, "\nno certificate would be ordered\n");
            return text;
        }
        put!(text, "\nwould be done, in this order:\n");
        let mut rows = Rows::new(&["step", "call", "at"]);
        for call in &self.rehearsal.calls {
            rows.push(vec![
                Field::from(call.step),
                call.call.as_str().into(),
                safe(&call.at).into(),
            ]);
        }
        text + &rows.table(style)
    }
}
