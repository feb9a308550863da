//! Private keys of the sensor's own making: made, sealed at once, lent as handles, erased.
//! Above: `delivery`, `app`. Below: `ledger` keeps what is sealed, `backend` defines the handle.
//! Invariant: one issuance has one key, ever; a key is open only for as long as a signature or a call to the cloud takes.
//!
//! A key is sealed with a data key of its own, which the ledger wraps under the key-encryption key. When the sealed key
//! is parked in a cloud, the ledger keeps the data key alone: neither half opens anything, and erasing the data key
//! makes every copy of the other half unreadable.
//!
//! Every function blocks for as long as a disk needs, and making an RSA key takes up to seconds; async callers use
//! `spawn_blocking`.

mod brought;
mod csr;
mod error;
mod handle;
mod pair;
mod parked;
mod pem;

pub use brought::{BroughtCsr, CsrError, read_csr};
pub use csr::CsrWanted;
pub use error::CustodyError;
pub use parked::Parking;

use crate::config::KekSource;
use crate::ledger::seal::SealKey;
use crate::ledger::{KeyPlace, KeyRecord, KeyStatus, Ledger, NewKey, Rotated};
use crate::model::id::{IssuanceId, Sha256};
use crate::model::key::KeyType;
use crate::model::secret::Secret;
use crate::model::time::Clock;
use pair::Pair;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The keeper of a ledger's keys. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keeper {
    ledger: Arc<Ledger>,
    clock: Arc<dyn Clock>,
    prefix: Arc<str>,
}

/// A key that is kept, without its private half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeKey {
    pub key_type: KeyType,
    /// `SubjectPublicKeyInfo`, DER.
    pub spki: Vec<u8>,
}

impl MadeKey {
    /// In ACM's words.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        self.key_type.acm()
    }
}

impl From<KeyRecord> for MadeKey {
    fn from(record: KeyRecord) -> Self {
        Self {
            key_type: record.key_type,
            spki: record.spki,
        }
    }
}

impl Keeper {
    /// Over a ledger, which is open under its key-encryption key.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, clock: Arc<dyn Clock>) -> Self {
        let prefix = format!("sensor/{}/", ledger.sensor_id()).into();
        Self {
            ledger,
            clock,
            prefix,
        }
    }

    /// Makes the key of an issuance. One that it has already is returned; a second one is never made, not even after
    /// the first was dropped.
    ///
    /// # Errors
    /// When the issuance's key is of another type or was dropped, or the ledger cannot seal or keep it.
    pub fn make(&self, issuance: IssuanceId, key_type: KeyType) -> Result<MadeKey, CustodyError> {
        if let Some(record) = self.ledger.key(issuance)? {
            return known(record, key_type);
        }
        let made = self.keep(issuance, &Pair::generate(key_type)?)?;
        // Another one may have been quicker: then its key is the key.
        known(made, key_type)
    }

    /// Takes over a private key that the operator brings: PEM, PKCS#8 or the older forms of RSA and EC keys. The same
    /// key again is the same.
    ///
    /// # Errors
    /// When it is no key that can be delivered, or the issuance has another one already.
    pub fn adopt(&self, issuance: IssuanceId, text: &Secret) -> Result<MadeKey, CustodyError> {
        let pair = Pair::from_pem(text.expose())?;
        let kept = self.keep(issuance, &pair)?;
        if kept.place == KeyPlace::Dropped {
            return Err(CustodyError::Dropped(issuance));
        }
        if kept.spki != pair.spki()? {
            return Err(CustodyError::AnotherKey(issuance));
        }
        Ok(kept.into())
    }

    /// Seals a key and keeps it, unless the issuance has one; whichever is kept then.
    fn keep(&self, issuance: IssuanceId, pair: &Pair) -> Result<KeyRecord, CustodyError> {
        let spki = pair.spki()?;
        let data_key = SealKey::random().map_err(crate::ledger::LedgerError::from)?;
        let sealed = data_key
            .seal(&place(issuance, &spki), &pair.pkcs8()?)
            .map_err(crate::ledger::LedgerError::from)?;
        self.ledger.add_key(&NewKey {
            issuance,
            key_type: pair.key_type(),
            spki: &spki,
            data_key: &data_key,
            sealed: &sealed,
            created_at: self.clock.now(),
        })?;
        self.record(issuance)
    }

    /// A request for a certificate, signed with the issuance's key: PKCS#10, DER. An EC key signs it differently each
    /// time: who sends it keeps it.
    ///
    /// # Errors
    /// When the key is not in the ledger, or cannot be opened.
    pub fn csr(
        &self,
        issuance: IssuanceId,
        wanted: &CsrWanted<'_>,
    ) -> Result<Vec<u8>, CustodyError> {
        let record = self.record(issuance)?;
        let sealed = self.sealed(&record)?;
        let pair = Pair::from_pkcs8(&self.open(&record, &sealed)?)?;
        csr::make(&pair, wanted)
    }

    /// What is known of an issuance's key.
    ///
    /// # Errors
    /// When it never had one.
    pub fn record(&self, issuance: IssuanceId) -> Result<KeyRecord, CustodyError> {
        let found = self.ledger.key(issuance)?;
        found.ok_or(CustodyError::NoKey(issuance))
    }

    /// The sealed key lies in the cloud now: the ledger's copy of it is overwritten, and only its data key stays.
    /// Repeating it is no error.
    ///
    /// # Errors
    /// When there is no key, or the ledger cannot be written.
    pub fn park_out(&self, issuance: IssuanceId) -> Result<(), CustodyError> {
        if self.ledger.park_key(issuance)? {
            return Ok(());
        }
        let record = self.record(issuance)?;
        Err(CustodyError::Dropped(record.issuance))
    }

    /// Erases an issuance's key: from now on every copy of it, wherever it lies, is unreadable. One that is not there
    /// is no error.
    ///
    /// # Errors
    /// When the ledger cannot be written, or its log not be emptied.
    pub fn drop_key(&self, issuance: IssuanceId) -> Result<(), CustodyError> {
        Ok(self.ledger.drop_key(issuance, self.clock.now())?)
    }

    /// Every key that is not dropped, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn keys(&self) -> Result<Vec<KeyRecord>, CustodyError> {
        Ok(self.ledger.keys()?)
    }

    /// Another key-encryption key. See [`Ledger::rotate`].
    ///
    /// # Errors
    /// As there.
    pub fn rotate(&self, to: Option<&KekSource>) -> Result<Rotated, CustodyError> {
        Ok(self.ledger.rotate(to)?)
    }

    /// How the sealing stands.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn status(&self) -> Result<KeyStatus, CustodyError> {
        Ok(self.ledger.key_status()?)
    }

    /// The sealed key that lies in the ledger.
    fn sealed(&self, record: &KeyRecord) -> Result<Vec<u8>, CustodyError> {
        match record.place {
            KeyPlace::Dropped => Err(CustodyError::Dropped(record.issuance)),
            KeyPlace::Parked => Err(CustodyError::Parked(record.issuance)),
            KeyPlace::Ledger => self
                .ledger
                .sealed_key(record.issuance)?
                .ok_or(CustodyError::Damaged(record.issuance)),
        }
    }

    /// The private key: PKCS#8, DER.
    fn open(&self, record: &KeyRecord, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CustodyError> {
        let data_key = self.ledger.data_key(record.issuance)?;
        let data_key = data_key.ok_or(CustodyError::Dropped(record.issuance))?;
        data_key
            .open(&place(record.issuance, &record.spki), sealed)
            .ok_or(CustodyError::Damaged(record.issuance))
    }
}

fn known(record: KeyRecord, wanted: KeyType) -> Result<MadeKey, CustodyError> {
    let issuance = record.issuance;
    match (record.place, record.key_type) {
        (KeyPlace::Dropped, _) => Err(CustodyError::Dropped(issuance)),
        (_, have) if have != wanted => Err(CustodyError::AnotherType {
            issuance,
            have,
            wanted,
        }),
        _ => Ok(record.into()),
    }
}

/// What a sealed key is bound to: its row, and its own public half.
fn place(issuance: IssuanceId, spki: &[u8]) -> Vec<u8> {
    let public = Sha256::of(spki).0;
    [&b"keys.sealed\0"[..], &issuance.0.to_be_bytes(), &public].concat()
}

/// The public half of a private key that an operator brings.
///
/// # Errors
/// When it is no key that can be delivered.
pub fn spki_of_key(text: &Secret) -> Result<Vec<u8>, CustodyError> {
    Pair::from_pem(text.expose())?.spki()
}

#[cfg(test)]
mod tests;
