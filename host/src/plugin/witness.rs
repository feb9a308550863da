//! What the catalog's files are known by: a seal under a key that does not lie beside them.
//! Above: `catalog`, `aot`. Below: HMAC-SHA256.
//! Invariant: a file whose seal was not made under the key is not believed; without the key nothing is.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// Seals files and knows its seals again. Clones share the key.
#[derive(Clone)]
pub struct Witness(Arc<RwLock<Held>>);

/// The key, or why there is none.
type Asked = dyn Fn() -> Result<[u8; 32], String> + Send + Sync;

enum Held {
    Key(Zeroizing<[u8; 32]>),
    /// Whoever has the key: asked when it is first needed.
    With(Box<Asked>),
}

impl Witness {
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self::of(Held::Key(Zeroizing::new(key)))
    }

    /// One that asks for its key when it is first needed. Without a key it knows nothing, and tells the reason.
    #[must_use]
    pub fn asking(key: impl Fn() -> Result<[u8; 32], String> + Send + Sync + 'static) -> Self {
        Self::of(Held::With(Box::new(key)))
    }

    fn of(held: Held) -> Self {
        Self(Arc::new(RwLock::new(held)))
    }

    /// From now on with another key.
    pub(super) fn turn(&self, key: [u8; 32]) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Held::Key(Zeroizing::new(key));
    }

    /// The seal of a file of this kind; an error is the reason why there is no key.
    pub(super) fn seal(&self, kind: &str, bytes: &[u8]) -> Result<String, String> {
        Ok(hex::encode(self.mac(kind, bytes)?.finalize().into_bytes()))
    }

    /// Whether one of these is the file's seal.
    pub(super) fn knows<'s>(
        &self,
        kind: &str,
        bytes: &[u8],
        seals: impl IntoIterator<Item = &'s String>,
    ) -> Result<bool, String> {
        let mac = self.mac(kind, bytes)?;
        let mut seals = seals.into_iter().filter_map(|seal| hex::decode(seal).ok());
        Ok(seals.any(|seal| mac.clone().verify_slice(&seal).is_ok()))
    }

    fn key(&self) -> Result<Zeroizing<[u8; 32]>, String> {
        let asked = {
            let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
            match &*held {
                Held::Key(key) => return Ok(key.clone()),
                Held::With(ask) => ask()?,
            }
        };
        self.turn(asked);
        Ok(Zeroizing::new(asked))
    }

    fn mac(&self, kind: &str, bytes: &[u8]) -> Result<Hmac<Sha256>, String> {
        let key = self.key()?;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&key[..]).map_err(|error| error.to_string())?;
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        Ok(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::Witness;

    #[test]
    fn a_seal_is_of_one_key_one_kind_and_one_text() {
        let witness = Witness::new([1; 32]);
        let seal = [witness.seal("catalog", b"text").unwrap()];
        assert_eq!(witness.knows("catalog", b"text", &seal), Ok(true));
        assert_eq!(witness.knows("catalog", b"Text", &seal), Ok(false));
        assert_eq!(witness.knows("cache", b"text", &seal), Ok(false));
        assert_eq!(witness.knows("catalog", b"text", &[]), Ok(false));
        let other = Witness::new([2; 32]);
        assert_eq!(other.knows("catalog", b"text", &seal), Ok(false));
        other.turn([1; 32]);
        assert_eq!(other.knows("catalog", b"text", &seal), Ok(true));
        let asking = Witness::asking(|| Ok([1; 32]));
        assert_eq!(asking.knows("catalog", b"text", &seal), Ok(true));
        assert!(
            Witness::asking(|| Err("no key".to_owned()))
                .knows("catalog", b"text", &seal)
                .is_err()
        );
    }
}
