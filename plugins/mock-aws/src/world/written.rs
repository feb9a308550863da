//! What operations have written, laid over what the scenario placed.
//! Above: every operation on certificates and secrets. Below: `estate`, `world::journal` (the same as lines).
//! Invariant: a certificate keeps its number, and so its ARN, whatever is written over it.

use super::World;
use super::journal::{Deed, Line};
use super::secrets::Held;
use crate::estate::{Body, Brought, Certificate, Estate, Kind, Origin, Status};
use sensor_sdk::types::Tag;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A year of ACM's quotas.
const YEAR: i64 = 365 * 86_400_000;

/// Everything written so far.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// By (account, split).
    places: HashMap<(usize, usize), Place>,
    /// By account; the scenario's secrets too.
    pub(super) secrets: HashMap<usize, Vec<Held>>,
    /// Lines that nobody has taken yet; none where nobody will.
    pub(super) journal: Option<Vec<String>>,
}

/// What was written to one place.
#[derive(Debug, Default)]
struct Place {
    /// New certificates: their numbers follow the scenario's.
    added: u32,
    entries: BTreeMap<u32, Entry>,
    /// When imports were made that count.
    imports: Vec<i64>,
    /// How many of the scenario's certificates are imported ones.
    imported: OnceCell<u32>,
}

/// What was written to one certificate.
#[derive(Debug, Default)]
struct Entry {
    /// When it was imported first; none for one of the scenario's.
    made: Option<i64>,
    /// Bodies with the times of their imports, in order.
    bodies: Vec<(i64, Arc<Brought>)>,
    tags: Option<Vec<Tag>>,
    deleted: Option<i64>,
}

/// How a certificate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// As readers see it: late.
    Reader,
    /// As writers find it: at once.
    Writer,
}

impl Written {
    pub(super) fn of(estate: &Estate) -> Self {
        let secrets = estate.accounts.iter().enumerate().map(|(index, account)| {
            let held = account
                .secrets
                .iter()
                .map(|secret| Held::placed(secret, estate.start));
            (index, held.collect())
        });
        Self {
            secrets: secrets.collect(),
            ..Self::default()
        }
    }

    fn entry(&self, place: (usize, usize), number: u32) -> Option<&Entry> {
        self.places.get(&place)?.entries.get(&number)
    }
}

impl World {
    /// How many certificates have a number at a place.
    pub(super) fn size(&self, account: usize, split: usize) -> u32 {
        let added = self
            .written
            .places
            .get(&(account, split))
            .map_or(0, |place| place.added);
        self.estate.accounts[account].splits[split].size() + added
    }

    /// The certificate of a number, as readers see it at a time.
    pub(super) fn certificate(
        &self,
        account: usize,
        split: usize,
        number: u32,
        now_ms: i64,
    ) -> Certificate {
        self.look((account, split), number, now_ms, Sight::Reader)
    }

    /// The same, as it stands already.
    pub(super) fn certificate_now(
        &self,
        account: usize,
        split: usize,
        number: u32,
        now_ms: i64,
    ) -> Certificate {
        self.look((account, split), number, now_ms, Sight::Writer)
    }

    fn look(&self, place: (usize, usize), number: u32, now_ms: i64, sight: Sight) -> Certificate {
        let (account, split) = place;
        let entry = self.written.entry(place, number);
        let (read, deleted) = match sight {
            Sight::Reader => (self.estate.read_after_ms, self.estate.deleted_after_ms),
            Sight::Writer => (0, 0),
        };
        let mut certificate =
            match entry.and_then(|entry| Some((entry.made?, &entry.bodies.first()?.1))) {
                Some((made, body)) => brought(
                    number,
                    self.estate.arn(account, split, number),
                    made,
                    read,
                    body,
                ),
                None => self.estate.certificate(account, split, number, now_ms),
            };
        if let Some(entry) = entry {
            entry.write_over(&mut certificate, now_ms, read, deleted);
        }
        if let Some(domain) = &certificate.domain {
            let users = self.estate.users(account, split, domain, now_ms);
            certificate.in_use_by.extend(users);
        }
        if certificate.status == Status::Issued && certificate.body.not_after() <= now_ms {
            certificate.status = Status::Expired;
        }
        certificate
    }

    /// Imported certificates held at a place, expired ones too.
    pub(super) fn held(&self, account: usize, split: usize, now_ms: i64) -> u32 {
        let size = self.estate.accounts[account].splits[split].size();
        let imported = |number: u32| {
            self.estate.certificate(account, split, number, now_ms).kind == Kind::Imported
        };
        let count = || {
            u32::try_from((0..size).filter(|number| imported(*number)).count()).unwrap_or(u32::MAX)
        };
        let Some(place) = self.written.places.get(&(account, split)) else {
            return count();
        };
        let deleted = place.entries.iter().filter(|(number, entry)| {
            entry.deleted.is_some() && (**number >= size || imported(**number))
        });
        let deleted = u32::try_from(deleted.count()).unwrap_or(u32::MAX);
        (place.imported.get_or_init(count) + place.added).saturating_sub(deleted)
    }

    /// Imports of the last 365 days that count.
    pub(super) fn imports(&self, account: usize, split: usize, now_ms: i64) -> u32 {
        let place = self.written.places.get(&(account, split));
        let imports = place.map_or(&[][..], |place| &place.imports);
        let recent = imports.iter().filter(|at| **at + YEAR > now_ms).count();
        u32::try_from(recent).unwrap_or(u32::MAX)
    }

    /// Writes one thing down, here and in the journal.
    pub(super) fn happen(&mut self, now_ms: i64, account: usize, region: &str, deed: Deed) {
        let line = Line {
            at: now_ms,
            account: self.estate.accounts[account].id.clone(),
            region: region.to_owned(),
            deed,
        };
        if let Some(journal) = &mut self.written.journal {
            journal.push(line.text());
        }
        let fits = self.write(line);
        debug_assert!(fits.is_some(), "a deed of this world fits this world");
    }

    /// Writes one line of a journal; none where it does not fit this world.
    pub(super) fn write(&mut self, line: Line) -> Option<()> {
        let account = self.estate.account(&line.account)?;
        let split = self.estate.split(account, &line.region)?;
        let place = self.written.places.entry((account, split)).or_default();
        match line.deed {
            Deed::Import {
                number,
                body,
                tags,
                counts,
            } => {
                let size = self.estate.accounts[account].splits[split].size();
                let body = Arc::new(body.read()?);
                let entry = place.entries.entry(number).or_default();
                if number >= size && entry.made.is_none() {
                    place.added = (number - size) + 1;
                    entry.made = Some(line.at);
                }
                entry.bodies.push((line.at, body));
                if let Some(tags) = tags {
                    entry.tags = Some(tags.into());
                }
                if counts {
                    place.imports.push(line.at);
                }
            }
            Deed::Tag { number, tags } => {
                place.entries.entry(number).or_default().tags = Some(tags.into());
            }
            Deed::Delete { number } => {
                place.entries.entry(number).or_default().deleted = Some(line.at);
            }
            Deed::Secret { held } => {
                let secrets = self.written.secrets.entry(account).or_default();
                secrets.retain(|known| known.region != held.region || known.name != held.name);
                secrets.push(*held);
            }
        }
        Some(())
    }
}

impl Entry {
    fn write_over(&self, certificate: &mut Certificate, now_ms: i64, read: i64, deleted: i64) {
        let settled = self.bodies.iter().rev().find(|(at, _)| at + read <= now_ms);
        if let Some((at, body)) = settled {
            certificate.imported_at = Some(*at);
            certificate.domain = body.facts.domain();
            certificate.body = Body::Brought(Arc::clone(body));
            certificate.status = Status::Issued;
            certificate.harm = None;
        }
        if let Some(tags) = &self.tags {
            certificate.tags.clone_from(tags);
        }
        if let Some(at) = self.deleted {
            let gone = at + deleted;
            certificate.vanishes = Some(certificate.vanishes.map_or(gone, |other| other.min(gone)));
        }
    }
}

/// A certificate that came by ImportCertificate.
fn brought(number: u32, arn: String, made: i64, read: i64, body: &Arc<Brought>) -> Certificate {
    Certificate {
        number,
        arn,
        domain: body.facts.domain(),
        body: Body::Brought(Arc::clone(body)),
        kind: Kind::Imported,
        origin: Origin::CustomerProvided,
        status: Status::Issued,
        created_at: made,
        issued_at: None,
        imported_at: Some(made),
        revoked_at: None,
        in_use_by: Vec::new(),
        tags: Vec::new(),
        managed_by: None,
        exported: false,
        renewal: None,
        harm: None,
        appears: Some(made + read),
        vanishes: None,
        vanishes_after_lists: None,
    }
}
