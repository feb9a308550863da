//! The handle of a key: opened only where the backend hands it to AWS.
//! Above: `backend::PrivateKey`, which every capability passes on. Below: `custody`.
//! Invariant: holds sealed text at most; a dropped key does not open, however long a handle of it lives.

use super::{CustodyError, Keeper, parked, pem};
use crate::backend::{KeyError, KeyRoom, KeySource, PrivateKey};
use crate::ledger::KeyRecord;
use crate::model::id::IssuanceId;
use crate::model::secret::Secret;

struct Kept {
    keeper: Keeper,
    record: KeyRecord,
    /// The sealed key where it came back from the cloud; else it lies in the ledger.
    brought: Option<Vec<u8>>,
}

impl Keeper {
    /// The handle of a key that lies in the ledger.
    ///
    /// # Errors
    /// When it does not lie there, or cannot be opened.
    pub fn handle(&self, issuance: IssuanceId) -> Result<PrivateKey, CustodyError> {
        let record = self.record(issuance)?;
        let sealed = self.sealed(&record)?;
        // Opened once here: a handle that cannot be opened would be found out only in the middle of a delivery.
        self.open(&record, &sealed)?;
        Ok(self.lend(record, None))
    }

    fn lend(&self, record: KeyRecord, brought: Option<Vec<u8>>) -> PrivateKey {
        let (algorithm, spki) = (record.key_type.acm().to_owned(), record.spki.clone());
        let source = Kept {
            keeper: self.clone(),
            record,
            brought,
        };
        PrivateKey::new(algorithm, spki, source)
    }
}

impl Kept {
    fn sealed_bytes(&self) -> Result<Vec<u8>, CustodyError> {
        match &self.brought {
            Some(sealed) => Ok(sealed.clone()),
            // Asked anew: since the handle was made it may have been parked or dropped.
            None => self
                .keeper
                .sealed(&self.keeper.record(self.record.issuance)?),
        }
    }
}

impl KeySource for Kept {
    fn open(&self) -> Result<Secret, KeyError> {
        let pkcs8 = self.keeper.open(&self.record, &self.sealed_bytes()?)?;
        Ok(pem::write(&pkcs8))
    }

    fn sealed(&self) -> Result<String, KeyError> {
        let sealed = self.sealed_bytes()?;
        Ok(parked::write(self.record.issuance, &sealed))
    }
}

impl KeyRoom for Keeper {
    fn unseal(&self, secret_id: &str, sealed: &str) -> Result<PrivateKey, KeyError> {
        let foreign = || KeyError::Foreign("it is not of the form that the sensor writes".into());
        let (issuance, sealed) = parked::read(sealed).ok_or_else(foreign)?;
        if self
            .issuance_of(secret_id)
            .is_some_and(|name| name != issuance)
        {
            let told = format!("the text is of issuance {issuance}, its name of another");
            return Err(KeyError::Foreign(told));
        }
        let record = self.record(issuance).map_err(|error| match error {
            CustodyError::NoKey(_) => {
                KeyError::Foreign(format!("this sensor has no issuance {issuance}"))
            }
            other => other.into(),
        })?;
        // Opened once here, so that a foreign text is found out before anything is done with it.
        self.open(&record, &sealed)?;
        Ok(self.lend(record, Some(sealed)))
    }

    fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl From<CustodyError> for KeyError {
    fn from(error: CustodyError) -> Self {
        match error {
            CustodyError::Dropped(_) | CustodyError::NoKey(_) => Self::Gone,
            CustodyError::Damaged(_) => Self::Foreign(error.to_string()),
            other => Self::Unreadable(other.to_string()),
        }
    }
}
