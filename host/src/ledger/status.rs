//! How the sealing stands: which key, from where, and what it seals.
//! Above: `custody`, `app`. Below: `vault`, `secrets`, `keys`.
//! Invariant: tells names and numbers; nothing that was sealed comes out of here.

use super::{Held, Ledger, LedgerError, Sweeps, Vault, keys, secrets, sweeps};
use crate::config::KekSource;
use crate::model::time::Millis;
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// The key-encryption key and what it seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStatus {
    pub source: KekSource,
    pub state: KekState,
    pub secrets: u64,
    /// Private keys that wait in the ledger.
    pub in_ledger: u64,
    /// Private keys that wait elsewhere, sealed.
    pub parked: u64,
    pub oldest_key: Option<Millis>,
    /// What does not open under this key, though it is the right one.
    pub unreadable: Vec<String>,
    /// A key that lies in the state directory and is not the one.
    pub stray: Option<PathBuf>,
    /// What the search for keys without an owner found; none before the first.
    pub sweeps: Option<Sweeps>,
}

/// Whether what is sealed can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KekState {
    /// With the name of the key.
    Open(String),
    /// With what to do.
    Shut(String),
}

impl Ledger {
    /// Looks at all that is sealed, and tries to open each.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn key_status(&self) -> Result<KeyStatus, LedgerError> {
        let connection = self.connection();
        let (Held { vault, source }, asleep) = match self.woken() {
            Ok(held) => (held, String::new()),
            Err(LedgerError::Kms(why)) => (self.held(), why),
            Err(error) => return Err(error),
        };
        let (state, unreadable) = match &vault {
            Vault::Open(kek) => {
                let mut unreadable = secrets::unreadable(&connection, &kek.key)?;
                unreadable.extend(keys::unreadable(&connection, &kek.key)?);
                (KekState::Open(kek.id.to_string()), unreadable)
            }
            Vault::Asleep { .. } => (KekState::Shut(asleep), Vec::new()),
            Vault::Shut(shut) => (KekState::Shut(shut.error(&source).to_string()), Vec::new()),
        };
        let number = |what: &str| connection.query_row(what, [], |row| row.get::<_, i64>(0));
        Ok(KeyStatus {
            // While the right key is not open, the one beside the data may be it.
            stray: matches!(state, KekState::Open(_))
                .then(|| stray(&connection, &source))
                .flatten(),
            source,
            state,
            secrets: number("SELECT count(*) FROM secrets")?.cast_unsigned(),
            in_ledger: number("SELECT count(*) FROM keys WHERE place = 'ledger'")?.cast_unsigned(),
            parked: number("SELECT count(*) FROM keys WHERE place = 'parked'")?.cast_unsigned(),
            oldest_key: connection.query_row(
                "SELECT min(created_at) FROM keys WHERE place <> 'dropped'",
                [],
                |row| row.get(0),
            )?,
            unreadable,
            sweeps: sweeps::so_far(&connection)?,
        })
    }
}

/// Left by a rotation that a crash cut short, or by hand.
fn stray(connection: &Connection, source: &KekSource) -> Option<PathBuf> {
    let dir = Path::new(connection.path()?).parent()?;
    let default = KekSource::of_state_dir(dir);
    (!source.is_beside_the_data() && default.path().exists()).then(|| default.path().to_owned())
}
