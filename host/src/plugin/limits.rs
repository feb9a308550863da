//! How much of the machine one instance may use.
//! Above: `connector`, `provider`, `mock_host`; the manifest proposes. Below: `state` holds the meter.
//! Invariant: a manifest can ask for more than the default but never for more than the host's maximum.

use std::time::Duration;
use wasmtime::ResourceLimiter;

const MIB: usize = 1 << 20;

/// The limits of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all linear memories together.
    pub memory: usize,
    /// How long one call may compute by itself; what it waits for the host does not count.
    pub cpu: Duration,
    /// How long one call may take in all, the host's waiting for the cloud included.
    pub call_timeout: Duration,
    /// Bytes that one call may carry from the guest to the host.
    pub transfer: usize,
    /// Handles alive at once.
    pub handles: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 * MIB,
            cpu: Duration::from_secs(30),
            call_timeout: Duration::from_mins(10),
            transfer: 64 * MIB,
            handles: 10_000,
        }
    }
}

impl Limits {
    /// The most that a manifest may ask for.
    pub const MOST: Self = Self {
        memory: 1_024 * MIB,
        cpu: Duration::from_mins(5),
        call_timeout: Duration::from_hours(1),
        transfer: 256 * MIB,
        handles: 10_000,
    };
}

/// A guest wanted more memory than it may have.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("more than {0} bytes of memory")]
pub(super) struct MemoryExceeded(pub(super) usize);

/// Counts an instance's memory; beyond the limit growing traps.
#[derive(Debug)]
pub(super) struct Meter {
    most: usize,
    used: usize,
}

/// Entries of all tables: functions of indirect calls.
const MOST_TABLE_ENTRIES: usize = 100_000;

impl Meter {
    pub(super) fn new(most: usize) -> Self {
        Self { most, used: 0 }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.most {
            return Err(MemoryExceeded(self.most).into());
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > MOST_TABLE_ENTRIES {
            wasmtime::bail!(
                "a table of {desired} entries; at most {MOST_TABLE_ENTRIES} are allowed"
            );
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        64
    }
    fn tables(&self) -> usize {
        64
    }
    fn memories(&self) -> usize {
        8
    }
}
