//! The simulated AWS: organizations, roles, regions and certificates, written once, without IO.
//! Above: the mock-host face (`face`), an HTTP face elsewhere. Below: the SDK's records.
//! Invariant: the model has no clock and no randomness of its own: the same scenario, seed and calls at the same
//! times give the same answers, byte for byte.

mod estate;
#[cfg(target_arch = "wasm32")]
mod face;
pub mod fault;
mod noise;
pub mod op;
pub mod scenario;
pub mod world;
mod x509;

pub use fault::Fault;
pub use op::{Op, Service};
pub use scenario::{Problems, Scenario};
pub use world::{
    AssumedRole, Caller, Damage, Identity, Import, KeyFlaw, NewSecret, Placed, SecretContent,
    SecretDeletion, SecretNamed, SecretValue, Transport, World,
};
