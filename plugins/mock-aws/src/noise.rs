//! Pseudo-randomness that anybody can ask again: a value depends on a seed and on what is asked, never on when.
//! Above: `x509`, `estate`, `world`. Below: nothing.
//! Invariant: the same seed gives the same stream on every machine.

/// Spreads a number over 64 bits; one to one.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number out of a seed and a word.
pub(crate) fn hash(seed: u64, word: &str) -> u64 {
    let start = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
    word.bytes().fold(start, |sum, byte| {
        mix(sum.rotate_left(8) ^ u64::from(byte)).wrapping_add(0x9e37_79b9_7f4a_7c15)
    })
}

/// A number out of a seed and a number.
pub(crate) fn draw(seed: u64, number: u64) -> u64 {
    mix(mix(seed).wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Noise(u64);

impl Noise {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x5851_f42d_4c95_7f2d))
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below a bound (which is at least 1).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A number between 0 and 1.
    pub(crate) fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let index = self.below(u64::try_from(from.len()).unwrap_or(u64::MAX));
        from.get(usize::try_from(index).unwrap_or(0))
    }

    /// Fills a buffer.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }

    /// So many letters and digits, as AWS uses them in key IDs.
    pub(crate) fn word(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        (0..length)
            .map(|_| char::from(ALPHABET[usize::from(self.next().to_le_bytes()[0] % 32)]))
            .collect()
    }
}

/// Things with weights.
#[derive(Debug, Clone)]
pub(crate) struct Weighted<T>(Vec<(T, f64)>);

impl<T: Copy> Weighted<T> {
    /// Keeps what has a weight above zero.
    pub(crate) fn new(from: impl IntoIterator<Item = (T, f64)>) -> Self {
        Self(
            from.into_iter()
                .filter(|(_, weight)| *weight > 0.0)
                .collect(),
        )
    }

    /// Whether nothing can be drawn.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Draws one; the fallback only where there is none.
    pub(crate) fn pick(&self, noise: &mut Noise, fallback: T) -> T {
        let total: f64 = self.0.iter().map(|(_, weight)| weight).sum();
        let mut at = noise.unit() * total;
        for (thing, weight) in &self.0 {
            at -= weight;
            if at < 0.0 {
                return *thing;
            }
        }
        self.0.last().map_or(fallback, |(thing, _)| *thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept() {
        let coin = Weighted::new([(true, 3.0), (false, 1.0)]);
        let mut noise = Noise::new(4);
        let heads = (0..10_000).filter(|_| coin.pick(&mut noise, false)).count();
        assert!((7_300..7_700).contains(&heads), "{heads}");
    }
}
