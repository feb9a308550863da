//! A disk that is full from one write to another: for tests of what is built on the ledger.
//! Above: `rows`. Below: nothing.
//! Invariant: a write that is refused changed nothing.

use super::LedgerError;
use std::sync::Mutex;

/// Counts writes; refuses those in the range.
#[derive(Debug, Default)]
pub(crate) struct Disk(Mutex<(u32, std::ops::Range<u32>)>);

impl Disk {
    /// From now on, the writes of this range (the next one is 0) find no room.
    pub(crate) fn fill(&self, writes: std::ops::Range<u32>) {
        *self.0.lock().unwrap() = (0, writes);
    }

    /// Writes since then.
    pub(crate) fn writes(&self) -> u32 {
        self.0.lock().unwrap().0
    }

    pub(super) fn write(&self) -> Result<(), LedgerError> {
        let mut state = self.0.lock().unwrap();
        let number = state.0;
        state.0 += 1;
        if !state.1.contains(&number) {
            return Ok(());
        }
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
        Err(rusqlite::Error::SqliteFailure(code, None).into())
    }
}
