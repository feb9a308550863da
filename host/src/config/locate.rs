//! The lines of what a file says: for problems that only a plugin's schema could find.
//! Above: `cli`, once `app` has found them. Below: `problem`.
//! Invariant: reads the file anew and changes nothing; what is not found there has no line.

use super::problem::ConfigProblem;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Puts the lines to the problems of one connector or issuer (`noun`) of a file, and the problems in the order of
/// their lines.
pub fn locate(file: &Path, noun: &str, name: &str, problems: &mut [ConfigProblem]) {
    // It was read a moment ago; if it is gone by now the problems stand without lines.
    let text = std::fs::read_to_string(file).unwrap_or_default();
    in_text(&text, noun, name, problems);
}

fn in_text(text: &str, noun: &str, name: &str, problems: &mut [ConfigProblem]) {
    let (root, _) = DeTable::parse_recoverable(text);
    let Some(table) = table_of(root.get_ref(), noun, name) else {
        return;
    };
    for problem in problems.iter_mut().filter(|problem| problem.line.is_none()) {
        let span = span_of(table, &problem.field);
        problem.line = span
            .and_then(|span| text.get(..span.start))
            .map(|before| 1 + before.matches('\n').count());
    }
    problems.sort_by_key(|problem| problem.line);
}

/// The thing's own table: the file as a whole, or one of several.
fn table_of<'t>(root: &'t DeTable<'t>, noun: &str, name: &str) -> Option<&'t DeTable<'t>> {
    let Some(list) = root.get(noun) else {
        return Some(root);
    };
    let mut tables = list.get_ref().as_array()?.iter();
    tables.find_map(|table| {
        let table = table.get_ref().as_table()?;
        let own = table.get("name")?.get_ref().as_str()?;
        (own == name).then_some(table)
    })
}

/// Where the last part of a dotted path begins that is there.
fn span_of(table: &DeTable<'_>, path: &str) -> Option<Range<usize>> {
    let mut parts = path.split('.');
    let (mut value, mut span) = entry(table, parts.next()?)?;
    for part in parts {
        let next = match value.get_ref() {
            DeValue::Table(table) => entry(table, part),
            DeValue::Array(items) => part
                .parse()
                .ok()
                .and_then(|at: usize| items.get(at))
                .map(|item| (item, item.span())),
            _ => None,
        };
        let Some(next) = next else { break };
        (value, span) = next;
    }
    Some(span)
}

fn entry<'t>(
    table: &'t DeTable<'t>,
    name: &str,
) -> Option<(&'t Spanned<DeValue<'t>>, Range<usize>)> {
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
    Some((value, key.span()))
}

#[cfg(test)]
mod tests {
    use super::{ConfigProblem, in_text};

    fn lines(text: &str, connector: &str, fields: &[&str]) -> Vec<(String, Option<usize>)> {
        let problem = |field: &&str| ConfigProblem {
            line: None,
            field: (*field).to_owned(),
            message: String::new(),
            help: None,
        };
        let mut problems: Vec<_> = fields.iter().map(problem).collect();
        in_text(text, "connector", connector, &mut problems);
        let told = |problem: ConfigProblem| (problem.field, problem.line);
        problems.into_iter().map(told).collect()
    }

    #[test]
    fn a_path_leads_to_its_line_or_to_the_nearest_table() {
        let text = "name = \"aws\"\n[settings]\nscope = \"account\"\nregions = { include = [\n  \"eu-*\",\n  \"x\",\n] }\n";
        let told = lines(
            text,
            "aws",
            &[
                "settings.regions.include.1",
                "settings.scope",
                "settings",
                "settings.missing",
                "grants",
            ],
        );
        let expected = [
            ("grants", None),
            ("settings", Some(2)),
            ("settings.missing", Some(2)),
            ("settings.scope", Some(3)),
            ("settings.regions.include.1", Some(6)),
        ];
        assert_eq!(told, expected.map(|(field, line)| (field.to_owned(), line)));
    }

    #[test]
    fn each_of_several_connectors_has_its_own_lines() {
        let text = "[[connector]]\nname = \"a\"\n[connector.settings]\nread = 1\n[[connector]]\nname = \"b\"\n[connector.settings]\nread = 1\n";
        for (connector, line) in [("a", Some(4)), ("b", Some(8)), ("c", None)] {
            assert_eq!(lines(text, connector, &["settings.read"])[0].1, line);
        }
    }
}
