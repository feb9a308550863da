//! Connectors as applied.
//! Above: `app`. Below: SQLite.
//! Invariant: a row holds the whole configuration, with the version of its form.

use super::{Ledger, LedgerError};
use crate::config::ConnectorConfig;
use crate::model::id::ConnectorId;
use crate::model::time::Millis;
use rusqlite::{OptionalExtension, Row, params};

/// A connector with its dates.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredConnector {
    pub config: ConnectorConfig,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// What putting a connector did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Created,
    Changed,
    Unchanged,
}

type Stored = (String, u32, String, Millis, Millis);

impl Ledger {
    /// Keeps a connector under its name, in place of what was there.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn put_connector(&self, config: &ConnectorConfig, now: Millis) -> Result<Put, LedgerError> {
        let unreadable = |error: serde_json::Error| LedgerError::Unreadable {
            name: config.name.to_string(),
            detail: error.to_string(),
        };
        let text = serde_json::to_string(config).map_err(unreadable)?;
        let before = self.connector(&config.name)?;
        if before
            .as_ref()
            .is_some_and(|stored| stored.config == *config)
        {
            return Ok(Put::Unchanged);
        }
        self.connection().execute(
            "INSERT INTO connectors (name, schema, config, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (name) DO UPDATE SET schema = ?2, config = ?3, updated_at = ?4",
            params![config.name.as_str(), ConnectorConfig::SCHEMA, text, now],
        )?;
        Ok(if before.is_some() {
            Put::Changed
        } else {
            Put::Created
        })
    }

    /// Every connector, by name.
    ///
    /// # Errors
    /// When the ledger, or one row of it, cannot be read.
    pub fn connectors(&self) -> Result<Vec<StoredConnector>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT name, schema, config, created_at, updated_at FROM connectors ORDER BY name",
        )?;
        let rows = statement.query_map([], columns)?;
        rows.map(|row| understand(row?)).collect()
    }

    /// One connector; none if there is none of this name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn connector(&self, name: &ConnectorId) -> Result<Option<StoredConnector>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT name, schema, config, created_at, updated_at FROM connectors WHERE name = ?1",
        )?;
        statement
            .query_row([name.as_str()], columns)
            .optional()?
            .map(understand)
            .transpose()
    }

    /// Forgets a connector. False if there was none.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remove_connector(&self, name: &ConnectorId) -> Result<bool, LedgerError> {
        Ok(self
            .connection()
            .execute("DELETE FROM connectors WHERE name = ?1", [name.as_str()])?
            > 0)
    }
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    ))
}

fn understand(
    (name, schema, text, created_at, updated_at): Stored,
) -> Result<StoredConnector, LedgerError> {
    if schema > ConnectorConfig::SCHEMA {
        let detail = format!("its form {schema} is newer than this sensor");
        return Err(LedgerError::Unreadable { name, detail });
    }
    let config = serde_json::from_str(&text).map_err(|error| LedgerError::Unreadable {
        name,
        detail: error.to_string(),
    })?;
    Ok(StoredConnector {
        config,
        created_at,
        updated_at,
    })
}
