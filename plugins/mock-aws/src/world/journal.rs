//! What was written, as lines of text: so that a simulation can go on in another process.
//! Above: the mock-host face, `world::written`. Below: serde_json.
//! Invariant: a line replayed in a world of the same scenario writes what it wrote the first time.

use super::World;
use super::secrets::Held;
use crate::estate::Brought;
use crate::scenario::Problems;
use crate::x509::Facts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sensor_sdk::types::Tag;
use serde::{Deserialize, Serialize};

/// One thing written, with its time and place.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) at: i64,
    pub(super) account: String,
    pub(super) region: String,
    #[serde(flatten)]
    pub(super) deed: Deed,
}

/// What was written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "kebab-case")]
pub(super) enum Deed {
    /// A certificate got a body; tags are there for a new one only.
    Import {
        number: u32,
        #[serde(flatten)]
        body: Bytes,
        tags: Option<Tags>,
        /// Whether it counts among the imports of the year.
        counts: bool,
    },
    /// A certificate's tags, all of them.
    Tag { number: u32, tags: Tags },
    /// A certificate was deleted.
    Delete { number: u32 },
    /// A secret, as it is now.
    Secret { held: Box<Held> },
}

/// A certificate's body.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Bytes {
    /// DER in base64.
    certificate: String,
    /// PEM.
    chain: Option<String>,
}

impl Bytes {
    pub(super) fn new(der: &[u8], chain: Option<&str>) -> Self {
        Self {
            certificate: STANDARD.encode(der),
            chain: chain.map(str::to_owned),
        }
    }

    pub(super) fn read(self) -> Option<Brought> {
        let der = STANDARD.decode(self.certificate).ok()?;
        let facts = Facts::read(&der)?;
        Some(Brought {
            key: facts.key?,
            facts,
            der,
            chain: self.chain,
        })
    }
}

/// Tags as (key, value).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tags(Vec<(String, String)>);

impl From<&[Tag]> for Tags {
    fn from(tags: &[Tag]) -> Self {
        Self(
            tags.iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect(),
        )
    }
}

impl From<Tags> for Vec<Tag> {
    fn from(tags: Tags) -> Self {
        tags.0
            .into_iter()
            .map(|(key, value)| Tag { key, value })
            .collect()
    }
}

impl Line {
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl World {
    /// From now on, what is written is kept as lines for `take_journal`.
    pub fn keep_journal(&mut self) {
        self.written.journal.get_or_insert_default();
    }

    /// The lines of what was written since they were taken last.
    pub fn take_journal(&mut self) -> Vec<String> {
        self.written
            .journal
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Writes again what a world of the same scenario wrote; the time of the last line.
    ///
    /// # Errors
    /// A line that is none, or that does not fit this world.
    pub fn replay(&mut self, lines: &[String]) -> Result<Option<i64>, Problems> {
        let mut last = None;
        for (index, text) in lines.iter().enumerate() {
            let wrong = |why: String| Problems(vec![format!("line {}: {why}", index + 1)]);
            let line: Line =
                serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
            last = last.max(Some(line.at));
            let fits = self.write(line);
            fits.ok_or_else(|| wrong("it does not fit this scenario".to_owned()))?;
        }
        Ok(last)
    }
}
