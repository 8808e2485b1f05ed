//! Changes of a series of durations: E-divisive with Student's t-test, in the way of Apache Otava.
//!
//! Windows slide over the series, each half a window further. In a window, the point at which the distances between its
//! two sides are greatest splits it, again and again, while a t-test finds the sides different (Matteson and James,
//! 2014). Then the weakest of all points go, until every one is significant and great enough (Fleming et al., 2023).
//! The results are Otava's to the last point; `make test-proofs` compares them. Where Otava does something of its own,
//! a comment says so.
//!
//! Otava also finds single builds that took much longer than others. [`Finder::lasting`] leaves only changes that last.

use std::ops::Range;

use statrs::function::beta::beta_reg;

/// Limits of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The number of values in a window, at least 2.
    pub window: usize,
    /// The p value below which a change counts.
    pub max_p: f64,
    /// The relative change, from 0 to 1, above which it counts.
    pub min_magnitude: f64,
}

/// A change from one part of a series to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationChange {
    /// The index of the first value after the change.
    pub index: usize,
    /// The two-sided p value of the t-test between both parts.
    pub p: f64,
    pub before: Part,
    pub after: Part,
}

/// A part of a series between changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub values: Range<usize>,
    pub mean: f64,
    /// The standard deviation of the values themselves, not of a population that they were drawn from.
    pub deviation: f64,
}

/// Finds change points. It keeps its buffers, since it runs over thousands of series.
pub struct Finder {
    limits: Limits,
    energy: Energy,
}

impl Finder {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            energy: Energy::new(limits.window),
        }
    }

    /// Returns the changes of a series, in order.
    pub fn find(&mut self, series: &[f64]) -> Vec<DurationChange> {
        let candidates = self.candidates(series);
        self.strong(series, &candidates)
    }

    /// Returns the changes that last, in order: between parts of at least so many values, and so significant that the
    /// best of all positions of the series can be expected to be less (Bonferroni). Weaker points are dropped, and what
    /// remains is compared again.
    pub fn lasting(&mut self, series: &[f64], least: usize) -> Vec<DurationChange> {
        let found = self.find(series).into_iter();
        let mut points: Vec<usize> = found.map(|change| change.index).collect();
        let max_p = self.limits.max_p / series.len().max(1) as f64;
        loop {
            let changes: Vec<Compared> = (0..points.len())
                .map(|place| Compared::between(series, &points, place))
                .collect();
            let short = beside_the_shortest(&changes, least);
            match short.or_else(|| self.weakest(&changes, max_p)) {
                Some(place) => points.remove(place),
                None => return changes.into_iter().map(Compared::into_change).collect(),
            };
        }
    }

    /// Returns the points at which some window splits, in order.
    fn candidates(&mut self, series: &[f64]) -> Vec<usize> {
        let window = self.limits.window;
        let mut found = Vec::new();
        let mut start = 0;
        while start < series.len() {
            let end = series.len().min(start + window);
            let splits = self.splits(&series[start..end]);
            let splits = splits.into_iter().map(|index| start + index);
            let last = splits.clone().max().unwrap_or_default();
            found.extend(splits);
            // The next window overlaps this one, but does not begin before its last change.
            start = last.max(start + window / 2);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Splits a window while the best split is significant.
    fn splits(&mut self, window: &[f64]) -> Vec<usize> {
        let max_p = first_pass(self.limits.max_p);
        let mut found = Vec::new();
        if window.len() < 2 {
            return found;
        }
        self.energy.measure(window);
        let mut parts = vec![self.energy.part(0..window.len())];
        loop {
            let best = parts.iter().enumerate();
            // The first of equals.
            let best = best
                .rev()
                .max_by(|(_, a), (_, b)| a.gain.total_cmp(&b.gain));
            let Some((place, best)) = best else { break };
            let Some(at) = best.split else { break };
            let range = best.values.clone();
            let (before, after) = (range.start..at, at..range.end);
            let change = Compared::new(window, before.clone(), after.clone());
            // Not a number if all values are equal.
            let is_significant = change.p <= max_p;
            if !is_significant {
                break;
            }
            found.push(at);
            parts[place] = self.energy.part(before);
            parts.insert(place + 1, self.energy.part(after));
        }
        found
    }

    /// Drops the weakest points until all are strong.
    fn strong(&self, series: &[f64], candidates: &[usize]) -> Vec<DurationChange> {
        let mut points = candidates.to_vec();
        let mut changes: Vec<Compared> = (0..points.len())
            .map(|place| Compared::between(series, &points, place))
            .collect();
        while let Some(place) = self.weakest(&changes, self.limits.max_p) {
            points.remove(place);
            changes.remove(place);
            // Otava compares the two points after the one that it dropped again, but not the one before it.
            for place in place..points.len().min(place + 2) {
                changes[place] = Compared::between(series, &points, place);
            }
        }
        changes.into_iter().map(Compared::into_change).collect()
    }

    /// Returns the change that has to go: the least significant one, or else the smallest one.
    fn weakest(&self, changes: &[Compared], max_p: f64) -> Option<usize> {
        let places = 1..changes.len();
        let least_significant = places.clone().fold(0, |weakest, place| {
            if changes[place].p > changes[weakest].p {
                place
            } else {
                weakest
            }
        });
        let is_significant = changes.get(least_significant)?.p < max_p;
        if !is_significant {
            return Some(least_significant);
        }
        let smallest = places.fold(0, |smallest, place| {
            if changes[place].magnitude() < changes[smallest].magnitude() {
                place
            } else {
                smallest
            }
        });
        let is_great = changes[smallest].magnitude() > self.limits.min_magnitude;
        (!is_great).then_some(smallest)
    }
}

/// The limit of the first pass, which is less strict: its points are only candidates.
fn first_pass(max_p: f64) -> f64 {
    match max_p {
        _ if max_p < 0.05 => max_p * 10.0,
        _ if max_p < 0.5 => max_p * 2.0,
        _ => max_p,
    }
}

/// Returns the smaller change beside the shortest part, if that has less than so many values.
fn beside_the_shortest(changes: &[Compared], least: usize) -> Option<usize> {
    let first = &changes.first()?.before.values;
    let parts = changes.iter().map(|change| change.after.values.len());
    let parts = std::iter::once(first.len()).chain(parts).enumerate();
    let (place, length) = parts.min_by_key(|(_, length)| *length)?;
    let beside = [place.checked_sub(1), Some(place)].into_iter().flatten();
    let beside = beside.filter(|&place| length < least && place < changes.len());
    beside.min_by(|&a, &b| changes[a].magnitude().total_cmp(&changes[b].magnitude()))
}

/// Two neighbouring parts of a series and their t-test.
struct Compared {
    p: f64,
    before: Part,
    after: Part,
}

impl Compared {
    fn new(series: &[f64], before: Range<usize>, after: Range<usize>) -> Self {
        let (before, after) = (Part::of(series, before), Part::of(series, after));
        let p = p_value(&before, &after);
        Self { p, before, after }
    }

    /// Compares the parts beside one of some points.
    fn between(series: &[f64], points: &[usize], place: usize) -> Self {
        let start = place.checked_sub(1).map_or(0, |before| points[before]);
        let end = points.get(place + 1).copied().unwrap_or(series.len());
        Self::new(series, start..points[place], points[place]..end)
    }

    /// The relative change, seen from the side from which it is greater.
    fn magnitude(&self) -> f64 {
        let change = |from: f64, to: f64| {
            if from == 0.0 {
                0.0
            } else {
                (to / from - 1.0).abs()
            }
        };
        let (before, after) = (self.before.mean, self.after.mean);
        change(before, after).max(change(after, before))
    }

    fn into_change(self) -> DurationChange {
        DurationChange {
            index: self.after.values.start,
            p: self.p,
            before: self.before,
            after: self.after,
        }
    }
}

impl Part {
    fn of(series: &[f64], values: Range<usize>) -> Self {
        let known = &series[values.clone()];
        let count = known.len() as f64;
        let mean = known.iter().sum::<f64>() / count;
        let squares = known.iter().map(|value| (value - mean) * (value - mean));
        Self {
            values,
            mean,
            deviation: (squares.sum::<f64>() / count).sqrt(),
        }
    }
}

/// Student's t-test of equal means, for equal variances. Otava gives it the deviations of the values, as if they were
/// those of a population.
fn p_value(a: &Part, b: &Part) -> f64 {
    let (count_a, count_b) = (a.values.len() as f64, b.values.len() as f64);
    let freedom = count_a + count_b - 2.0;
    if freedom <= 0.0 {
        return 1.0;
    }
    let squares = |part: &Part, count: f64| (count - 1.0) * (part.deviation * part.deviation);
    let variance = (squares(a, count_a) + squares(b, count_b)) / freedom;
    let t = (a.mean - b.mean) / (variance * (1.0 / count_a + 1.0 / count_b)).sqrt();
    if t.is_nan() {
        return f64::NAN;
    }
    beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t))
}

/// A part of a window, and where it splits best.
struct Split {
    values: Range<usize>,
    /// The first value of the second side; none if there is only one value.
    split: Option<usize>,
    /// The distance between both sides; −∞ without a split.
    gain: f64,
}

/// The energy distance between the sides of every split of a window.
///
/// A split takes `x[start..at]` and `x[at..end]` for every `end` up to that of the part: it is best where the distances
/// between the sides exceed those within them most. Sums run in Otava's order, so that equal splits stay equal.
struct Energy {
    /// The length of a row of the matrices.
    width: usize,
    /// Distances between values.
    distances: Vec<f64>,
    /// In row `i`, column `j`: distances of value `i` to the values `i + 1` to `j + 1`.
    along: Vec<f64>,
    /// In column `j`: distances of value `j + 1` to all values before.
    down: Vec<f64>,
    /// In row `i`, column `j`: the sum of `along` below row `i`.
    below: Vec<f64>,
    /// Weights of the sums, by row and column within a part.
    between: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    /// Of the rows of a part so far.
    above: Vec<f64>,
    before: Vec<f64>,
}

impl Energy {
    fn new(window: usize) -> Self {
        let width = window.max(2) - 1;
        let cells = || (0..width).flat_map(move |row| (0..width).map(move |column| (row, column)));
        let weight = |(row, column): (usize, usize), rest: usize| {
            let length = column + 2;
            (2 * (length - row - 1), length * rest)
        };
        let ratio = |(part, whole): (usize, usize)| {
            if whole == 0 {
                0.0
            } else {
                part as f64 / whole as f64
            }
        };
        let first = cells().map(|(row, column)| {
            if column < row {
                return 0.0;
            }
            ratio(weight((row, column), row))
        });
        let second = cells().map(|(row, column)| {
            if column < row {
                return 0.0;
            }
            ratio((2 * (row + 1), (column + 2) * (column - row)))
        });
        Self {
            width,
            distances: vec![0.0; (width + 1) * (width + 1)],
            along: vec![0.0; width * width],
            down: vec![0.0; width],
            below: vec![0.0; width * width],
            between: (0..width).map(|column| 2.0 / (column + 2) as f64).collect(),
            first: first.collect(),
            second: second.collect(),
            above: vec![0.0; width],
            before: vec![0.0; width],
        }
    }

    /// Measures the distances within a window.
    fn measure(&mut self, window: &[f64]) {
        let width = self.width;
        self.down.fill(0.0);
        for (row, &value) in window.iter().enumerate() {
            let distances = &mut self.distances[row * (width + 1)..][..window.len()];
            for (distance, &other) in distances.iter_mut().zip(window) {
                *distance = (value - other).abs();
            }
            let mut sum = 0.0;
            for column in row..window.len() - 1 {
                let distance = distances[column + 1];
                sum += distance;
                self.along[row * width + column] = sum;
                self.down[column] += distance;
            }
        }
    }

    /// Finds the best split of a part of the window that was measured.
    fn part(&mut self, values: Range<usize>) -> Split {
        let (start, width) = (values.start, self.width);
        let size = values.len().saturating_sub(1);
        let mut best = Split {
            values,
            split: None,
            gain: f64::NEG_INFINITY,
        };
        self.sum(start, size);
        let above = &mut self.above[..size];
        above.fill(0.0);
        for row in 0..size {
            let along = &self.along[(start + row) * width + start..][..size];
            let below = &self.below[row * width..][..size];
            let first = &self.first[row * width..][..size];
            let second = &self.second[row * width..][..size];
            let before = row.checked_sub(1).map_or(0.0, |row| self.before[row]);
            for column in row..size {
                above[column] += along[column];
                let between = self.between[column] * (above[column] - before);
                let within = (first[column] * before, second[column] * below[column]);
                let gain = between - within.0 - within.1;
                if gain > best.gain {
                    best.gain = gain;
                    best.split = Some(start + row + 1);
                }
            }
        }
        best
    }

    /// Sums the distances of a part: those of the first values with each other, and those of the last.
    fn sum(&mut self, start: usize, size: usize) {
        let width = self.width;
        let mut sum = 0.0;
        for column in 0..size {
            let earlier =
                (0..start).map(|row| self.distances[row * (width + 1) + start + column + 1]);
            sum += self.down[start + column] - earlier.sum::<f64>();
            self.before[column] = sum;
        }
        let mut last = vec![0.0; size];
        for row in (0..size).rev() {
            self.below[row * width..][..size].copy_from_slice(&last);
            let along = &self.along[(start + row) * width + start..][..size];
            for column in row..size {
                last[column] += along[column];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        window: 50,
        max_p: 0.001,
        min_magnitude: 0.1,
    };

    const NONE: [Vec<usize>; 2] = [Vec::new(), Vec::new()];

    /// Values around some levels.
    fn series(levels: &[(f64, usize)]) -> Vec<f64> {
        let values = levels.iter();
        let values = values.flat_map(|&(level, count)| std::iter::repeat_n(level, count));
        let noise = |(place, level): (usize, f64)| level + (place * 7 % 11) as f64;
        values.enumerate().map(noise).collect()
    }

    fn found(levels: &[(f64, usize)]) -> [Vec<usize>; 2] {
        let series = series(levels);
        let mut finder = Finder::new(LIMITS);
        let indices = |changes: Vec<DurationChange>| {
            let indices = changes.into_iter().map(|change| change.index);
            indices.collect()
        };
        [
            indices(finder.find(&series)),
            indices(finder.lasting(&series, 5)),
        ]
    }

    #[test]
    fn a_level_that_lasts_is_a_change_and_a_single_value_is_none() {
        assert_eq!(
            found(&[(100.0, 60), (150.0, 60)]),
            [vec![60], vec![60]],
            "two levels"
        );
        assert_eq!(
            found(&[(100.0, 49), (300.0, 1), (100.0, 60)]),
            [vec![49, 50], vec![]],
            "an outlier"
        );
        assert_eq!(
            found(&[(100.0, 60), (300.0, 1), (150.0, 60)]),
            [vec![60, 61], vec![60]],
            "an outlier between two levels"
        );
        assert_eq!(
            found(&[(100.0, 60), (150.0, 2)]),
            [vec![60], vec![]],
            "too soon to say"
        );
    }

    #[test]
    fn equal_values_and_short_series_do_not_change() {
        assert_eq!(found(&[]), NONE);
        assert_eq!(found(&[(100.0, 1)]), NONE);
        assert_eq!(found(&[(100.0, 500)]), NONE);
        let equal = [60_000.0; 120];
        assert_eq!(Finder::new(LIMITS).find(&equal), []);
        let mut two = equal;
        two[70..].fill(90_000.0);
        let changes = Finder::new(LIMITS).lasting(&two, 5);
        let [change] = &changes[..] else {
            panic!("one change");
        };
        assert_eq!((change.index, change.p), (70, 0.0));
        assert_eq!(
            (change.before.mean, change.after.mean),
            (60_000.0, 90_000.0)
        );
    }

    #[test]
    fn a_small_change_is_none() {
        assert_eq!(found(&[(1000.0, 100), (1050.0, 100)]), NONE);
    }
}
