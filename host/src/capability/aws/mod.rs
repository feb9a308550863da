//! The AWS capabilities of a guest: the policy layer, and the contract's interfaces upon it.
//! Above: `plugin` links [`AwsView`] into connectors. Below: `backend`, `grant`.
//! Invariant: no call reaches a backend but through [`AwsCapability`].

use std::sync::Arc;
use wasmtime::component::ResourceTable;

/// The policy layer of one connector's run: grants, rates, retries, audit, sessions.
pub struct AwsCapability {}

/// One instance's view of it. Implements the contract's `sensor:aws` interfaces and `sensor:auth/credentials`.
pub struct AwsView<'a> {
    pub capability: &'a Arc<AwsCapability>,
    pub table: &'a mut ResourceTable,
}
