//! What a guest may do, one module a capability; each is a borrowed view of an instance's state.
//! Above: `plugin` links them. Below: `backend`, `credential`, `grant`, `model`.
//! Invariant: every function here may be called by a hostile guest.

pub mod aws;
pub mod clock;
pub mod known;
pub mod log;
pub mod session;
pub mod settings;

/// A capability was called by an instance that has none: the guest traps with this text.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the plugin called {0}, which is closed to it here")]
pub struct Closed(pub std::borrow::Cow<'static, str>);

impl Closed {
    /// By the function's or interface's name.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self(name.into())
    }
}
