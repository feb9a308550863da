//! The account at the CA: made once, kept in the vault, taken from there ever after.
//! Above: `acme`. Below: instant-acme, `vault`.
//! Invariant: one account for an issuer and a directory; its key is in the vault and in no log.

use super::told::is;
use super::wire::Wire;
use super::{Acme, NONCES, patient, told};
use crate::issuer::{IssuerError, IssuerErrorClass};
use crate::model::id::Sha256;
use crate::model::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use zeroize::Zeroizing;

/// More than an account's stored form takes: a text that grows leaves copies of the key behind.
const ROOM: usize = 4096;

/// An account with the wire that it speaks through.
pub(super) struct Session {
    pub(super) account: Account,
    pub(super) wire: Wire,
}

impl Acme {
    /// A session of the account; the first one registers it.
    pub(super) async fn session(&self) -> Result<Session, IssuerError> {
        let what = self.account_name();
        let stored = match self.vault.own(&what).await? {
            Some(stored) => stored,
            None => self.register(&what).await?,
        };
        let wire = self.wire();
        let credentials: AccountCredentials = serde_json::from_str(stored.expose())
            .map_err(|_| IssuerError::internal("account", "the stored account cannot be read"))?;
        let account = Account::builder_with_http(Box::new(wire.clone()))
            .from_credentials(credentials)
            .await
            .map_err(|error| told(&error, wire.heard()))?;
        Ok(Session { account, wire })
    }

    pub(super) fn wire(&self) -> Wire {
        Wire::new(
            self.http.clone(),
            &self.config.directory,
            self.directory.clone(),
        )
    }

    /// Another directory is another CA, or another stage of it: it gets an account of its own.
    fn account_name(&self) -> String {
        let hash = Sha256::of(self.config.directory.as_bytes()).to_string();
        format!("account-{}", &hash[..16])
    }

    async fn register(&self, what: &str) -> Result<Secret, IssuerError> {
        let _one_at_a_time = self.registering.lock().await;
        if let Some(stored) = self.vault.own(what).await? {
            return Ok(stored);
        }
        let external = self.external_account().await?;
        let contact: Vec<&str> = self.config.contact.iter().map(String::as_str).collect();
        let wanted = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let wire = self.wire();
        let made = patient!(Account::builder_with_http(Box::new(wire.clone())).create(
            &wanted,
            self.config.directory.clone(),
            external.as_ref(),
        ));
        let (account, credentials) = made.map_err(|error| told(&error, wire.heard()))?;
        tracing::info!(issuer = %self.vault.issuer, account = account.id(), "registered at the CA");
        let mut stored = Vec::with_capacity(ROOM);
        serde_json::to_writer(&mut stored, &credentials)
            .map_err(|error| IssuerError::internal("account", error.to_string()))?;
        let stored = Secret::from_utf8(stored)
            .ok_or_else(|| IssuerError::internal("account", "the account is no text"))?;
        self.vault.keep(what, stored).await
    }

    /// The key that binds the account to a contract with the CA.
    async fn external_account(&self) -> Result<Option<ExternalAccountKey>, IssuerError> {
        let Some(eab) = &self.config.eab else {
            return Ok(None);
        };
        let secret = self.vault.named(&eab.secret).await?;
        // CAs hand it out in base64url, some with padding, some in plain base64.
        let plain: Zeroizing<String> = Zeroizing::new(
            secret
                .expose()
                .trim()
                .trim_end_matches('=')
                .chars()
                .map(|c| match c {
                    '+' => '-',
                    '/' => '_',
                    other => other,
                })
                .collect(),
        );
        let key = Zeroizing::new(URL_SAFE_NO_PAD.decode(plain.as_bytes()).map_err(|_| {
            IssuerError::new(
                IssuerErrorClass::Config,
                "eab-secret",
                format!("the secret `{}` is no HMAC key in base64url", eab.secret),
            )
        })?);
        Ok(Some(ExternalAccountKey::new(eab.key_id.clone(), &key)))
    }
}
