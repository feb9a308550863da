//! One sensor at a time on a state directory.
//! Above: `app` takes it before it opens anything. Below: the operating system's file locks.
//! Invariant: the lock ends with the process, however that ends; a lock file without a holder means nothing.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another sensor{} is using {}: wait for it to end, or stop it if it serves (`sensor serve` goes on where it was); requests, profiles, issuers and secrets can be looked at and changed beside it", holder(*.pid), dir.display())]
    Held { pid: Option<u32>, dir: PathBuf },
    #[error("the state directory {} cannot be used: {error}", dir.display())]
    Io { dir: PathBuf, error: std::io::Error },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}

/// The right to use a state directory, until dropped.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

impl StateLock {
    /// Makes the directory if need be (mode 0700) and locks it, waiting for another sensor for up to `wait`.
    ///
    /// # Errors
    /// When another sensor holds it to the end, or the directory cannot be written.
    pub fn acquire(dir: &Path, wait: Duration) -> Result<Self, LockError> {
        let io = |error| LockError::Io {
            dir: dir.to_owned(),
            error,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(io)?;
        if std::fs::metadata(dir).map_err(io)?.mode() & 0o077 != 0 {
            tracing::warn!(dir = %dir.display(), "others may enter the state directory: chmod 700 is advised");
        }
        let path = dir.join("lock");
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(io)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(io(error)),
                Err(TryLockError::WouldBlock) if started.elapsed() < wait => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held {
                        pid: pid_in(&mut file),
                        dir: dir.to_owned(),
                    });
                }
            }
        }
        let pid = format!("{}\n", std::process::id());
        file.set_len(0)
            .and_then(|()| file.write_all(pid.as_bytes()))
            .map_err(io)?;
        Ok(Self { _file: file })
    }
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
