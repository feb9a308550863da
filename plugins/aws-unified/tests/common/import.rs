//! An import as the sensor runs it: plan, then each split page by page, each page committed.

use super::Cloud;
use aws_unified::AwsUnified;
use mock_aws::Placed;
use sensor_sdk::connector::Connector;
use sensor_sdk::types::{
    Account, Certificate, Cursor, Entry, Error, Marker, Page, PlanEntry, Problem, Skipped, Split,
};
use std::collections::{BTreeMap, BTreeSet};

/// How a split ended.
pub type Outcome = Result<(), Error>;

/// What an import found.
#[derive(Default)]
pub struct Run {
    pub accounts: Vec<Account>,
    pub planned: Vec<Split>,
    pub skipped: Vec<Skipped>,
    /// Of the plan and of all splits.
    pub problems: Vec<Problem>,
    pub splits: BTreeMap<String, Outcome>,
    pub certificates: BTreeMap<String, Certificate>,
    pub unchanged: BTreeSet<String>,
    pub filtered: BTreeSet<String>,
    pub unreadable: BTreeSet<String>,
    pub pages: usize,
}

impl Run {
    /// Every place that was told, in whatever way.
    pub fn told(&self) -> BTreeSet<String> {
        let certificates = self.certificates.keys().chain(&self.unchanged);
        certificates
            .chain(&self.filtered)
            .chain(&self.unreadable)
            .cloned()
            .collect()
    }

    pub fn codes(&self) -> Vec<&str> {
        self.problems
            .iter()
            .map(|problem| problem.code.as_str())
            .collect()
    }

    pub fn all_complete(&self) -> bool {
        self.splits.values().all(Result::is_ok)
    }

    pub fn account(&self, name: &str) -> &Account {
        let found = self.accounts.iter().find(|account| account.name == name);
        found.unwrap_or_else(|| panic!("{name} is not in the tree"))
    }

    /// The certificate of this name, as it is shown.
    pub fn named(&self, name: &str) -> &Certificate {
        let found = self
            .certificates
            .values()
            .find(|c| c.display_name.as_deref() == Some(name));
        found.unwrap_or_else(|| panic!("{name} was not found"))
    }

    /// Regions planned for an account.
    pub fn regions(&self, account: &str) -> Vec<String> {
        let own = self.planned.iter().filter(|split| split.account == account);
        own.filter_map(|split| split.region.clone()).collect()
    }
}

impl Cloud {
    /// Every page of a plan, each cursor written and read as the sensor does.
    pub fn plan(&self) -> Result<Run, Error> {
        let (mut run, mut at) = (Run::default(), None);
        for _ in 0..1000 {
            let page = AwsUnified::plan(self, at)?;
            for entry in page.entries {
                match entry {
                    PlanEntry::Account(account) => run.accounts.push(account),
                    PlanEntry::Split(split) => run.planned.push(split),
                    PlanEntry::Skipped(skipped) => run.skipped.push(skipped),
                }
            }
            run.problems.extend(page.problems);
            at = page.next;
            if at.is_none() {
                return Ok(run);
            }
        }
        panic!("the plan has no end");
    }

    /// Plan and all splits.
    pub fn import(&self) -> Result<Run, Error> {
        let mut run = self.plan()?;
        for split in run.planned.clone() {
            let outcome = self.read(&split, &mut run);
            run.splits.insert(split.id, outcome);
        }
        Ok(run)
    }

    pub fn must_import(&self) -> Run {
        self.import()
            .unwrap_or_else(|error| panic!("{}: {}", error.code, error.message))
    }

    /// A split, begun anew once if its cursor does not hold.
    pub fn read(&self, split: &Split, run: &mut Run) -> Outcome {
        match self.read_from(split, None, run) {
            Err(error) if matches!(error.code.as_str(), "cursor-expired" | "cursor-version") => {
                self.read_from(split, None, run)
            }
            other => other,
        }
    }

    pub fn read_from(&self, split: &Split, mut at: Option<Cursor>, run: &mut Run) -> Outcome {
        for _ in 0..10_000 {
            let page = AwsUnified::read_page(self, split.clone(), at)?;
            at = page.next.clone();
            self.commit(page, run);
            if at.is_none() {
                return Ok(());
            }
        }
        panic!("the split has no end");
    }

    /// What the sensor does with a page.
    pub fn commit(&self, page: Page, run: &mut Run) {
        run.pages += 1;
        run.problems.extend(page.problems);
        for entry in page.entries {
            match entry {
                Entry::Certificate(certificate) => {
                    let marker = Marker {
                        value: certificate.marker.clone(),
                        read_at: self.clock.get(),
                    };
                    self.known
                        .borrow_mut()
                        .insert(certificate.id.clone(), marker);
                    run.certificates.insert(certificate.id.clone(), certificate);
                }
                Entry::Unchanged(id) => {
                    assert!(
                        self.known.borrow().contains_key(&id),
                        "{id} is unchanged and unknown"
                    );
                    run.unchanged.insert(id);
                }
                Entry::Filtered(id) => {
                    assert!(
                        !self.known.borrow().contains_key(&id),
                        "{id} is known and filtered"
                    );
                    run.filtered.insert(id);
                }
                Entry::Unreadable(id) => {
                    run.unreadable.insert(id);
                }
            }
        }
    }

    /// What is there now, by ARN.
    pub fn truth(&self) -> BTreeMap<String, Placed> {
        let world = self.world.borrow();
        let visible = world
            .truth(self.clock.get())
            .filter(|placed| placed.visible);
        visible.map(|placed| (placed.arn.clone(), placed)).collect()
    }

    /// The import holds every certificate that is there, byte for byte, and no other.
    pub fn holds_the_truth(&self, run: &Run) {
        let truth = self.truth();
        assert_eq!(run.told(), truth.keys().cloned().collect::<BTreeSet<_>>());
        for (arn, certificate) in &run.certificates {
            assert_eq!(certificate.der, truth[arn].der, "{arn}");
        }
    }
}
