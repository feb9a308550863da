//! What lists and filters look at, for every place and every certificate, in memory, column by column.
//! Above: `state` loads and changes them, `matching` scans them. Below: `terms`.
//! Invariant: a column has one entry for each id; a free id is never live.
//!
//! Why columns and not ordered indexes in sled: with 1,000,000 places they take about 150 MB, are read at the start
//! in well under a second, and one pass over a column takes a millisecond or two, so that every filter, every order
//! and every page cost the same; two or three million small keys in sled would cost more to open than to scan.

use super::terms::{Sets, Terms};
use crate::model::asset::{Source, Status};
use crate::model::revocation::RevocationWord;
use crate::model::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// No certificate, no split.
pub(super) const NONE: u32 = u32::MAX;
pub(super) const LIVE: u8 = 1;
pub(super) const MISSING: u8 = 2;
pub(super) const RETIRED: u8 = 4;
/// The certificate stands in somebody's chain.
pub(super) const CHAIN: u8 = 8;
/// The certificate's body is damaged or gone.
pub(super) const LOST: u8 = 16;

/// One place's entries, as they are kept on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) split: u32,
    pub(super) certificate: u32,
    pub(super) labels: u32,
    pub(super) status: u8,
    pub(super) source: u8,
    /// 0 not known, 1 no, 2 yes.
    pub(super) in_use: u8,
    pub(super) flags: u8,
    pub(super) first_seen: Millis,
    /// Hash of (connector, id).
    pub(super) place: u64,
    /// Name to show and to find while there is no certificate.
    pub(super) name: String,
    /// Hashes of the cloud's tags; of the name too while there is no certificate.
    #[serde(with = "hashes")]
    pub(super) tags: Vec<u32>,
}

/// The columns of the places.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) split: Vec<u32>,
    pub(super) certificate: Vec<u32>,
    pub(super) labels: Vec<u32>,
    pub(super) status: Vec<u8>,
    pub(super) source: Vec<u8>,
    pub(super) in_use: Vec<u8>,
    pub(super) flags: Vec<u8>,
    pub(super) first_seen: Vec<Millis>,
    pub(super) place: Vec<u64>,
    pub(super) names: HashMap<u32, Box<str>>,
    /// Numbers of the places' sets of tags.
    pub(super) tags: Vec<u32>,
    pub(super) sets: Sets,
    /// Checksums of the packed records.
    pub(super) sums: Vec<u32>,
    pub(super) free: BTreeSet<u32>,
}

impl Rows {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.split.len()).unwrap_or(u32::MAX)
    }

    fn grow(&mut self, len: usize) {
        self.split.resize(len, NONE);
        self.certificate.resize(len, NONE);
        self.labels.resize(len, 0);
        self.status.resize(len, 0);
        self.source.resize(len, 0);
        self.in_use.resize(len, 0);
        self.flags.resize(len, 0);
        self.first_seen.resize(len, 0);
        self.place.resize(len, 0);
        self.tags.resize(len, 0);
    }

    pub(super) fn set(&mut self, id: u32, row: Row) {
        let at = id as usize;
        if at >= self.split.len() {
            self.grow(at + 1);
        }
        self.split[at] = row.split;
        self.certificate[at] = row.certificate;
        self.labels[at] = row.labels;
        self.status[at] = row.status;
        self.source[at] = row.source;
        self.in_use[at] = row.in_use;
        self.flags[at] = row.flags;
        self.first_seen[at] = row.first_seen;
        self.place[at] = row.place;
        if row.name.is_empty() {
            self.names.remove(&id);
        } else {
            self.names.insert(id, row.name.into());
        }
        self.tags[at] = self.sets.number(&row.tags);
    }

    /// Gives back what growing has reserved.
    pub(super) fn shrink(&mut self) {
        self.split.shrink_to_fit();
        self.certificate.shrink_to_fit();
        self.labels.shrink_to_fit();
        self.status.shrink_to_fit();
        self.source.shrink_to_fit();
        self.in_use.shrink_to_fit();
        self.flags.shrink_to_fit();
        self.first_seen.shrink_to_fit();
        self.place.shrink_to_fit();
        self.tags.shrink_to_fit();
    }

    /// The entries of a live place.
    pub(super) fn get(&self, id: u32) -> Option<Row> {
        let at = id as usize;
        (self.flags.get(at).copied().unwrap_or(0) & LIVE != 0).then(|| Row {
            split: self.split[at],
            certificate: self.certificate[at],
            labels: self.labels[at],
            status: self.status[at],
            source: self.source[at],
            in_use: self.in_use[at],
            flags: self.flags[at],
            first_seen: self.first_seen[at],
            place: self.place[at],
            name: self
                .names
                .get(&id)
                .map(ToString::to_string)
                .unwrap_or_default(),
            tags: self.sets.of(self.tags[at]).to_vec(),
        })
    }

    pub(super) fn is(&self, id: u32, flag: u8) -> bool {
        self.flags
            .get(id as usize)
            .is_some_and(|flags| flags & flag != 0)
    }
}

/// One certificate's entries, as they are kept on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leaf {
    pub(super) fingerprint: [u8; 32],
    pub(super) not_after: Millis,
    pub(super) key: u32,
    pub(super) issuer: u32,
    /// Hash of the serial number.
    pub(super) serial: u32,
    pub(super) flags: u8,
    /// The name it is sorted by.
    pub(super) name: String,
    /// Long hashes of its names.
    #[serde(with = "long_hashes")]
    pub(super) names: Vec<u64>,
    /// Hashes of the domains above its names.
    #[serde(with = "hashes")]
    pub(super) parents: Vec<u32>,
}

/// The columns of the certificates.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    pub(super) fingerprint: Vec<[u8; 32]>,
    pub(super) not_after: Vec<Millis>,
    pub(super) key: Vec<u32>,
    pub(super) issuer: Vec<u32>,
    pub(super) serial: Vec<u32>,
    pub(super) flags: Vec<u8>,
    /// What its CA says; 0: it was not asked.
    pub(super) revocation: Vec<u8>,
    /// When it is asked again.
    pub(super) revocation_due: Vec<Millis>,
    /// The first eight bytes of the name, for a quick comparison.
    pub(super) head: Vec<u64>,
    pub(super) names: Terms,
    /// Numbers of the certificates' sets of domains above their names.
    pub(super) parents: Vec<u32>,
    pub(super) sets: Sets,
    text: String,
    spans: Vec<(u32, u32)>,
    pub(super) sums: Vec<u32>,
    pub(super) free: BTreeSet<u32>,
}

impl Leaves {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.key.len()).unwrap_or(u32::MAX)
    }

    fn grow(&mut self, len: usize) {
        self.fingerprint.resize(len, [0; 32]);
        self.not_after.resize(len, 0);
        self.key.resize(len, 0);
        self.issuer.resize(len, 0);
        self.serial.resize(len, 0);
        self.flags.resize(len, 0);
        self.revocation.resize(len, 0);
        self.revocation_due.resize(len, 0);
        self.head.resize(len, 0);
        self.parents.resize(len, 0);
        self.spans.resize(len, (0, 0));
    }

    pub(super) fn set(&mut self, id: u32, leaf: &Leaf) {
        let at = id as usize;
        if at >= self.key.len() {
            self.grow(at + 1);
        }
        if self.fingerprint[at] != leaf.fingerprint {
            self.fingerprint[at] = leaf.fingerprint;
            self.tell(id, 0, 0);
        }
        self.not_after[at] = leaf.not_after;
        self.key[at] = leaf.key;
        self.issuer[at] = leaf.issuer;
        self.serial[at] = leaf.serial;
        self.flags[at] = leaf.flags;
        if self.name(id) != leaf.name {
            let start = self.text.len();
            self.text.push_str(&leaf.name);
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            self.spans[at] = (place(start), place(self.text.len()));
        }
        self.head[at] = head(&leaf.name);
        self.names.set(id, &leaf.names);
        self.parents[at] = self.sets.number(&leaf.parents);
    }

    /// Gives back what growing has reserved.
    pub(super) fn shrink(&mut self) {
        self.fingerprint.shrink_to_fit();
        self.not_after.shrink_to_fit();
        self.key.shrink_to_fit();
        self.issuer.shrink_to_fit();
        self.serial.shrink_to_fit();
        self.flags.shrink_to_fit();
        self.revocation.shrink_to_fit();
        self.revocation_due.shrink_to_fit();
        self.head.shrink_to_fit();
        self.parents.shrink_to_fit();
        self.spans.shrink_to_fit();
        self.text.shrink_to_fit();
        self.names.shrink();
    }

    pub(super) fn get(&self, id: u32) -> Option<Leaf> {
        let at = id as usize;
        (self.flags.get(at).copied().unwrap_or(0) & LIVE != 0).then(|| Leaf {
            fingerprint: self.fingerprint[at],
            not_after: self.not_after[at],
            key: self.key[at],
            issuer: self.issuer[at],
            serial: self.serial[at],
            flags: self.flags[at],
            name: self.name(id).to_owned(),
            names: self.names.of(id),
            parents: self.sets.of(self.parents[at]).to_vec(),
        })
    }

    /// Notes what a certificate's CA says, and when it is asked again.
    pub(super) fn tell(&mut self, id: u32, revocation: u8, due: Millis) {
        self.revocation[id as usize] = revocation;
        self.revocation_due[id as usize] = due;
    }

    pub(super) fn name(&self, id: u32) -> &str {
        let (start, end) = self.spans.get(id as usize).copied().unwrap_or_default();
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}

/// The first eight bytes as a number in the order of the text.
pub(super) fn head(name: &str) -> u64 {
    name.bytes()
        .chain(std::iter::repeat(0))
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(byte))
}

const STATUSES: [Status; 7] = [
    Status::Pending,
    Status::Issued,
    Status::Inactive,
    Status::Expired,
    Status::Revoked,
    Status::Failed,
    Status::Unknown,
];
const REVOCATIONS: [RevocationWord; 4] = [
    RevocationWord::NotChecked,
    RevocationWord::Good,
    RevocationWord::Revoked,
    RevocationWord::Unknown,
];
const SOURCES: [Source; 4] = [
    Source::Imported,
    Source::CloudIssued,
    Source::PrivateCa,
    Source::Unknown,
];

/// A status as the columns hold it: its place in the list.
pub(super) fn status_number(status: Status) -> u8 {
    number(&STATUSES, status)
}
pub(super) fn status_of(number: u8) -> Status {
    STATUSES
        .get(usize::from(number))
        .copied()
        .unwrap_or(Status::Unknown)
}
pub(super) fn source_number(source: Source) -> u8 {
    number(&SOURCES, source)
}
pub(super) fn source_of(number: u8) -> Source {
    SOURCES
        .get(usize::from(number))
        .copied()
        .unwrap_or(Source::Unknown)
}

/// A CA's word as the columns hold it.
pub(super) fn revocation_number(word: RevocationWord) -> u8 {
    number(&REVOCATIONS, word)
}
pub(super) fn revocation_of(number: u8) -> RevocationWord {
    REVOCATIONS
        .get(usize::from(number))
        .copied()
        .unwrap_or(RevocationWord::Unknown)
}

fn number<T: Copy + PartialEq>(all: &[T], one: T) -> u8 {
    all.iter()
        .position(|other| *other == one)
        .and_then(|at| u8::try_from(at).ok())
        .unwrap_or(u8::MAX)
}

/// Hashes on disk: four bytes each, not a number at a time.
mod hashes {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(hashes: &[u32], to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        to.serialize_bytes(&bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u32>, D::Error> {
        let (chunks, _) = <&[u8]>::deserialize(from)?.as_chunks();
        Ok(chunks
            .iter()
            .map(|chunk| u32::from_le_bytes(*chunk))
            .collect())
    }
}

/// The same for long ones.
mod long_hashes {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(hashes: &[u64], to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        to.serialize_bytes(&bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
        let (chunks, _) = <&[u8]>::deserialize(from)?.as_chunks();
        Ok(chunks
            .iter()
            .map(|chunk| u64::from_le_bytes(*chunk))
            .collect())
    }
}
