//! Real X.509 certificates: made when somebody reads them, read when somebody brings them.
//! Above: `estate`, `world`. Below: `noise`, the RustCrypto curves, x509-parser.
//! Invariant: a certificate is a function of its recipe: made twice, it is the same, octet for octet.
//!
//! Signatures have the right algorithm and shape and are noise, so they do not verify. In a scenario that says
//! `signed = true`, authorities hold real P-256 keys (derived from the seed, worth nothing) and sign for real.

mod authority;
pub(crate) mod der;
mod key;
mod leaf;
pub(crate) mod pem;
mod read;
pub(crate) mod verify;

pub(crate) use authority::{Authorities, Family};
pub(crate) use key::Key;
pub(crate) use leaf::{Recipe, extended_key_usages, key_usages, signature_algorithm};
pub(crate) use read::Facts;
