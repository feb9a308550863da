//! A certificate's ARN out of its number, and the number out of the ARN: so no table of ARNs is kept.
//! Above: `estate`. Below: `noise`.
//! Invariant: an ARN that this world did not make has no number.

use crate::noise::draw;

const A: u32 = 0x9e37_79b1;
const B: u32 = 0x85eb_ca6b;

/// The identifier of a number, shaped like a random UUID.
pub(super) fn uuid(seed: u64, number: u32) -> String {
    let head = spread(number ^ fold(seed));
    let rest = draw(seed, u64::from(number));
    let tail = draw(rest, 1);
    format!(
        "{head:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        rest & 0xffff,
        rest >> 16 & 0xfff,
        0x8000 | rest >> 32 & 0x3fff,
        tail & 0xffff_ffff_ffff
    )
}

/// The number of an identifier, if it is one of this seed's.
pub(super) fn number(seed: u64, uuid_text: &str) -> Option<u32> {
    let head = u32::from_str_radix(uuid_text.get(..8)?, 16).ok()?;
    let number = gather(head) ^ fold(seed);
    (uuid(seed, number) == uuid_text).then_some(number)
}

fn fold(seed: u64) -> u32 {
    let bytes = draw(seed, 0x2026).to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn spread(value: u32) -> u32 {
    let z = value.wrapping_mul(A);
    (z ^ (z >> 16)).wrapping_mul(B)
}

fn gather(value: u32) -> u32 {
    let z = value.wrapping_mul(inverse(B));
    (z ^ (z >> 16)).wrapping_mul(inverse(A))
}

/// The inverse of an odd number modulo 2^32, by Newton's iteration.
const fn inverse(odd: u32) -> u32 {
    let mut x = odd;
    let mut round = 0;
    while round < 5 {
        x = x.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(x)));
        round += 1;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for number_in in [0, 1, 2, 2_499, 1_000_000, u32::MAX] {
            assert_eq!(number(99, &uuid(99, number_in)), Some(number_in));
            assert_eq!(number(98, &uuid(99, number_in)), None);
        }
    }
}
