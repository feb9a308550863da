//! What came in certificates' places and is none.
//! Above: `inventory quarantine`. Below: `records`.
//! Invariant: the bytes go out in Base64, for machines only; a terminal never gets them.

use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, minute, safe};
use crate::cli::table::Rows;
use crate::model::asset::Quarantined;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Places in quarantine, by id.
#[derive(Debug)]
pub struct QuarantineList<'a> {
    pub places: &'a [Quarantined],
}

#[derive(Serialize)]
struct Data<'a> {
    quarantine: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    connector: &'a str,
    split: &'a str,
    code: &'a str,
    message: &'a str,
    /// Of all that came; `body` may be less.
    length: u64,
    /// Base64.
    body: String,
    plugin_sha256: String,
    run: u64,
    first_seen: Stamp,
    last_seen: Stamp,
}

impl<'a> From<&'a Quarantined> for Line<'a> {
    fn from(found: &'a Quarantined) -> Self {
        Self {
            id: &found.id,
            connector: found.connector.as_str(),
            split: &found.split,
            code: &found.poison.code,
            message: &found.poison.message,
            length: found.poison.length,
            body: STANDARD.encode(&found.poison.bytes),
            plugin_sha256: found.plugin.to_string(),
            run: found.run.0,
            first_seen: Stamp(found.first_seen),
            last_seen: Stamp(found.last_seen),
        }
    }
}

impl View for QuarantineList<'_> {
    const SCHEMA: &'static str = "sensor.quarantine/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            quarantine: self.places.iter().map(Into::into).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let head = [
            "id",
            "connector",
            "code",
            "message",
            "bytes",
            "first seen",
            "last seen",
        ];
        let mut rows = Rows::new(&head).numbers(&[4]).dispensable(&[5, 1]);
        for found in self.places {
            let cells = [
                safe(&found.id),
                found.connector.to_string(),
                safe(&found.poison.code),
                safe(&found.poison.message),
                found.poison.length.to_string(),
                minute(found.first_seen),
                minute(found.last_seen),
            ];
            rows.push(cells.into_iter().map(Into::into).collect());
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.places.is_empty() {
            "nothing is in quarantine\n".to_owned()
        } else {
            self.rows().table(style)
        }
    }
}
