//! The list of profiles, and what applying some did.
//! Above: `profile list`, `profile apply`. Below: `ledger`.
//! Invariant: one line a profile.

use super::connectors::change;
use crate::app::AppliedProfile;
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::Style;
use crate::cli::table::Rows;
use crate::ledger::StoredProfile;
use serde::Serialize;

/// All of them.
#[derive(Debug)]
pub struct ProfileList<'a> {
    pub profiles: &'a [StoredProfile],
}

#[derive(Serialize)]
struct Data<'a> {
    profiles: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    issuer: &'a str,
    key_type: &'static str,
    validity: Option<String>,
    suffixes: Vec<String>,
    approval: bool,
    updated_at: Stamp,
}

impl View for ProfileList<'_> {
    const SCHEMA: &'static str = "sensor.profiles/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            profiles: self.profiles.iter().map(line).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["name", "issuer", "key", "validity", "names", "approval"]);
        for stored in self.profiles {
            let line = line(stored);
            rows.push(vec![
                line.name.into(),
                line.issuer.into(),
                line.key_type.into(),
                line.validity
                    .unwrap_or_else(|| "the issuer's".to_owned())
                    .into(),
                line.suffixes.join(", ").into(),
                if line.approval { "needed" } else { "no" }.into(),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.profiles.is_empty() {
            "no profiles yet\n".to_owned()
        } else {
            self.rows().table(style)
        }
    }
}

fn line(stored: &StoredProfile) -> Line<'_> {
    let profile = &stored.config;
    Line {
        name: profile.name.as_str(),
        issuer: profile.issuer.as_str(),
        key_type: profile.key_type.as_str(),
        validity: profile.validity.map(|period| period.to_string()),
        suffixes: profile
            .names
            .suffixes
            .iter()
            .map(ToString::to_string)
            .collect(),
        approval: profile.approval,
        updated_at: Stamp(stored.updated_at),
    }
}

/// What applying files did.
#[derive(Debug)]
pub struct AppliedProfiles<'a> {
    pub applied: &'a [AppliedProfile],
}

#[derive(Serialize)]
struct AppliedData<'a> {
    profiles: Vec<AppliedLine<'a>>,
}

#[derive(Serialize)]
struct AppliedLine<'a> {
    name: &'a str,
    change: &'static str,
    notes: &'a [String],
}

impl View for AppliedProfiles<'_> {
    const SCHEMA: &'static str = "sensor.applied-profiles/v1";

    fn data(&self) -> impl Serialize + '_ {
        let line = |done: &'_ AppliedProfile| change(done.put);
        AppliedData {
            profiles: self
                .applied
                .iter()
                .map(|done| AppliedLine {
                    name: done.name.as_str(),
                    change: line(done),
                    notes: &done.notes,
                })
                .collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["profile", "change"]);
        for done in self.applied {
            rows.push(vec![done.name.as_str().into(), change(done.put).into()]);
        }
        rows
    }

    fn text(&self, _style: Style) -> String {
        let mut text = String::new();
        for done in self.applied {
            put!(text, "{} {}\n", done.name, change(done.put));
        }
        text
    }
}
