//! Imports through the SDK's harness, and their comparison with what is there.

use super::Cloud;
use aws_unified::AwsUnified;
use mock_aws::Placed;
use sensor_sdk::fake::{Import, Remember, import};
use sensor_sdk::types::{Account, Certificate, Cursor, Error, Marker, Page, Split};
use std::collections::{BTreeMap, BTreeSet};

pub use sensor_sdk::fake::Import as Run;

impl Remember for Cloud {
    fn remember(&self, id: &str, marker: Marker) {
        self.known.borrow_mut().insert(id.to_owned(), marker);
    }
    fn knows(&self, id: &str) -> bool {
        self.known.borrow().contains_key(id)
    }
}

impl Cloud {
    pub fn plan(&self) -> Result<Run, Error> {
        let run = Import::plan::<AwsUnified, _>(self)?;
        assert!(run.broken.is_empty(), "{:#?}", run.broken);
        Ok(run)
    }

    pub fn must_import(&self) -> Run {
        let run = import::<AwsUnified, _>(self);
        let run = run.unwrap_or_else(|error| panic!("{}: {}", error.code, error.message));
        assert!(run.broken.is_empty(), "{:#?}", run.broken);
        run
    }

    pub fn read_from(&self, split: &Split, at: Option<Cursor>, run: &mut Run) -> Result<(), Error> {
        run.read::<AwsUnified, _>(self, split, at)
    }

    pub fn commit(&self, split: &Split, page: Page, run: &mut Run) {
        run.commit(self, split, page);
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

/// An account of the tree, by name.
pub fn account<'r>(run: &'r Run, name: &str) -> &'r Account {
    let found = run.accounts.iter().find(|account| account.name == name);
    found.unwrap_or_else(|| panic!("{name} is not in the tree"))
}

/// The certificate of this name, as it is shown.
pub fn named<'r>(run: &'r Run, name: &str) -> &'r Certificate {
    let shown = |certificate: &&Certificate| certificate.display_name.as_deref() == Some(name);
    let found = run.certificates.values().find(shown);
    found.unwrap_or_else(|| panic!("{name} was not found"))
}

/// Regions planned for an account.
pub fn regions(run: &Run, account: &str) -> Vec<String> {
    let own = run.planned.iter().filter(|split| split.account == account);
    own.filter_map(|split| split.region.clone()).collect()
}
