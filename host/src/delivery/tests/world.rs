//! A world for the state machine: a cloud, two issuers, a clock that is turned by hand.
//! Above: the tests. Below: the real engine, ledger, keys; `cloud` and `ca` play what is asked of others.
//! Invariant: only what lies outside the sensor is played.

use super::super::{Crank, Engine, Ground, once_replaced};
use super::ca::{Ca, Cas};
use super::cloud::{Cloud, Clouds, Played};
use crate::custody::Keeper;
use crate::issuer::kit::NOW;
use crate::ledger::{KeyPlace, Ledger, Note};
use crate::model::enrollment::{Delivery, Issuance, Outlook, Request, RequestState, Source, Wish};
use crate::model::id::{IssuanceId, RequestId};
use crate::model::issuer::RevocationReason;
use crate::model::key::KeyType;
use crate::model::problem::ErrorClass;
use crate::model::profile::{Custody, Profile};
use crate::model::time::{Clock, Millis, VirtualClock};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) const SECOND: Millis = 1_000;
pub(super) const MINUTE: Millis = 60_000;
pub(super) const HOUR: Millis = 3_600_000;
pub(super) const A: &str = "111111111111";
pub(super) const B: &str = "222222222222";

/// All of it.
pub(super) struct World {
    dir: tempfile::TempDir,
    pub(super) clock: Arc<VirtualClock>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) engine: Arc<Engine>,
    played: Arc<Played>,
    pub(super) shut: Arc<Mutex<Option<ErrorClass>>>,
    /// `one` is the profile's, `other` another.
    pub(super) one: Arc<Ca>,
    pub(super) other: Arc<Ca>,
    pub(super) profile: Arc<Mutex<Profile>>,
}

const PROFILE: &str = r#"
name = "web"
issuer = "one"
custody = "sensor"
validity = "47d"
[names]
suffixes = ["example.com"]
[deliver_to]
connectors = ["aws"]
"#;

impl World {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(VirtualClock::starting_at(NOW));
        let ledger = Arc::new(Ledger::open(dir.path()).unwrap());
        let keeper = Arc::new(Keeper::new(
            Arc::clone(&ledger),
            Arc::clone(&clock) as Arc<dyn Clock>,
        ));
        let played = Arc::new(Played {
            cloud: Mutex::default(),
            keeper: Arc::clone(&keeper),
            clock: Arc::clone(&clock),
        });
        let ca = |name: &str| Arc::new(Ca::new(name, &ledger, &clock));
        let (one, other) = (ca("one"), ca("other"));
        let profile = crate::config::parse_profiles(PROFILE).unwrap().remove(0);
        let profile = Arc::new(Mutex::new(profile));
        let cas = HashMap::from([
            ("one".parse().unwrap(), Arc::clone(&one)),
            ("other".parse().unwrap(), Arc::clone(&other)),
        ]);
        let shut = Arc::new(Mutex::default());
        let engine = Engine::new(Ground {
            ledger: Arc::clone(&ledger),
            keeper,
            issuers: Arc::new(Cas(cas, Arc::clone(&profile))),
            places: Arc::new(Clouds(Arc::clone(&played), Arc::clone(&shut))),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        });
        Self {
            dir,
            clock,
            ledger,
            engine: Arc::new(engine),
            played,
            shut,
            one,
            other,
            profile,
        }
    }

    pub(super) fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.played.cloud.lock().unwrap()
    }

    /// A private key in the ledger for an issuance of this number, whether there is one or not.
    pub(super) fn make_key(&self, issuance: u64) {
        let (id, wanted) = (IssuanceId(issuance), KeyType::P256);
        self.played.keeper.make(id, wanted).unwrap();
    }

    /// The records of deliveries become what no sensor can read.
    pub(super) fn damage_deliveries(&self) {
        self.damage("UPDATE deliveries SET body = '{}'");
    }

    /// Something befalls the ledger's file.
    pub(super) fn damage(&self, how: &str) {
        let ledger = self.dir.path().join("ledger.sqlite");
        let ledger = rusqlite::Connection::open(ledger).unwrap();
        ledger.execute(how, []).unwrap();
    }

    /// From now on the cloud refuses this in this account ("" is any).
    pub(super) fn refuse(&self, operation: &'static str, account: &'static str, class: ErrorClass) {
        self.cloud().refuses.insert((operation, account), class);
    }

    /// A request for a certificate in these accounts, due now.
    pub(super) fn ask(&self, accounts: &[&str]) -> RequestId {
        let now = self.clock.now();
        let target = |account: &&str| Wish {
            connector: "aws".parse().unwrap(),
            account: (*account).to_owned(),
            region: "eu-west-1".to_owned(),
            place: None,
        };
        let request = Request {
            id: RequestId(0),
            state: RequestState::Active,
            profile: "web".parse().unwrap(),
            names: vec!["www.example.com".to_owned()],
            source: Source::Issued,
            targets: accounts.iter().map(target).collect(),
            tags: BTreeMap::new(),
            business_unit: None,
            contact: None,
            requested_by: "root".to_owned(),
            approved_by: None,
            created_at: now,
            updated_at: now,
            renew_at: Some(now),
            expires_at: None,
            outlook: Outlook::default(),
            found_revoked: None,
            generation: 0,
        };
        let note = Note::new(now, "requested", "");
        self.ledger.add_request(&request, &note).unwrap().id
    }

    pub(super) fn request(&self, id: RequestId) -> Request {
        self.ledger.request(id).unwrap()
    }

    /// Changes a request as an operator's command does.
    pub(super) fn change(&self, id: RequestId, change: impl FnOnce(&mut Request)) {
        let before = self.request(id);
        let mut after = before.clone();
        change(&mut after);
        let note = Note::new(self.clock.now(), "changed", "");
        self.ledger.change_request(&before, &after, &note).unwrap();
    }

    /// Lets time pass, doing what falls due on the way.
    pub(super) async fn pass(&self, time: Millis) {
        let end = self.clock.now() + time;
        let stop = CancellationToken::new();
        let mut crank = Crank::new(Arc::clone(&self.engine));
        loop {
            let turn = crank.turn(&stop).await.unwrap();
            if !crank.is_idle() || turn.begun + turn.ended > 0 {
                continue;
            }
            self.engine.tidy().await.unwrap();
            let now = self.clock.now();
            if now >= end {
                return;
            }
            let next = turn.next.filter(|next| *next > now).unwrap_or(end);
            let wake = next.min(now + 6 * HOUR).min(end);
            let wait = u64::try_from(wake - now).unwrap();
            self.clock.sleep(Duration::from_millis(wait)).await;
        }
    }

    /// How many imports an account saw.
    pub(super) fn imports(&self, account: &str) -> usize {
        let cloud = self.cloud();
        cloud.imports.iter().filter(|one| *one == account).count()
    }

    /// The one certificate that an account holds.
    pub(super) fn leaf(&self, account: &str) -> Vec<u8> {
        let cloud = self.cloud();
        let mut held = cloud.held.values().filter(|held| held.account == account);
        let leaf = held.next().expect("nothing there").leaf.clone();
        assert!(held.next().is_none(), "two of them in {account}");
        leaf
    }

    /// How often the journal of a request tells something.
    pub(super) fn told(&self, id: RequestId, what: &str) -> usize {
        let journal = self.ledger.journal(id).unwrap();
        journal.iter().filter(|event| event.what == what).count()
    }

    /// Whether some line of a request's journal has this in its words.
    pub(super) fn tells(&self, id: RequestId, words: &str) -> bool {
        let journal = self.ledger.journal(id).unwrap();
        journal.iter().any(|event| event.detail.contains(words))
    }

    /// When the cloud was asked for something in an account, refused or not.
    pub(super) fn asked(&self, what: &str, account: &str) -> Vec<Millis> {
        let cloud = self.cloud();
        let such = cloud.asked.iter();
        let such = such.filter(|one| one.what == what && one.account == account);
        such.map(|one| one.at).collect()
    }

    /// Keys that are not erased, by where they wait.
    pub(super) fn keys(&self) -> Vec<KeyPlace> {
        let keys = self.ledger.keys().unwrap();
        keys.iter().map(|key| key.place).collect()
    }

    /// How many keys a request ever had, erased ones too.
    pub(super) fn keys_made(&self, id: RequestId) -> usize {
        let issuances = self.ledger.issuances(id).unwrap();
        let had = |one: &&Issuance| self.ledger.key(one.id).unwrap().is_some();
        issuances.iter().filter(had).count()
    }

    /// The newest issuance of a request.
    pub(super) fn newest(&self, id: RequestId) -> Issuance {
        self.ledger.issuances(id).unwrap().remove(0)
    }

    /// Its delivery to the first target.
    pub(super) fn delivery(&self, id: RequestId) -> Delivery {
        let issuance = self.newest(id).id;
        self.ledger.deliveries_of(issuance).unwrap().remove(0)
    }

    /// From now on keys wait there.
    pub(super) fn custody(&self, custody: Custody) {
        self.profile.lock().unwrap().custody = custody;
    }

    /// As an operator's `renew` does it.
    pub(super) fn renew(&self, id: RequestId) {
        let now = self.clock.now();
        self.change(id, |request| {
            request.renew_at = Some(now);
            request.outlook.due_at = Some(now);
        });
    }

    /// As an operator's `retry` does it while the key is kept.
    pub(super) fn retry(&self, id: RequestId) {
        let issuance = self.newest(id).id;
        let now = self.clock.now();
        let reopened = self.ledger.reopen_failed(issuance, now).unwrap();
        assert!(reopened > 0, "nothing had failed");
    }

    /// As an operator's `cancel` does it.
    pub(super) fn cancel(&self, id: RequestId) {
        let (before, now) = (self.request(id), self.clock.now());
        let mut after = before.clone();
        after.state = RequestState::Cancelled;
        after.renew_at = None;
        let note = Note::new(now, "cancelled", "");
        self.ledger.end_request(&before, &after, &note).unwrap();
        self.ledger.wake_issuance(id, now).unwrap();
    }

    /// As `renew --revoke key-compromise` does it, whether something is under way or not.
    pub(super) fn replace_and_revoke(&self, id: RequestId) {
        let (before, now) = (self.request(id), self.clock.now());
        let newest = self.ledger.issuances(id).unwrap().remove(0);
        let mut after = before.clone();
        after.outlook.due_at = Some(now);
        if newest.state.is_over() {
            after.renew_at = Some(now);
        }
        let exposed = RevocationReason::KeyCompromise;
        let wanted = once_replaced(&self.ledger, id, exposed).unwrap();
        let note = Note::new(now, "renew", "");
        self.ledger
            .change_request_and_revoke(&before, &after, &wanted, &note)
            .unwrap();
        self.ledger.wake_issuance(id, now).unwrap();
    }
}
