//! Sealing: XChaCha20-Poly1305 under a key of 32 bytes.
//! Above: `kek`, `keys`, `secrets`, `custody`. Below: the operating system's randomness.
//! Invariant: what is sealed opens only under its own key and at its own place; opened bytes are wiped when dropped.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::Sha256;
use zeroize::Zeroizing;

const NONCE: usize = 24;

/// The operating system gives no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandomness;

/// 32 random bytes that seal something. On the heap, so that moving it leaves no copy behind.
pub(crate) struct SealKey(Box<Zeroizing<[u8; 32]>>);

impl SealKey {
    /// A new one.
    pub(crate) fn random() -> Result<Self, NoRandomness> {
        let mut key = Self(Box::default());
        SysRng
            .try_fill_bytes(&mut key.0[..])
            .map_err(|_| NoRandomness)?;
        Ok(key)
    }

    /// From its bytes; none if they are not 32.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let mut key = Self(Box::default());
        (bytes.len() == key.0.len()).then(|| {
            key.0.copy_from_slice(bytes);
            key
        })
    }

    /// The bytes themselves.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0[..]
    }

    /// A key for one purpose, which tells nothing of this one.
    pub(super) fn derived(&self, purpose: &str) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.expose()).ok()?;
        mac.update(b"sensor derived key\0");
        mac.update(purpose.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let key: &Key = (&**self.0).into();
        XChaCha20Poly1305::new(key)
    }

    /// Nonce and ciphertext in one. `place` is what the text is bound to.
    pub(crate) fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let mut nonce = [0; NONCE];
        SysRng
            .try_fill_bytes(&mut nonce)
            .map_err(|_| NoRandomness)?;
        let payload = Payload {
            msg: plain,
            aad: place,
        };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| NoRandomness)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// None when the key, the place or the bytes are not those that it was sealed with.
    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: text,
            aad: place,
        };
        let plain = self.cipher().decrypt(&XNonce::from(nonce), payload).ok()?;
        Some(Zeroizing::new(plain))
    }
}

/// Nonce and ciphertext apart, as `secrets` keeps them.
pub(super) fn apart(sealed: &[u8]) -> (&[u8], &[u8]) {
    sealed.split_at(NONCE.min(sealed.len()))
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::SealKey;

    #[test]
    fn it_opens_only_under_its_key_at_its_place_and_whole() {
        let key = SealKey::random().unwrap();
        let sealed = key.seal(b"here", b"plain").unwrap();
        assert_eq!(key.open(b"here", &sealed).unwrap().as_slice(), b"plain");
        assert!(key.open(b"there", &sealed).is_none());
        assert!(SealKey::random().unwrap().open(b"here", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(b"here", &changed).is_none(), "byte {at}");
            assert!(key.open(b"here", &sealed[..at]).is_none(), "cut at {at}");
        }
        assert_ne!(sealed, key.seal(b"here", b"plain").unwrap());
    }
}
