//! What the inventory's tests share: certificates without a certificate authority, pages, a clock that is set.
//! Above: `inventory_*.rs`. Below: `sensor::store`.
//! Invariant: everything is made from numbers, so that a failure can be repeated.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unnecessary_wraps, reason = "a cursor is one or none")]
#![allow(clippy::unwrap_used, reason = "tests")]

use sensor::model::asset::{
    Body, Found, PageEntry, Place, Poison, Renewal, Source, Status, Unreadable,
};
use sensor::model::certificate::Certificate;
use sensor::model::id::{ConnectorId, RunId, Sha256};
use sensor::model::run::{Run, RunStatus, SplitRun};
use sensor::model::split::{Coverage, Cursor, Split};
use sensor::model::time::{Clock, Millis};
use sensor::store::{
    Committed, ImportLabels, Inventory, PageCommit, RunEnd, RunStart, SplitEnd, StoreError,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub(crate) const HOUR: Millis = 3_600_000;
pub(crate) const DAY: Millis = 24 * HOUR;
pub(crate) const START: Millis = 1_790_000_000_000;

/// A clock that stands still until it is set.
#[derive(Debug)]
pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(START)))
    }
    pub(crate) fn pass(&self, time: Millis) {
        self.0.fetch_add(time, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Clock for SetClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
    async fn sleep(&self, duration: Duration) {
        self.pass(Millis::try_from(duration.as_millis()).unwrap());
    }
}

pub(crate) fn connector(name: &str) -> ConnectorId {
    name.parse().unwrap()
}

pub(crate) fn split(account: &str, region: &str) -> Split {
    Split {
        id: format!("{account}/{region}/acm"),
        account: account.into(),
        region: Some(region.into()),
        service: "acm".into(),
        payload: String::new(),
    }
}

pub(crate) fn cursor(page: u32) -> Option<Cursor> {
    Some(Cursor {
        version: 1,
        value: format!("page-{page}"),
    })
}

pub(crate) fn arn(split: &Split, number: u32) -> String {
    let region = split.region.as_deref().unwrap_or_default();
    format!(
        "arn:aws:acm:{region}:{}:certificate/{number:08}",
        split.account
    )
}

/// A certificate that is all its own: the store reads nothing from the bytes.
pub(crate) fn certificate(number: u32) -> (Certificate, Vec<u8>) {
    let der = format!("certificate {number} ").repeat(20).into_bytes();
    let name = format!("host-{number}.example.com");
    let certificate = Certificate {
        fingerprint: Sha256::of(&der),
        subject: format!("CN={name}"),
        common_name: Some(name.clone()),
        dns_names: vec![name],
        other_names: Vec::new(),
        issuer: "CN=Example CA,O=Example".into(),
        serial: format!("a{number:x}"),
        not_before: START - DAY,
        not_after: START + Millis::from(number % 400) * DAY,
        key_algorithm: if number.is_multiple_of(2) {
            "RSA-2048"
        } else {
            "EC-P256"
        }
        .into(),
        signature_algorithm: "sha256WithRSAEncryption".into(),
        key_usages: vec!["digitalSignature".into()],
        extended_key_usages: vec!["serverAuth".into()],
        self_signed: false,
        is_ca: false,
    };
    (certificate, der)
}

pub(crate) fn place(split: &Split, number: u32) -> Place {
    Place {
        id: arn(split, number),
        display_name: Some(format!("host-{number}.example.com")),
        status: Status::Issued,
        provider_status: "ISSUED".into(),
        source: Source::Imported,
        in_use: Some(number.is_multiple_of(3)),
        in_use_by: Vec::new(),
        renewal: Renewal::default(),
        origin: None,
        managed_by: None,
        tags: vec![("team".into(), format!("t{}", number % 5))],
        created_at: Some(START),
        imported_at: None,
        issued_at: None,
        revoked_at: None,
        attributes: Vec::new(),
        marker: format!("m{number}"),
    }
}

/// A place whose certificate has the same number.
pub(crate) fn found(split: &Split, number: u32) -> PageEntry {
    found_with(split, number, number)
}

pub(crate) fn found_with(split: &Split, number: u32, body: u32) -> PageEntry {
    let (certificate, der) = certificate(body);
    let (issuer, issuer_der) = self::certificate(1_000_000);
    let body = Body {
        certificate,
        der,
        chain: vec![(issuer, issuer_der)],
    };
    PageEntry::Found(Box::new(Found {
        place: place(split, number),
        body: Some(body),
    }))
}

pub(crate) fn all(split: &Split, numbers: impl IntoIterator<Item = u32>) -> Vec<PageEntry> {
    numbers
        .into_iter()
        .map(|number| found(split, number))
        .collect()
}

pub(crate) fn unchanged(split: &Split, numbers: impl IntoIterator<Item = u32>) -> Vec<PageEntry> {
    numbers
        .into_iter()
        .map(|number| PageEntry::Unchanged(arn(split, number)))
        .collect()
}

/// A place whose content is no certificate.
pub(crate) fn poison(split: &Split, number: u32) -> PageEntry {
    let bytes = format!("poison {number}").into_bytes();
    PageEntry::Unreadable(Unreadable {
        id: arn(split, number),
        poison: Some(Poison::new("malformed-body", "no certificate", bytes)),
    })
}

/// A place whose content could not be had.
pub(crate) fn unread(split: &Split, number: u32) -> PageEntry {
    PageEntry::Unreadable(Unreadable {
        id: arn(split, number),
        poison: None,
    })
}

/// The hash of the plugin that reads everything.
pub(crate) fn plugin() -> Sha256 {
    Sha256::of(b"aws-unified")
}

/// An inventory with one connector and what a run does to it.
pub(crate) struct House {
    pub(crate) inventory: Inventory,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) connector: ConnectorId,
}

impl House {
    pub(crate) fn open(dir: &Path) -> Self {
        let clock = SetClock::new();
        let opened = Inventory::open(dir, clock.clone()).unwrap();
        assert_eq!(opened.notice, None);
        Self {
            inventory: opened.inventory,
            clock,
            connector: connector("aws-test"),
        }
    }

    pub(crate) fn begin(&self) -> Run {
        self.try_begin(false).unwrap()
    }

    pub(crate) fn try_begin(&self, mock: bool) -> Result<Run, StoreError> {
        self.inventory.begin_run(&RunStart {
            connector: &self.connector,
            plugin: "aws-unified 0.1.0".into(),
            mock,
        })
    }

    pub(crate) fn page(
        &self,
        run: RunId,
        split: &Split,
        at: Option<Cursor>,
        entries: Vec<PageEntry>,
        next: Option<Cursor>,
    ) -> Result<Committed, StoreError> {
        let labels = ImportLabels::default();
        self.inventory.commit_page(PageCommit {
            connector: &self.connector,
            run,
            split,
            at,
            entries,
            problems: Vec::new(),
            next,
            plugin: plugin(),
            labels: &labels,
        })
    }

    pub(crate) fn end(
        &self,
        run: RunId,
        split: &Split,
        coverage: Coverage,
        accept: bool,
    ) -> SplitRun {
        let end = SplitEnd {
            coverage,
            error: None,
            problems: Vec::new(),
            started_at: self.clock.now(),
            accept_vanished: accept,
        };
        self.inventory
            .finish_split(&self.connector, run, split, end)
            .unwrap()
    }

    pub(crate) fn finish(&self, run: RunId, status: RunStatus) -> Run {
        let end = RunEnd {
            status,
            plan_complete: true,
            calls: Vec::new(),
            error: None,
            problems: Vec::new(),
        };
        self.inventory.finish_run(run, end).unwrap()
    }

    /// A whole run over one split in one page.
    pub(crate) fn scan(&self, split: &Split, entries: Vec<PageEntry>) -> SplitRun {
        let run = self.begin();
        self.page(run.id, split, None, entries, None).unwrap();
        let outcome = self.end(run.id, split, Coverage::Complete, false);
        self.finish(run.id, RunStatus::Complete);
        outcome
    }
}

/// sled lets go of its files a moment after it was dropped, in a thread of its own.
pub(crate) fn let_go(index: &Path) -> sled::Db {
    for _ in 0..200 {
        match sled::open(index) {
            Ok(index) => return index,
            Err(_held) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
    sled::open(index).unwrap()
}
