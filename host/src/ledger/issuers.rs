//! Issuers as applied, and what they keep: secrets of their own, certificates of local CAs.
//! Above: `app`, `issuer`. Below: `documents`, `secrets`, SQLite.
//! Invariant: an issuer's own secrets and certificates go when it goes, in the same transaction.

use super::documents::{Document, Put, Stored};
use super::schema::empty_log;
use super::secrets::RESERVED;
use super::{Ledger, LedgerError};
use crate::config::IssuerConfig;
use crate::model::id::IssuerId;
use crate::model::issuer::RevocationReason;
use crate::model::time::Millis;
use rusqlite::{OptionalExtension, params};

impl Document for IssuerConfig {
    const TABLE: &'static str = "issuers";
    const NOUN: &'static str = "issuer";
    const SCHEMA: u32 = Self::SCHEMA;
    fn name(&self) -> &str {
        self.name.as_str()
    }
}

/// An issuer with its dates.
pub type StoredIssuer = Stored<IssuerConfig>;

/// A certificate of a local CA: ordered, and later signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalCertificate {
    /// Hexadecimal, as a certificate's serial is told.
    pub serial: String,
    /// None until it is signed.
    pub der: Option<Vec<u8>>,
    pub revoked_at: Option<Millis>,
}

impl Ledger {
    /// Keeps an issuer under its name, in place of what was there.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn put_issuer(&self, config: &IssuerConfig, now: Millis) -> Result<Put, LedgerError> {
        self.put(config, now)
    }

    /// Every issuer, by name.
    ///
    /// # Errors
    /// When the ledger, or one row of it, cannot be read.
    pub fn issuers(&self) -> Result<Vec<StoredIssuer>, LedgerError> {
        self.all()
    }

    /// One issuer; none if there is none of this name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn issuer(&self, name: &IssuerId) -> Result<Option<StoredIssuer>, LedgerError> {
        self.get(name.as_str())
    }

    /// Forgets an issuer with its own secrets and its certificates. False if there was none.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remove_issuer(&self, name: &IssuerId) -> Result<bool, LedgerError> {
        let removed = self.change(|transaction| {
            let name = name.as_str();
            let own = format!("{RESERVED}{name}.");
            // Not LIKE: a name may hold what LIKE reads as a pattern, `_` for one.
            transaction.execute(
                "DELETE FROM secrets WHERE substr(name, 1, length(?1)) = ?1",
                [&own],
            )?;
            transaction.execute("DELETE FROM local_certificates WHERE issuer = ?1", [name])?;
            Ok(transaction.execute("DELETE FROM issuers WHERE name = ?1", [name])? > 0)
        })?;
        empty_log(&self.connection())?;
        Ok(removed)
    }

    /// Notes that a local CA will sign a certificate under this serial number. A second call for the same token
    /// changes nothing.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn order_local(
        &self,
        issuer: &IssuerId,
        serial: &str,
        token: &str,
        now: Millis,
    ) -> Result<(), LedgerError> {
        self.connection().execute(
            "INSERT INTO local_certificates (issuer, serial, token, ordered_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (issuer, serial) DO NOTHING",
            params![issuer.as_str(), serial, token, now],
        )?;
        Ok(())
    }

    /// Keeps what a local CA signed. Of several for one serial number the first counts, and is returned.
    ///
    /// # Errors
    /// When nothing was ordered under it, or the ledger cannot be written.
    pub fn sign_local(
        &self,
        issuer: &IssuerId,
        serial: &str,
        der: &[u8],
        now: Millis,
    ) -> Result<Vec<u8>, LedgerError> {
        let connection = self.connection();
        connection.execute(
            "UPDATE local_certificates SET der = ?3, signed_at = ?4 WHERE issuer = ?1 AND serial = ?2 AND der IS NULL",
            params![issuer.as_str(), serial, der, now],
        )?;
        Ok(connection.query_row(
            "SELECT der FROM local_certificates WHERE issuer = ?1 AND serial = ?2",
            params![issuer.as_str(), serial],
            |row| row.get(0),
        )?)
    }

    /// A certificate of a local CA.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn local_certificate(
        &self,
        issuer: &IssuerId,
        serial: &str,
    ) -> Result<Option<LocalCertificate>, LedgerError> {
        let found = self.connection().query_row(
            "SELECT serial, der, revoked_at FROM local_certificates WHERE issuer = ?1 AND serial = ?2",
            params![issuer.as_str(), serial],
            |row| {
                Ok(LocalCertificate {
                    serial: row.get(0)?,
                    der: row.get(1)?,
                    revoked_at: row.get(2)?,
                })
            },
        );
        Ok(found.optional()?)
    }

    /// Notes that a certificate was taken back; the first reason stays. False if the CA never signed it.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn revoke_local(
        &self,
        issuer: &IssuerId,
        serial: &str,
        reason: RevocationReason,
        now: Millis,
    ) -> Result<bool, LedgerError> {
        let changed = self.connection().execute(
            "UPDATE local_certificates SET revoked_at = coalesce(revoked_at, ?3), reason = coalesce(reason, ?4)
             WHERE issuer = ?1 AND serial = ?2 AND der IS NOT NULL",
            params![issuer.as_str(), serial, now, reason.as_str()],
        )?;
        Ok(changed > 0)
    }
}
