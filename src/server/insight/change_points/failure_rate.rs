//! Changes of the share of failed builds: the most likely splits of a series, in the way of LUCI Analysis (Chromium).
//!
//! Each part of a series has a rate of its own, drawn from a Beta distribution under which most rates are near zero. A
//! series splits where two rates make its results so much more likely than one that a change, which is rare, explains
//! them; then both parts split in the same way.

use std::ops::Range;

use statrs::function::gamma::ln_gamma;

/// The prior of rates, Beta(A, B).
const A: f64 = 0.05;
const B: f64 = 0.5;
/// The probability that a series changes at all.
const CHANGE: f64 = 0.0001;
/// The probability of all positions on each side of an interval.
const TAIL: f64 = 0.005;

/// A change from one rate to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct RateChange {
    /// The index of the first result after the change.
    pub index: usize,
    /// The logarithm of the factor by which the split makes the results more likely.
    pub gain: f64,
    /// The first and the last index that the change may have, with a probability of 99%.
    pub first: usize,
    pub last: usize,
    pub before: RatePart,
    pub after: RatePart,
}

/// A part of a series between changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatePart {
    pub results: Range<usize>,
    pub failed: u32,
}

/// Logarithms of the gamma function for series up to some length.
pub struct Finder {
    failed: Vec<f64>,
    good: Vec<f64>,
    all: Vec<f64>,
    /// ln B(A, B).
    prior: f64,
}

impl Finder {
    pub fn new(most: usize) -> Self {
        let table = |shift: f64| (0..=most).map(|n| ln_gamma(shift + n as f64)).collect();
        Self {
            failed: table(A),
            good: table(B),
            all: table(A + B),
            prior: ln_gamma(A) + ln_gamma(B) - ln_gamma(A + B),
        }
    }

    /// Returns the changes of a series of results, in order; true is a failure. The series has at most the length that
    /// the finder was made for.
    pub fn find(&self, results: &[bool]) -> Vec<RateChange> {
        let mut sum = 0;
        let mut counts = Vec::with_capacity(results.len() + 1);
        counts.push(0);
        counts.extend(results.iter().map(|&failed| {
            sum += u32::from(failed);
            sum
        }));
        let mut splits = Vec::new();
        self.split(&counts, 0..results.len(), &mut splits);
        let bound = |place: usize| splits.get(place).map_or(results.len(), |&(index, _)| index);
        let changes = splits.iter().enumerate().map(|(place, &(index, gain))| {
            let start = place.checked_sub(1).map_or(0, bound);
            let end = bound(place + 1);
            let (first, last) = self.interval(&counts, start..end);
            let part = |results: Range<usize>| RatePart {
                failed: counts[results.end] - counts[results.start],
                results,
            };
            RateChange {
                index,
                gain,
                first,
                last,
                before: part(start..index),
                after: part(index..end),
            }
        });
        changes.collect()
    }

    /// Adds the splits of a part, in order.
    fn split(&self, counts: &[u32], part: Range<usize>, splits: &mut Vec<(usize, f64)>) {
        let whole = self.likelihood(counts, part.clone());
        let mut best = (0, 0.0);
        for index in part.start + 1..part.end {
            let gain = self.halves(counts, &part, index) - whole + CHANGE.ln();
            if gain > best.1 {
                best = (index, gain);
            }
        }
        if best.1 > 0.0 {
            self.split(counts, part.start..best.0, splits);
            splits.push(best);
            self.split(counts, best.0..part.end, splits);
        }
    }

    /// Returns the first and last likely position of the only change in a part.
    fn interval(&self, counts: &[u32], part: Range<usize>) -> (usize, usize) {
        let positions = part.start + 1..part.end;
        let halves = positions
            .clone()
            .map(|index| self.halves(counts, &part, index));
        let halves: Vec<f64> = halves.collect();
        let most = halves.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = halves.iter().map(|half| (half - most).exp()).collect();
        let tail = TAIL * weights.iter().sum::<f64>();
        let outside = |weights: &mut dyn Iterator<Item = &f64>| {
            let mut sum = 0.0;
            let is_outside = |weight: &&f64| {
                sum += **weight;
                sum <= tail
            };
            weights.take_while(is_outside).count()
        };
        (
            positions.start + outside(&mut weights.iter()),
            positions.end - 1 - outside(&mut weights.iter().rev()),
        )
    }

    fn halves(&self, counts: &[u32], part: &Range<usize>, index: usize) -> f64 {
        self.likelihood(counts, part.start..index) + self.likelihood(counts, index..part.end)
    }

    /// The logarithm of the likelihood of a part's results, over all rates.
    fn likelihood(&self, counts: &[u32], part: Range<usize>) -> f64 {
        let failed = (counts[part.end] - counts[part.start]) as usize;
        let good = part.len() - failed;
        self.failed[failed] + self.good[good] - self.all[part.len()] - self.prior
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(parts: &[(bool, usize)]) -> Vec<bool> {
        let parts = parts.iter();
        parts
            .flat_map(|&(failed, count)| std::iter::repeat_n(failed, count))
            .collect()
    }

    fn found(parts: &[(bool, usize)]) -> Vec<(usize, usize, usize, u32, u32)> {
        let results = results(parts);
        let changes = Finder::new(results.len()).find(&results).into_iter();
        changes
            .map(|known| {
                let failed = (known.before.failed, known.after.failed);
                (known.index, known.first, known.last, failed.0, failed.1)
            })
            .collect()
    }

    #[test]
    fn a_rate_that_changes_is_found_with_its_interval() {
        assert_eq!(
            found(&[(false, 30), (true, 20)]),
            [(30, 29, 30, 0, 20)],
            "a failure may belong to either rate"
        );
        assert_eq!(
            found(&[(false, 20), (true, 20), (false, 20)]),
            [(20, 19, 20, 0, 20), (40, 40, 41, 20, 0)]
        );
        let [(index, first, last, 2, 14)] = found(&[
            (false, 20),
            (true, 2),
            (false, 20),
            (true, 7),
            (false, 2),
            (true, 7),
        ])[..] else {
            panic!("one change");
        };
        assert!(index == 42 && first < 42 && last >= 42, "{first} {last}");
    }

    #[test]
    fn results_of_one_rate_do_not_change() {
        assert_eq!(found(&[]), []);
        assert_eq!(found(&[(true, 1)]), []);
        assert_eq!(found(&[(false, 500)]), []);
        assert_eq!(found(&[(false, 50), (true, 1), (false, 50)]), []);
        let alternating: Vec<(bool, usize)> = (0..100).map(|n| (n % 2 == 0, 1)).collect();
        assert_eq!(found(&alternating), []);
        assert_eq!(found(&[(false, 3), (true, 3)]), [], "too few");
    }

    #[test]
    fn of_equal_splits_the_earliest_counts() {
        // Mirrored, so that the splits at 20 and 60 are equal.
        let results = results(&[(true, 20), (false, 40), (true, 20)]);
        let found = Finder::new(80).find(&results);
        let indices: Vec<usize> = found.iter().map(|known| known.index).collect();
        assert_eq!(indices, [20, 60]);
        // The second split is much clearer once the first one is made.
        assert!(found[0].gain < found[1].gain, "{found:?}");
    }
}
