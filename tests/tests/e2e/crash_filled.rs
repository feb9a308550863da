//! kill -9 at random moments of imports over a filled inventory, while the cloud changes between them: certificates
//! are deleted and come back, new ones appear, an account is denied.
//! Above: nothing. Below: `crash`, `common`.
//! Invariant: whenever an import is left alone the inventory is the exact truth: nothing twice, nothing falsely gone,
//! what was deleted is missing, what may not be looked at is as it was and stale.

use super::common::{Places, account, found, truth};
use super::crash::{Dice, fresh, killed_in_mid_run};
use mock_aws::{Scenario, World};
use sensor_tests::face::Face;
use sensor_tests::harness::sensor::Sensor;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

const ROUNDS: u32 = 40;
/// After so many kills the inventory is looked at, and the next import left alone.
const EVERY: u32 = 4;
/// An import of the changes makes about so many calls.
const DEEPEST: u64 = 90;
/// Beside the management account.
const MEMBERS: u32 = 7;

#[test]
fn killed_over_a_filled_inventory_and_exact() {
    let mut story = Story::begin();
    let mut dice = Dice(0x5eed_0002);
    let (mut killed, mut steps) = (0, 0);
    while killed < ROUNDS {
        if killed_in_mid_run(&story.face, &story.sensor, &mut dice, DEEPEST) {
            killed += 1;
            if killed % EVERY != 0 {
                continue;
            }
            story.is_sane();
            story.import();
        }
        story.is_exact();
        story.turn();
        steps += 1;
    }
    assert!(
        steps > 8 && story.vanished > 20 && story.stale > 50,
        "{steps} changes of the cloud, {} certificates gone, {} kept of denied accounts: not much of a test",
        story.vanished,
        story.stale
    );
}

/// The organization at a step. Certificates are numbered, so that a smaller number deletes the last ones and a larger
/// one brings them back or makes new ones; never more than a fifth of a region goes at once.
fn scenario(step: u32) -> Scenario {
    let mut text = "name = 'changing'\nseed = 12\nrates = 'off'\nexternal_id = 'example-7f3a91'\n\
                    regions = ['us-east-1', 'eu-central-1']\nmix = { statuses = { ISSUED = 1 } }\n\
                    [organization]\nmanagement = 'root'\n\
                    [[account]]\nname = 'root'\ncertificates = 4\n"
        .to_owned();
    for member in 0..MEMBERS {
        let number = |region: u32| 30 + (step * 7 + member * 5 + region * 3) % 4 * 2 + step / 2;
        let denied = step > 0 && step % MEMBERS == member;
        write!(
            text,
            "[[account]]\nname = 'member-{member}'\nrole_denied = {denied}\n\
             certificates = {{ us-east-1 = {}, eu-central-1 = {} }}\n",
            number(0),
            number(1)
        )
        .unwrap();
    }
    Scenario::parse(&text).unwrap()
}

struct Story {
    face: Face,
    sensor: Sensor,
    /// Of the world: two worlds that begin at the same time hold the same bodies.
    start: i64,
    step: u32,
    /// What the operator may see now, and what the inventory showed when it was last exact, and of that what was gone.
    truth: Places,
    shown: Places,
    gone: BTreeSet<String>,
    vanished: usize,
    stale: usize,
}

impl Story {
    /// An inventory that one import has filled.
    fn begin() -> Self {
        let face = Face::start(&scenario(0)).unwrap();
        let sensor = fresh(&face);
        let start = face.with(|world, _| world.start());
        let mut story = Self {
            face,
            sensor,
            start,
            step: 0,
            truth: Places::new(),
            shown: Places::new(),
            gone: BTreeSet::new(),
            vanished: 0,
            stale: 0,
        };
        story.truth = story.reachable();
        story.sensor.run(&["connector", "import", "aws"]).exit(0);
        story.is_exact();
        story.turn();
        story
    }

    /// The cloud changes.
    fn turn(&mut self) {
        self.step += 1;
        let world = World::new(&scenario(self.step), self.start).unwrap();
        self.face.with(|old, _| *old = world);
        self.truth = self.reachable();
    }

    fn import(&self) {
        self.sensor.run(&["connector", "import", "aws"]).exit(3);
    }

    /// The number of the account that is denied at this step.
    fn denied(&self) -> Option<String> {
        let name = format!("member-{}", self.step % MEMBERS);
        (self.step > 0).then(|| account(&self.face, &name))
    }

    fn reachable(&self) -> Places {
        let denied = self.denied();
        truth(&self.face, |account, _| Some(account) != denied.as_deref())
    }

    /// In the middle of an import: whatever is there was there before or is there now, once, and nothing is called gone
    /// that is not.
    fn is_sane(&self) {
        let assets = self.sensor.export();
        for (id, fingerprint) in found(&assets) {
            let known = [&self.truth, &self.shown].map(|places| places.get(&id));
            assert!(known.contains(&Some(&fingerprint)), "{id}: {fingerprint}");
        }
        for asset in &assets {
            let id = id(asset);
            let there = self.truth.contains_key(id) && !self.gone.contains(id);
            assert!(!there || is_present(asset), "falsely gone: {asset}");
            assert!(asset["retired_at"].is_null(), "{asset}");
        }
        let there: BTreeSet<&str> = assets.iter().map(id).collect();
        self.loses_nothing(&there);
    }

    /// After an import that was left alone.
    fn is_exact(&mut self) {
        let assets = self.sensor.export();
        let places = found(&assets);
        assert_eq!(places.len(), assets.len(), "each of them has a body");
        let denied = self.denied();
        let mut gone = BTreeSet::new();
        for asset in &assets {
            let id = id(asset);
            assert!(asset["retired_at"].is_null(), "too early: {asset}");
            if let Some(fingerprint) = self.truth.get(id) {
                assert_eq!(places.get(id), Some(fingerprint), "{id}");
                assert!(is_present(asset), "falsely gone: {asset}");
                assert_eq!(asset["stale"], false, "{asset}");
                continue;
            }
            assert_eq!(places.get(id), self.shown.get(id), "{id}");
            if asset["account"].as_str() == denied.as_deref() {
                assert_eq!(asset["stale"], true, "{asset}");
                assert_eq!(is_present(asset), !self.gone.contains(id), "{asset}");
                self.stale += 1;
            } else {
                assert!(!is_present(asset), "it was deleted: {asset}");
                assert_eq!(asset["stale"], false, "{asset}");
                self.vanished += 1;
            }
            if !is_present(asset) {
                gone.insert(id.to_owned());
            }
        }
        let there: BTreeSet<&str> = assets.iter().map(id).collect();
        self.loses_nothing(&there);
        let missing: Vec<_> = self
            .truth
            .keys()
            .filter(|id| !there.contains(id.as_str()))
            .collect();
        assert!(missing.is_empty(), "not in the inventory: {missing:?}");
        (self.shown, self.gone) = (places, gone);
    }

    /// No day has passed: nothing that was shown may be retired.
    fn loses_nothing(&self, there: &BTreeSet<&str>) {
        let lost: Vec<_> = self
            .shown
            .keys()
            .filter(|id| !there.contains(id.as_str()))
            .collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
    }
}

fn id(asset: &Value) -> &str {
    asset["id"].as_str().unwrap()
}

fn is_present(asset: &Value) -> bool {
    asset["missing_since"].is_null()
}
