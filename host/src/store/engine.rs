//! sled, held at arm's length: one tree, one atomic batch a change, flushed before it counts.
//! Above: `state`, `draft`. Below: `codec`, sled.
//! Invariant: a panic within sled becomes `StoreError::Damaged` and is remembered on disk, so that the next start
//! moves the inventory aside; a commit that was acknowledged and is not there at the next start is noticed.

use super::codec::checksum;
use super::error::StoreError;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

const CACHE_BYTES: u64 = 32 << 20;
/// Beside the index: the number of the last acknowledged commit.
const ACKNOWLEDGED: &str = "acknowledged";
/// Made when reading shows damage; the next start moves the inventory aside.
const DAMAGE_MARK: &str = "damaged";
/// The oldest form of the header comes first: magic, form, oldest reader that understands it.
const MAGIC: &[u8; 8] = b"snsr-inv";
pub(super) const FORM: u32 = 1;
pub(super) const HEADER: &[u8] = b"!";

/// Changes to sled's values: none removes.
pub(super) type Changes = HashMap<Vec<u8>, Option<Vec<u8>>>;

pub(super) struct Engine {
    dir: PathBuf,
    tree: sled::Db,
    /// sled writes with `sync_file_range`, which leaves the disk's own cache out; this handle is for `fdatasync`.
    file: File,
    acknowledged: File,
}

impl Engine {
    /// Opens sled and tells the number of the last acknowledged commit, 0 for none.
    pub(super) fn open(dir: &Path) -> Result<(Self, u64), StoreError> {
        if dir.join(DAMAGE_MARK).exists() {
            return Err(StoreError::Damaged("an earlier run found damage".into()));
        }
        std::fs::create_dir_all(dir)?;
        let index = dir.join("index");
        let tree = guarded(|| {
            sled::Config::new()
                .path(&index)
                .cache_capacity(CACHE_BYTES)
                .flush_every_ms(None)
                .open()
        })
        .map_err(|error| {
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
            },
            last,
        ))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.watched(|| self.tree.get(key))
    }

    /// Every value whose key begins so, in the order of the keys.
    pub(super) fn each(
        &self,
        prefix: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut values = self.tree.scan_prefix(prefix);
        while let Some((key, value)) = self.watched(|| values.next().transpose())? {
            take(&key, &value)?;
        }
        Ok(())
    }

    /// Writes all or nothing; on disk when it returns.
    pub(super) fn apply(&self, number: u64, changes: Changes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.watched(|| {
            self.tree.apply_batch(batch)?;
            self.tree.flush().map(drop)
        })?;
        self.file.sync_data().map_err(StoreError::Disk)?;
        let mut record = [0; 12];
        record[..8].copy_from_slice(&number.to_le_bytes());
        record[8..].copy_from_slice(&crc32fast::hash(&number.to_le_bytes()).to_le_bytes());
        self.acknowledged
            .write_all_at(&record, 0)
            .map_err(StoreError::Disk)
    }

    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.watched(|| self.tree.flush().map(drop))
    }

    /// Makes the next start move the inventory aside.
    pub(super) fn mark_damaged(&self, why: &str) {
        if let Err(error) = std::fs::write(self.dir.join(DAMAGE_MARK), why) {
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

/// A header: what every later form keeps, then what this form says.
pub(super) fn header(rest: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&FORM.to_le_bytes());
    out.extend_from_slice(&FORM.to_le_bytes());
    out.extend_from_slice(rest);
    out
}

/// What this form says, if this sensor may read it.
pub(super) fn read_header(bytes: &[u8]) -> Result<&[u8], StoreError> {
    let (magic, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or_else(|| StoreError::Damaged("no header".into()))?;
    let (numbers, rest) = rest
        .split_first_chunk::<8>()
        .ok_or_else(|| StoreError::Damaged("no header".into()))?;
    if magic != MAGIC {
        return Err(StoreError::Damaged("this is not an inventory".into()));
    }
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |sum: u32, byte| sum << 8 | u32::from(*byte))
    };
    let (found, reader) = (number(&numbers[..4]), number(&numbers[4..]));
    if reader > FORM {
        return Err(StoreError::Newer { found, known: FORM });
    }
    Ok(rest)
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
