//! Text that must not be shown.
//! Above: `credential`, `ledger`. Below: nothing.
//! Invariant: no `Display`, `Serialize` or `Clone`; dropped memory is overwritten.

use zeroize::Zeroizing;

/// A secret text. Only `expose` shows it, and few places call that.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
