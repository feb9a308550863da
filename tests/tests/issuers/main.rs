//! Issuers against CAs that nobody here wrote: Debian's pebble, moto's Private CA and Route 53.
//! Above: nothing. Below: `sensor::issuer`, `sensor_tests::harness`.
//! Invariant: every CA is a server of its own on loopback; a challenge is really fetched.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod acme;
mod aws;
mod command;
mod common;
mod enrolments;
