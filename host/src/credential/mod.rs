//! Where sessions come from: the host's side of credential providers.
//! Above: `plugin` links [`SourcesView`] into credential providers; `connector` keeps what they resolve.
//! Below: `backend`, `model`.
//! Invariant: a secret goes from its source into a session and nowhere else.

mod access_key;
mod view;

pub use access_key::{AccessKey, AccessKeyError};
pub use view::SourcesView;

use crate::backend::{AwsBackend, Session};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::bindings::provider::sensor::auth::sources::ResolvedPaths;
use crate::model::secret::Secret;
use crate::model::time::Clock;
use std::sync::Arc;

/// Where stored secrets are kept: the ledger, in production.
pub trait SecretSource: Send + Sync {
    /// The secret of this name; none when there is none.
    ///
    /// # Errors
    /// When the place cannot be read.
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretSourceError>;
}

/// A place for secrets that cannot be read. The text says why, without any secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretSourceError(pub String);

/// What credential providers draw from.
pub struct Sources {
    pub backend: Arc<dyn AwsBackend>,
    pub secrets: Arc<dyn SecretSource>,
    pub clock: Arc<dyn Clock>,
    /// With a mock-host: whom the operator's credentials stand for. Every source then gives this session.
    pub stand_in: Option<Session>,
}

#[expect(clippy::unused_async, reason = "bodies to come")]
impl Sources {
    pub(crate) async fn default_chain(&self, _region: Option<String>) -> Result<Session, Error> {
        Err(unsupported())
    }
    pub(crate) async fn profile(
        &self,
        _name: &str,
        _region: Option<String>,
    ) -> Result<Session, Error> {
        Err(unsupported())
    }
    pub(crate) async fn access_key(
        &self,
        _secret_name: &str,
        _region: Option<String>,
    ) -> Result<Session, Error> {
        Err(unsupported())
    }
    pub(crate) fn paths(&self) -> ResolvedPaths {
        ResolvedPaths {
            config_file: String::new(),
            config_file_exists: false,
            credentials_file: String::new(),
            credentials_file_exists: false,
            profiles: Vec::new(),
            user: String::new(),
        }
    }
}

fn unsupported() -> Error {
    Error {
        class: ErrorClass::Unsupported,
        code: "not-built".to_owned(),
        message: "not built yet".to_owned(),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}
