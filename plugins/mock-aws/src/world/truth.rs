//! What is really there, for tests that compare an inventory with it.
//! Above: tests. Below: `estate`, `x509`.
//! Invariant: made one by one as the iterator advances; asking changes nothing.

use super::{Placed, World};
use crate::scenario::FaultKind;

impl World {
    /// Every certificate placed, whether it is to be seen at this time or not.
    pub fn truth(&self, now_ms: i64) -> impl Iterator<Item = Placed> + '_ {
        let accounts = self.estate.accounts.iter().enumerate();
        let splits = accounts.flat_map(|(account, place)| {
            (0..place.splits.len()).map(move |split| (account, split))
        });
        splits.flat_map(move |(account, split)| {
            let count = self.size(account, split);
            (0..count).map(move |number| self.placed(account, split, number, now_ms))
        })
    }

    /// The names of all secrets that are there at this time, those about to be deleted included.
    pub fn secrets_held(&self, now_ms: i64) -> Vec<String> {
        let mut names = Vec::new();
        for (account, place) in self.estate.accounts.iter().enumerate() {
            let mut regions: Vec<&String> =
                place.splits.iter().map(|split| &split.region).collect();
            regions.dedup();
            for region in regions {
                let held = self.secrets(account, region, now_ms);
                names.extend(held.map(|secret| secret.name.clone()));
            }
        }
        names
    }

    fn placed(&self, account: usize, split: usize, number: u32, now_ms: i64) -> Placed {
        let certificate = self.certificate(account, split, number, now_ms);
        let place = &self.estate.accounts[account];
        let region = &place.splits[split].region;
        let spoiled = self.estate.rules.iter().any(|rule| {
            let raw = &rule.raw;
            let always = raw.after_calls == 0
                && raw.count.is_none()
                && raw.every.is_none()
                && raw.probability.is_none();
            let op = crate::Op::GetCertificate;
            raw.kind == FaultKind::MalformedBody
                && always
                && rule.covers(&self.estate, now_ms, account, region, op)
        });
        let has_body = certificate.status.has_body();
        Placed {
            account: place.id.clone(),
            region: region.clone(),
            status: certificate.status.name().to_owned(),
            kind: certificate.kind.name().to_owned(),
            key_algorithm: certificate.body.key().name().to_owned(),
            visible: self.listed(account, split, &certificate, now_ms),
            der: has_body.then(|| certificate.body.der(&self.estate.authorities)),
            intact: certificate.harm.is_none() && !spoiled,
            arn: certificate.arn,
        }
    }
}
