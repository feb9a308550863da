//! A cloud of two accounts in memory: it refuses, loses answers and shows late what it was told to.
//! Above: `world`, the tests. Below: nothing.
//! Invariant: it tells what stands there as a cloud does: only what was imported, and no sooner than it shows it.

use super::super::{Place, Places};
use crate::backend::{KeyRoom, PrivateKey};
use crate::custody::Keeper;
use crate::model::certificate::Certificate;
use crate::model::check::Finding;
use crate::model::delivery::{Found, Material, Parked, Planned, Tag, Target, Trace};
use crate::model::id::{ConnectorId, Sha256};
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::time::{Clock, Millis, VirtualClock};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

pub(super) type Answer<T> = Result<T, OperationError>;

pub(super) fn error(class: ErrorClass) -> OperationError {
    OperationError::new(class, "told-so", "the world says no")
}

/// A certificate in the cloud.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) account: String,
    pub(super) leaf: Vec<u8>,
    pub(super) tags: Vec<Tag>,
    pub(super) in_use: bool,
    pub(super) made_at: Millis,
    /// What stood there before, and until when that was.
    before: Option<(Vec<u8>, Millis)>,
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) what: &'static str,
    /// "" where it is the same for all.
    pub(super) account: String,
    pub(super) at: Millis,
}

/// What the cloud holds, and how it behaves.
#[derive(Debug, Default)]
pub(super) struct Cloud {
    pub(super) held: BTreeMap<String, Held>,
    /// Sealed keys, and since when.
    pub(super) parked: BTreeMap<String, (String, Millis)>,
    /// Answers an operation for an account until it is taken out; "" is any account.
    pub(super) refuses: HashMap<(&'static str, &'static str), ErrorClass>,
    /// The next import is done, and its answer lost: this is what is told instead.
    pub(super) loses_next: Option<ErrorClass>,
    /// What is made is not shown for so long.
    pub(super) shows_after: Millis,
    /// What is renewed in its place is shown as it was for so long.
    pub(super) shows_old_for: Millis,
    pub(super) imports: Vec<String>,
    /// Every call, refused ones too.
    pub(super) asked: Vec<Asked>,
}

impl Cloud {
    /// What it shows at this place now.
    fn shown(&self, id: &str, now: Millis) -> Option<Found> {
        let held = self.held.get(id)?;
        if now < held.made_at.saturating_add(self.shows_after) {
            return None;
        }
        let old = held.before.as_ref();
        let old = old.filter(|(_, until)| now < until.saturating_add(self.shows_old_for));
        let leaf = old.map_or(&held.leaf, |(leaf, _)| leaf);
        Some(Found {
            id: id.to_owned(),
            certificate: Certificate::from_der(leaf).unwrap(),
            leaf: leaf.clone(),
            in_use: held.in_use,
            tags: held.tags.clone(),
            created_at: Some(held.made_at),
        })
    }

    fn keep(&mut self, target: &Target, material: &Material, now: Millis) -> String {
        let next = format!("arn-{}", self.held.len());
        let id = target.id.clone().unwrap_or(next);
        let held = match self.held.remove(&id) {
            Some(held) => Held {
                leaf: material.leaf.clone(),
                before: Some((held.leaf, now)),
                ..held
            },
            None => Held {
                account: target.account.clone(),
                leaf: material.leaf.clone(),
                tags: material.tags.clone(),
                in_use: false,
                made_at: now,
                before: None,
            },
        };
        self.held.insert(id.clone(), held);
        self.imports.push(target.account.clone());
        id
    }
}

pub(super) struct Played {
    pub(super) cloud: Mutex<Cloud>,
    pub(super) keeper: Arc<Keeper>,
    pub(super) clock: Arc<VirtualClock>,
}

impl Played {
    fn at(&self, what: &'static str, account: &str) -> Answer<MutexGuard<'_, Cloud>> {
        let mut cloud = self.cloud.lock().unwrap();
        let asked = Asked {
            what,
            account: account.to_owned(),
            at: self.clock.now(),
        };
        cloud.asked.push(asked);
        for ((named, whose), class) in &cloud.refuses {
            if *named == what && (whose.is_empty() || *whose == account) {
                return Err(error(*class));
            }
        }
        Ok(cloud)
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
        let id = cloud.keep(target, material, self.clock.now());
        cloud
            .loses_next
            .take()
            .map_or(Ok(id), |as_if| Err(error(as_if)))
    }
    async fn find(&self, target: &Target, trace: &Trace) -> Answer<Vec<Found>> {
        let cloud = self.at("find", &target.account)?;
        let here = cloud.held.iter();
        let here = here.filter(|(_, held)| held.account == target.account);
        let shown = here.filter_map(|(id, _)| cloud.shown(id, self.clock.now()));
        Ok(shown
            .filter(|found| Sha256::of(&found.leaf) == trace.sha256)
            .collect())
    }
    async fn verify(&self, target: &Target) -> Answer<Found> {
        let cloud = self.at("verify", &target.account)?;
        let id = target.id.clone().unwrap_or_default();
        cloud
            .shown(&id, self.clock.now())
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
        let room: &dyn KeyRoom = &*self.keeper;
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

/// The one cloud, unless it is shut.
pub(super) struct Clouds(
    pub(super) Arc<Played>,
    pub(super) Arc<Mutex<Option<ErrorClass>>>,
);

#[async_trait::async_trait]
impl Places for Clouds {
    async fn open(&self, _: &ConnectorId) -> Answer<Arc<dyn Place>> {
        match *self.1.lock().unwrap() {
            Some(class) => Err(error(class)),
            None => Ok(Arc::clone(&self.0) as Arc<dyn Place>),
        }
    }
    async fn all(&self) -> Answer<Vec<ConnectorId>> {
        Ok(vec!["aws".parse().unwrap()])
    }
}
