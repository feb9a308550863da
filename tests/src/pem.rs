//! From PEM to DER, for tests that compare byte for byte.
//! Above: the tests. Below: base64.
//! Invariant: exactly one block, or nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The bytes of the one certificate in a PEM text.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let inner = text.trim().strip_prefix("-----BEGIN CERTIFICATE-----")?;
    let inner = inner.strip_suffix("-----END CERTIFICATE-----")?;
    STANDARD
        .decode(inner.split_ascii_whitespace().collect::<String>())
        .ok()
}
