//! The AWS capabilities of a guest: the policy layer, and the contract's interfaces upon it.
//! Above: `plugin` links [`AwsView`] into connectors. Below: `backend`, `grant`.
//! Invariant: no call reaches a backend but through [`AwsCapability`].

mod assume;
mod audit;
mod batch;
mod bucket;
mod capability;
mod checks;
mod lanes;
mod names;
mod operations;
mod rates;
mod retry;
mod roles;
#[cfg(test)]
mod tests;
mod view;
mod write_view;
mod writes;

pub use capability::{AwsCapability, AwsLend};
pub use lanes::Lanes;
pub use rates::{RateError, RateTable};
pub use view::AwsView;
