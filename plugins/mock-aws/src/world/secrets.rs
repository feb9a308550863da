//! Secrets Manager: what is there. Values come with delivery.
//! Above: the faces. Below: `world::gate`, `world::page`.
//! Invariant: a deleted secret is told only to who asks for those too.

use super::{Caller, World};
use crate::estate::Secret;
use crate::fault::Fault;
use crate::op::Op;
use sensor_sdk::types::Tag;
use sensor_sdk::types::aws::{ListSecretsRequest, SecretDescription, SecretPage};

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
        let start = self.estate.start;
        let all: Vec<SecretDescription> = self.estate.accounts[principal.account]
            .secrets
            .iter()
            .filter(|secret| secret.region == region && secret.name.starts_with(prefix))
            .map(|secret| told(secret, start, now_ms))
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
        self.estate.accounts[principal.account]
            .secrets
            .iter()
            .find(|secret| {
                secret.region == region && (secret.name == secret_id || secret.arn == secret_id)
            })
            .map(|secret| told(secret, self.estate.start, now_ms))
            .ok_or_else(|| Fault::not_found("Secrets Manager can't find the specified secret."))
    }
}

fn told(secret: &Secret, start: i64, now_ms: i64) -> SecretDescription {
    let tags = secret.tags.iter().map(|(key, value)| Tag {
        key: key.clone(),
        value: value.clone(),
    });
    SecretDescription {
        arn: secret.arn.clone(),
        name: secret.name.clone(),
        tags: tags.collect(),
        created_at: Some(start),
        deleted_at: secret.deleted_at.filter(|at| *at <= now_ms),
    }
}
