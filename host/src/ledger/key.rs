//! The key that seals secrets, in a file of its own, and the sealing.
//! Above: `secrets`. Below: the operating system's randomness.
//! Invariant: the key is read only from a file that its owner alone may read; what is sealed is bound to its place.

use super::error::LedgerError;
use crate::model::secret::Secret;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::TryRng;
use rand::rngs::SysRng;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

const NONCE: usize = 24;

pub(super) struct Sealer(XChaCha20Poly1305);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Sealer {
    /// Reads the key file, or makes it if it may. None: not there and not to be made.
    pub(super) fn load(path: &Path, make: bool) -> Result<Option<Self>, LedgerError> {
        let io = |error| LedgerError::Io {
            path: path.to_owned(),
            error,
        };
        match File::open(path) {
            Ok(file) => read(path, file).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound && make => create(path).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(error)),
        }
    }

    /// Nonce and ciphertext.
    pub(super) fn seal(
        &self,
        place: &[u8],
        secret: &Secret,
    ) -> Result<(Vec<u8>, Vec<u8>), LedgerError> {
        let mut nonce = [0; NONCE];
        SysRng
            .try_fill_bytes(&mut nonce)
            .map_err(|_| LedgerError::NoRandomness)?;
        let payload = Payload {
            msg: secret.expose().as_bytes(),
            aad: place,
        };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| LedgerError::NoRandomness)?;
        Ok((nonce.to_vec(), sealed))
    }

    /// None when the key, the place or the bytes are not those that it was sealed with.
    pub(super) fn unseal(&self, place: &[u8], nonce: &[u8], sealed: &[u8]) -> Option<Secret> {
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let plain = self
            .0
            .decrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: sealed,
                    aad: place,
                },
            )
            .ok()?;
        Secret::from_utf8(plain)
    }
}

fn read(path: &Path, file: File) -> Result<Sealer, LedgerError> {
    let io = |error| LedgerError::Io {
        path: path.to_owned(),
        error,
    };
    let mode = file.metadata().map_err(io)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(LedgerError::KeyExposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::with_capacity(128));
    file.take(128).read_to_string(&mut text).map_err(io)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_end(), &mut key[..]).map_err(|_| LedgerError::KeyMalformed {
        path: path.to_owned(),
    })?;
    Ok(Sealer(XChaCha20Poly1305::new(<&Key>::from(&*key))))
}

fn create(path: &Path) -> Result<Sealer, LedgerError> {
    let io = |error| LedgerError::Io {
        path: path.to_owned(),
        error,
    };
    let mut key = Zeroizing::new([0; 32]);
    SysRng
        .try_fill_bytes(&mut key[..])
        .map_err(|_| LedgerError::NoRandomness)?;
    // Beside its place first: a crash in between leaves no half-written key under the name that counts.
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .map_err(io)?;
    let text = Zeroizing::new(hex::encode(&key[..]));
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    std::fs::rename(&beside, path).map_err(io)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io)?;
    Ok(Sealer(XChaCha20Poly1305::new(<&Key>::from(&*key))))
}
