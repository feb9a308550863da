//! ACM: tags of a certificate, and its end.
//! Above: the faces. Below: `world::written`, `world::tags`.
//! Invariant: nothing is deleted while something uses it, or did until half an hour ago.

use super::journal::Deed;
use super::{Caller, World, tags};
use crate::estate::Origin;
use crate::fault::Fault;
use crate::op::Op;
use crate::scenario::FaultKind;
use sensor_sdk::types::{ErrorClass, Tag};

/// How long a certificate seems in use after it was left.
const LINGERS: i64 = 30 * 60_000;

impl World {
    /// ACM AddTagsToCertificate.
    pub fn add_tags_to_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
        new: &[Tag],
    ) -> Result<(), Fault> {
        let op = Op::AddTagsToCertificate;
        let account = self.gate(now_ms, caller, region, op)?.account;
        let (.., certificate) = self.own(now_ms, caller, region, arn)?;
        if new.is_empty() {
            return Err(no_tags());
        }
        tags::acm(new)?;
        let all = tags::merged(&certificate.tags, new);
        if all.len() > tags::MOST {
            return Err(tags::too_many());
        }
        let ignored = self.struck(FaultKind::IgnoreTags, now_ms, account, region, op);
        if ignored.is_none() {
            let (number, tags) = (certificate.number, all.as_slice().into());
            self.happen(now_ms, account, region, Deed::Tag { number, tags });
        }
        Ok(())
    }

    /// ACM RemoveTagsFromCertificate: a tag with a value goes only where it has that value.
    pub fn remove_tags_from_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
        old: &[(String, Option<String>)],
    ) -> Result<(), Fault> {
        let op = Op::RemoveTagsFromCertificate;
        let account = self.gate(now_ms, caller, region, op)?.account;
        let (.., certificate) = self.own(now_ms, caller, region, arn)?;
        if old.is_empty() {
            return Err(no_tags());
        }
        let named = |tag: &&Tag| {
            old.iter().any(|(key, value)| {
                *key == tag.key && value.as_ref().is_none_or(|value| *value == tag.value)
            })
        };
        let left: Vec<Tag> = certificate
            .tags
            .iter()
            .filter(|tag| !named(tag))
            .cloned()
            .collect();
        let (number, tags) = (certificate.number, left.as_slice().into());
        self.happen(now_ms, account, region, Deed::Tag { number, tags });
        Ok(())
    }

    /// ACM DeleteCertificate.
    pub fn delete_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
    ) -> Result<(), Fault> {
        let account = self
            .gate(now_ms, caller, region, Op::DeleteCertificate)?
            .account;
        let (_, split, certificate) = self.own(now_ms, caller, region, arn)?;
        if certificate.origin == Origin::Acme {
            return Err(Fault::validation(format!(
                "Certificate {arn} was issued through ACME and cannot be deleted."
            )));
        }
        let domain = certificate.domain.as_deref().unwrap_or_default();
        let lingers = self
            .estate
            .used_lately(account, split, domain, now_ms, LINGERS);
        if lingers || !certificate.in_use_by.is_empty() {
            let text = format!("Certificate {arn} in account {} is in use.", caller.account);
            return Err(Fault::new(
                ErrorClass::Conflict,
                400,
                "ResourceInUseException",
                text,
            ));
        }
        let number = certificate.number;
        self.happen(now_ms, account, region, Deed::Delete { number });
        Ok(())
    }
}

fn no_tags() -> Fault {
    Fault::validation(
        "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length greater \
         than or equal to 1",
    )
}
