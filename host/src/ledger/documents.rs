//! What an operator applied, each under its name: connectors, profiles, issuers.
//! Above: `app`. Below: SQLite.
//! Invariant: a row holds the whole configuration, with the version of its form.

use super::{Ledger, LedgerError};
use crate::config::ConnectorConfig;
use crate::model::id::{ConnectorId, ProfileId};
use crate::model::profile::Profile;
use crate::model::time::Millis;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A configuration that the ledger keeps whole.
pub trait Document: Serialize + DeserializeOwned + PartialEq {
    /// Its table, with the columns that `schema` gives to all of them.
    const TABLE: &'static str;
    /// What it is called.
    const NOUN: &'static str;
    /// The version of the stored form; counts up when a field changes its meaning.
    const SCHEMA: u32;
    /// Its name: the key of the row.
    fn name(&self) -> &str;
}

impl Document for ConnectorConfig {
    const TABLE: &'static str = "connectors";
    const NOUN: &'static str = "connector";
    const SCHEMA: u32 = Self::SCHEMA;
    fn name(&self) -> &str {
        self.name.as_str()
    }
}

impl Document for Profile {
    const TABLE: &'static str = "profiles";
    const NOUN: &'static str = "profile";
    const SCHEMA: u32 = Self::SCHEMA;
    fn name(&self) -> &str {
        self.name.as_str()
    }
}

/// A configuration with its dates.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<T> {
    pub config: T,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// A connector with its dates.
pub type StoredConnector = Stored<ConnectorConfig>;
/// A profile with its dates.
pub type StoredProfile = Stored<Profile>;

/// What putting a configuration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Created,
    Changed,
    Unchanged,
}

struct Raw {
    name: String,
    schema: u32,
    config: String,
    created_at: Millis,
    updated_at: Millis,
}

impl Ledger {
    /// Keeps a configuration under its name, in place of what was there.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn put<T: Document>(&self, config: &T, now: Millis) -> Result<Put, LedgerError> {
        let text = serde_json::to_string(config).map_err(unreadable::<T>(config.name()))?;
        let before = self.get::<T>(config.name())?;
        if before
            .as_ref()
            .is_some_and(|stored| stored.config == *config)
        {
            return Ok(Put::Unchanged);
        }
        let statement = format!(
            "INSERT INTO {} (name, schema, config, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (name) DO UPDATE SET schema = ?2, config = ?3, updated_at = ?4",
            T::TABLE
        );
        self.connection()
            .execute(&statement, params![config.name(), T::SCHEMA, text, now])?;
        Ok(if before.is_some() {
            Put::Changed
        } else {
            Put::Created
        })
    }

    /// Every configuration of this kind, by name.
    ///
    /// # Errors
    /// When the ledger, or one row of it, cannot be read.
    pub fn all<T: Document>(&self) -> Result<Vec<Stored<T>>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT name, schema, config, created_at, updated_at FROM {} ORDER BY name",
            T::TABLE
        ))?;
        let rows = statement.query_map([], columns)?;
        rows.map(|row| understand(row?)).collect()
    }

    /// One configuration; none if there is none of this name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn get<T: Document>(&self, name: &str) -> Result<Option<Stored<T>>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT name, schema, config, created_at, updated_at FROM {} WHERE name = ?1",
            T::TABLE
        ))?;
        statement
            .query_row([name], columns)
            .optional()?
            .map(understand)
            .transpose()
    }

    /// Forgets a configuration. False if there was none.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remove<T: Document>(&self, name: &str) -> Result<bool, LedgerError> {
        let statement = format!("DELETE FROM {} WHERE name = ?1", T::TABLE);
        Ok(self.connection().execute(&statement, [name])? > 0)
    }

    /// See [`Ledger::put`].
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn put_connector(&self, config: &ConnectorConfig, now: Millis) -> Result<Put, LedgerError> {
        self.put(config, now)
    }

    /// See [`Ledger::all`].
    ///
    /// # Errors
    /// When the ledger, or one row of it, cannot be read.
    pub fn connectors(&self) -> Result<Vec<StoredConnector>, LedgerError> {
        self.all()
    }

    /// See [`Ledger::get`].
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn connector(&self, name: &ConnectorId) -> Result<Option<StoredConnector>, LedgerError> {
        self.get(name.as_str())
    }

    /// See [`Ledger::remove`].
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remove_connector(&self, name: &ConnectorId) -> Result<bool, LedgerError> {
        self.remove::<ConnectorConfig>(name.as_str())
    }

    /// See [`Ledger::all`].
    ///
    /// # Errors
    /// When the ledger, or one row of it, cannot be read.
    pub fn profiles(&self) -> Result<Vec<StoredProfile>, LedgerError> {
        self.all()
    }

    /// See [`Ledger::get`].
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn profile(&self, name: &ProfileId) -> Result<Option<StoredProfile>, LedgerError> {
        self.get(name.as_str())
    }

    /// The names of all issuers, sorted.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn issuer_names(&self) -> Result<Vec<String>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached("SELECT name FROM issuers ORDER BY name")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        name: row.get(0)?,
        schema: row.get(1)?,
        config: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
    })
}

fn unreadable<T: Document>(name: &str) -> impl FnOnce(serde_json::Error) -> LedgerError {
    let name = name.to_owned();
    move |error| LedgerError::Unreadable {
        noun: T::NOUN,
        name,
        detail: error.to_string(),
    }
}

fn understand<T: Document>(raw: Raw) -> Result<Stored<T>, LedgerError> {
    if raw.schema > T::SCHEMA {
        return Err(LedgerError::Unreadable {
            noun: T::NOUN,
            name: raw.name,
            detail: format!("its form {} is newer than this sensor", raw.schema),
        });
    }
    let config = serde_json::from_str(&raw.config).map_err(unreadable::<T>(&raw.name))?;
    Ok(Stored {
        config,
        created_at: raw.created_at,
        updated_at: raw.updated_at,
    })
}
