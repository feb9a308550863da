//! The list of secrets: names and dates.
//! Above: `secret list`. Below: nothing.
//! Invariant: no value passes through here.

use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, minute};
use crate::cli::table::Rows;
use crate::model::time::Millis;
use serde::Serialize;

/// Names, with the time each was last set.
#[derive(Debug)]
pub struct SecretList<'a> {
    pub secrets: &'a [(String, Millis)],
}

#[derive(Serialize)]
struct Data<'a> {
    secrets: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    updated_at: Stamp,
}

impl View for SecretList<'_> {
    const SCHEMA: &'static str = "sensor.secrets/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            secrets: self
                .secrets
                .iter()
                .map(|(name, at)| Line {
                    name,
                    updated_at: Stamp(*at),
                })
                .collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["name", "set"]);
        self.secrets
            .iter()
            .for_each(|(name, at)| rows.push(vec![name.as_str().into(), minute(*at).into()]));
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.secrets.is_empty() {
            "no secrets\n".to_owned()
        } else {
            self.rows().table(style)
        }
    }
}
