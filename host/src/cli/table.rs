//! Rows of short texts, as a table for people and as CSV for spreadsheets.
//! Above: `render`. Below: `style`.
//! Invariant: a CSV cell never begins like a formula.

use super::style::{Style, Tone};
use crate::model::time::{Millis, rfc3339};
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width};
use std::io::Write;

/// One text with its tone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    pub text: String,
    pub tone: Tone,
    /// What CSV has instead, where people read something else.
    pub exact: Option<String>,
}

impl Field {
    /// With a tone.
    #[must_use]
    pub fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone,
            exact: None,
        }
    }

    /// For people as they like it; in CSV RFC 3339. Empty where there is none.
    #[must_use]
    pub fn moment(at: Option<Millis>, told: impl FnOnce(Millis) -> String) -> Self {
        Self {
            text: at.map(told).unwrap_or_default(),
            tone: Tone::Plain,
            exact: at.map(rfc3339),
        }
    }
}

impl<T: Into<String>> From<T> for Field {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            tone: Tone::Plain,
            exact: None,
        }
    }
}

/// A head and rows of the same length.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub head: Vec<&'static str>,
    pub rows: Vec<Vec<Field>>,
    /// Columns that hold numbers.
    pub right: Vec<usize>,
    /// Columns that a narrow terminal does without, the first first.
    pub dispensable: Vec<usize>,
}

/// A column of texts as short as these (a moment, a kind of plugin) keeps its width when the terminal is narrow.
const SHORT: usize = 20;
/// What a longer one gets at least before columns are left out for it.
const FAIR: usize = 24;
/// Blanks between columns.
const GAP: u16 = 2;

impl Rows {
    /// No rows yet.
    #[must_use]
    pub fn new(head: &[&'static str]) -> Self {
        Self {
            head: head.to_vec(),
            ..Self::default()
        }
    }

    /// These columns hold numbers.
    #[must_use]
    pub fn numbers(mut self, columns: &[usize]) -> Self {
        self.right = columns.to_vec();
        self
    }

    /// A narrow terminal does without these columns, the first first.
    #[must_use]
    pub fn dispensable(mut self, columns: &[usize]) -> Self {
        self.dispensable = columns.to_vec();
        self
    }

    /// One more row.
    pub fn push(&mut self, row: Vec<Field>) {
        debug_assert_eq!(row.len(), self.head.len());
        self.rows.push(row);
    }

    /// As CSV (RFC 4180) with its head.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_csv(&self, to: &mut dyn Write) -> csv::Result<()> {
        let mut writer = csv::Writer::from_writer(to);
        writer.write_record(
            self.head
                .iter()
                .map(|name| name.to_lowercase().replace(' ', "_")),
        )?;
        for row in &self.rows {
            let cells = row
                .iter()
                .map(|field| field.exact.as_ref().unwrap_or(&field.text));
            writer.write_record(cells.map(|text| guarded(text)))?;
        }
        Ok(writer.flush()?)
    }

    /// As a table without lines, two spaces between columns.
    #[must_use]
    pub fn table(&self, style: Style) -> String {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        if style.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        if let Some(width) = style.width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width);
        }
        let columns = self.shown(style.width);
        table.set_header(
            columns
                .iter()
                .map(|at| Cell::new(self.head[*at].to_uppercase()).add_attribute(Attribute::Bold)),
        );
        for row in &self.rows {
            table.add_row(columns.iter().map(|at| cell(&row[*at])));
        }
        for (index, column) in columns.into_iter().zip(table.column_iter_mut()) {
            column.set_padding((0, GAP));
            if self.right.contains(&index) {
                column.set_cell_alignment(comfy_table::CellAlignment::Right);
                column.set_constraint(ColumnConstraint::ContentWidth);
            } else if self.narrow(index) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            } else {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(12)));
            }
        }
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if text.is_empty() {
            text.push('\n');
        }
        text
    }

    /// The columns that there is room for.
    fn shown(&self, width: Option<u16>) -> Vec<usize> {
        let mut shown: Vec<_> = (0..self.head.len()).collect();
        let Some(width) = width else { return shown };
        let wanted = |at: &usize| {
            let natural = self.longest(*at).max(self.head[*at].chars().count());
            let fixed = self.right.contains(at) || self.narrow(*at);
            usize::from(GAP) + if fixed { natural } else { natural.min(FAIR) }
        };
        for least in &self.dispensable {
            // The last gap needs no room.
            if shown.iter().map(wanted).sum::<usize>() <= usize::from(width + GAP) {
                break;
            }
            shown.retain(|at| at != least);
        }
        shown
    }

    /// A column of short texts keeps its width when the terminal is narrow.
    fn narrow(&self, index: usize) -> bool {
        self.longest(index) <= SHORT
    }

    fn longest(&self, index: usize) -> usize {
        let lengths = self.rows.iter().map(|row| row[index].text.chars().count());
        lengths.max().unwrap_or_default()
    }
}

fn cell(field: &Field) -> Cell {
    let cell = Cell::new(&field.text);
    match field.tone {
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::Green),
        Tone::Warning => cell.fg(Color::Yellow),
        Tone::Bad => cell.fg(Color::Red),
        Tone::Dim => cell.add_attribute(Attribute::Dim),
        Tone::Strong => cell.add_attribute(Attribute::Bold),
    }
}

/// A text that no spreadsheet takes for a formula.
#[must_use]
pub fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.len() > 1 {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_guarded_in_csv_only() {
        let mut rows = Rows::new(&["name", "in use"]);
        for text in ["=1+1", "+x", "-y", "@z", "plain, with comma", "-"] {
            rows.push(vec![text.into(), "yes".into()]);
        }
        let mut csv = Vec::new();
        rows.write_csv(&mut csv).unwrap();
        let expected =
            "name,in_use\n'=1+1,yes\n'+x,yes\n'-y,yes\n'@z,yes\n\"plain, with comma\",yes\n-,yes\n";
        assert_eq!(String::from_utf8(csv).unwrap(), expected);
        assert!(rows.table(Style::PLAIN).contains("\n=1+1"));
    }

    #[test]
    fn a_narrow_terminal_does_without_what_can_be_done_without() {
        let mut rows = Rows::new(&["name", "kind", "hash"]).dispensable(&[1, 2]);
        let long = "a-name-that-goes-on-for-long.example.com";
        rows.push(vec![long.into(), "one".into(), "0123456789ab".into()]);
        let head = |width| {
            let text = rows.table(Style {
                color: false,
                width: Some(width),
            });
            assert!(
                text.lines()
                    .all(|line| line.chars().count() <= width.into()),
                "{width}: {text}"
            );
            let head = text.lines().next().unwrap_or_default();
            head.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(head(80), "NAME KIND HASH");
        assert_eq!(head(44), "NAME KIND HASH");
        assert_eq!(head(43), "NAME HASH");
        assert_eq!(head(38), "NAME HASH");
        assert_eq!(head(37), "NAME");
        assert!(rows.table(Style::PLAIN).contains(long));
    }
}
