//! Everything about WASM: packages and their catalog, the engine, instances and what their calls come to.
//! Above: `connector`, `cli`. Below: `capability`, `backend`, `bindings`, `model`.
//! Invariant: nothing runs that was not read once, hashed and checked; no guest outlives its limits.

mod aot;
mod catalog;
mod connector;
mod contract;
mod cpu;
mod delivery;
#[cfg(feature = "failpoints")]
mod dump;
mod engine;
mod error;
mod limits;
mod link;
mod manifest;
mod mock_backend;
mod mock_host;
mod mock_journal;
mod package;
mod permission;
mod provider;
mod state;
mod surface;
mod trusted;
mod witness;

pub use catalog::{Catalog, Entry, Installed};
pub use connector::{ConnectorInstance, ConnectorPlugin, Lend};
pub use contract::{OFFERED, operations_of};
pub use delivery::DeliveryInstance;
pub use engine::Engine;
pub use error::{CallError, CatalogError, LoadError, PackageError};
pub use limits::Limits;
pub use manifest::{Kind, Manifest, Needs, Operations};
pub use mock_host::{MockHost, StartError};
pub use package::Package;
pub use permission::{Permission, PermissionDiff};
pub use provider::CredentialProvider;
pub use witness::Witness;
