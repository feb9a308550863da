//! The inventory: what was found where, what is known of it, and how far each scan has come.
//! Above: `connector` commits pages and ends splits, `cli` queries. Below: `model`.
//! Invariant: a page and its cursor are kept together or not at all, and only a complete split may say that
//! something is gone.
//!
//! Every function blocks; async callers use `spawn_blocking`. `Inventory` is cheap to clone and shared by threads.

mod accounts;
mod bodies;
mod codec;
mod columns;
mod commit;
mod draft;
mod engine;
mod error;
mod form;
mod heal;
mod hold;
mod hush;
mod inventory;
mod list;
mod load;
mod matching;
mod packs;
mod pieces;
mod quarantine;
mod reading;
mod records;
mod revocation;
mod runs;
mod settle;
mod show;
mod split;
mod state;
mod summary;
mod terms;
mod types;
mod vanish;

pub use error::StoreError;
pub use inventory::{Inventory, WeakInventory};
pub use revocation::{Candidate, Question};
pub use types::{
    AccountStatus, Checkpoint, Committed, ConnectorStatus, ImportLabels, ListPage, Marker, Opened,
    PageCommit, RunEnd, RunFilter, RunStart, Shown, SplitEnd, SplitStatus, Summary,
};
