//! The rule by which a difference is news: better or worse only where an interval excludes no change.

use std::cmp::Ordering;

use super::{
    model::BuildResult,
    statistics::{Random, Resample},
};

/// Rates and medians of fewer things than this are shown, but prove nothing.
pub const MIN_COUNT: u64 = 5;
/// The intervals contain the true value in 95% of all cases: the normal distribution's 97.5th percentile.
const Z: f64 = 1.959_963_984_540_054;
/// Pairs of resamples from which the interval of a difference of medians is taken.
const DRAWS: usize = 2000;
const SEED: u64 = 14;

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    pub part: u64,
    pub whole: u64,
}

/// Bounds, lower first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Returns on which side of zero the interval lies; none if zero is in it.
    fn excludes_zero(self) -> Option<Ordering> {
        if self.low > 0.0 {
            Some(Ordering::Greater)
        } else if self.high < 0.0 {
            Some(Ordering::Less)
        } else {
            None
        }
    }
}

impl Rate {
    /// Counts a build of a failure rate: decided builds and those of them that failed.
    pub fn count(&mut self, result: BuildResult) {
        self.whole += u64::from(result.is_decided());
        self.part += u64::from(result.is_failed());
    }

    /// The share, from 0 to 1; none of an empty whole.
    pub fn share(self) -> Option<f64> {
        (self.whole > 0).then(|| self.part as f64 / self.whole as f64)
    }

    /// Wilson's 95% interval of the share; none of an empty whole.
    pub fn interval(self) -> Option<Interval> {
        let share = self.share()?;
        let n = self.whole as f64;
        let denominator = 1.0 + Z * Z / n;
        let centre = (share + Z * Z / (2.0 * n)) / denominator;
        let spread = (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let half = Z * spread / denominator;
        // Exact at both ends, so that the order of shares of 0 is not that of rounding errors.
        Some(Interval {
            low: if self.part == 0 { 0.0 } else { centre - half },
            high: if self.part == self.whole {
                1.0
            } else {
                centre + half
            },
        })
    }
}

/// Newcombe's 95% interval of the difference `a` − `b` of two independent shares; none if either whole is empty.
pub fn difference(a: Rate, b: Rate) -> Option<Interval> {
    let (share_a, share_b) = (a.share()?, b.share()?);
    let (of_a, of_b) = (a.interval()?, b.interval()?);
    let difference = share_a - share_b;
    Some(Interval {
        low: difference - (share_a - of_a.low).hypot(of_b.high - share_b),
        high: difference + (of_a.high - share_a).hypot(share_b - of_b.low),
    })
}

/// Returns whether `a` is clearly greater or less than `b`; none if the difference may be chance.
pub fn compare(a: Rate, b: Rate) -> Option<Ordering> {
    if a.whole < MIN_COUNT || b.whole < MIN_COUNT {
        return None;
    }
    difference(a, b)?.excludes_zero()
}

/// The 95% interval of the difference `a` − `b` of two medians: percentiles of resamples (B. Efron's bootstrap), the
/// same whenever it is computed.
pub fn difference_of_medians<R: Resample>(a: &R, b: &R) -> Interval {
    let key = |values: &R| (values.median(), values.count());
    if key(a) < key(b) {
        // In one order, so that the interval of `b` − `a` is this one mirrored.
        let Interval { low, high } = difference_of_medians(b, a);
        return Interval {
            low: -high,
            high: -low,
        };
    }
    let mut random = Random::seeded(SEED);
    let draw = |_| a.draw(&mut random) - b.draw(&mut random);
    let mut draws: Vec<f64> = (0..DRAWS).map(draw).collect();
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let position = share * (DRAWS - 1) as f64;
        let (low, high) = (draws[position as usize], draws[position as usize + 1]);
        low + position.fract() * (high - low)
    };
    Interval {
        low: at(0.025),
        high: at(0.975),
    }
}

/// Returns whether the median of `a` is clearly greater or less than that of `b`; none if the difference may be
/// chance.
pub fn compare_medians<R: Resample>(a: &R, b: &R) -> Option<Ordering> {
    let enough = |values: &R| values.count() as u64 >= MIN_COUNT;
    if !enough(a) || !enough(b) {
        return None;
    }
    difference_of_medians(a, b).excludes_zero()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::statistics::Resampled;

    #[test]
    fn a_failure_rate_is_of_decided_builds() {
        let mut rate = Rate::default();
        for result in BuildResult::ALL {
            rate.count(result);
        }
        assert_eq!(rate, Rate { part: 2, whole: 4 });
    }

    fn rate((part, whole): (u64, u64)) -> Rate {
        Rate { part, whole }
    }

    fn assert_bounds(found: Option<Interval>, low: f64, high: f64) {
        let found = found.expect("an interval");
        let same = |a: f64, b: f64| (a - b).abs() < 0.000_051;
        assert!(same(found.low, low) && same(found.high, high), "{found:?}");
    }

    /// Newcombe, Statistics in Medicine 17 (1998), 857–872, method 3.
    #[test]
    fn the_interval_of_a_rate_is_the_published_one() {
        for (of, low, high) in [
            ((81, 263), 0.2553, 0.3662),
            ((15, 148), 0.0624, 0.1605),
            ((0, 20), 0.0, 0.1611),
            ((1, 29), 0.0061, 0.1718),
        ] {
            assert_bounds(rate(of).interval(), low, high);
        }
        assert_eq!(rate((0, 0)).interval(), None);
    }

    #[test]
    fn the_interval_of_none_or_all_is_exact_at_its_end() {
        for whole in 1..500 {
            let (none, all) = (rate((0, whole)).interval(), rate((whole, whole)).interval());
            let (none, all) = (none.expect("an interval"), all.expect("an interval"));
            assert!(none.low == 0.0 && none.high > 0.0, "{none:?}");
            assert!(all.high == 1.0 && all.low < 1.0, "{all:?}");
        }
    }

    /// Newcombe, Statistics in Medicine 17 (1998), 873–890, method 10.
    #[test]
    fn the_interval_of_a_difference_is_the_published_one() {
        for (a, b, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((0, 10), (0, 10), -0.2775, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ] {
            assert_bounds(difference(rate(a), rate(b)), low, high);
        }
    }

    #[test]
    fn a_difference_is_clear_only_where_its_interval_excludes_zero() {
        for (a, b, clear) in [
            ((56, 70), (48, 80), Some(Ordering::Greater)),
            ((48, 80), (56, 70), Some(Ordering::Less)),
            ((5, 56), (0, 29), None),
            ((0, 0), (5, 10), None),
            ((5, 10), (0, 0), None),
            // Clear, but of too few.
            ((4, 4), (0, 100), None),
            ((5, 5), (0, 100), Some(Ordering::Greater)),
        ] {
            assert_eq!(compare(rate(a), rate(b)), clear, "{a:?} {b:?}");
        }
    }

    fn values(values: impl IntoIterator<Item = u32>) -> Resampled {
        Resampled::new(values.into_iter().collect()).expect("values")
    }

    #[test]
    fn the_interval_of_equal_values_is_their_difference() {
        let (a, b) = (values([7; 30]), values([4; 30]));
        let three = Interval {
            low: 3.0,
            high: 3.0,
        };
        assert_eq!(difference_of_medians(&a, &b), three);
        assert_eq!(compare_medians(&a, &b), Some(Ordering::Greater));
        assert_eq!(compare_medians(&b, &a), Some(Ordering::Less));
        assert_eq!(compare_medians(&a, &a), None);
    }

    /// For the median of n uniform values the interval of the difference of two is about
    /// ± 1.96 × √(2 / 4n) of their range.
    #[test]
    fn the_interval_of_uniform_values_is_that_of_the_normal_distribution() {
        let n = 10_001_u32;
        let (a, b) = (values(0..n), values(0..n));
        let expected = Z * (2.0 / (4.0 * f64::from(n))).sqrt() * f64::from(n);
        let Interval { low, high } = difference_of_medians(&a, &b);
        for (found, expected) in [(low, -expected), (high, expected)] {
            assert!(
                (found / expected - 1.0).abs() < 0.1,
                "{low} {high} {expected}"
            );
        }
        let shifted = values((0..n).map(|value| value + 3 * expected as u32));
        assert_eq!(compare_medians(&shifted, &b), Some(Ordering::Greater));
    }

    #[test]
    fn medians_of_too_few_prove_nothing_and_swapped_ones_are_mirrored() {
        let (few, many) = (values(90..94), values(0..50));
        assert_eq!(compare_medians(&few, &many), None);
        assert_eq!(
            compare_medians(&values(90..95), &many),
            Some(Ordering::Greater)
        );
        let (a, b) = (values((0..40).map(|value| value * value)), values(100..200));
        let (ab, ba) = (difference_of_medians(&a, &b), difference_of_medians(&b, &a));
        assert_eq!((ab.low, ab.high), (-ba.high, -ba.low));
    }
}
