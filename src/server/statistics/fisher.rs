//! Fisher's exact test of a table of two rows and two columns.
//!
//! Probabilities of single tables are Loader's, which have a relative error of about 10⁻¹⁴ even for millions of
//! builds, where differences of logarithms of factorials have lost most of their digits. Those of neighbouring tables
//! follow from each other.

use super::binomial::log_probability;

/// Tables whose probabilities differ by less than this, relative to their size, are equally probable: they are in
/// exact arithmetic, but not once they are rounded.
const TIE: f64 = 1e-7;
/// Terms that are less than this part of their sum no longer change it.
const NEGLIGIBLE: f64 = 1e-18;

/// A table: members of a first group with and without a property, and of a second group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    pub first: [u64; 2],
    pub second: [u64; 2],
}

/// Two-sided p value: the probability, given the sums of rows and columns, of all tables that are at most as probable
/// as this one. A table in which a row or a column is empty has 1.
pub fn fisher_exact(table: Table) -> f64 {
    let [a, b] = table.first.map(|count| count as f64);
    let [c, d] = table.second.map(|count| count as f64);
    if a + b == 0.0 || c + d == 0.0 || a + c == 0.0 || b + d == 0.0 {
        return 1.0;
    }
    let sums = Sums {
        first: a + b,
        second: c + d,
        with: a + c,
    };
    let observed = sums.probability(a);
    let mode = sums.mode();
    if sums.probability(mode) <= observed * (1.0 + TIE) {
        return 1.0;
    }
    let limit = observed * (1.0 + TIE);
    let (own, other) = if a < mode {
        (
            sums.tail(a, observed, -1.0),
            sums.first_below(limit, mode, 1.0),
        )
    } else {
        (
            sums.tail(a, observed, 1.0),
            sums.first_below(limit, mode, -1.0),
        )
    };
    let direction = if a < mode { 1.0 } else { -1.0 };
    let opposite = other.map_or(0.0, |x| sums.tail(x, sums.probability(x), direction));
    (own + opposite).min(1.0)
}

/// The sums of the rows, and that of the first column.
#[derive(Clone, Copy)]
struct Sums {
    first: f64,
    second: f64,
    with: f64,
}

impl Sums {
    /// The least and the greatest possible first cell.
    fn bounds(self) -> (f64, f64) {
        (
            (self.with - self.second).max(0.0),
            self.with.min(self.first),
        )
    }

    /// The most probable first cell.
    fn mode(self) -> f64 {
        let most = (self.with + 1.0) * (self.first + 1.0) / (self.first + self.second + 2.0);
        let (low, high) = self.bounds();
        most.floor().clamp(low, high)
    }

    /// The hypergeometric probability of a first cell, from three binomial ones of the same rate.
    fn probability(self, x: f64) -> f64 {
        let all = self.first + self.second;
        let rate = self.with / all;
        let logarithm = log_probability(x, self.first, rate)
            + log_probability(self.with - x, self.second, rate)
            - log_probability(self.with, all, rate);
        logarithm.exp()
    }

    /// The probability of the next first cell in a direction, as a part of that of `x`.
    fn ratio(self, x: f64, direction: f64) -> f64 {
        let without = |x: f64| self.second - self.with + x;
        if direction > 0.0 {
            (self.first - x) * (self.with - x) / ((x + 1.0) * (without(x) + 1.0))
        } else {
            x * without(x) / ((self.first - x + 1.0) * (self.with - x + 1.0))
        }
    }

    /// The sum of the probabilities from `x` on, which decrease in this direction.
    fn tail(self, mut x: f64, probability: f64, direction: f64) -> f64 {
        let (mut term, mut sum) = (1.0, 1.0);
        while term > sum * NEGLIGIBLE {
            term *= self.ratio(x, direction);
            x += direction;
            sum += term;
        }
        probability * sum
    }

    /// The first cell from the mode on in a direction whose probability is at most a limit.
    fn first_below(self, limit: f64, mode: f64, direction: f64) -> Option<f64> {
        let (low, high) = self.bounds();
        let end = if direction > 0.0 { high } else { low };
        if self.probability(end) > limit {
            return None;
        }
        let (mut above, mut below) = (mode, end);
        while (below - above).abs() > 1.0 {
            let middle = ((above + below) / 2.0).floor();
            if self.probability(middle) > limit {
                above = middle;
            } else {
                below = middle;
            }
        }
        Some(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(first: [u64; 2], second: [u64; 2]) -> f64 {
        fisher_exact(Table { first, second })
    }

    /// The definition, with exact counts of tables.
    fn slow(first: [u64; 2], second: [u64; 2]) -> f64 {
        let choose =
            |n: u64, k: u64| (0..k).fold(1_u128, |c, i| c * u128::from(n - i) / u128::from(i + 1));
        let (rows, with) = (
            (first[0] + first[1], second[0] + second[1]),
            first[0] + second[0],
        );
        let ways = |x: u64| choose(rows.0, x) * choose(rows.1, with - x);
        let possible = with.saturating_sub(rows.1)..=with.min(rows.0);
        let all: u128 = possible.clone().map(ways).sum();
        let extreme: u128 = possible
            .map(ways)
            .filter(|&known| known <= ways(first[0]))
            .sum();
        extreme as f64 / all as f64
    }

    #[test]
    fn small_tables_have_the_probabilities_of_the_definition() {
        for n in 0..400_u64 {
            // Cells from 0 to 11, in no order.
            let cell = |prime: u64| (n * prime + n / 7) % 12;
            let (first, second) = ([cell(5), cell(7)], [cell(11), cell(17)]);
            if first[0] + first[1] == 0 || second[0] + second[1] == 0 {
                continue;
            }
            let (found, expected) = (p(first, second), slow(first, second));
            assert!(
                (found - expected).abs() <= 1e-13,
                "{first:?} {second:?}: {found} {expected}"
            );
        }
    }

    /// Values of scipy 1.17.
    #[test]
    fn large_tables_have_the_values_of_scipy() {
        for (first, second, expected) in [
            ([8, 2], [1, 5], 0.034_965_034_965_034_975),
            ([1, 9], [11, 3], 0.002_759_456_185_220_083_6),
            ([0, 5], [5, 0], 0.007_936_507_936_507_938),
            ([100, 2], [1000, 5], 0.130_075_936_343_001_63),
            ([10, 10], [10, 10], 1.0),
            ([31, 4017], [220, 91_003], 1.248_982_860_538_714_2e-7),
            ([500, 200_000], [1500, 650_000], 0.125_856_044_386_643_47),
            ([90, 10], [120, 880], 6.204_342_014_920_102e-61),
            ([12, 300_000], [4, 500_000], 0.003_141_599_269_904_992_6),
            ([60, 0], [199_000, 1000], 1.0),
            ([40, 59_960], [200, 500_000], 0.004_623_053_403_358_064),
            ([5000, 95_000], [9000, 191_000], 1.142_003_199_966_619e-9),
        ] {
            let found = p(first, second);
            assert!(
                (found / expected - 1.0).abs() < 1e-9,
                "{first:?} {second:?}: {found} {expected}"
            );
        }
    }

    #[test]
    fn groups_and_columns_can_be_swapped() {
        let (first, second) = ([31, 4_017], [220, 91_003]);
        let known = p(first, second);
        for other in [
            p(second, first),
            p([first[1], first[0]], [second[1], second[0]]),
            p([first[0], second[0]], [first[1], second[1]]),
        ] {
            assert!((other / known - 1.0).abs() < 1e-12, "{other} {known}");
        }
    }

    #[test]
    fn empty_rows_and_columns_prove_nothing() {
        for (first, second) in [
            ([0, 0], [3, 4]),
            ([3, 4], [0, 0]),
            ([0, 7], [0, 9]),
            ([7, 0], [9, 0]),
        ] {
            assert_eq!(p(first, second), 1.0);
        }
    }
}
