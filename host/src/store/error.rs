//! What can go wrong with the inventory, and what to do about it.
//! Above: `connector`, `cli`. Below: `model`.
//! Invariant: each text says what an operator does next; none holds a secret.

use crate::model::id::{ConnectorId, RunId, Sha256};
use std::path::PathBuf;

/// Why the inventory could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the inventory in {} is in use by another sensor: stop that one, or choose another --state-dir", .0.display())]
    Busy(PathBuf),
    #[error(
        "the inventory was written by a newer sensor ({writer}, form {found}; this one reads up to {known}) and is left as it is: use that version or a newer one"
    )]
    Newer {
        found: u32,
        known: u32,
        writer: String,
    },
    #[error(
        "the inventory was written by sensor {0}, in a form that this one does not read any more"
    )]
    Older(String),
    #[error(
        "the inventory is damaged ({0}): the next start moves it aside and makes a fresh one; import again to fill it"
    )]
    Damaged(String),
    #[error("the body of certificate {0} is damaged: the next import reads it anew")]
    LostBody(Sha256),
    #[error(
        "the file of the certificates' bodies is damaged ({0}): the next start sets it aside, and an import reads the bodies anew"
    )]
    Bodies(String),
    #[error(
        "the inventory stopped working ({0}): restart the sensor; an import goes on where it stopped"
    )]
    Fault(String),
    #[error(
        "the disk is full or cannot be written ({0}): make room, then run the import again; it goes on where it stopped"
    )]
    Disk(std::io::Error),
    #[error("the inventory's files cannot be used ({0})")]
    Io(#[from] std::io::Error),
    #[error("`{connector}` holds {} data, and mock data never mixes with real: remove the connector's inventory (`sensor connector remove {connector}`) or use another name", if *.holds_mock { "a mock-host's" } else { "real" })]
    MockMix {
        connector: ConnectorId,
        holds_mock: bool,
    },
    #[error("run {0} is not known: sensor run list shows which there are")]
    NoSuchRun(RunId),
    #[error(
        "nothing in the inventory matches `{0}`: give an ARN, a fingerprint (or its beginning, 6 digits or more) or a serial number"
    )]
    NotFound(String),
    #[error("`{text}` matches several certificates, give one of: {}", candidates.join(", "))]
    Ambiguous {
        text: String,
        candidates: Vec<String>,
    },
    #[error("a page of split {split} came out of order: restart the split")]
    OutOfOrder { split: String },
    #[error("split {split} cannot end complete: its last page has not been committed")]
    NotEnded { split: String },
    #[error("`{0}` is not a place where a list ended: start the list again")]
    BadPosition(String),
}
