//! The sensor.
pub mod backend;
pub mod bindings;
