//! The real sensor, with its real plugins, against simulated AWS over HTTP, moto, and the mock-host.
//! Above: nothing. Below: `sensor_tests`, and through it `target/debug/sensor` and `target/plugins`.
//! Invariant: the sensor is a child process; a test knows its exit code, its output, its exports, nothing else.
#![allow(clippy::unwrap_used, reason = "tests")]

mod cases;
mod common;
mod crash;
mod crash_filled;
mod credentials;
mod delivery_crash;
mod enroll;
mod facts;
mod import;
mod moto;
mod plugins;
mod state;
mod swap;
mod terminal;
