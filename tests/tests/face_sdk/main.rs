//! The HTTP face as AWS's own Rust SDK sees it.
//! Above: nothing. Below: `sensor_tests::face`, the aws-sdk crates.
//! Invariant: every answer is read by the SDK's own parsers; nothing is compared as text.
#![allow(clippy::unwrap_used, reason = "tests")]

mod acm;
mod memory;
mod others;
mod refusals;
mod support;
mod writes;
