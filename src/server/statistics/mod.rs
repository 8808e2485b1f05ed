//! Shares and percentiles, rounded as tables show them; exact tests and medians of resamples.

mod binomial;
mod false_discovery;
mod fisher;
mod medians;

pub use binomial::upper_tail;
pub use false_discovery::q_values;
pub use fisher::{Table, fisher_exact};
pub use medians::{Random, Resample, Resampled};

/// `part` of `whole` in percent, rounded half up to two decimals; none if `whole` is zero.
pub fn percent(part: u64, whole: u64) -> Option<f64> {
    // Integer division is exact and takes half the time.
    let hundredths = (2 * 10_000 * part + whole).checked_div(2 * whole)?;
    Some(hundredths as f64 / 100.0)
}

/// Rounds to two decimals, half away from zero.
pub fn to_two_decimals(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// The value below which `share` of the values lie, by linear interpolation. Reorders `values`, which
/// must not be empty.
pub fn percentile(values: &mut [u32], share: f64) -> f64 {
    let position = share * (values.len() - 1) as f64;
    let (_, &mut low, above) = values.select_nth_unstable(position as usize);
    let high = above.iter().copied().min().unwrap_or(low);
    f64::from(low) + position.fract() * (f64::from(high) - f64::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_has_no_percentage() {
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(1, 3), Some(33.33));
        assert_eq!(percent(1, 800), Some(0.13));
        assert_eq!(percent(7, 7), Some(100.0));
    }
}
