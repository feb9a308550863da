//! What is printed: one line a figure, with its target and whether it is met.
//! Above: `main`. Below: nothing.
//! Invariant: a figure that misses its target says so.

use std::fmt::Write as _;

/// How good a figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtMost(f64),
    /// For the reader's information.
    None,
}

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) target: Target,
    /// How it came about.
    pub(crate) note: String,
}

impl Figure {
    pub(crate) fn new(what: &str, value: f64, unit: &'static str, target: Target) -> Self {
        Self {
            what: what.to_owned(),
            value,
            unit,
            target,
            note: String::new(),
        }
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn verdict(&self) -> &'static str {
        match self.target {
            Target::None => "",
            Target::AtMost(most) if self.value <= most => "met",
            Target::AtMost(_) => "MISSED",
        }
    }
}

/// The figures as a Markdown table, fit for BENCHMARKS.md and for a terminal.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut rows = vec![["figure", "value", "target", "", "how"].map(str::to_owned)];
    for figure in figures {
        let target = match figure.target {
            Target::AtMost(most) => format!("≤ {}", number(most)),
            Target::None => String::new(),
        };
        let value = format!("{} {}", number(figure.value), figure.unit);
        rows.push([
            figure.what.clone(),
            value.trim_end().to_owned(),
            target,
            figure.verdict().to_owned(),
            figure.note.clone(),
        ]);
    }
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        line(&mut out, row, widths);
        if index == 0 {
            line(&mut out, &widths.map(|width| "-".repeat(width)), widths);
        }
    }
    out
}

fn line(out: &mut String, row: &[String; 5], widths: [usize; 5]) {
    for (cell, width) in row.iter().zip(widths) {
        // Writing to a String does not fail.
        let _infallible = write!(out, "| {cell:width$} ");
    }
    out.push_str("|\n");
}

fn number(value: f64) -> String {
    match value.abs() {
        big if big >= 1000.0 => format!("{value:.0}"),
        some if some >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
