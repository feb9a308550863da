//! Makes a guest's panic readable: the trap itself only says `unreachable`.
//! Above: the export macros. Below: the contract's log.
//! Invariant: the hook is set at most once in an instance.

use crate::bindings::connector::sensor::core::log::{Level, write};
use std::sync::Once;

/// Sends the text of every later panic to the sensor's log, before the trap.
pub fn report_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            write(Level::Error, &format!("plugin panicked: {panic}"));
        }));
    });
}
