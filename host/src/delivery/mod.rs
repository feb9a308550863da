//! The durable state machine: from a request to a certificate at every place where it is wanted, and again in time.
//! Above: `app`. Below: `issuer`, `custody`, `ledger`; the places by way of [`Places`].
//! Invariant: a state is on disk before the act that it names; whatever a crash leaves, the next turn goes on from the
//! ledger alone, and no key is erased before the verification of its certificate is on disk.

mod abandon;
mod bring;
mod claims;
mod engine;
mod failpoint;
mod finish;
mod in_use;
mod issue;
mod memo;
mod outlook;
mod park;
mod patience;
mod plugin_place;
mod ports;
mod preflight;
mod queue;
mod recover;
mod renew;
mod revoke;
mod sweep;
mod turn;

pub use engine::{Engine, EngineError, Ground, Halt as Refused, Standing};
pub use in_use::{CertificateInUse, in_use, once_replaced};
pub use plugin_place::PluginPlace;
pub use ports::{Issuers, Place, Places};
pub use preflight::Preflight;
pub use renew::{Begin, brought, planned};
pub use sweep::Swept;
pub use turn::{Crank, Turn};

#[cfg(test)]
mod tests;
