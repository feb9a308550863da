//! The AWS capabilities of a guest: the policy layer, and the contract's interfaces upon it.
//! Above: `plugin` links [`AwsView`] into connectors. Below: `backend`, `grant`.
//! Invariant: no call reaches a backend but through [`AwsCapability`].

mod capability;
mod operations;
mod rates;
mod view;

pub use capability::{AwsCapability, AwsLend};
pub use rates::{RateError, RateTable};
pub use view::AwsView;
