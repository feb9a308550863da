//! The listener for HTTP-01, where an issuer proves names that way.
//! Above: `serve`, `cli`. Below: `issuer`.
//! Invariant: nothing listens unless an issuer needs it.

use crate::app::{AppError, Sensor};
use crate::config::{ChallengeConfig, IssuerKind};
use std::net::SocketAddr;
use tokio::net::TcpListener;

impl Sensor {
    /// The listener that challenges are answered at; none when no issuer needs one.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn challenges(&self, at: SocketAddr) -> Result<Option<TcpListener>, AppError> {
        let needed = self.issuers()?.iter().any(|stored| {
            matches!(&stored.config.kind, IssuerKind::Acme(acme) if acme.challenge == ChallengeConfig::Http01)
        });
        if !needed {
            return Ok(None);
        }
        let listener = TcpListener::bind(at).await;
        listener
            .map(Some)
            .map_err(|error| AppError::Challenges { at, error })
    }
}
