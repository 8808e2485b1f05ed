//! The rate of false discoveries among many tests (Y. Benjamini and Y. Hochberg, 1995).

/// The q value of each p value: the least rate of false discoveries at which its test is a discovery. In the order of
/// the p values.
pub fn q_values(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_unstable_by(|&a, &b| p_values[b].total_cmp(&p_values[a]));
    let tests = p_values.len() as f64;
    let mut q_values = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (greater, index) in order.into_iter().enumerate() {
        let rank = tests - greater as f64;
        least = least.min(p_values[index] * (tests / rank));
        q_values[index] = least;
    }
    q_values
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995), 289–300, table 1: at a rate of
    /// 0.05 the first four of the fifteen hypotheses are rejected.
    #[test]
    fn the_published_example_has_four_discoveries() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0000,
        ];
        let q = q_values(&p);
        assert_eq!(q.iter().filter(|&&q| q <= 0.05).count(), 4, "{q:?}");
        assert!(
            (q[0] - 0.0015).abs() < 1e-12 && (q[3] - 0.035_625).abs() < 1e-12,
            "{q:?}"
        );
        assert_eq!(q_values(&[]), [0.0; 0]);
    }

    proptest! {
        /// A value is never less than that of a test with a smaller p, nor than its own p.
        #[test]
        fn values_rise_with_p(p in vec(0.0_f64..=1.0, 0..60)) {
            let q = q_values(&p);
            for (a, of_a) in p.iter().zip(&q) {
                prop_assert!(a <= of_a && *of_a <= 1.0);
                for (b, of_b) in p.iter().zip(&q) {
                    prop_assert!(a > b || of_a <= of_b);
                }
            }
        }

        /// The q value is the least rate at which the step-up rule rejects the test.
        #[test]
        fn a_test_is_a_discovery_at_its_rate(p in vec(0.0_f64..=1.0, 1..30)) {
            let mut sorted = p.clone();
            sorted.sort_by(f64::total_cmp);
            let threshold = |rate: f64| {
                let last = (1..=sorted.len()).rev().find(|&rank| {
                    sorted[rank - 1] <= rate * rank as f64 / sorted.len() as f64
                });
                last.map(|rank| sorted[rank - 1])
            };
            for (p, q) in p.iter().zip(q_values(&p)) {
                prop_assert!(threshold(q * (1.0 + 1e-12)).is_some_and(|most| *p <= most));
                prop_assert!(threshold(q * (1.0 - 1e-12)).is_none_or(|most| *p > most));
            }
        }
    }
}
