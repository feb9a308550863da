//! Page tokens: opaque to callers, self-contained, so that they outlive the world that made them.
//! Above: every list of `world`. Below: `noise`.
//! Invariant: a token works only for the operation and the request that it was made for.

use crate::noise::{draw, hash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) issued_at: i64,
}

/// What makes two requests the same but for their tokens.
pub(super) fn print_of(parts: &[&str]) -> u64 {
    parts
        .iter()
        .fold(parts.len().try_into().unwrap_or(0), |sum, part| {
            hash(sum, part)
        })
}

/// Writes a token.
pub(super) fn write(seed: u64, print: u64, place: Place) -> String {
    let key = draw(seed, print);
    let salt = draw(key, place.offset ^ place.issued_at.cast_unsigned());
    let mut bytes = Vec::with_capacity(32);
    bytes.extend(salt.to_le_bytes());
    bytes.extend((place.offset ^ draw(salt, 1)).to_le_bytes());
    bytes.extend((place.issued_at.cast_unsigned() ^ draw(salt, 2)).to_le_bytes());
    bytes.extend((key ^ draw(salt, 3)).to_le_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a token; none for one that was made for something else, or by nobody.
pub(super) fn read(seed: u64, print: u64, token: &str) -> Option<Place> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let word = |index: usize| {
        Some(u64::from_le_bytes(
            bytes.get(index * 8..index * 8 + 8)?.try_into().ok()?,
        ))
    };
    let salt = word(0)?;
    let place = Place {
        offset: word(1)? ^ draw(salt, 1),
        issued_at: (word(2)? ^ draw(salt, 2)).cast_signed(),
    };
    (write(seed, print, place) == token).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_for_its_request() {
        let place = Place {
            offset: 1000,
            issued_at: 1_700_000_000_000,
        };
        let (print, other) = (
            print_of(&["ListCertificates", "a"]),
            print_of(&["ListCertificates", "b"]),
        );
        let token = write(7, print, place);
        assert_eq!(read(7, print, &token), Some(place));
        assert_eq!(read(7, other, &token), None);
        assert_eq!(read(8, print, &token), None);
        assert_eq!(read(7, print, "AAAA"), None);
    }
}
