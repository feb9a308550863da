//! Words to search by, as hashes: each name with its parent domains, each tag with and without its value.
//! Above: `columns`, `matching`. Below: nothing.
//! Invariant: a hash that is found is a candidate; whoever shows a row checks its words.
//!
//! Names of certificates, of which there are millions, have 64 bits, so that a number of matches is right without a look
//! at the certificates themselves; parent domains and tags, of which there are thousands, have 32.

use crate::model::certificate::Certificate;
use hashbrown::HashTable;
use std::collections::HashMap;

/// Hashes of words, some for each id, in one long row that is quick to scan: it holds their upper halves.
#[derive(Debug)]
pub(super) struct Terms {
    /// Where each id's words begin; one more than there are ids.
    starts: Vec<u32>,
    hashes: Vec<u32>,
    /// The lower halves.
    rests: Vec<u32>,
    /// The words of ids that were changed after they were added; what stands in the row is not theirs any more.
    changed: HashMap<u32, Vec<u64>>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            starts: vec![0],
            hashes: Vec::new(),
            rests: Vec::new(),
            changed: HashMap::new(),
        }
    }
}

impl Terms {
    fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Gives an id these words in place of those it had.
    pub(super) fn set(&mut self, id: u32, hashes: &[u64]) {
        let at = id as usize;
        if at < self.len() {
            if self.of(id) != hashes {
                self.changed.insert(id, hashes.to_vec());
            }
            return;
        }
        self.starts.resize(at + 1, index(self.hashes.len()));
        for hash in hashes {
            let (upper, lower) = halves(*hash);
            self.hashes.push(upper);
            self.rests.push(lower);
        }
        self.starts.push(index(self.hashes.len()));
    }

    pub(super) fn of(&self, id: u32) -> Vec<u64> {
        if let Some(hashes) = self.changed.get(&id) {
            return hashes.clone();
        }
        let upper = span(&self.starts, &self.hashes, id);
        let lower = span(&self.starts, &self.rests, id);
        let pairs = upper.iter().zip(lower);
        pairs
            .map(|(upper, lower)| u64::from(*upper) << 32 | u64::from(*lower))
            .collect()
    }

    /// Calls `found` with each id that has the word.
    pub(super) fn find(&self, word: u64, mut found: impl FnMut(u32)) {
        let (upper, lower) = halves(word);
        scan(&self.starts, &self.hashes, upper, |id, at| {
            let is_it = self.rests.get(at) == Some(&lower);
            if is_it && (self.changed.is_empty() || !self.changed.contains_key(&id)) {
                found(id);
            }
        });
        for (id, _) in self
            .changed
            .iter()
            .filter(|(_, hashes)| hashes.contains(&word))
        {
            found(*id);
        }
    }

    pub(super) fn shrink(&mut self) {
        self.starts.shrink_to_fit();
        self.hashes.shrink_to_fit();
        self.rests.shrink_to_fit();
    }
}

fn halves(hash: u64) -> (u32, u32) {
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
    (half(hash >> 32), half(hash))
}

/// Distinct sets of hashes, known by their numbers: many certificates have the same parent domains, many places the
/// same tags. Set 0 is empty.
#[derive(Debug)]
pub(super) struct Sets {
    starts: Vec<u32>,
    hashes: Vec<u32>,
    numbers: HashTable<u32>,
}

impl Default for Sets {
    fn default() -> Self {
        Self {
            starts: vec![0, 0],
            hashes: Vec::new(),
            numbers: HashTable::new(),
        }
    }
}

impl Sets {
    /// The number of a set; a new one is added.
    pub(super) fn number(&mut self, set: &[u32]) -> u32 {
        if set.is_empty() {
            return 0;
        }
        let same = |number: &u32| span(&self.starts, &self.hashes, *number) == set;
        if let Some(number) = self.numbers.find(set_hash(set), same) {
            return *number;
        }
        let number = index(self.starts.len() - 1);
        self.hashes.extend_from_slice(set);
        self.starts.push(index(self.hashes.len()));
        let (starts, hashes) = (&self.starts, &self.hashes);
        let hash_of = |number: &u32| set_hash(span(starts, hashes, *number));
        self.numbers.insert_unique(set_hash(set), number, hash_of);
        number
    }

    pub(super) fn of(&self, number: u32) -> &[u32] {
        span(&self.starts, &self.hashes, number)
    }

    /// Which sets hold the word, by number; none when no set does.
    pub(super) fn with(&self, word: u32) -> Option<Vec<bool>> {
        let mut all = vec![false; self.starts.len() - 1];
        let mut any = false;
        scan(&self.starts, &self.hashes, word, |number, _| {
            any = true;
            all[number as usize] = true;
        });
        any.then_some(all)
    }
}

fn span<'a>(starts: &[u32], hashes: &'a [u32], number: u32) -> &'a [u32] {
    let at = number as usize;
    let span = starts.get(at).zip(starts.get(at + 1));
    span.and_then(|(start, end)| hashes.get(*start as usize..*end as usize))
        .unwrap_or_default()
}

fn set_hash(set: &[u32]) -> u64 {
    let sum = set.iter().fold(START, |hash, word| {
        (hash ^ u64::from(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    sum ^ (sum >> 32)
}

/// Calls `found` with the owner of every place where the word stands, and the place.
fn scan(starts: &[u32], hashes: &[u32], word: u32, mut found: impl FnMut(u32, usize)) {
    const LANES: usize = 64;
    let mut owner = 0;
    for (block, hashes) in hashes.chunks(LANES).enumerate() {
        // Without a branch in it this is done by vector instructions.
        let hits: u32 = hashes.iter().map(|hash| u32::from(*hash == word)).sum();
        if hits == 0 {
            continue;
        }
        let lanes = hashes
            .iter()
            .rev()
            .fold(0u64, |lanes, hash| lanes << 1 | u64::from(*hash == word));
        let mut left = lanes;
        while left != 0 {
            let at = block * LANES + left.trailing_zeros() as usize;
            left &= left - 1;
            owner = owner_of(starts, at, owner);
            found(index(owner), at);
        }
    }
}

/// Whose hash stands at `at`; not before `from`.
fn owner_of(starts: &[u32], at: usize, from: usize) -> usize {
    // Usually it is one of the next.
    for owner in from..from + 8 {
        if starts.get(owner + 1).is_none_or(|end| *end as usize > at) {
            return owner;
        }
    }
    let ahead = starts.get(from + 1..).unwrap_or_default();
    from + ahead.partition_point(|start| *start as usize <= at)
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

fn mix(hash: u64) -> u64 {
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn fold(hash: u64) -> u32 {
    halves(mix(hash)).0
}

/// A name as it is compared: lower case, no dot at the end.
pub(super) fn plain_name(name: &str) -> String {
    name.trim().trim_end_matches('.').to_ascii_lowercase()
}

/// The hash of a whole plain name.
pub(super) fn name_hash(plain: &str) -> u32 {
    fold(plain.bytes().rev().fold(START, step))
}

/// The long hash of a whole plain name.
pub(super) fn own_hash(plain: &str) -> u64 {
    mix(plain.bytes().rev().fold(START, step))
}

/// The hashes of a plain name and of every domain above it.
pub(super) fn name_hashes(plain: &str, mut add: impl FnMut(u32)) {
    let mut hash = START;
    for byte in plain.bytes().rev() {
        if byte == b'.' {
            add(fold(hash));
        }
        hash = step(hash, byte);
    }
    add(fold(hash));
}

/// Whether `wanted` is the name or a domain above it; both plain.
pub(super) fn name_matches(name: &str, wanted: &str) -> bool {
    name.strip_suffix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The hash of a tag's key, or of the key with its value.
pub(super) fn tag_hash(key: &str, value: Option<&str>) -> u32 {
    let hash = key.bytes().fold(step(START, 1), step);
    fold(match value {
        Some(value) => value.bytes().fold(step(hash, 0), step),
        None => hash,
    })
}

/// The name that a certificate is sorted by.
pub(super) fn sort_name(certificate: &Certificate) -> String {
    let name = certificate
        .dns_names
        .first()
        .or(certificate.common_name.as_ref());
    plain_name(name.unwrap_or(&certificate.subject))
}

/// The hashes of the domains above names.
pub(super) fn parents<'a>(names: impl Iterator<Item = &'a String>) -> Vec<u32> {
    let mut all = Vec::new();
    for name in names {
        let name = plain_name(name);
        if let Some((_, parent)) = name.split_once('.') {
            name_hashes(parent, |hash| all.push(hash));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The long hashes of names.
pub(super) fn own<'a>(names: impl Iterator<Item = &'a String>) -> Vec<u64> {
    let mut all: Vec<u64> = names.map(|name| own_hash(&plain_name(name))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The hashes of names and of the domains above them.
pub(super) fn hashes<'a>(names: impl Iterator<Item = &'a String>) -> Vec<u32> {
    let mut all = Vec::new();
    for name in names {
        name_hashes(&plain_name(name), |hash| all.push(hash));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The hash of a serial number as text.
pub(super) fn serial_hash(serial: &str) -> u32 {
    crc32fast::hash(serial.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_itself_and_by_every_domain_above_it() {
        let mut hashes = Vec::new();
        name_hashes("a.www.example.com", |hash| hashes.push(hash));
        let wanted: Vec<u32> = ["com", "example.com", "www.example.com", "a.www.example.com"]
            .map(name_hash)
            .to_vec();
        assert_eq!(hashes, wanted);
    }

    #[test]
    fn a_suffix_counts_at_a_label_only() {
        assert!(name_matches("www.example.com", "example.com"));
        assert!(name_matches("example.com", "example.com"));
        assert!(!name_matches("badexample.com", "example.com"));
        assert!(!name_matches("example.com", "www.example.com"));
    }

    fn word(upper: u64, lower: u64) -> u64 {
        upper << 32 | lower
    }

    fn found(terms: &Terms, word: u64) -> Vec<u32> {
        let mut found = Vec::new();
        terms.find(word, |id| found.push(id));
        found.sort_unstable();
        found
    }

    #[test]
    fn words_that_were_replaced_are_not_found() {
        let mut terms = Terms::default();
        terms.set(3, &[1, 2]);
        terms.set(5, &[2]);
        terms.set(3, &[9]);
        assert_eq!(found(&terms, 2), [5]);
        assert_eq!(found(&terms, 9), [3]);
        assert!(found(&terms, 1).is_empty());
        assert_eq!(
            (terms.of(3), terms.of(4), terms.of(5)),
            (vec![9], vec![], vec![2])
        );
    }

    #[test]
    fn every_owner_of_a_word_is_found_whatever_lies_between() {
        let mut terms = Terms::default();
        let wanted = [word(9, 42)];
        let has = |id: u32| id.is_multiple_of(7) || (300..330).contains(&id);
        for id in (0..1000).filter(|id| id % 11 != 3) {
            // Half the hash is not the word.
            let filler = vec![word(7, 42); (id % 5) as usize * 3];
            terms.set(
                id,
                &[filler.as_slice(), if has(id) { &wanted[..] } else { &[] }].concat(),
            );
        }
        let owners: Vec<u32> = (0..1000).filter(|id| has(*id) && id % 11 != 3).collect();
        assert_eq!(found(&terms, wanted[0]), owners);
        assert!(
            found(&terms, word(9, 43)).is_empty(),
            "only its upper half is there"
        );
    }
}
