//! Keeps the message of a panic that we catch off the terminal.
//! Above: `engine`. Below: nothing.
//! Invariant: a panic on any other thread, or outside the call, is reported as before.

use std::cell::Cell;
use std::sync::Once;

thread_local! {
    static HUSHED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `call`, which catches its own panics, without their message.
pub(super) fn without_panic_message<T>(call: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !HUSHED.get() {
                before(info);
            }
        }));
    });
    HUSHED.set(true);
    let value = call();
    HUSHED.set(false);
    value
}
