//! sled, held at arm's length: one tree, one atomic batch a change, flushed before it counts.
//! Above: `state`, `draft`. Below: `codec`, `pieces`, sled.
//! Invariant: a panic within sled becomes `StoreError::Damaged` and is remembered on disk, so that the next start
//! moves the inventory aside; a commit that was acknowledged and is not there at the next start is noticed.

use super::codec::checksum;
use super::error::StoreError;
use super::pieces::{self, Value};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const CACHE_BYTES: u64 = 32 << 20;
const BUSY_PATIENCE: Duration = Duration::from_millis(250);
const BUSY_LOOK: Duration = Duration::from_millis(25);
/// Beside the index: the number of the last acknowledged commit.
const ACKNOWLEDGED: &str = "acknowledged";
/// Made when reading shows damage; the next start moves the inventory aside.
const DAMAGE_MARK: &str = "damaged";
/// sled's own directory.
pub(super) const INDEX: &str = "index";
/// Where sled puts pages that have grown too long, and never syncs them.
const BLOBS: &str = "blobs";
/// The key of what stands above all: `Meta`.
pub(super) const HEADER: &[u8] = b"!";

/// Changes to sled's values: none removes.
pub(super) type Changes = HashMap<Vec<u8>, Option<Vec<u8>>>;

pub(super) struct Engine {
    dir: PathBuf,
    tree: sled::Db,
    /// sled writes with `sync_file_range`, which leaves the disk's own cache out; this handle is for `fdatasync`.
    file: File,
    acknowledged: File,
    /// Files of long pages that are known to be on disk.
    synced: Mutex<HashSet<OsString>>,
}

impl Engine {
    /// Opens sled and tells the number of the last acknowledged commit, 0 for none.
    pub(super) fn open(dir: &Path) -> Result<(Self, u64), StoreError> {
        if dir.join(DAMAGE_MARK).exists() {
            return Err(StoreError::Damaged("an earlier run found damage".into()));
        }
        fs::create_dir_all(dir)?;
        let index = dir.join(INDEX);
        let tree = opened(&index).map_err(|error| {
            if is_busy(&error) {
                StoreError::Busy(dir.to_owned())
            } else {
                error
            }
        })?;
        let file = File::open(index.join("db"))?;
        let path = dir.join(ACKNOWLEDGED);
        let acknowledged = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let last = read_acknowledged(&acknowledged)?;
        Ok((
            Self {
                dir: dir.to_owned(),
                tree,
                file,
                acknowledged,
                synced: Mutex::default(),
            },
            last,
        ))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Value>, StoreError> {
        match self.first(key)? {
            Some(first) => self.whole(key, first).map(Some),
            None => Ok(None),
        }
    }

    fn first(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.watched(|| self.tree.get(key))
    }

    fn whole(&self, key: &[u8], first: sled::IVec) -> Result<Value, StoreError> {
        pieces::read(key, first, |piece| self.first(piece))?.ok_or_else(|| {
            let error = StoreError::Damaged("a piece of a value is missing".into());
            self.mark_damaged(&error.to_string());
            error
        })
    }

    /// Every value whose key begins so, in the order of the keys.
    pub(super) fn each(
        &self,
        prefix: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut values = self.tree.scan_prefix(prefix);
        while let Some((key, first)) = self.watched(|| values.next().transpose())? {
            take(&key, &self.whole(&key, first)?)?;
        }
        Ok(())
    }

    /// Writes all or nothing; on disk when it returns.
    pub(super) fn apply(&self, number: u64, changes: Changes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            let before = self.first(&key)?;
            pieces::write(&mut batch, &key, value.as_deref(), before.as_deref())?;
        }
        self.watched(|| {
            self.tree.apply_batch(batch)?;
            self.tree.flush().map(drop)
        })?;
        self.sync_blobs().map_err(StoreError::Disk)?;
        self.file.sync_data().map_err(StoreError::Disk)?;
        let mut record = [0; 12];
        record[..8].copy_from_slice(&number.to_le_bytes());
        record[8..].copy_from_slice(&crc32fast::hash(&number.to_le_bytes()).to_le_bytes());
        self.acknowledged
            .write_all_at(&record, 0)
            .map_err(StoreError::Disk)
    }

    /// There should be none, since values come in pieces; should there be one all the same, it is not trusted to sled.
    fn sync_blobs(&self) -> io::Result<()> {
        let blobs = self.dir.join(INDEX).join(BLOBS);
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        let mut there = HashSet::new();
        for entry in fs::read_dir(&blobs)? {
            let entry = entry?;
            if !synced.contains(&entry.file_name()) {
                match File::open(entry.path()) {
                    Ok(file) => file.sync_all()?,
                    // sled has thrown it away meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
            }
            there.insert(entry.file_name());
        }
        if there != *synced {
            File::open(&blobs)?.sync_all()?;
        }
        *synced = there;
        Ok(())
    }

    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.watched(|| self.tree.flush().map(drop))
    }

    /// Makes the next start move the inventory aside.
    pub(super) fn mark_damaged(&self, why: &str) {
        if let Err(error) = fs::write(self.dir.join(DAMAGE_MARK), why) {
            tracing::error!(%error, "the damage of the inventory could not be written down");
        }
    }

    fn watched<T>(&self, call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        guarded(call).inspect_err(|error| {
            if let StoreError::Damaged(why) = error {
                self.mark_damaged(why);
            }
        })
    }
}

/// sled's threads may end after their owner, and hold its lock until then.
fn opened(index: &Path) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new()
        .path(index)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(None);
    let mut patience = BUSY_PATIENCE;
    loop {
        match guarded(|| config.open()) {
            Err(error) if is_busy(&error) && !patience.is_zero() => {
                std::thread::sleep(BUSY_LOOK);
                patience = patience.saturating_sub(BUSY_LOOK);
            }
            done => return done,
        }
    }
}

/// Calls sled; its panics and its errors become ours.
fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match super::hush::without_panic_message(|| catch_unwind(AssertUnwindSafe(call))) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) => Err(StoreError::Disk(error)),
        Ok(Err(error)) => Err(StoreError::Damaged(format!("the engine says: {error}"))),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no text");
            Err(StoreError::Damaged(format!(
                "the engine gave up: {}",
                crate::model::text::clean(text, 200)
            )))
        }
    }
}

fn is_busy(error: &StoreError) -> bool {
    matches!(error, StoreError::Disk(cause)
        if cause.kind() == io::ErrorKind::WouldBlock || cause.to_string().contains("could not acquire lock"))
}

fn read_acknowledged(file: &File) -> Result<u64, StoreError> {
    let mut record = [0; 12];
    match file.read_exact_at(&mut record, 0) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
        Err(error) => return Err(error.into()),
    }
    let (number, sum) = record.split_at(8);
    if crc32fast::hash(number).to_le_bytes() != sum {
        return Err(StoreError::Damaged(
            "the number of the last commit is not readable".into(),
        ));
    }
    Ok(number
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// The sum over everything that is read at the start: tells whether a value is missing or an older one is back.
#[derive(Default)]
pub(super) struct Digest {
    values: HashMap<Vec<u8>, u64>,
    sum: u64,
}

impl Digest {
    pub(super) fn note(&mut self, key: &[u8], value: Option<&[u8]>) {
        let new = value.map(|value| checksum(key, value));
        let old = match new {
            Some(new) => self.values.insert(key.to_owned(), new),
            None => self.values.remove(key),
        };
        self.sum ^= old.unwrap_or(0) ^ new.unwrap_or(0);
    }

    pub(super) fn sum(&self) -> u64 {
        self.sum
    }
}
