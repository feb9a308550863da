//! Walks a TOML table field by field, with the lines at hand, and gathers what is wrong.
//! Above: `resolve`, `profile`, `tables`. Below: `problem`.
//! Invariant: every field is either taken or reported as unknown; reading goes on after every problem.
//! (serde would stop at the first unknown field or wrong type.)

use super::problem::ConfigProblem;
use crate::model::nearest::nearest;
use crate::model::text::clean;
use std::ops::Range;
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong so far, and the text to count lines in.
pub(super) struct Problems<'t> {
    text: &'t str,
    found: Vec<ConfigProblem>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    pub(super) fn add(
        &mut self,
        at: Option<Range<usize>>,
        field: &str,
        message: impl Into<String>,
    ) {
        self.add_with_help(at, field, message, None);
    }

    pub(super) fn add_with_help(
        &mut self,
        at: Option<Range<usize>>,
        field: &str,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let line = at.map(|span| {
            let before = self.text.get(..span.start).unwrap_or(self.text);
            1 + before.matches('\n').count()
        });
        self.found.push(ConfigProblem {
            line,
            field: clean(field, 120),
            message: message.into(),
            help,
        });
    }

    /// Nothing if all is well; else everything, in the order of the lines.
    pub(super) fn finish(mut self) -> Result<(), Vec<ConfigProblem>> {
        self.found.sort_by_key(|problem| problem.line.unwrap_or(0));
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(self.found)
        }
    }
}

/// One table being read.
pub(super) struct Fields<'d> {
    path: String,
    at: Range<usize>,
    left: Vec<(String, Range<usize>, &'d Spanned<DeValue<'d>>)>,
    known: Vec<&'static str>,
}

impl<'d> Fields<'d> {
    pub(super) fn new(path: &str, at: Range<usize>, table: &'d DeTable<'d>) -> Self {
        let left = table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), key.span(), value))
            .collect();
        Self {
            path: path.to_owned(),
            at,
            left,
            known: Vec::new(),
        }
    }

    pub(super) fn at(&self) -> Range<usize> {
        self.at.clone()
    }

    /// The dotted path of a field of this table.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Whether a field stands here that was not taken yet.
    pub(super) fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Where a field stands that was not taken yet.
    pub(super) fn place(&self, name: &str) -> Option<Range<usize>> {
        let found = self.left.iter().find(|(key, ..)| key == name);
        found.map(|(_, at, _)| at.clone())
    }

    /// Takes a field out, whatever it holds.
    pub(super) fn take(&mut self, name: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.known.push(name);
        let index = self.left.iter().position(|(key, ..)| key == name)?;
        Some(self.left.swap_remove(index).2)
    }

    pub(super) fn string(
        &mut self,
        name: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<(String, Range<usize>)> {
        let value = self.take(name)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), value.span())),
            // A date may stand without quotes; it is read like the text.
            DeValue::Datetime(date) => Some((date.to_string(), value.span())),
            other => {
                problems.add(
                    Some(value.span()),
                    &self.path_of(name),
                    format!("a text is needed here, not {}", kind(other)),
                );
                None
            }
        }
    }

    /// A text that a type's own grammar reads.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let (text, at) = self.string(name, problems)?;
        text.parse()
            .map_err(|error: T::Err| problems.add(Some(at), &self.path_of(name), error.to_string()))
            .ok()
    }

    /// The same, and a problem when it is not there.
    pub(super) fn required<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &'static str,
        example: &str,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        if !self.has(name) {
            let help = Some(format!("write for example {name} = \"{example}\""));
            problems.add_with_help(Some(self.at()), &self.path_of(name), "is missing", help);
        }
        self.parsed(name, problems)
    }

    pub(super) fn boolean(
        &mut self,
        name: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<bool> {
        let value = self.take(name)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            problems.add(
                Some(value.span()),
                &self.path_of(name),
                "true or false is needed here",
            );
        }
        found
    }

    /// A whole number in a range.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        range: Range<u32>,
        problems: &mut Problems<'_>,
    ) -> Option<u32> {
        let value = self.take(name)?;
        let found = value
            .get_ref()
            .as_integer()
            .and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        let found = found.filter(|number| range.contains(number));
        if found.is_none() {
            let message = format!(
                "a whole number from {} to {} is needed here",
                range.start,
                range.end - 1
            );
            problems.add(Some(value.span()), &self.path_of(name), message);
        }
        found
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let (text, at) = self.string(name, problems)?;
        choose(&text, at, &self.path_of(name), words, problems)
    }

    /// A list, each text of which is one of a few words.
    pub(super) fn choices<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<Vec<T>> {
        let (texts, path) = (self.texts(name, problems)?, self.path_of(name));
        let mut one = |(text, at)| choose(text, at, &path, words, problems);
        Some(texts.into_iter().filter_map(&mut one).collect())
    }

    /// A list, each text of which a type's own grammar reads.
    pub(super) fn list<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<T>> {
        let (texts, path) = (self.texts(name, problems)?, self.path_of(name));
        let mut one = |(text, at): (&str, Range<usize>)| {
            text.parse()
                .map_err(|error: T::Err| problems.add(Some(at), &path, error.to_string()))
                .ok()
        };
        Some(texts.into_iter().filter_map(&mut one).collect())
    }

    /// None only if it is not there or is no list; what in it is no text is told.
    fn texts(
        &mut self,
        name: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<(&'d str, Range<usize>)>> {
        let (value, path) = (self.take(name)?, self.path_of(name));
        let Some(all) = value.get_ref().as_array() else {
            let message = format!("a list is needed here, not {}", kind(value.get_ref()));
            problems.add(Some(value.span()), &path, message);
            return None;
        };
        let mut one = |value: &'d Spanned<DeValue<'d>>| {
            let text = value.get_ref().as_str();
            if text.is_none() {
                let message = format!("a text is needed here, not {}", kind(value.get_ref()));
                problems.add(Some(value.span()), &path, message);
            }
            text.map(|text| (text, value.span()))
        };
        Some(all.iter().filter_map(&mut one).collect())
    }

    pub(super) fn table(
        &mut self,
        name: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Fields<'d>> {
        let value = self.take(name)?;
        let found = value.get_ref().as_table();
        if found.is_none() {
            let message = format!(
                "a table [{}] is needed here, not {}",
                self.path_of(name),
                kind(value.get_ref())
            );
            problems.add(Some(value.span()), &self.path_of(name), message);
        }
        found.map(|table| Fields::new(&self.path_of(name), value.span(), table))
    }

    /// The same, and a problem when it is not there.
    pub(super) fn section(
        &mut self,
        name: &'static str,
        example: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Fields<'d>> {
        if !self.has(name) {
            let path = self.path_of(name);
            let help = Some(format!("write a table [{path}] with for example {example}"));
            problems.add_with_help(Some(self.at()), &path, "is missing", help);
        }
        self.table(name, problems)
    }

    /// Every field of a table whose names are free.
    pub(super) fn all(
        self,
    ) -> impl Iterator<Item = (String, Range<usize>, &'d Spanned<DeValue<'d>>)> {
        self.left.into_iter()
    }

    /// Whatever was not taken is unknown.
    pub(super) fn finish(self, problems: &mut Problems<'_>) {
        for (key, at, _) in &self.left {
            let help = match nearest(key, self.known.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            problems.add_with_help(
                Some(at.clone()),
                &self.path_of(key),
                "is not known here",
                Some(help),
            );
        }
    }
}

fn choose<T: Copy>(
    text: &str,
    at: Range<usize>,
    path: &str,
    words: &[(&str, T)],
    problems: &mut Problems<'_>,
) -> Option<T> {
    let known = || words.iter().map(|(word, _)| *word);
    let found = words.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let help = match nearest(text, known()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("known here: {}", known().collect::<Vec<_>>().join(", ")),
        };
        problems.add_with_help(Some(at), path, "this word is not known here", Some(help));
    }
    found.map(|(_, value)| *value)
}

pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
