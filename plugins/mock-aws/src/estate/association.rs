//! What comes to use certificates, and leaves them, by the scenario's clock.
//! Above: `estate::build`, `world::written`, `world::acm_write`. Below: `scenario`, `estate::place`.
//! Invariant: a function of the time, so that an import and a re-import find the same users.

use super::Estate;
use super::build::Builder;
use crate::noise::{Noise, hash};

/// An association, understood.
#[derive(Debug)]
pub(crate) struct Association {
    domain: String,
    account: Option<usize>,
    region: Option<String>,
    by: Option<String>,
    from: Option<i64>,
    until: Option<i64>,
}

/// Understands the scenario's associations.
pub(super) fn associations(builder: &mut Builder<'_>) -> Vec<Association> {
    let (scenario, start) = (builder.scenario, builder.start);
    let mut all = Vec::new();
    for (index, raw) in scenario.associations.iter().enumerate() {
        let at = format!("association {}", index + 1);
        let account = raw.account.as_ref();
        let account = account.and_then(|name| builder.account(&at, name));
        if raw
            .from_ms
            .zip(raw.until_ms)
            .is_some_and(|(from, until)| until <= from)
        {
            builder.problem(&at, "`until_ms` comes after `from_ms`");
        }
        if raw.by.as_ref().is_some_and(|by| !by.starts_with("arn:")) {
            builder.problem(&at, "`by` is an ARN");
        }
        all.push(Association {
            domain: raw.domain.clone(),
            account,
            region: raw.region.clone(),
            by: raw.by.clone(),
            from: raw.from_ms.map(|ms| start + ms),
            until: raw.until_ms.map(|ms| start + ms),
        });
    }
    all
}

impl Estate {
    /// What uses the certificates of a domain at a place, besides what their entries say.
    pub(crate) fn users(
        &self,
        account: usize,
        split: usize,
        domain: &str,
        now_ms: i64,
    ) -> Vec<String> {
        let here = self.associated(account, split, domain);
        let present = here.filter(|one| {
            one.from.is_none_or(|from| from <= now_ms)
                && one.until.is_none_or(|until| now_ms < until)
        });
        let arns = present.map(|one| {
            let mut noise = Noise::new(hash(self.accounts[account].splits[split].seed, domain));
            one.by
                .clone()
                .unwrap_or_else(|| self.user_arn(account, split, &mut noise))
        });
        arns.collect()
    }

    /// Whether something used them until a while ago.
    pub(crate) fn used_lately(
        &self,
        account: usize,
        split: usize,
        domain: &str,
        now_ms: i64,
        while_ms: i64,
    ) -> bool {
        let mut here = self.associated(account, split, domain);
        here.any(|one| {
            one.until
                .is_some_and(|until| until <= now_ms && now_ms < until + while_ms)
        })
    }

    fn associated<'a>(
        &'a self,
        account: usize,
        split: usize,
        domain: &'a str,
    ) -> impl Iterator<Item = &'a Association> {
        let region = &self.accounts[account].splits[split].region;
        self.associations.iter().filter(move |one| {
            one.domain == domain
                && one.account.is_none_or(|only| only == account)
                && one.region.as_ref().is_none_or(|only| only == region)
        })
    }
}
