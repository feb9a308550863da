//! The key that everything is sealed under: how it stands, and what a rotation did.
//! Above: `key status`, `key rotate`. Below: `ledger`.
//! Invariant: names and numbers only.

use super::pair;
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, Tone, count, number, relative, safe};
use crate::cli::table::Rows;
use crate::ledger::{KekState, KeyStatus, Rotated};
use crate::model::time::Millis;
use serde::Serialize;

/// How the sealing stands.
#[derive(Debug)]
pub struct KeyView<'a> {
    pub status: &'a KeyStatus,
    pub now: Millis,
}

#[derive(Serialize)]
struct Data<'a> {
    source: String,
    beside_the_data: bool,
    key: Option<&'a str>,
    error: Option<&'a str>,
    secrets: u64,
    keys_in_ledger: u64,
    keys_parked: u64,
    oldest_key_at: Option<Stamp>,
    unreadable: &'a [String],
    stray_key: Option<String>,
    ownerless: Option<Ownerless>,
}

/// Keys that nobody waits for.
#[derive(Serialize)]
struct Ownerless {
    looked_for_at: Stamp,
    left: u64,
    erased_so_far: u64,
    connectors_not_asked: u64,
}

impl View for KeyView<'_> {
    const SCHEMA: &'static str = "sensor.key/v1";

    fn data(&self) -> impl Serialize + '_ {
        let status = self.status;
        let (key, error) = match &status.state {
            KekState::Open(id) => (Some(id.as_str()), None),
            KekState::Shut(error) => (None, Some(error.as_str())),
        };
        Data {
            source: status.source.to_string(),
            beside_the_data: status.source.is_beside_the_data(),
            key,
            error,
            secrets: status.secrets,
            keys_in_ledger: status.in_ledger,
            keys_parked: status.parked,
            oldest_key_at: status.oldest_key.map(Stamp),
            unreadable: &status.unreadable,
            stray_key: status.stray.as_ref().map(|path| path.display().to_string()),
            ownerless: status.sweeps.map(|sweeps| Ownerless {
                looked_for_at: Stamp(sweeps.last_at),
                left: sweeps.left,
                erased_so_far: sweeps.erased,
                connectors_not_asked: sweeps.unasked,
            }),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["sealed", "count"]).numbers(&[1]);
        for (what, many) in [
            ("secrets", self.status.secrets),
            ("keys in the ledger", self.status.in_ledger),
            ("keys parked", self.status.parked),
            ("unreadable", self.status.unreadable.len() as u64),
        ] {
            rows.push(vec![what.into(), many.to_string().into()]);
        }
        if let Some(sweeps) = self.status.sweeps {
            let left = sweeps.left.to_string();
            rows.push(vec!["keys without an owner".into(), left.into()]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let status = self.status;
        let mut text = String::new();
        let mut line = |name: &str, value: &str| text += &pair(style, name, value);
        match &status.state {
            KekState::Open(id) => line("key", &format!("{} {id}", style.paint(Tone::Good, "open"))),
            KekState::Shut(error) => line(
                "key",
                &format!("{}: {}", style.paint(Tone::Bad, "shut"), safe(error)),
            ),
        }
        line("from", &safe(&status.source.to_string()));
        let own = "keys of local CAs and of accounts at CAs among them";
        line("secrets", &format!("{}, {own}", number(status.secrets)));
        let oldest = status.oldest_key.map_or_else(String::new, |at| {
            format!(", the oldest made {}", relative(at, self.now))
        });
        line(
            "private keys",
            &format!(
                "{} in the ledger, {} parked{oldest}",
                number(status.in_ledger),
                number(status.parked)
            ),
        );
        line("without an owner", &self.ownerless(style));
        for name in &status.unreadable {
            line("does not open", &style.paint(Tone::Bad, &safe(name)));
        }
        text
    }
}

impl KeyView<'_> {
    /// What the last search for them found.
    fn ownerless(&self, style: Style) -> String {
        let Some(sweeps) = self.status.sweeps else {
            return "not looked for yet; sensor serve does, every hour".to_owned();
        };
        let tone = if sweeps.left == 0 {
            Tone::Good
        } else {
            Tone::Bad
        };
        let left = format!("{} left", number(sweeps.left));
        let mut text = format!(
            "{}, {} erased so far; looked for {}",
            style.paint(tone, &left),
            number(sweeps.erased),
            relative(sweeps.last_at, self.now)
        );
        if sweeps.unasked > 0 {
            let many = count(sweeps.unasked, "connector", "connectors");
            text.push_str(", ");
            text.push_str(&many);
            text.push_str(" could not be asked");
        }
        text
    }
}

/// What a rotation did.
#[derive(Debug)]
pub struct RotatedView<'a> {
    pub rotated: &'a Rotated,
}

#[derive(Serialize)]
struct RotatedData<'a> {
    before: &'a str,
    after: &'a str,
    source: String,
    secrets: u64,
    keys: u64,
}

impl View for RotatedView<'_> {
    const SCHEMA: &'static str = "sensor.key-rotation/v1";

    fn data(&self) -> impl Serialize + '_ {
        let rotated = self.rotated;
        RotatedData {
            before: rotated.before.as_str(),
            after: rotated.after.as_str(),
            source: rotated.source.to_string(),
            secrets: rotated.secrets,
            keys: rotated.keys,
        }
    }

    fn rows(&self) -> Rows {
        let rotated = self.rotated;
        let mut rows = Rows::new(&["before", "after", "secrets", "keys"]).numbers(&[2, 3]);
        rows.push(vec![
            rotated.before.as_str().into(),
            rotated.after.as_str().into(),
            rotated.secrets.to_string().into(),
            rotated.keys.to_string().into(),
        ]);
        rows
    }

    fn text(&self, _style: Style) -> String {
        let rotated = self.rotated;
        format!(
            "sealed {} and {} under the key {} ({}), in place of {}\n",
            count(rotated.secrets, "secret", "secrets"),
            count(rotated.keys, "private key", "private keys"),
            rotated.after,
            safe(&rotated.source.to_string()),
            rotated.before
        )
    }
}
