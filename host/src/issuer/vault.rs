//! What an issuer keeps in the ledger's secrets: its account, its CA's key; and secrets that its file names.
//! Above: every issuer. Below: `ledger`.
//! Invariant: of two first values the earlier one stays, so that no two accounts or keys stand in for one another.

use super::IssuerError;
use crate::ledger::{Ledger, LedgerError, RESERVED_SECRETS};
use crate::model::id::IssuerId;
use crate::model::secret::Secret;
use crate::model::time::Clock;
use std::sync::Arc;

/// The secrets of one issuer.
#[derive(Clone)]
pub(super) struct Vault {
    pub(super) ledger: Arc<Ledger>,
    pub(super) issuer: IssuerId,
    pub(super) clock: Arc<dyn Clock>,
}

impl Vault {
    /// One of the issuer's own.
    pub(super) async fn own(&self, what: &str) -> Result<Option<Secret>, IssuerError> {
        let name = self.name(what);
        self.on_disk(move |ledger| ledger.get_secret(&name)).await
    }

    /// One that the operator stored and the issuer's file names.
    pub(super) async fn named(&self, name: &str) -> Result<Secret, IssuerError> {
        let asked = name.to_owned();
        let found = self
            .on_disk(move |ledger| ledger.get_secret(&asked))
            .await?;
        found.ok_or_else(|| {
            let text =
                format!("there is no secret `{name}`: store it with `sensor secret set {name}`");
            IssuerError::config("unknown-secret", text)
        })
    }

    /// Keeps one of the issuer's own and returns what is there now: this one, or one that came before it.
    pub(super) async fn keep(&self, what: &str, secret: Secret) -> Result<Secret, IssuerError> {
        let (name, now) = (self.name(what), self.clock.now());
        let missing = || IssuerError::internal("vault", "a secret that was just kept is gone");
        self.on_disk(move |ledger| {
            if ledger.keep_secret(&name, &secret, now)? {
                Ok(Some(secret))
            } else {
                ledger.get_secret(&name)
            }
        })
        .await?
        .ok_or_else(missing)
    }

    /// Work that waits for the disk.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, IssuerError> {
        let ledger = Arc::clone(&self.ledger);
        tokio::task::spawn_blocking(move || work(&ledger))
            .await
            .map_err(|error| IssuerError::internal("panic", error.to_string()))?
            .map_err(Into::into)
    }

    fn name(&self, what: &str) -> String {
        format!("{RESERVED_SECRETS}{}.{what}", self.issuer)
    }
}
