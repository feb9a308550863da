//! Secrets Manager: what is there, and what is in it.
//! Above: the faces. Below: `world::gate`, `world::page`, `world::written`.
//! Invariant: a deleted secret is told only to who asks for those too, and its value to nobody.

use super::{Caller, World, refuse};
use crate::estate::Secret;
use crate::fault::Fault;
use crate::op::Op;
use crate::scenario::moment::DAY;
use sensor_sdk::types::Tag;
use sensor_sdk::types::aws::{ListSecretsRequest, SecretDescription, SecretPage};
use serde::{Deserialize, Serialize};

/// A secret as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) name: String,
    pub(super) region: String,
    pub(super) arn: String,
    pub(super) tags: Vec<(String, String)>,
    pub(super) created_at: i64,
    pub(super) value: Option<SecretValue>,
    /// The ClientRequestToken, which is the version's name.
    pub(super) version: Option<String>,
    pub(super) deletion: Option<Deletion>,
    pub(super) replicated: bool,
}

/// A deletion that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Deletion {
    pub(super) asked_at: i64,
    /// From then on nothing is there.
    pub(super) gone_at: i64,
    /// Without recovery.
    pub(super) forced: bool,
}

/// What is in a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretValue {
    /// `SecretString`.
    Text(String),
    /// `SecretBinary`, in base64.
    Binary(String),
}

/// What GetSecretValue tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretContent {
    /// The secret's ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The version.
    pub version: String,
    /// What is in it.
    pub value: SecretValue,
    /// When it was made.
    pub created_at: i64,
}

impl Held {
    /// One of the scenario's.
    pub(super) fn placed(secret: &Secret, start: i64) -> Self {
        Self {
            name: secret.name.clone(),
            region: secret.region.clone(),
            arn: secret.arn.clone(),
            tags: secret.tags.clone().into_iter().collect(),
            created_at: start,
            value: secret.value.clone().map(SecretValue::Text),
            version: None,
            deletion: secret.deleted_at.map(|at| Deletion {
                asked_at: at,
                gone_at: at + 30 * DAY,
                forced: false,
            }),
            replicated: secret.replicated,
        }
    }

    /// Whether there is anything at all.
    pub(super) fn is_there(&self, now_ms: i64) -> bool {
        self.deletion
            .is_none_or(|deletion| now_ms < deletion.gone_at)
    }

    /// The deletion that is under way.
    pub(super) fn leaving(&self, now_ms: i64) -> Option<Deletion> {
        self.deletion.filter(|deletion| deletion.asked_at <= now_ms)
    }

    fn told(&self, now_ms: i64) -> SecretDescription {
        let tags = self.tags.iter().cloned();
        SecretDescription {
            arn: self.arn.clone(),
            name: self.name.clone(),
            tags: tags.map(|(key, value)| Tag { key, value }).collect(),
            created_at: Some(self.created_at),
            deleted_at: self.leaving(now_ms).map(|deletion| deletion.asked_at),
        }
    }
}

impl World {
    /// Secrets Manager ListSecrets. `max_results` 0 means AWS's default of 100.
    pub fn list_secrets(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        request: &ListSecretsRequest,
    ) -> Result<SecretPage, Fault> {
        let op = Op::ListSecrets;
        let principal = self.gate(now_ms, caller, region, op)?;
        let asked = if request.max_results == 0 {
            100
        } else {
            request.max_results
        };
        if asked > 100 {
            return Err(Fault::validation("MaxResults: 1 to 100"));
        }
        let prefix = request.name_prefix.as_deref().unwrap_or_default();
        let all: Vec<SecretDescription> = self
            .secrets(principal.account, region, now_ms)
            .filter(|secret| secret.name.starts_with(prefix))
            .map(|secret| secret.told(now_ms))
            .filter(|secret| request.include_planned_deletion || secret.deleted_at.is_none())
            .collect();
        let planned = request.include_planned_deletion.to_string();
        let limit = usize::try_from(asked).unwrap_or(1);
        let whose = (principal.account, region, op);
        let token = request.next_token.as_deref();
        let (secrets, next_token) =
            self.page(now_ms, whose, &[prefix, &planned], &all, limit, token)?;
        Ok(SecretPage {
            secrets,
            next_token,
        })
    }

    /// Secrets Manager DescribeSecret, by name or ARN.
    pub fn describe_secret(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        secret_id: &str,
    ) -> Result<SecretDescription, Fault> {
        let principal = self.gate(now_ms, caller, region, Op::DescribeSecret)?;
        let secret = self.secret(principal.account, region, secret_id, now_ms)?;
        Ok(secret.told(now_ms))
    }

    /// Secrets Manager GetSecretValue, by name or ARN.
    pub fn get_secret_value(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        secret_id: &str,
    ) -> Result<SecretContent, Fault> {
        let principal = self.gate(now_ms, caller, region, Op::GetSecretValue)?;
        let secret = self.secret(principal.account, region, secret_id, now_ms)?;
        if secret.leaving(now_ms).is_some() {
            return Err(refuse::invalid_request(
                "You can't perform this operation on the secret because it was marked for deletion.",
            ));
        }
        let value = secret.value.clone().ok_or_else(|| {
            Fault::not_found(
                "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
            )
        })?;
        Ok(SecretContent {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            version: secret.version.clone().unwrap_or_default(),
            value,
            created_at: secret.created_at,
        })
    }

    /// What is there in an account and region, planned deletions too.
    pub(super) fn secrets(
        &self,
        account: usize,
        region: &str,
        now_ms: i64,
    ) -> impl Iterator<Item = &Held> {
        let all = self.written.secrets.get(&account).into_iter().flatten();
        all.filter(move |secret| secret.region == region && secret.is_there(now_ms))
    }

    /// The secret of a name or ARN.
    pub(super) fn secret(
        &self,
        account: usize,
        region: &str,
        id: &str,
        now_ms: i64,
    ) -> Result<&Held, Fault> {
        let mut all = self.secrets(account, region, now_ms);
        all.find(|secret| secret.name == id || secret.arn == id)
            .ok_or_else(|| Fault::not_found("Secrets Manager can't find the specified secret."))
    }
}
