//! Words to search by, as 32-bit hashes: each name with its parent domains, each tag with and without its value.
//! Above: `columns`, `matching`. Below: nothing.
//! Invariant: a hash that is found is a candidate; whoever shows a row checks its words.

use crate::model::certificate::Certificate;

/// Hashes of words, some for each id, in one long row that is quick to scan.
#[derive(Debug, Default)]
pub(super) struct Terms {
    spans: Vec<(u32, u32)>,
    hashes: Vec<u32>,
    owners: Vec<u32>,
}

impl Terms {
    /// Gives an id these words in place of those it had.
    pub(super) fn set(&mut self, id: u32, hashes: impl Iterator<Item = u32>) {
        let at = id as usize;
        if self.spans.len() <= at {
            self.spans.resize(at + 1, (0, 0));
        }
        let start = self.hashes.len();
        self.hashes.extend(hashes);
        self.owners.resize(self.hashes.len(), id);
        self.spans[at] = (index(start), index(self.hashes.len()));
    }

    pub(super) fn of(&self, id: u32) -> &[u32] {
        let (start, end) = self.spans.get(id as usize).copied().unwrap_or_default();
        self.hashes
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// Calls `found` with each id that has the word.
    pub(super) fn find(&self, word: u32, mut found: impl FnMut(u32)) {
        const LANES: usize = 64;
        for (block, hashes) in self.hashes.chunks(LANES).enumerate() {
            // Without a branch in it the loop is done by vector instructions.
            let hits: u32 = hashes.iter().map(|hash| u32::from(*hash == word)).sum();
            if hits > 0 {
                for (offset, _) in hashes.iter().enumerate().filter(|(_, hash)| **hash == word) {
                    let at = block * LANES + offset;
                    let owner = self.owners[at];
                    let (start, end) = self.spans[owner as usize];
                    if (start as usize..end as usize).contains(&at) {
                        found(owner);
                    }
                }
            }
        }
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

fn fold(hash: u64) -> u32 {
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    u32::try_from(mixed >> 32).unwrap_or_default()
}

/// A name as it is compared: lower case, no dot at the end.
pub(super) fn plain_name(name: &str) -> String {
    name.trim().trim_end_matches('.').to_ascii_lowercase()
}

/// The hash of a whole plain name.
pub(super) fn name_hash(plain: &str) -> u32 {
    fold(plain.bytes().rev().fold(START, step))
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

    #[test]
    fn words_that_were_replaced_are_not_found() {
        let mut terms = Terms::default();
        terms.set(3, [1, 2].into_iter());
        terms.set(5, [2].into_iter());
        terms.set(3, [9].into_iter());
        let mut found = Vec::new();
        terms.find(2, |id| found.push(id));
        assert_eq!(found, [5]);
        assert_eq!(terms.of(3), [9]);
    }
}
