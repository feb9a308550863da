//! Real components in the real sandbox: what is refused at the door, and what a hostile guest comes to.
//! Above: `cargo xtask test`, which builds the guests first. Below: the library's public face.
//! Invariant: after every misbehaviour the host is alive and the next instance is served.

mod catalog;
mod delivery;
mod door;
mod hostile;
mod manifest;
mod package;
mod run;
mod support;
mod whole;
mod whole_sensor;
