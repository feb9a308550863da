//! Secrets Manager: making, deleting and restoring secrets.
//! Above: the faces. Below: `world::secrets`, `world::written`.
//! Invariant: a name is free again only when what was deleted under it is gone.

use super::journal::Deed;
use super::secrets::{Deletion, Held, SecretValue};
use super::{Caller, World, refuse, tags};
use crate::fault::Fault;
use crate::noise::{Noise, hash};
use crate::op::Op;
use crate::scenario::FaultKind;
use crate::scenario::moment::DAY;
use sensor_sdk::types::{ErrorClass, Tag};

const LONGEST_VALUE: usize = 65_536;

/// A secret to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewSecret<'a> {
    /// Its name.
    pub name: &'a str,
    /// `ClientRequestToken`.
    pub token: Option<&'a str>,
    /// A key of the account's own.
    pub kms_key_id: Option<&'a str>,
    /// Its tags.
    pub tags: &'a [Tag],
    /// `SecretString`.
    pub text: Option<&'a str>,
    /// `SecretBinary`, in base64.
    pub binary: Option<&'a str>,
}

/// Which secret to delete, and how.
#[derive(Debug, Clone, Copy)]
pub struct SecretDeletion<'a> {
    /// Name or ARN.
    pub id: &'a str,
    /// `ForceDeleteWithoutRecovery`.
    pub force: bool,
    /// `RecoveryWindowInDays`.
    pub window_days: Option<i64>,
}

/// A secret that a write was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretNamed {
    /// The ARN.
    pub arn: String,
    /// The name.
    pub name: String,
    /// When it is gone; for a deletion.
    pub gone_at: Option<i64>,
}

impl World {
    /// Secrets Manager CreateSecret.
    pub fn create_secret(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        new: &NewSecret<'_>,
    ) -> Result<SecretNamed, Fault> {
        let op = Op::CreateSecret;
        let account = self.gate(now_ms, caller, region, op)?.account;
        if !new.tags.is_empty() {
            self.may(caller, account, region, op, "secretsmanager:TagResource")?;
        }
        if new
            .kms_key_id
            .is_some_and(|key| key != "alias/aws/secretsmanager")
        {
            self.may(caller, account, region, op, "kms:GenerateDataKey")?;
            self.may(caller, account, region, op, "kms:Decrypt")?;
        }
        let (token, value) = checked(new)?;
        if let Some(held) = self
            .secrets(account, region, now_ms)
            .find(|held| held.name == new.name)
        {
            return stands(held, token, value.as_ref(), now_ms);
        }
        let ignored = self.struck(FaultKind::IgnoreTags, now_ms, account, region, op);
        let tags = if ignored.is_some() { &[][..] } else { new.tags };
        let held = Held {
            name: new.name.to_owned(),
            region: region.to_owned(),
            arn: self.secret_arn(now_ms, account, region, new.name),
            tags: tags
                .iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect(),
            created_at: now_ms,
            version: value.is_some().then(|| token.to_owned()),
            value,
            deletion: None,
            replicated: false,
        };
        let named = named(&held);
        self.put(now_ms, account, region, held);
        Ok(named)
    }

    /// Secrets Manager DeleteSecret.
    pub fn delete_secret(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        deletion: &SecretDeletion<'_>,
    ) -> Result<SecretNamed, Fault> {
        let account = self.gate(now_ms, caller, region, Op::DeleteSecret)?.account;
        let SecretDeletion {
            id,
            force,
            window_days,
        } = *deletion;
        if force && window_days.is_some() {
            return Err(refuse::invalid_parameter(
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
            ));
        }
        let days = window_days.unwrap_or(30);
        if !(7..=30).contains(&days) {
            return Err(refuse::invalid_parameter(
                "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
            ));
        }
        let mut held = match self.secret(account, region, id, now_ms) {
            Ok(held) => held.clone(),
            // Nothing there is as good as deleted.
            Err(_) if force => {
                let (arn, name) = (self.secret_arn(now_ms, account, region, id), id.to_owned());
                let gone_at = Some(now_ms);
                return Ok(SecretNamed { arn, name, gone_at });
            }
            Err(fault) => return Err(fault),
        };
        if held.replicated {
            return Err(refuse::invalid_request(
                "You can't delete a secret that is replicated to other Regions. Remove the replicas first.",
            ));
        }
        if held.leaving(now_ms).is_some() && !force {
            return Err(refuse::invalid_request(
                "You tried to perform the operation on a secret that's currently marked deleted.",
            ));
        }
        let life = if force {
            self.estate.secret_gone_after_ms
        } else {
            days * DAY
        };
        held.deletion = Some(Deletion {
            asked_at: now_ms,
            gone_at: now_ms + life,
            forced: force,
        });
        let named = named(&held);
        self.put(now_ms, account, region, held);
        Ok(named)
    }

    /// Secrets Manager RestoreSecret: a deletion with a window is no deletion yet.
    pub fn restore_secret(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        id: &str,
    ) -> Result<SecretNamed, Fault> {
        let account = self
            .gate(now_ms, caller, region, Op::RestoreSecret)?
            .account;
        let mut held = self.secret(account, region, id, now_ms)?.clone();
        if held.leaving(now_ms).is_some_and(|deletion| deletion.forced) {
            return Err(refuse::invalid_request(
                "You can't restore a secret that is deleted without recovery.",
            ));
        }
        held.deletion = None;
        let named = named(&held);
        self.put(now_ms, account, region, held);
        Ok(named)
    }

    fn put(&mut self, now_ms: i64, account: usize, region: &str, held: Held) {
        let held = Box::new(held);
        self.happen(now_ms, account, region, Deed::Secret { held });
    }

    fn secret_arn(&self, now_ms: i64, account: usize, region: &str, name: &str) -> String {
        let id = &self.estate.accounts[account].id;
        let mark = hash(
            self.estate.seed,
            &format!("secret {id} {region} {name} {now_ms}"),
        );
        let mark = Noise::new(mark).word(6);
        let partition = &self.estate.partition;
        format!("arn:{partition}:secretsmanager:{region}:{id}:secret:{name}-{mark}")
    }
}

fn named(held: &Held) -> SecretNamed {
    SecretNamed {
        arn: held.arn.clone(),
        name: held.name.clone(),
        gone_at: held.deletion.map(|deletion| deletion.gone_at),
    }
}

/// The token and the value, if they and the rest may be so.
fn checked<'a>(new: &NewSecret<'a>) -> Result<(&'a str, Option<SecretValue>), Fault> {
    let Some(token) = new.token else {
        return Err(refuse::invalid_request(
            "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
        ));
    };
    if !(32..=64).contains(&token.len()) {
        return Err(Fault::validation(
            "1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: Member must have \
             length between 32 and 64",
        ));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
    if !(1..=512).contains(&new.name.len()) || !new.name.bytes().all(legal) {
        return Err(Fault::validation(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        ));
    }
    // AWS warns of such names; here nobody gets into that confusion.
    if new.name.len() > 7 && new.name.as_bytes()[new.name.len() - 7] == b'-' {
        return Err(Fault::validation(
            "Invalid name. It ends with a hyphen and six characters, like the end of a secret's ARN.",
        ));
    }
    tags::secrets_manager(new.tags)?;
    let value = match (new.text, new.binary) {
        (Some(_), Some(_)) => {
            return Err(refuse::invalid_parameter(
                "You can't specify both a binary secret value and a string secret value in the same secret.",
            ));
        }
        (Some(text), None) => Some(SecretValue::Text(text.to_owned())),
        (None, Some(binary)) => Some(SecretValue::Binary(binary.to_owned())),
        (None, None) => None,
    };
    let length = match &value {
        Some(SecretValue::Text(text)) => text.len(),
        // Four signs of base64 for three octets.
        Some(SecretValue::Binary(base64)) => base64.len() / 4 * 3,
        None => 0,
    };
    if length > LONGEST_VALUE {
        return Err(Fault::validation(format!(
            "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have \
             length less than or equal to {LONGEST_VALUE}"
        )));
    }
    Ok((token, value))
}

/// What follows when the name is taken.
fn stands(
    held: &Held,
    token: &str,
    value: Option<&SecretValue>,
    now_ms: i64,
) -> Result<SecretNamed, Fault> {
    let exists = |text: String| {
        Err(Fault::new(
            ErrorClass::Conflict,
            400,
            "ResourceExistsException",
            text,
        ))
    };
    if held.leaving(now_ms).is_some() {
        return Err(refuse::invalid_request(
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        ));
    }
    if held.version.as_deref() != Some(token) {
        let name = &held.name;
        return exists(format!(
            "The operation failed because the secret {name} already exists."
        ));
    }
    if held.value.as_ref() != value {
        let arn = &held.arn;
        return exists(format!(
            "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
        ));
    }
    Ok(named(held))
}
