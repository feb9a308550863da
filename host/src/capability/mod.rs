//! What a guest may do, one module a capability; each is a borrowed view of an instance's state.
//! Above: `plugin` links them. Below: `backend`, `credential`, `grant`, `model`.
//! Invariant: every function here may be called by a hostile guest.

pub mod aws;
