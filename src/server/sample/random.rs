//! Random numbers that are the same on every machine: integers only, and no shared state.

/// A stream of pseudo-random numbers (SplitMix64).
pub struct Random(u64);

impl Random {
    /// Creates the stream of a key; streams of different keys are unrelated.
    pub fn of(key: &[u64]) -> Self {
        Self(key.iter().fold(0, |state, part| mix(state ^ mix(*part))))
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Draws a number less than `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        let scaled = (self.draw() >> 32) * u64::from(bound);
        u32::try_from(scaled >> 32).expect("less than the bound")
    }

    /// Draws a number from the first to the last, both included.
    pub fn between(&mut self, [first, last]: [u32; 2]) -> u32 {
        first + self.below(last - first + 1)
    }

    /// Returns true in this many of a thousand cases.
    pub fn per_thousand(&mut self, share: u32) -> bool {
        self.below(1000) < share
    }

    /// Returns true in this many of a hundred cases.
    pub fn percent(&mut self, share: u32) -> bool {
        self.below(100) < share
    }

    /// Draws an index less than `length`.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).expect("short lists")) as usize
    }

    /// Draws the index of a weight: the greater, the likelier. The first if all are zero.
    pub fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum::<u32>().max(1));
        for (index, weight) in weights.enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }
}

/// Scrambles the bits of a number; different numbers stay different.
pub const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_matches_the_published_one() {
        // The first numbers of SplitMix64 from state 0.
        let mut random = Random(0);
        assert_eq!(random.draw(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.draw(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn shares_and_bounds_are_respected() {
        let mut random = Random::of(&[1, 2]);
        let hits = (0..100_000).filter(|_| random.per_thousand(250)).count();
        assert!((24_000..26_000).contains(&hits), "{hits}");
        assert!((0..1000).all(|_| (3..=5).contains(&random.between([3, 5]))));
        let mut seen = [0; 3];
        for _ in 0..4000 {
            seen[random.weighted([1, 0, 3].into_iter())] += 1;
        }
        assert!(
            seen[1] == 0 && seen[2] > 2 * seen[0] && seen[0] > 0,
            "{seen:?}"
        );
    }
}
