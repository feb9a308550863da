//! The one unsafe step: machine code from a file becomes a component.
//! Above: `aot`, which has compared the bytes with the hash that this host noted when it compiled them.
//! Below: wasmtime. Invariant: called with such bytes only.
#![expect(
    unsafe_code,
    reason = "loading compiled code without compiling it again is unsafe by nature"
)]

use wasmtime::Engine;
use wasmtime::component::Component;

/// Loads compiled code. Wasmtime compares version and settings; that the code is its own is the caller's word.
pub(super) fn component_of(engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the caller has just made these bytes with this engine, or has found them equal, by SHA-256, to those
    // that this host made; they are in memory and cannot change between the comparison and here.
    unsafe { Component::deserialize(engine, compiled) }
}
