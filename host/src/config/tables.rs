//! A file of one thing, or of several as `[[thing]]` tables: connectors, profiles, issuers.
//! Above: `resolve`, `profile`. Below: `reader`.
//! Invariant: either every table of the file is well-formed, or none is returned.

use super::problem::{ConfigError, ConfigProblem};
use super::reader::{Fields, Problems, kind};
use crate::model::text::clean;
use std::collections::HashSet;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What reads one table; none only with a problem told.
type One<'o, T> = &'o dyn Fn(Fields<'_>, &mut Problems<'_>) -> Option<T>;

/// Something that a file describes.
pub(super) trait Named {
    /// What such a table is called: "connector".
    const NOUN: &'static str;
    /// Its own name.
    fn name(&self) -> &str;
}

/// Reads a whole file; `read` gets its text and the folder that relative paths in it are meant from.
pub(super) fn file<T>(
    path: &Path,
    read: impl FnOnce(&str, &Path) -> Result<T, Vec<ConfigProblem>>,
) -> Result<T, ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::unreadable(path, &error);
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let absolute = std::path::absolute(path).map_err(unreadable)?;
    let base = absolute.parent().unwrap_or(Path::new("/"));
    read(&text, base).map_err(|problems| ConfigError {
        file: path.to_owned(),
        problems,
    })
}

/// Reads a text table by table.
pub(super) fn tables<T: Named>(text: &str, one: One<'_, T>) -> Result<Vec<T>, Vec<ConfigProblem>> {
    let mut problems = Problems::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        problems.add(error.span(), "", clean(error.message(), 200));
    }
    // After a fault in the syntax the rest is guesswork: what it seems to say is not judged.
    if errors.is_empty() {
        let found = all(&root, one, &mut problems);
        problems.finish().map(|()| found)
    } else {
        problems.finish().map(|()| Vec::new())
    }
}

fn all<T: Named>(
    root: &Spanned<DeTable<'_>>,
    one: One<'_, T>,
    problems: &mut Problems<'_>,
) -> Vec<T> {
    let noun = T::NOUN;
    let mut fields = Fields::new("", 0..0, root.get_ref());
    if !root.get_ref().contains_key(noun) {
        return one(fields, problems).into_iter().collect();
    }
    let Some(list) = fields.take(noun) else {
        return Vec::new();
    };
    let DeValue::Array(tables) = list.get_ref() else {
        let message = format!(
            "one [[{noun}]] table for each {noun} is needed here, not {}",
            kind(list.get_ref())
        );
        problems.add(Some(list.span()), noun, message);
        return Vec::new();
    };
    fields.finish(problems);
    let (mut found, mut names) = (Vec::new(), HashSet::new());
    for (index, table) in tables.iter().enumerate() {
        let path = format!("{noun}[{index}]");
        let Some(inner) = table.get_ref().as_table() else {
            let message = format!("a table is needed here, not {}", kind(table.get_ref()));
            problems.add(Some(table.span()), &path, message);
            continue;
        };
        let Some(read) = one(Fields::new(&path, table.span(), inner), problems) else {
            continue;
        };
        if !names.insert(read.name().to_owned()) {
            let message = format!(
                "`{}` stands in this file twice; a name is given once",
                read.name()
            );
            problems.add(Some(table.span()), &path, message);
        }
        found.push(read);
    }
    found
}
