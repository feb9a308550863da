//! The way into the inventory: open for as long as somebody in this process uses it, and closed in between.
//! Above: the rest of `app`. Below: `store`.
//! Invariant: within the process it is opened once at a time, and all share it.

use super::AppError;
use crate::model::time::Clock;
use crate::store::{Inventory, Opened, StoreError, WeakInventory};
use std::io::ErrorKind::NotFound;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(50);

pub(super) struct Door {
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    /// Another sensor holds the state directory.
    beside: bool,
    /// Locked for as long as opening takes.
    open: Mutex<WeakInventory>,
}

impl Door {
    pub(super) fn new(dir: PathBuf, clock: Arc<dyn Clock>, beside: bool) -> Self {
        Self {
            dir,
            clock,
            beside,
            open: Mutex::default(),
        }
    }

    /// Blocks. A damaged inventory is moved aside; a warning in the log says so.
    pub(super) fn open(&self, patience: Duration) -> Result<Inventory, AppError> {
        let mut open = locked(&self.open);
        if let Some(inventory) = open.upgrade(Arc::clone(&self.clock)) {
            return Ok(inventory);
        }
        let begun = Instant::now();
        let Opened { inventory, notice } = loop {
            match self.try_open()? {
                Some(opened) => break opened,
                None if begun.elapsed() < patience => std::thread::sleep(LOOK),
                None => return Err(self.why_not()),
            }
        };
        if let Some(notice) = notice {
            tracing::warn!("{notice}");
        }
        *open = inventory.downgrade();
        Ok(inventory)
    }

    /// The same without blocking.
    pub(super) async fn opened(
        self: &Arc<Self>,
        patience: Duration,
    ) -> Result<Inventory, AppError> {
        let door = Arc::clone(self);
        match tokio::task::spawn_blocking(move || door.open(patience)).await {
            Ok(opened) => opened,
            Err(error) => Err(AppError::Store(StoreError::Fault(error.to_string()))),
        }
    }

    /// Which inventory it is now, without opening it; none before the first.
    pub(super) fn which(&self) -> Option<[u8; 16]> {
        Inventory::which(&self.dir)
    }

    /// None while another process has it.
    fn try_open(&self) -> Result<Option<Opened>, AppError> {
        // Whoever holds the state directory makes it: beside that one it might be met half made.
        if self.beside && !self.dir.exists() {
            return Ok(None);
        }
        match Inventory::open(&self.dir, Arc::clone(&self.clock)) {
            Err(StoreError::Busy(_)) => Ok(None),
            Err(StoreError::Disk(error)) if self.beside && error.kind() == NotFound => Ok(None),
            opened => Ok(Some(opened?)),
        }
    }

    fn why_not(&self) -> AppError {
        if self.dir.exists() {
            AppError::InventoryHeld
        } else {
            AppError::NothingImported
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
