//! For plugin authors: the sensor's contract as Rust types and traits, and the macros that export a plugin.
//! Above: a plugin crate. Below: `bindings`, generated from the WIT packages of the contract.
//! Invariant: nothing here holds a secret, and nothing imports anything that the contract does not name.

mod batch;
pub mod bindings;
pub mod connector;
pub mod delivery;
#[cfg(feature = "fake")]
pub mod fake;
pub mod host;
pub mod panic;
pub mod provider;
pub mod types;
