//! A world for the state machine: a cloud of two accounts in memory, issuers that may refuse, a clock that is turned by hand.
//! Above: the tests. Below: the real engine, ledger, keys and local CA.
//! Invariant: only what lies outside the sensor is played.

use super::super::{Crank, Engine, Ground, Issuers, Place, Places};
use crate::backend::PrivateKey;
use crate::custody::Keeper;
use crate::issuer::kit::{self, NOW};
use crate::issuer::{
    Http01, Issuer, IssuerError, IssuerErrorClass, IssuerGround, OrderRef, Progress, Wanted,
};
use crate::ledger::{Ledger, Note};
use crate::model::certificate::Certificate;
use crate::model::check::Finding;
use crate::model::delivery::{Found, Material, Parked, Planned, Tag, Target, Trace};
use crate::model::enrollment::{Outlook, Request, RequestState, Source, Wish};
use crate::model::id::{ConnectorId, IssuanceId, IssuerId, ProfileId, RequestId};
use crate::model::issuer::{RenewalWindow, RevocationReason};
use crate::model::key::KeyType;
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::profile::Profile;
use crate::model::time::{Clock, Millis, VirtualClock};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) const HOUR: Millis = 3_600_000;
pub(super) const A: &str = "111111111111";
pub(super) const B: &str = "222222222222";

type Answer<T> = Result<T, OperationError>;

pub(super) fn error(class: ErrorClass) -> OperationError {
    OperationError::new(class, "told-so", "the world says no")
}

/// A certificate in the cloud.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) account: String,
    pub(super) leaf: Vec<u8>,
    tags: Vec<Tag>,
}

/// What the cloud holds, and how it behaves.
#[derive(Debug, Default)]
pub(super) struct Cloud {
    pub(super) held: BTreeMap<String, Held>,
    /// Sealed keys, and since when.
    pub(super) parked: BTreeMap<String, (String, Millis)>,
    /// Answers an operation for an account until it is taken out; "" is any account.
    pub(super) refuses: HashMap<(&'static str, &'static str), ErrorClass>,
    /// The next import is done, and its answer lost.
    pub(super) loses_next: bool,
    pub(super) imports: Vec<String>,
}

struct Played {
    cloud: Mutex<Cloud>,
    keeper: Arc<Keeper>,
    clock: Arc<VirtualClock>,
}

impl Played {
    fn at(&self, operation: &'static str, account: &str) -> Answer<MutexGuard<'_, Cloud>> {
        let cloud = self.cloud.lock().unwrap();
        for ((named, whose), class) in &cloud.refuses {
            if *named == operation && (whose.is_empty() || *whose == account) {
                return Err(error(*class));
            }
        }
        Ok(cloud)
    }
}

fn found(id: &str, held: &Held) -> Found {
    Found {
        id: id.to_owned(),
        certificate: Certificate::from_der(&held.leaf).unwrap(),
        leaf: held.leaf.clone(),
        in_use: false,
        tags: held.tags.clone(),
        created_at: None,
    }
}

#[async_trait::async_trait]
impl Place for Played {
    async fn preflight(&self, target: &Target, _: &Planned) -> Answer<Vec<Finding>> {
        self.at("preflight", &target.account).map(|_| Vec::new())
    }
    async fn deliver(
        &self,
        target: &Target,
        material: &Material,
        key: &PrivateKey,
    ) -> Answer<String> {
        let mut cloud = self.at("deliver", &target.account)?;
        key.open().map_err(|_| error(ErrorClass::Internal))?;
        let id = target.id.clone().unwrap_or_else(|| {
            let number = cloud.held.len();
            format!("arn-{number}")
        });
        let tags = cloud.held.get(&id).map(|held| held.tags.clone());
        let held = Held {
            account: target.account.clone(),
            leaf: material.leaf.clone(),
            tags: tags.unwrap_or_else(|| material.tags.clone()),
        };
        cloud.held.insert(id.clone(), held);
        cloud.imports.push(target.account.clone());
        if std::mem::take(&mut cloud.loses_next) {
            return Err(error(ErrorClass::Transient));
        }
        Ok(id)
    }
    async fn find(&self, target: &Target, trace: &Trace) -> Answer<Vec<Found>> {
        let cloud = self.at("find", &target.account)?;
        let there = cloud.held.iter().filter(|(_, held)| {
            let same = crate::model::id::Sha256::of(&held.leaf) == trace.sha256;
            held.account == target.account && same
        });
        Ok(there.map(|(id, held)| found(id, held)).collect())
    }
    async fn verify(&self, target: &Target) -> Answer<Found> {
        let cloud = self.at("verify", &target.account)?;
        let id = target.id.clone().unwrap_or_default();
        let held = cloud.held.get(&id);
        held.map(|held| found(&id, held))
            .ok_or_else(|| error(ErrorClass::NotFound))
    }
    async fn label(&self, target: &Target, tags: &[Tag]) -> Answer<()> {
        let mut cloud = self.at("label", &target.account)?;
        let id = target.id.clone().unwrap_or_default();
        if let Some(held) = cloud.held.get_mut(&id) {
            held.tags = tags.to_vec();
        }
        Ok(())
    }
    async fn withdraw(&self, target: &Target) -> Answer<()> {
        let mut cloud = self.at("withdraw", &target.account)?;
        cloud.held.remove(&target.id.clone().unwrap_or_default());
        Ok(())
    }
    async fn park_key(&self, name: &str, _: &str, _: &[Tag], key: &PrivateKey) -> Answer<()> {
        let mut cloud = self.at("park", "")?;
        let sealed = key.sealed().map_err(|_| error(ErrorClass::Internal))?;
        let since = self.clock.now();
        cloud.parked.insert(name.to_owned(), (sealed, since));
        Ok(())
    }
    async fn take_key(&self, name: &str) -> Answer<PrivateKey> {
        let cloud = self.at("take", "")?;
        let sealed = cloud.parked.get(name).cloned();
        let (sealed, _) = sealed.ok_or_else(|| error(ErrorClass::NotFound))?;
        let room: &dyn crate::backend::KeyRoom = &*self.keeper;
        room.unseal(name, &sealed)
            .map_err(|_| error(ErrorClass::InvalidResponse))
    }
    async fn drop_key(&self, name: &str) -> Answer<()> {
        self.at("drop", "")?.parked.remove(name);
        Ok(())
    }
    async fn parked_keys(&self, prefix: &str) -> Answer<Vec<Parked>> {
        let cloud = self.at("list", "")?;
        let ours = cloud
            .parked
            .iter()
            .filter(|(name, _)| name.starts_with(prefix));
        let told = |(name, (_, since)): (&String, &(String, Millis))| Parked {
            name: name.clone(),
            created_at: Some(*since),
            tags: Vec::new(),
        };
        Ok(ours.map(told).collect())
    }
}

/// An issuer that may refuse; below it the real local CA.
pub(super) struct Ca {
    inner: Arc<dyn Issuer>,
    pub(super) window: Mutex<Option<RenewalWindow>>,
    /// By operation.
    pub(super) refuses: Mutex<HashMap<&'static str, IssuerError>>,
    pub(super) orders: Mutex<u32>,
    /// Until then it has not decided.
    pub(super) decides_at: Mutex<Millis>,
    clock: Arc<VirtualClock>,
    pub(super) revoked: Mutex<Vec<Vec<u8>>>,
}

impl Ca {
    /// From now on it refuses this.
    pub(super) fn refuse(&self, operation: &'static str, class: IssuerErrorClass) {
        let refusal = IssuerError {
            class,
            code: "told-so".to_owned(),
            message: "the CA says no".to_owned(),
        };
        self.refuses.lock().unwrap().insert(operation, refusal);
    }

    fn may(&self, operation: &'static str) -> Result<(), IssuerError> {
        let refuses = self.refuses.lock().unwrap();
        refuses.get(operation).cloned().map_or(Ok(()), Err)
    }
}

#[async_trait::async_trait]
impl Issuer for Ca {
    async fn order(&self, wanted: &Wanted) -> Result<OrderRef, IssuerError> {
        self.may("order")?;
        *self.orders.lock().unwrap() += 1;
        self.inner.order(wanted).await
    }
    async fn advance(&self, order: &OrderRef, wanted: &Wanted) -> Result<Progress, IssuerError> {
        self.may("advance")?;
        if self.clock.now() < *self.decides_at.lock().unwrap() {
            return Ok(Progress::Pending {
                retry_after: Duration::from_mins(30),
                doing: "somebody looks into it".to_owned(),
            });
        }
        self.inner.advance(order, wanted).await
    }
    async fn renewal_window(&self, _: &[u8]) -> Result<Option<RenewalWindow>, IssuerError> {
        Ok(self.window.lock().unwrap().clone())
    }
    async fn revoke(&self, leaf: &[u8], reason: RevocationReason) -> Result<(), IssuerError> {
        self.may("revoke")?;
        self.inner.revoke(leaf, reason).await?;
        self.revoked.lock().unwrap().push(leaf.to_vec());
        Ok(())
    }
    async fn check(&self) -> Result<Vec<Finding>, IssuerError> {
        Ok(Vec::new())
    }
}

struct Clouds(Arc<Played>, Arc<Mutex<Option<ErrorClass>>>);

#[async_trait::async_trait]
impl Places for Clouds {
    async fn open(&self, _: &ConnectorId) -> Answer<Arc<dyn Place>> {
        match *self.1.lock().unwrap() {
            Some(class) => Err(error(class)),
            None => Ok(Arc::clone(&self.0) as Arc<dyn Place>),
        }
    }
    async fn all(&self) -> Vec<ConnectorId> {
        vec!["aws".parse().unwrap()]
    }
}

struct Cas(HashMap<IssuerId, Arc<Ca>>, Arc<Mutex<Profile>>);

#[async_trait::async_trait]
impl Issuers for Cas {
    async fn open(&self, issuer: &IssuerId) -> Answer<Arc<dyn Issuer>> {
        let ca = self.0.get(issuer);
        ca.map(|ca| Arc::clone(ca) as Arc<dyn Issuer>)
            .ok_or_else(|| error(ErrorClass::Config))
    }
    async fn profile(&self, _: &ProfileId) -> Answer<Profile> {
        Ok(self.1.lock().unwrap().clone())
    }
}

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
        let ca = |name: &str| {
            let text = format!("name = \"{name}\"\nkind = \"local\"\nvalidity = \"47d\"\n");
            let ground = IssuerGround {
                ledger: Arc::clone(&ledger),
                clock: Arc::clone(&clock) as Arc<dyn Clock>,
                http01: Http01::default(),
                aws: None,
            };
            Arc::new(Ca {
                inner: crate::issuer::open(&kit::config(&text), &ground).unwrap(),
                window: Mutex::default(),
                refuses: Mutex::default(),
                orders: Mutex::default(),
                decides_at: Mutex::default(),
                clock: Arc::clone(&clock),
                revoked: Mutex::default(),
            })
        };
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
        let ledger = self.dir.path().join("ledger.sqlite");
        let ledger = rusqlite::Connection::open(ledger).unwrap();
        ledger
            .execute("UPDATE deliveries SET body = '{}'", [])
            .unwrap();
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
            revoke_next: None,
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
}
