//! What the end-to-end tests stand on: the simulated AWS behind AWS's wire protocols, and ways to run the real
//! `sensor` and others' simulators as child processes.
//! Above: the tests in `tests/`, the benchmark, `fake-aws`. Below: `mock-aws` (the model).
//! Invariant: nothing here is linked into the sensor; the two meet over HTTP and the command line alone, but in
//! `simulated`, where time itself is to stand still.

pub mod face;
pub mod harness;
pub mod pem;
pub mod simulated;
