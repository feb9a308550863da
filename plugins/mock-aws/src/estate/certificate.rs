//! One certificate at its place, as it stands at a time.
//! Above: `world` turns it into AWS's answers. Below: `estate::entry`, `estate::generated`, `x509`.
//! Invariant: a function of (estate, account, split, number, time), so that it need not be kept.

use super::{Body, Estate, Kind, Origin, Renewal, Status, arn};
use crate::scenario::Harm;
use sensor_sdk::types::Tag;

/// A certificate.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) number: u32,
    pub(crate) arn: String,
    pub(crate) body: Body,
    pub(crate) domain: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) origin: Origin,
    pub(crate) status: Status,
    pub(crate) created_at: i64,
    pub(crate) issued_at: Option<i64>,
    pub(crate) imported_at: Option<i64>,
    pub(crate) revoked_at: Option<i64>,
    pub(crate) in_use_by: Vec<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) managed_by: Option<String>,
    pub(crate) exported: bool,
    pub(crate) renewal: Option<Renewal>,
    pub(crate) harm: Option<Harm>,
    pub(crate) appears: Option<i64>,
    pub(crate) vanishes: Option<i64>,
    pub(crate) vanishes_after_lists: Option<u64>,
}

impl Certificate {
    /// Whether it exists at a time, when its region was listed so often.
    pub(crate) fn exists(&self, now_ms: i64, lists: u64) -> bool {
        self.appears.is_none_or(|at| at <= now_ms)
            && self.vanishes.is_none_or(|at| now_ms < at)
            && self.vanishes_after_lists.is_none_or(|count| lists <= count)
    }
}

impl Estate {
    /// The certificate of a number, as the scenario has it at a time; ISSUED whatever its dates.
    pub(crate) fn certificate(
        &self,
        account: usize,
        split: usize,
        number: u32,
        now_ms: i64,
    ) -> Certificate {
        let place = &self.accounts[account].splits[split];
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        match place.written.get(index) {
            Some(entry) => self.written(account, split, number, &self.entries[*entry], now_ms),
            None => self.generated(account, split, number),
        }
    }

    /// Where an ARN points: (account, split, number). The number may be of nothing.
    pub(crate) fn locate(&self, text: &str) -> Option<(usize, usize, u32)> {
        let mut parts = text.splitn(6, ':');
        let (head, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, rest) = (parts.next()?, parts.next()?, parts.next()?);
        if head != "arn" || partition != self.partition || service != "acm" {
            return None;
        }
        let account = self.account(account)?;
        let split = self.split(account, region)?;
        let place = &self.accounts[account].splits[split];
        let number = arn::number(place.seed, rest.strip_prefix("certificate/")?)?;
        Some((account, split, number))
    }

    /// From when lists show a certificate.
    pub(crate) fn listed_from(&self, certificate: &Certificate) -> Option<i64> {
        certificate.appears.map(|at| at + self.visible_after_ms)
    }

    pub(crate) fn arn(&self, account: usize, split: usize, number: u32) -> String {
        let account = &self.accounts[account];
        let place = &account.splits[split];
        let uuid = arn::uuid(place.seed, number);
        format!(
            "arn:{}:acm:{}:{}:certificate/{uuid}",
            self.partition, place.region, account.id
        )
    }
}
