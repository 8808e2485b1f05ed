//! Medians of resamples, without making any.
//!
//! A resample is as many draws from the values, with replacement. A draw is a value at a uniform position, so the
//! middle draws of a resample are the values at the middle ones of uniform numbers, and those are beta-distributed. A
//! median so costs two random numbers, not one for each value.

/// Things of which resamples have random medians.
pub trait Resample {
    fn count(&self) -> usize;

    fn median(&self) -> f64;

    /// Draws the median of a resample.
    fn draw(&self, random: &mut Random) -> f64;
}

/// Values whose resamples have random medians.
pub struct Resampled {
    sorted: Vec<u32>,
    /// The rank of the lower of the middle ones, from 1.
    middle: f64,
}

impl Resampled {
    /// None without values.
    pub fn new(mut values: Vec<u32>) -> Option<Self> {
        values.sort_unstable();
        let middle = values.len().div_ceil(2) as f64;
        (!values.is_empty()).then_some(Self {
            sorted: values,
            middle,
        })
    }

    fn at(&self, position: f64) -> f64 {
        let index = (position * self.sorted.len() as f64) as usize;
        f64::from(self.sorted[index.min(self.sorted.len() - 1)])
    }
}

impl Resample for Resampled {
    fn count(&self) -> usize {
        self.sorted.len()
    }

    fn median(&self) -> f64 {
        let half = self.sorted.len() / 2;
        let upper = f64::from(self.sorted[half]);
        if self.sorted.len().is_multiple_of(2) {
            f64::midpoint(f64::from(self.sorted[half - 1]), upper)
        } else {
            upper
        }
    }

    fn draw(&self, random: &mut Random) -> f64 {
        let n = self.sorted.len() as f64;
        let position = random.beta(self.middle, n + 1.0 - self.middle);
        let lower = self.at(position);
        if !self.sorted.len().is_multiple_of(2) {
            return lower;
        }
        // The next one is the least of the uniform numbers above it.
        let rest = n - self.middle;
        let next = 1.0 - (1.0 - position) * random.uniform().powf(1.0 / rest);
        f64::midpoint(lower, self.at(next))
    }
}

/// Pseudo-random numbers (SplitMix64), the same on every machine.
pub struct Random(u64);

impl Random {
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws a number between 0 and 1, both excluded.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ((mixed >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Draws from the standard normal distribution (G. Marsaglia's polar method).
    fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if square < 1.0 && square > 0.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Draws from the gamma distribution of a shape of at least 1 (G. Marsaglia and W. W. Tsang, 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a), self.gamma(b));
        x / (x + y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 40_000;

    /// The share of draws that are at most each value, compared with resamples made one value at a time.
    #[test]
    fn medians_are_distributed_as_those_of_resamples() {
        for values in [
            vec![3],
            vec![1, 9],
            vec![1, 2, 3, 4, 5],
            vec![1, 1, 2, 5, 8, 13, 21, 34],
            (0..31).map(|value| value * value).collect::<Vec<u32>>(),
        ] {
            let resampled = Resampled::new(values.clone()).expect("values");
            let mut random = Random::seeded(1);
            let mut fast: Vec<f64> = (0..DRAWS).map(|_| resampled.draw(&mut random)).collect();
            let slow = |_| {
                let n = values.len();
                let draw = |_| values[(random.uniform() * n as f64) as usize];
                let resample = Resampled::new((0..n).map(draw).collect());
                resample.expect("values").median()
            };
            let mut slow: Vec<f64> = (0..DRAWS).map(slow).collect();
            fast.sort_by(f64::total_cmp);
            slow.sort_by(f64::total_cmp);
            let at_most = |draws: &[f64], value: f64| draws.partition_point(|draw| *draw <= value);
            for &value in &slow {
                let (a, b) = (at_most(&fast, value), at_most(&slow, value));
                // Five standard deviations of the difference of two shares.
                let limit = 5.0 * (DRAWS as f64 / 2.0).sqrt();
                assert!(
                    (a as f64 - b as f64).abs() < limit,
                    "{values:?}: {a} and {b} draws up to {value}"
                );
            }
        }
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_ones() {
        let median = |values: &[u32]| Resampled::new(values.to_vec()).map(|known| known.median());
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7]), Some(7.0));
        assert_eq!(median(&[9, 1, 4]), Some(4.0));
        assert_eq!(median(&[9, 1, 4, 6]), Some(5.0));
    }
}
