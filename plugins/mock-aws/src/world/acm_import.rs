//! ACM ImportCertificate: new, or onto an ARN.
//! Above: the faces. Below: `world::import_rules`, `world::written`.
//! Invariant: there is no idempotency token: the same import without an ARN makes a second certificate.

use super::journal::{Bytes, Deed};
use super::{Caller, World, import_rules, refuse, tags};
use crate::estate::{Brought, Kind};
use crate::fault::Fault;
use crate::op::Op;
use crate::scenario::FaultKind;
use sensor_sdk::types::{ErrorClass, Tag};

/// What a request brings.
#[derive(Debug, Clone)]
pub struct Import<'a> {
    /// The certificate to import again.
    pub arn: Option<&'a str>,
    /// PEM.
    pub certificate: &'a str,
    /// PEM.
    pub chain: Option<&'a str>,
    /// The public half of the private key (`SubjectPublicKeyInfo`, DER), or what was wrong with the key.
    pub key: Result<Vec<u8>, KeyFlaw>,
    /// The length of the private key's text, where a face knows it.
    pub key_length: Option<usize>,
    /// For a new certificate only.
    pub tags: &'a [Tag],
}

/// What is wrong with a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFlaw {
    /// No PEM.
    NotPem,
    /// It wants a passphrase.
    Encrypted,
    /// Of a kind that ACM does not take.
    Unsupported,
}

impl World {
    /// ACM ImportCertificate; the ARN.
    pub fn import_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        import: &Import<'_>,
    ) -> Result<String, Fault> {
        let op = Op::ImportCertificate;
        let account = self.gate(now_ms, caller, region, op)?.account;
        let split = self
            .estate
            .split(account, region)
            .ok_or_else(|| refuse::unrecognized(op))?;
        if !import.tags.is_empty() {
            self.may(caller, account, region, op, "acm:AddTagsToCertificate")?;
        }
        let brought = import_rules::judged(import, now_ms, self.estate.issuer_key_must_match)?;
        let again = if let Some(arn) = import.arn {
            Some(self.again(now_ms, caller, region, arn, import.tags, &brought)?)
        } else {
            tags::acm(import.tags)?;
            None
        };
        self.within_quotas(now_ms, account, split, again.is_some())?;
        let number = again.unwrap_or_else(|| self.size(account, split));
        let ignored = self.struck(FaultKind::IgnoreTags, now_ms, account, region, op);
        let kept = if ignored.is_some() {
            &[][..]
        } else {
            import.tags
        };
        let counts = again.is_none() || self.estate.accounts[account].quotas.counts_again();
        let deed = Deed::Import {
            number,
            body: Bytes::new(&brought.der, brought.chain.as_deref()),
            tags: again.is_none().then(|| kept.into()),
            counts,
        };
        self.happen(now_ms, account, region, deed);
        Ok(self.estate.arn(account, split, number))
    }

    /// The number of the certificate that the import renews.
    fn again(
        &self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
        tags: &[Tag],
        brought: &Brought,
    ) -> Result<u32, Fault> {
        let (_, _, certificate) = self.own(now_ms, caller, region, arn)?;
        if !tags.is_empty() {
            return Err(Fault::validation("Tagging is not permitted on re-import."));
        }
        if certificate.kind != Kind::Imported {
            return Err(Fault::validation(format!(
                "The certificate {arn} was not imported. Only imported certificates can be imported again."
            )));
        }
        import_rules::succeeds(&certificate.body, brought)?;
        Ok(certificate.number)
    }

    fn within_quotas(
        &self,
        now_ms: i64,
        account: usize,
        split: usize,
        again: bool,
    ) -> Result<(), Fault> {
        let quotas = self.estate.accounts[account].quotas;
        let exceeded = |text: String| {
            Err(Fault::new(
                ErrorClass::LimitExceeded,
                400,
                "LimitExceededException",
                text,
            ))
        };
        if !again && self.held(account, split, now_ms) >= quotas.most_imported() {
            return exceeded(
                "You have reached the maximum number of certificates. Delete certificates that are not in use, or \
                 contact AWS Support to request an increase."
                    .to_owned(),
            );
        }
        let counts = !again || quotas.counts_again();
        if counts && self.imports(account, split, now_ms) >= quotas.most_imports() {
            let most = quotas.most_imports();
            return exceeded(format!(
                "Error: you have reached your limit of {most} certificates in the last year."
            ));
        }
        Ok(())
    }
}
