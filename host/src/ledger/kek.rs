//! The key-encryption key: reading it, making it, putting another in its place.
//! Above: `vault`, `rotate`. Below: `kms_file`, `seal`, the file system.
//! Invariant: it is read only from a file that its owner alone may read, and written whole or not at all.

use super::error::LedgerError;
use super::kms_file;
use super::seal::SealKey;
use crate::config::KekSource;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The key with what it is called.
pub(super) struct Kek {
    pub(super) key: SealKey,
    pub(super) id: KekId,
}

/// By what a key-encryption key is told from another: part of its hash. It says nothing about the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KekId(String);

impl KekId {
    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }

    /// 16 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Kek {
    /// The key of these 32 bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        SealKey::of(bytes).map(Self::new)
    }

    fn new(key: SealKey) -> Self {
        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        hash.update(b"sensor key-encryption key\0");
        hash.update(key.expose());
        let id = KekId(hex::encode(&hash.finalize()[..8]));
        Self { key, id }
    }
}

pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> LedgerError {
    move |error| LedgerError::Io {
        path: path.to_owned(),
        error,
    }
}

/// None if it is not there. `sensor` is whose it is, for KMS.
pub(super) fn load(source: &KekSource, sensor: &str) -> Result<Option<Kek>, LedgerError> {
    // systemd's credentials are of mode 0440 with an access list for the unit's user.
    let forbidden = match source {
        KekSource::Kms { path, .. } => return kms_file::load(path, sensor),
        KekSource::Credential(_) => 0o007,
        KekSource::StateDir(_) | KekSource::File(_) => 0o077,
    };
    load_file(source.path(), forbidden)
}

/// What the key of a source is called that lies at `path`; none if it is not there.
pub(super) fn id_at(source: &KekSource, path: &Path) -> Result<Option<KekId>, LedgerError> {
    if matches!(source, KekSource::Kms { .. }) {
        return Ok(kms_file::read(path)?.map(|file| file.id()));
    }
    Ok(load_file(path, 0o077)?.map(|kek| kek.id))
}

fn load_file(path: &Path, forbidden: u32) -> Result<Option<Kek>, LedgerError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(path)(error)),
    };
    let mode = file.metadata().map_err(io(path))?.mode() & 0o777;
    if mode & forbidden != 0 {
        return Err(LedgerError::KeyExposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(160));
    file.take(128).read_to_end(&mut bytes).map_err(io(path))?;
    let malformed = || LedgerError::KeyMalformed {
        path: path.to_owned(),
    };
    understand(&bytes).map(Some).ok_or_else(malformed)
}

/// 64 hexadecimal digits, or 32 bytes as they are.
fn understand(bytes: &[u8]) -> Option<Kek> {
    let text = bytes.trim_ascii();
    let mut plain = Zeroizing::new([0; 32]);
    if hex::decode_to_slice(text, &mut plain[..]).is_ok() {
        return SealKey::of(&plain[..]).map(Kek::new);
    }
    SealKey::of(bytes).map(Kek::new)
}

/// A new key of a source, written to `path` in place of what is there.
pub(super) fn create(source: &KekSource, path: &Path, sensor: &str) -> Result<Kek, LedgerError> {
    if let KekSource::Kms { key, .. } = source {
        return kms_file::create(path, key, sensor);
    }
    let kek = Kek::new(SealKey::random()?);
    let mut text = Zeroizing::new([0; 64]);
    // 32 bytes are 64 digits.
    let _fits = hex::encode_to_slice(kek.key.expose(), &mut text[..]);
    write(path, &text[..])?;
    Ok(kek)
}

/// Writes a file that its owner alone may read, whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    // Beside its place first: a crash in between leaves no half-written key under the name that counts.
    let beside = beside(path, "new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .map_err(io(&beside))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(io(&beside))?;
    std::fs::rename(&beside, path).map_err(io(path))?;
    sync_folder(path)
}

/// Where the next key lies while a rotation in place is under way.
pub(super) fn next_path(path: &Path) -> PathBuf {
    beside(path, "next")
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(end);
    path.with_file_name(name)
}

/// Puts the next key in the place of the one before, whose bytes are overwritten.
pub(super) fn replace(path: &Path) -> Result<(), LedgerError> {
    let before = OpenOptions::new().write(true).open(path);
    std::fs::rename(next_path(path), path).map_err(io(path))?;
    sync_folder(path)?;
    if let Ok(mut before) = before {
        wipe(&mut before);
    }
    Ok(())
}

/// Overwrites a key that is no longer needed, and takes it away. One that is not there is no error.
pub(super) fn erase(path: &Path) -> Result<(), LedgerError> {
    match OpenOptions::new().write(true).open(path) {
        Ok(mut file) => wipe(&mut file),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(_) => {}
    }
    std::fs::remove_file(path).map_err(io(path))?;
    sync_folder(path)
}

/// As far as the file system overwrites in place; what seals nothing is no loss either way.
fn wipe(file: &mut File) {
    let length = file.metadata().map_or(0, |data| data.len()).min(4096);
    let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
    let _best_effort = file.write_all(&zeros).and_then(|()| file.sync_all());
}

fn sync_folder(path: &Path) -> Result<(), LedgerError> {
    let folder = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_hexadecimal_text_or_plain_bytes() {
        let made = understand(format!("{}\n", "ab".repeat(32)).as_bytes()).unwrap();
        assert_eq!(made.key.expose(), [0xab; 32]);
        assert_eq!(understand(&[0xab; 32]).unwrap().id, made.id);
        for bytes in [
            &b""[..],
            &[0xab; 31],
            &[0xab; 33],
            b"secret",
            "ab".repeat(33).as_bytes(),
        ] {
            assert!(understand(bytes).is_none());
        }
    }

    #[test]
    fn the_name_of_a_key_tells_keys_apart_and_nothing_else() {
        let (one, two) = (understand(&[1; 32]).unwrap(), understand(&[2; 32]).unwrap());
        assert_ne!(one.id, two.id);
        assert_eq!(one.id.as_str().len(), 16);
    }
}
