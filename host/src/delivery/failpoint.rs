//! Points at which a test may end the process, as a crash would: before and after every durable step.
//! Above: the steps. Below: the `fail` crate, compiled only with the feature `failpoints`.
//! Invariant: without the feature nothing of it is in the program.

/// Dies here, if the environment's `FAILPOINTS` says so for this name.
macro_rules! failpoint {
    ($name:expr) => {
        #[cfg(feature = "failpoints")]
        fail::fail_point!($name, |_| $crate::delivery::failpoint::die());
    };
}
pub(crate) use failpoint;

/// As `kill -9` would do it: nothing is unwound, nothing is flushed.
#[cfg(feature = "failpoints")]
pub(crate) fn die() -> ! {
    let _killed = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    std::process::abort()
}
