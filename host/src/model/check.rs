//! What a connector says about itself and about its access.
//! Above: `bindings::convert`, `plugin`, `connector`, `cli`. Below: nothing.
//! Invariant: every text is clean and capped.

use serde::{Deserialize, Serialize};

/// A connector's settings and needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The settings as JSON Schema (draft 2020-12).
    pub settings_schema: String,
    /// `service:Operation`.
    pub required_operations: Vec<String>,
    /// `service:Operation`.
    pub optional_operations: Vec<String>,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStatus {
    Success,
    Warning,
    Failure,
    Skipped,
}

/// One thing that a check tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub status: CheckStatus,
    /// Kebab-case, stable ("assume-role").
    pub code: String,
    pub subject: Option<String>,
    pub message: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// An IAM policy statement (JSON) that would make it succeed.
    pub statement: Option<String>,
}

/// One way of a credential provider to obtain a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Kebab-case ("access-key").
    pub id: String,
    pub title: String,
    pub description: String,
    /// The parameters as JSON Schema (draft 2020-12).
    pub parameters_schema: String,
    /// The parameter that names a stored secret, if there is one.
    pub secret_parameter: Option<String>,
}

/// A least-privilege policy for a connector's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub title: String,
    /// A JSON document.
    pub document: String,
}

/// What a mock-host says of the world that it loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// What the scenario calls itself.
    pub name: String,
    pub accounts: u32,
    pub certificates: u64,
    /// Where the simulation's clock starts; none when it uses the real one.
    pub virtual_start: Option<super::time::Millis>,
}
