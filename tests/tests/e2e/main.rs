//! The real sensor, with its real plugins, against simulated AWS over HTTP, moto, and the mock-host.
//! Above: nothing. Below: `sensor_tests`, and through it `target/debug/sensor` and `target/plugins`.
//! Invariant: the sensor is a child process; a test knows its exit code, its output, its exports, nothing else.
#![allow(clippy::unwrap_used, reason = "tests")]

mod beside;
mod canary;
mod cases;
mod clouds;
mod common;
mod crash;
mod crash_filled;
mod credentials;
mod delivery_crash;
mod delivery_trial;
mod enroll;
mod enroll_desk;
mod facts;
mod import;
mod kek;
mod lifecycle;
mod moto;
mod own_csr;
mod plugins;
mod readme;
mod refusals;
mod revoked;
mod sigterm;
mod state;
mod swap;
mod terminal;
