//! The binomial distribution: its probabilities, and its upper tail.
//!
//! Probabilities are Loader's, which keep their precision where factorials would lose it. A tail is summed from its
//! greatest term on.

use std::f64::consts::TAU;

/// Returns the probability of at least `k` successes in `n` trials, each of which succeeds with probability `p`.
pub fn upper_tail(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 {
        1.0
    } else if k > n || p <= 0.0 {
        0.0
    } else if p >= 1.0 {
        1.0
    } else if k as f64 > n as f64 * p {
        sum_from(k, n, p)
    } else {
        // The lower tail is the upper one of the failures, and at most about one half.
        (1.0 - sum_from(n - k + 1, n, 1.0 - p)).max(0.0)
    }
}

/// Sums the probabilities of `k` and more successes, which fall from `k` on.
fn sum_from(k: u64, n: u64, p: f64) -> f64 {
    let odds = p / (1.0 - p);
    let first = log_probability(k as f64, n as f64, p).exp();
    let (mut term, mut sum) = (1.0, 1.0);
    for successes in k..n {
        term *= (n - successes) as f64 / (successes + 1) as f64 * odds;
        sum += term;
        if term < sum * f64::EPSILON / 64.0 {
            break;
        }
    }
    (first * sum).min(1.0)
}

/// The logarithm of the binomial probability of `x` of `n` (C. Loader, Fast and Accurate Computation of Binomial
/// Probabilities, 2000).
pub fn log_probability(x: f64, n: f64, rate: f64) -> f64 {
    if n == 0.0 {
        return 0.0;
    }
    if x == 0.0 {
        return n * (-rate).ln_1p();
    }
    if x == n {
        return n * rate.ln();
    }
    let y = n - x;
    let error = stirling_error(n) - stirling_error(x) - stirling_error(y);
    let deviance = deviance(x, n * rate) + deviance(y, n * (1.0 - rate));
    error - deviance + 0.5 * (n / (TAU * x * y)).ln()
}

/// The logarithm of n! beyond Stirling's formula.
fn stirling_error(n: f64) -> f64 {
    /// Of 0 to 15; that of 0 is not used.
    const SMALL: [f64; 16] = [
        0.0,
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_093,
        0.016_644_691_189_821_193,
        0.013_876_128_823_070_748,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_096,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
        0.007_573_675_487_951_841,
        0.006_942_840_107_209_53,
        0.006_408_994_188_004_207,
        0.005_951_370_112_758_848,
        0.005_554_733_551_962_801,
    ];
    if n < 16.0 {
        return SMALL[n as usize];
    }
    let square = n * n;
    let series = 1.0 / 1260.0
        - (1.0 / 1680.0 - (1.0 / 1188.0 - 691.0 / 360_360.0 / square) / square) / square;
    (1.0 / 12.0 - (1.0 / 360.0 - series / square) / square) / n
}

/// `x` ln(`x` / `mean`) + `mean` − `x`, also where both are nearly equal.
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() + mean - x;
    }
    let v = difference / (x + mean);
    let mut sum = difference * v;
    let mut term = 2.0 * x * v;
    for odd in (3..1000).step_by(2) {
        term *= v * v;
        let next = sum + term / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed in exact fractions.
    const EXACT: [(u64, u64, f64, f64); 13] = [
        (0, 10, 0.3, 1.0),
        (1, 10, 0.3, 9.717_524_751e-1),
        (10, 10, 0.3, 5.904_899_999_999_997e-6),
        (4, 9, 0.01, 1.210_432_831_444_000_1e-6),
        (7, 42, 0.004_761_904_761_904_762, 1.294_450_407_819_719_4e-9),
        (30, 100, 0.5, 9.999_839_199_923_521e-1),
        (50, 100, 0.5, 5.397_946_186_935_894e-1),
        (70, 100, 0.5, 3.925_069_822_796_835e-5),
        (5, 1000, 0.005, 5.599_465_941_935_599e-1),
        (40, 1000, 0.01, 4.688_553_566_249_806e-13),
        (120, 1500, 0.05, 5.085_592_880_268_583e-7),
        (1, 1500, 1e-9, 1.499_998_875_750_561_5e-6),
        (900, 1500, 0.5, 4.754_797_025_089_219e-15),
    ];

    #[test]
    fn tails_are_those_of_exact_fractions() {
        for (k, n, p, exact) in EXACT {
            let found = upper_tail(k, n, p);
            assert!(
                (found / exact - 1.0).abs() < 1e-12,
                "{k} {n} {p}: {found:e}"
            );
        }
    }

    #[test]
    fn certain_and_impossible_numbers_of_successes() {
        assert_eq!(upper_tail(0, 0, 0.5), 1.0);
        assert_eq!(upper_tail(1, 0, 0.5), 0.0);
        assert_eq!(upper_tail(11, 10, 0.5), 0.0);
        assert_eq!(upper_tail(1, 10, 0.0), 0.0);
        assert_eq!(upper_tail(10, 10, 1.0), 1.0);
    }

    #[test]
    fn a_tail_falls_as_more_successes_are_asked_for() {
        for n in [1, 7, 60, 333, 1200] {
            for p in [1e-6, 0.01, 0.3, 0.5, 0.9, 1.0 - 1e-6] {
                let tails: Vec<f64> = (0..=n + 1).map(|k| upper_tail(k, n, p)).collect();
                assert!(tails.iter().all(|tail| (0.0..=1.0).contains(tail)));
                assert!(tails.is_sorted_by(|a, b| *a >= b - 1e-15), "{n} {p}");
            }
        }
    }
}
