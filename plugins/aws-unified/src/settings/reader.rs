//! Reads a JSON object key by key and keeps every complaint instead of the first.
//! Above: `settings`. Below: serde_json, `nearest`.
//! Invariant: a key that nobody asked for is a problem, with the nearest name that exists.

use super::nearest::hint;
use super::pattern::{Pattern, Selection};
use serde_json::{Map, Value};
use std::cell::RefCell;

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingsProblem {
    /// The dotted path of the key.
    pub(crate) key: String,
    pub(crate) message: String,
}

/// All that is wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(RefCell<Vec<SettingsProblem>>);

impl Problems {
    pub(crate) fn add(&self, key: impl Into<String>, message: impl Into<String>) {
        self.0.borrow_mut().push(SettingsProblem {
            key: key.into(),
            message: message.into(),
        });
    }

    pub(crate) fn into_vec(self) -> Vec<SettingsProblem> {
        self.0.into_inner()
    }
}

/// An object being read.
pub(crate) struct Table<'a> {
    path: String,
    /// None when it is not there, or is no object: then every key is absent.
    map: Option<&'a Map<String, Value>>,
    known: Vec<&'static str>,
    problems: &'a Problems,
}

impl<'a> Table<'a> {
    pub(crate) fn root(value: &'a Value, problems: &'a Problems) -> Self {
        if !value.is_object() {
            problems.add("", "the settings must be a table");
        }
        Self {
            path: String::new(),
            map: value.as_object(),
            known: Vec::new(),
            problems,
        }
    }

    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    pub(crate) fn complain(&self, key: &str, message: impl Into<String>) {
        self.problems.add(self.path_of(key), message);
    }

    /// A key with `null` counts as absent.
    fn value(&self, key: &str) -> Option<&'a Value> {
        self.map?.get(key).filter(|value| !value.is_null())
    }

    fn take<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        self.known.push(key);
        let value = self.value(key)?;
        let found = read(value);
        if found.is_none() {
            self.complain(key, format!("must be {wanted}"));
        }
        found
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        self.take(key, "a text", Value::as_str)
    }

    /// A text that `legal` accepts; `rule` says in words what that is.
    pub(crate) fn checked(
        &mut self,
        key: &'static str,
        rule: &str,
        legal: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let text = self.text(key)?;
        if legal(text) {
            return Some(text.to_owned());
        }
        self.complain(key, format!("must be {rule}"));
        None
    }

    pub(crate) fn choice(
        &mut self,
        key: &'static str,
        choices: &[&'static str],
    ) -> Option<&'static str> {
        let text = self.text(key)?;
        let found = choices.iter().find(|choice| **choice == text);
        if found.is_none() {
            let near = hint(text, choices.iter().copied());
            self.complain(
                key,
                format!("must be one of {}, not `{text}`{near}", choices.join(", ")),
            );
        }
        found.copied()
    }

    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.take(key, "true or false", Value::as_bool)
    }

    pub(crate) fn integer(&mut self, key: &'static str) -> Option<i64> {
        self.take(key, "a whole number", Value::as_i64)
    }

    pub(crate) fn table(&mut self, key: &'static str) -> Self {
        let map = self.take(key, "a table", Value::as_object);
        Self {
            path: self.path_of(key),
            map,
            known: Vec::new(),
            problems: self.problems,
        }
    }

    /// `{ include = [..], exclude = [..] }`.
    pub(crate) fn selection(&mut self, key: &'static str) -> Selection {
        let mut table = self.table(key);
        let selection = Selection {
            include: table.patterns("include"),
            exclude: table.patterns("exclude"),
        };
        table.finish();
        selection
    }

    fn patterns(&mut self, key: &'static str) -> Vec<Pattern> {
        let items = self
            .take(key, "a list of texts", Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let parse = |(at, item): (usize, &Value)| {
            let pattern = item.as_str().and_then(Pattern::parse);
            if pattern.is_none() {
                let message = format!("{item} is no name; a `*` may stand at its end only");
                self.problems
                    .add(format!("{}[{at}]", self.path_of(key)), message);
            }
            pattern
        };
        items.iter().enumerate().filter_map(parse).collect()
    }

    /// Ends the reading: what was not asked for is unknown.
    pub(crate) fn finish(self) {
        let Some(map) = self.map else { return };
        for key in map.keys().filter(|key| !self.known.contains(&key.as_str())) {
            let near = hint(key, self.known.iter().copied());
            self.complain(key, format!("is not known{near}"));
        }
    }
}
