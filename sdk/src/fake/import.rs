//! An import as the sensor runs it: the plan, then each split page by page, each page committed.
//! Above: a plugin's tests. Below: `connector`, `host`.
//! Invariant: a promise that the connector broke is in `broken`, in words; nothing is repaired silently.

use crate::connector::Connector;
use crate::host::{Aws, Host};
use crate::types::{
    Account, Certificate, Cursor, Entry, Error, Marker, Page, PlanEntry, Problem, Severity,
    Skipped, Split,
};
use std::collections::{BTreeMap, BTreeSet};

/// More pages than a test has.
const PAGES: usize = 10_000;
/// Codes by which a connector asks for its split to be started over.
const STALE: [&str; 2] = ["cursor-expired", "cursor-version"];

/// What the sensor's inventory does for a connector: it remembers markers.
pub trait Remember {
    /// A certificate was committed.
    fn remember(&self, id: &str, marker: Marker);
    /// Whether a certificate was ever committed.
    fn knows(&self, id: &str) -> bool;
}

/// What an import found.
#[derive(Debug, Default)]
pub struct Import {
    /// The account tree.
    pub accounts: Vec<Account>,
    /// The splits, as planned.
    pub planned: Vec<Split>,
    /// Places that did not become splits.
    pub skipped: Vec<Skipped>,
    /// Of the plan and of all splits.
    pub problems: Vec<Problem>,
    /// How each split ended.
    pub splits: BTreeMap<String, Result<(), Error>>,
    /// New or changed, by id.
    pub certificates: BTreeMap<String, Certificate>,
    /// As remembered.
    pub unchanged: BTreeSet<String>,
    /// Left out by the import filters.
    pub filtered: BTreeSet<String>,
    /// There, and not to be read.
    pub unreadable: BTreeSet<String>,
    /// Pages of all splits.
    pub pages: usize,
    /// What the connector promised the sensor and did not keep.
    pub broken: Vec<String>,
}

/// Runs a whole import. A split whose cursor does not hold is started over once, as the sensor does.
///
/// # Errors
/// What made the plan fail; a split's error is in [`Import::splits`].
pub fn import<C: Connector, H: Host + Aws + Remember>(host: &H) -> Result<Import, Error> {
    let mut import = Import::plan::<C, H>(host)?;
    for split in import.planned.clone() {
        let outcome = match import.read::<C, H>(host, &split, None) {
            Err(error) if STALE.contains(&error.code.as_str()) => {
                import.read::<C, H>(host, &split, None)
            }
            other => other,
        };
        import.splits.insert(split.id, outcome);
    }
    Ok(import)
}

impl Import {
    /// The plan alone.
    ///
    /// # Errors
    /// What made it fail.
    pub fn plan<C: Connector, H: Host + Aws>(host: &H) -> Result<Self, Error> {
        let (mut import, mut at) = (Self::default(), None);
        let mut seen = BTreeSet::new();
        for _ in 0..PAGES {
            let page = C::plan(host, at)?;
            for entry in page.entries {
                match entry {
                    PlanEntry::Account(account) => import.accounts.push(account),
                    PlanEntry::Split(split) => import.planned.push(split),
                    PlanEntry::Skipped(skipped) => import.skipped.push(skipped),
                }
            }
            import.problems.extend(page.problems);
            at = page.next;
            match &at {
                Some(next) if seen.insert(next.value.clone()) => {}
                Some(_) => {
                    import
                        .broken
                        .push("the plan gave a cursor twice".to_owned());
                    break;
                }
                None => break,
            }
        }
        import.judge_plan();
        Ok(import)
    }

    /// One split, from a cursor to its end.
    ///
    /// # Errors
    /// What ended the split before its end.
    pub fn read<C: Connector, H: Host + Aws + Remember>(
        &mut self,
        host: &H,
        split: &Split,
        mut at: Option<Cursor>,
    ) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for _ in 0..PAGES {
            let page = C::read_page(host, split.clone(), at)?;
            let next = page.next.clone();
            self.commit(host, split, page);
            at = next;
            match &at {
                Some(next) if seen.insert(next.value.clone()) => {}
                Some(_) => {
                    let broken = format!("split {} gave a cursor twice", split.id);
                    self.broken.push(broken);
                    return Ok(());
                }
                None => return Ok(()),
            }
        }
        self.broken.push(format!("split {} has no end", split.id));
        Ok(())
    }

    /// Takes a page over, as the sensor's inventory does.
    pub fn commit<H: Host + Remember>(&mut self, host: &H, split: &Split, page: Page) {
        self.pages += 1;
        self.problems.extend(page.problems);
        for entry in page.entries {
            match entry {
                Entry::Certificate(certificate) => {
                    self.judge_place(split, &certificate.id);
                    if certificate.marker.is_empty() {
                        let broken = format!("{} came without a marker", certificate.id);
                        self.broken.push(broken);
                    }
                    let value = certificate.marker.clone();
                    let read_at = host.now();
                    host.remember(&certificate.id, Marker { value, read_at });
                    self.certificates
                        .insert(certificate.id.clone(), certificate);
                }
                Entry::Unchanged(id) => {
                    if !host.knows(&id) {
                        let broken = format!("{id} is called unchanged, and nobody knows it");
                        self.broken.push(broken);
                    }
                    self.judge_place(split, &id);
                    self.unchanged.insert(id);
                }
                Entry::Filtered(id) => {
                    if host.knows(&id) {
                        let broken = format!("{id} is known, and must not be filtered away");
                        self.broken.push(broken);
                    }
                    self.judge_place(split, &id);
                    self.filtered.insert(id);
                }
                Entry::Unreadable(unreadable) => {
                    if unreadable.message.is_empty() {
                        let broken = format!("{} is unreadable, and not a word why", unreadable.id);
                        self.broken.push(broken);
                    }
                    self.judge_place(split, &unreadable.id);
                    self.unreadable.insert(unreadable.id.clone());
                    self.problems.push(Problem {
                        severity: Severity::Error,
                        code: unreadable.code,
                        subject: Some(unreadable.id),
                        message: unreadable.message,
                    });
                }
            }
        }
    }

    fn judge_plan(&mut self) {
        let mut ids = BTreeSet::new();
        for split in &self.planned {
            if !ids.insert(&split.id) {
                self.broken
                    .push(format!("split {} is planned twice", split.id));
            }
            let known = self
                .accounts
                .iter()
                .any(|account| account.id == split.account);
            if !known {
                let broken = format!("the account of split {} is not in the tree", split.id);
                self.broken.push(broken);
            }
        }
        for skipped in self.skipped.iter().filter_map(|one| one.id.as_ref()) {
            if !ids.insert(skipped) {
                let broken = format!("split {skipped} is planned and skipped, or skipped twice");
                self.broken.push(broken);
            }
        }
        if self.accounts.is_empty() {
            self.broken.push("the plan names no account".to_owned());
        }
    }

    /// An id must lie in its split: `arn:<partition>:<service>:<region>:<account>:<what>`.
    fn judge_place(&mut self, split: &Split, id: &str) {
        let mut parts = id.splitn(6, ':');
        let mut part = || parts.next().unwrap_or_default();
        let (arn, partition, service) = (part(), part(), part());
        let (region, account, what) = (part(), part(), part());
        let in_region = split.region.as_deref().is_none_or(|name| name == region);
        let shaped = arn == "arn" && partition.starts_with("aws") && !what.is_empty();
        if !(shaped && in_region && service == split.service && account == split.account) {
            self.broken
                .push(format!("{id} does not lie in split {}", split.id));
        }
    }

    /// Every id that was told, in whatever way.
    #[must_use]
    pub fn told(&self) -> BTreeSet<String> {
        let known = self.certificates.keys().chain(&self.unchanged);
        let others = self.filtered.iter().chain(&self.unreadable);
        known.chain(others).cloned().collect()
    }

    /// Whether every split was read to its end.
    #[must_use]
    pub fn all_complete(&self) -> bool {
        self.splits.values().all(Result::is_ok)
    }

    /// The codes of all problems, in order.
    #[must_use]
    pub fn codes(&self) -> Vec<&str> {
        self.problems
            .iter()
            .map(|problem| problem.code.as_str())
            .collect()
    }
}
