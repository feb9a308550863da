//! Where keys wait: Secrets Manager of the connector's own account, in one region.
//! Above: `delivery`. Below: `access`.
//! Invariant: what waits there is sealed by the sensor; names and tags say nothing secret, and the sensor chose them.

use crate::error::while_doing;
use crate::partition::home_region;
use crate::settings::Settings;
use crate::tokens::Tokens;
use sensor_sdk::host::{Aws, AwsWrite, Host, Session};
use sensor_sdk::types::aws::{CreateSecretRequest, ListSecretsRequest};
use sensor_sdk::types::delivery::Parked;
use sensor_sdk::types::{Error, Tag};

/// The room where keys wait.
pub(super) struct Room<'a, H: Aws> {
    host: &'a H,
    session: H::Session,
    region: String,
    kms_key: Option<String>,
}

impl<'a, H: Host + AwsWrite> Room<'a, H> {
    pub(super) fn open(host: &'a H, settings: &Settings) -> Result<Self, Error> {
        let session = host.base()?;
        let home = || home_region(&session.partition()).to_owned();
        Ok(Self {
            region: settings.delivery.key_region.clone().unwrap_or_else(home),
            kms_key: settings.delivery.kms_key.clone(),
            host,
            session,
        })
    }

    pub(super) fn park(
        &self,
        name: &str,
        token: &str,
        tags: Vec<Tag>,
        key: &H::PrivateKey,
    ) -> Result<(), Error> {
        let request = CreateSecretRequest {
            name: name.to_owned(),
            client_request_token: token.to_owned(),
            description: Some(
                "A key of a sensor on its way, sealed; gone after the delivery".to_owned(),
            ),
            kms_key_id: self.kms_key.clone(),
            tags,
        };
        let made = self
            .host
            .create_secret(&self.session, &self.region, &request, key);
        made.map(drop)
            .map_err(|cause| while_doing("CreateSecret", cause))
    }

    pub(super) fn take(&self, name: &str) -> Result<H::PrivateKey, Error> {
        let key = self
            .host
            .get_secret_value(&self.session, &self.region, name);
        key.map_err(|cause| while_doing("GetSecretValue", cause))
    }

    pub(super) fn drop(&self, name: &str) -> Result<(), Error> {
        let gone = self.host.delete_secret(&self.session, &self.region, name);
        gone.map_err(|cause| while_doing("DeleteSecret", cause))
    }

    /// Everything below a prefix, what is about to be deleted included.
    pub(super) fn all(&self, prefix: &str) -> Result<Vec<Parked>, Error> {
        let mut request = Self::request(prefix);
        let (mut tokens, mut all) = (Tokens::default(), Vec::new());
        loop {
            let page = self
                .host
                .list_secrets(&self.session, &self.region, &request)
                .map_err(|cause| while_doing("ListSecrets", cause))?;
            let below = page
                .secrets
                .into_iter()
                .filter(|secret| secret.name.starts_with(prefix));
            all.extend(below.map(|secret| Parked {
                name: secret.name,
                created_at: secret.created_at,
                tags: secret.tags,
            }));
            let Some(token) = page.next_token else {
                return Ok(all);
            };
            tokens.pass("ListSecrets", &[&token])?;
            request.next_token = Some(token);
        }
    }

    /// Whether secrets can be listed there, and where that is.
    pub(super) fn look(&self) -> (String, Result<(), Error>) {
        let request = ListSecretsRequest {
            max_results: 1,
            ..Self::request("sensor/")
        };
        let seen = self
            .host
            .list_secrets(&self.session, &self.region, &request);
        let place = format!("account {}, {}", self.session.account(), self.region);
        (place, seen.map(drop))
    }

    fn request(prefix: &str) -> ListSecretsRequest {
        ListSecretsRequest {
            name_prefix: Some(prefix.to_owned()),
            include_planned_deletion: true,
            max_results: 100,
            next_token: None,
        }
    }
}
