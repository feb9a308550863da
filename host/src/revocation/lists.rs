//! Revocation lists that were fetched, each kept until its next one is due.
//! Above: `checker`. Below: `fetch`, `crl`.
//! Invariant: a list is fetched once however many ask, and kept only as the issuer that signed it; what is kept has a
//! bound.

use super::crl::List;
use super::fetch::Fetcher;
use super::{SKEW, chain};
use crate::model::time::Millis;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use tokio::sync::{Mutex, Semaphore};

/// The largest list that is read.
const LARGEST: usize = 16 << 20;
/// Entries of all lists together, at about a hundred bytes each.
const KEPT: usize = 1_000_000;
/// A list that could not be had is not asked for again at once.
const AGAIN: Millis = 5 * 60_000;

/// By address and issuer's key.
type Key = (String, [u8; 32]);

#[derive(Default)]
struct Slot {
    list: Option<Arc<List>>,
    trouble: Option<(Millis, String)>,
}

/// The lists.
pub(super) struct Lists {
    slots: std::sync::Mutex<HashMap<Key, Arc<Mutex<Slot>>>>,
    /// Reading one takes ten times its size for a moment.
    reading: Semaphore,
}

impl Lists {
    pub(super) fn new() -> Self {
        Self {
            slots: std::sync::Mutex::default(),
            reading: Semaphore::new(1),
        }
    }

    /// The list at an address, signed by this issuer (DER).
    pub(super) async fn get(
        &self,
        fetcher: &Fetcher,
        url: &str,
        issuer: &[u8],
        now: Millis,
    ) -> Result<Arc<List>, String> {
        let key = (url.to_owned(), Sha256::digest(issuer).into());
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(key.clone()).or_default())
        };
        let mut slot = slot.lock().await;
        if let Some(list) = slot
            .list
            .as_ref()
            .filter(|list| list.next_update > now - SKEW)
        {
            return Ok(Arc::clone(list));
        }
        if let Some((at, why)) = slot.trouble.as_ref().filter(|(at, _)| now - at < AGAIN) {
            tracing::trace!(at, "asked for again too soon");
            return Err(why.clone());
        }
        match self.fetch(fetcher, url, issuer, now).await {
            Ok(list) => {
                let list = Arc::new(list);
                *slot = Slot {
                    list: Some(Arc::clone(&list)),
                    trouble: None,
                };
                drop(slot);
                self.bound(&key).await;
                Ok(list)
            }
            Err(why) => {
                *slot = Slot {
                    list: None,
                    trouble: Some((now, why.clone())),
                };
                Err(why)
            }
        }
    }

    async fn fetch(
        &self,
        fetcher: &Fetcher,
        url: &str,
        issuer: &[u8],
        now: Millis,
    ) -> Result<List, String> {
        let body = fetcher.get(url, LARGEST, now).await?;
        let issuer = issuer.to_vec();
        let _one = self.reading.acquire().await;
        let read = tokio::task::spawn_blocking(move || {
            let issuer = chain::read(&issuer)?;
            List::read(&body, &issuer)
        });
        read.await
            .unwrap_or_else(|_| Err("it cannot be read".to_owned()))
    }

    /// Lets go of others when all together grow too large.
    async fn bound(&self, newest: &Key) {
        let all: Vec<(Key, Arc<Mutex<Slot>>)> = {
            let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            let others = slots
                .iter()
                .map(|(key, slot)| (key.clone(), Arc::clone(slot)));
            others.collect()
        };
        let mut sum = 0;
        for (_, slot) in &all {
            sum += size(&*slot.lock().await);
        }
        if sum > KEPT || all.len() > KEPT / 100 {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.retain(|key, _| key == newest);
        }
    }
}

fn size(slot: &Slot) -> usize {
    slot.list.as_ref().map_or(0, |list| list.len())
}
