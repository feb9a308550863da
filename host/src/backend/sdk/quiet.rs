//! Calls of which no log knows anything.
//! Above: the services. Below: tracing.
//! Invariant: whatever a log's filter says, nothing that happens within such a call reaches it; every other call is
//! logged as before.

use std::sync::OnceLock;
use tracing::instrument::{WithDispatch, WithSubscriber};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Dispatch, Event, Metadata};

/// Runs a call whose body nobody may read.
pub(super) fn quietly<F: Future>(call: F) -> WithDispatch<F> {
    // One that tracing knows of, and not `Dispatch::none()`: what is first met under that one stays dumb ever after.
    static QUIET: OnceLock<Dispatch> = OnceLock::new();
    call.with_subscriber(QUIET.get_or_init(|| Dispatch::new(Quiet)).clone())
}

/// Hears nothing.
struct Quiet;

impl Subscriber for Quiet {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::never()
    }
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
