//! The sensor's nouns. No IO, no async, no wasmtime.
//! Above: everything. Below: nothing of ours.
//! Invariant: a value of these types is well-formed; what a guest said has been checked before it became one.

pub mod account;
pub mod asset;
pub mod certificate;
pub mod check;
pub mod config_problem;
pub mod delivery;
pub mod enrollment;
pub mod filter;
pub mod id;
pub mod issuer;
pub mod key;
pub mod name;
pub mod nearest;
pub mod pattern;
pub mod period;
pub mod plan;
pub mod problem;
pub mod profile;
pub mod revocation;
pub mod revoke;
pub mod run;
pub mod secret;
pub mod split;
pub mod text;
pub mod time;
pub mod usage;
