//! One process at a time has an inventory.
//! Above: `inventory`. Below: the operating system's file locks.
//! Invariant: nobody else has what is held, also while it is moved aside.

use super::error::StoreError;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// A child that another thread starts has every lock of its parent until it becomes its program.
const PATIENCE: Duration = Duration::from_millis(100);
const LOOK: Duration = Duration::from_millis(10);

/// Makes the directory if need be and locks it, until the file is dropped: the directory itself, since what lies in it
/// may have to be moved aside.
pub(super) fn hold(dir: &Path) -> Result<File, StoreError> {
    let mut patience = PATIENCE;
    loop {
        fs::create_dir_all(dir)?;
        let held = File::open(dir)?;
        match held.try_lock() {
            // Else it was moved aside in between.
            Ok(()) if is_still(dir, &held)? => return Ok(held),
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
        }
        if patience.is_zero() {
            return Err(StoreError::Busy(dir.to_owned()));
        }
        std::thread::sleep(LOOK);
        patience = patience.saturating_sub(LOOK);
    }
}

fn is_still(dir: &Path, held: &File) -> io::Result<bool> {
    let (there, held) = (fs::metadata(dir)?, held.metadata()?);
    Ok((there.dev(), there.ino()) == (held.dev(), held.ino()))
}
