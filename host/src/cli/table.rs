//! Rows of short texts, as a table for people and as CSV for spreadsheets.
//! Above: `render`. Below: `style`.
//! Invariant: a CSV cell never begins like a formula.

use super::style::{Style, Tone};
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width};
use std::io::Write;

/// One text with its tone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    pub text: String,
    pub tone: Tone,
}

impl Field {
    /// With a tone.
    #[must_use]
    pub fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

impl<T: Into<String>> From<T> for Field {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            tone: Tone::Plain,
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
}

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
            writer.write_record(row.iter().map(|field| guarded(&field.text)))?;
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
        table.set_header(
            self.head
                .iter()
                .map(|name| Cell::new(name.to_uppercase()).add_attribute(Attribute::Bold)),
        );
        for row in &self.rows {
            table.add_row(row.iter().map(cell));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
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

    /// A column of short texts keeps its width when the terminal is narrow.
    fn narrow(&self, index: usize) -> bool {
        self.rows
            .iter()
            .all(|row| row[index].text.chars().count() <= 16)
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
}
