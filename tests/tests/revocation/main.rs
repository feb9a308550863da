//! Whether a CA still stands by a certificate, against a real OCSP responder and real lists on loopback.
//! Above: nothing. Below: `sensor::revocation`, `sensor_tests::harness`.
//! Invariant: nothing leaves this machine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod asked;
