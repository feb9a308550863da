//! The accounts of a cloud as a connector's plan tells them.
//! Above: `store`, `connector`, `cli`. Below: nothing.
//! Invariant: an account is in the tree whether it is covered or not.

use serde::{Deserialize, Serialize};

/// An account, in scope or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    pub name: String,
    pub email: Option<String>,
    /// Names of the organizational units above it, from the root down.
    pub path: Vec<String>,
    /// The cloud's word for its state.
    pub state: String,
    pub management: bool,
    /// Why it is not covered; none when it is.
    pub excluded: Option<String>,
}
