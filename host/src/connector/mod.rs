//! Runs a connector: plan in, splits through the sandbox, pages into the inventory.
//! Above: `app`. Below: `plugin` calls the guest, `store` commits.
//! Invariant: never holds a credential; writes only through the inventory's page and split commits.

mod context;
mod filter;
mod ground;
mod plan;
mod progress;
mod run;
mod split;

pub use context::RunContext;
pub use filter::ImportFilter;
pub use ground::Ground;
pub use progress::{Progress, ProgressSender};
pub use run::{RunReport, run};
