//! The key-encryption key as AWS KMS has sealed it: a small file that says by which KMS key.
//! Above: `kek`. Below: `backend::sdk::kms`.
//! Invariant: what lies on disk opens only with KMS's help, and only for this sensor.

use super::error::LedgerError;
use super::kek::{self, Kek, KekId};
use crate::backend::sdk::kms;
use crate::model::text::clean;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::Path;

const FORM: u32 = 1;

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct KmsFile {
    form: u32,
    /// What the key within is called.
    kek: String,
    /// The KMS key's ARN.
    pub(super) kms_key: String,
    /// base64
    sealed: String,
}

impl KmsFile {
    pub(super) fn id(&self) -> KekId {
        KekId::stored(self.kek.clone())
    }
}

/// None if it is not there.
pub(super) fn read(path: &Path) -> Result<Option<KmsFile>, LedgerError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(kek::io(path)(error)),
    };
    let file: Option<KmsFile> = serde_json::from_slice(&bytes).ok();
    let known = file.filter(|file| file.form == FORM);
    known.map(Some).ok_or_else(|| malformed(path))
}

/// Has KMS open it; none if it is not there.
pub(super) fn load(path: &Path, sensor: &str) -> Result<Option<Kek>, LedgerError> {
    let Some(file) = read(path)? else {
        return Ok(None);
    };
    let sealed = STANDARD.decode(&file.sealed).map_err(|_| malformed(path))?;
    let plain = kms::decrypt(&file.kms_key, &sealed, sensor).map_err(LedgerError::Kms)?;
    let kek = Kek::of(&plain).filter(|kek| kek.id == file.id());
    kek.map(Some).ok_or_else(|| malformed(path))
}

/// Has KMS make one, and writes it sealed.
pub(super) fn create(path: &Path, kms_key: &str, sensor: &str) -> Result<Kek, LedgerError> {
    let made = kms::generate(kms_key, sensor).map_err(LedgerError::Kms)?;
    let short = || LedgerError::Kms("AWS KMS made a key that is not of 32 bytes".to_owned());
    let kek = Kek::of(&made.plain).ok_or_else(short)?;
    let file = KmsFile {
        form: FORM,
        kek: kek.id.to_string(),
        kms_key: clean(&made.key, 2048),
        sealed: STANDARD.encode(&made.sealed),
    };
    let text = serde_json::to_vec_pretty(&file).unwrap_or_default();
    kek::write(path, &text)?;
    Ok(kek)
}

fn malformed(path: &Path) -> LedgerError {
    LedgerError::KeyMalformed {
        path: path.to_owned(),
    }
}
