//! ACM, one certificate at a time: details, body, tags.
//! Above: the faces. Below: `world::gate`, `world::told`, `estate`, `x509`.
//! Invariant: what DescribeCertificate says of a body is what GetCertificate's body says.

use super::told::{Teller, harmed};
use super::{Caller, World};
use crate::estate::{Certificate, Status};
use crate::fault::Fault;
use crate::op::Op;
use crate::scenario::FaultKind;
use crate::x509::der::pem;
use sensor_sdk::types::aws::{CertificateBody, CertificateDetail};
use sensor_sdk::types::{ErrorClass, Tag};

impl World {
    /// ACM DescribeCertificate.
    pub fn describe_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
    ) -> Result<CertificateDetail, Fault> {
        let (account, certificate) =
            self.one(now_ms, caller, region, arn, Op::DescribeCertificate)?;
        let teller = Teller {
            estate: &self.estate,
            region,
            account,
        };
        Ok(teller.described(certificate))
    }

    /// ACM GetCertificate.
    pub fn get_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
    ) -> Result<CertificateBody, Fault> {
        let op = Op::GetCertificate;
        let (account, certificate) = self.one(now_ms, caller, region, arn, op)?;
        match certificate.status {
            Status::PendingValidation => {
                let text = format!("The certificate {arn} is being issued.");
                return Err(Fault::new(
                    ErrorClass::Other,
                    400,
                    "RequestInProgressException",
                    text,
                ));
            }
            status if !status.has_body() => {
                return Err(Fault::not_found(format!(
                    "Could not find the body of certificate {arn}."
                )));
            }
            _ => {}
        }
        let rule = self.struck(FaultKind::MalformedBody, now_ms, account, region, op);
        let harm = certificate
            .harm
            .or_else(|| rule.map(|index| self.estate.rules[index].harm));
        let der = certificate.body.der(&self.estate.authorities);
        Ok(CertificateBody {
            certificate: harm.map_or_else(|| pem(&der), |harm| harmed(&der, harm)),
            chain: certificate.body.chain(&self.estate.authorities),
        })
    }

    /// ACM ListTagsForCertificate.
    pub fn list_tags_for_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Fault> {
        Ok(self
            .one(now_ms, caller, region, arn, Op::ListTagsForCertificate)?
            .1
            .tags)
    }

    /// The certificate of an ARN, if it is there and the caller's.
    fn one(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
        op: Op,
    ) -> Result<(usize, Certificate), Fault> {
        self.gate(now_ms, caller, region, op)?;
        let (account, split, number) = self.place_of(caller, region, arn)?;
        let certificate = self.certificate(account, split, number, now_ms);
        if self.alive(account, split, &certificate, now_ms) {
            Ok((account, certificate))
        } else {
            Err(missing(caller, arn))
        }
    }

    /// The certificate of an ARN as a writer finds it: (account, split, certificate).
    pub(super) fn own(
        &self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
    ) -> Result<(usize, usize, Certificate), Fault> {
        let (account, split, number) = self.place_of(caller, region, arn)?;
        let certificate = self.certificate_now(account, split, number, now_ms);
        if self.alive(account, split, &certificate, now_ms) {
            Ok((account, split, certificate))
        } else {
            Err(missing(caller, arn))
        }
    }

    fn place_of(
        &self,
        caller: &Caller,
        region: &str,
        arn: &str,
    ) -> Result<(usize, usize, u32), Fault> {
        if !arn.starts_with("arn:") || !arn.contains(":acm:") || !arn.contains(":certificate/") {
            let text = format!("The ARN {arn} is not a certificate's.");
            return Err(Fault::new(
                ErrorClass::Unsupported,
                400,
                "InvalidArnException",
                text,
            ));
        }
        let place = self.estate.locate(arn).filter(|(owner, split, number)| {
            let account = &self.estate.accounts[*owner];
            account.id == caller.account
                && account.splits[*split].region == region
                && *number < self.size(*owner, *split)
        });
        place.ok_or_else(|| missing(caller, arn))
    }

    /// Whether a certificate is there.
    pub(super) fn alive(
        &self,
        account: usize,
        split: usize,
        certificate: &Certificate,
        now_ms: i64,
    ) -> bool {
        let lists = self.lists.get(&(account, split)).copied().unwrap_or(0);
        certificate.exists(now_ms, lists)
            && !self.vanished(account, split, certificate.number, now_ms, lists)
    }

    /// Whether lists show a certificate already.
    pub(super) fn listed(
        &self,
        account: usize,
        split: usize,
        certificate: &Certificate,
        now_ms: i64,
    ) -> bool {
        self.estate
            .listed_from(certificate)
            .is_none_or(|from| from <= now_ms)
            && self.alive(account, split, certificate, now_ms)
    }

    fn vanished(&self, account: usize, split: usize, number: u32, now_ms: i64, lists: u64) -> bool {
        let place = &self.estate.accounts[account].splits[split];
        self.estate
            .rules
            .iter()
            .filter(|rule| rule.raw.kind == FaultKind::Vanish)
            .any(|rule| {
                let gone = rule.raw.certificates.unwrap_or(0);
                (place.size().saturating_sub(gone)..place.size()).contains(&number)
                    && lists > rule.raw.after_calls
                    && rule.covers(
                        &self.estate,
                        now_ms,
                        account,
                        &place.region,
                        rule.op.unwrap_or(Op::ListCertificates),
                    )
            })
    }
}

fn missing(caller: &Caller, arn: &str) -> Fault {
    Fault::not_found(format!(
        "Could not find certificate {arn} in account {}.",
        caller.account
    ))
}
