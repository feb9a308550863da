//! A small hash that is the same on every machine, for markers and for spreading work.
//! Above: `read`, `plan`. Below: nothing.
//! Invariant: never used where somebody could gain from a collision.

/// FNV-1a, 64 bits, over parts that cannot run into each other.
pub(crate) fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |byte: u8| {
        state ^= u64::from(byte);
        state = state.wrapping_mul(0x0100_0000_01b3);
    };
    for part in parts {
        part.bytes().for_each(&mut take);
        // No byte of UTF-8 is 0xff: "ab" + "c" and "a" + "bc" differ.
        take(0xff);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(hash(["ab", "c"]), hash(["a", "bc"]));
        assert_ne!(hash([""]), hash(["", ""]));
        assert_eq!(hash(["ab", "c"]), hash(["ab", "c"]));
    }
}
