//! The simulated AWS inside a process, behind the same seam as the real one, in a time of its own.
//! Above: the benchmark, the tests of rates. Below: `mock-aws`; `sensor`, which runs here in the same process.
//! Invariant: everything above the seam is what production runs.

pub mod clock;
pub mod renewals;
pub mod twin;
pub mod world;
