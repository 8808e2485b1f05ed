//! The time from the first failed build to the next good one, over several episodes.
//!
//! Kaplan–Meier, since the shortest episodes are the first to close: a median of closed ones alone would be too short
//! while others are open. An open episode is censored at the time of the data, that of a dormant pipeline at its last
//! build.

use crate::server::{
    snapshot::{Episode, Snapshot},
    statistics::{Random, Resample},
};

/// The time to green of a set of episodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeToGreen {
    /// The episodes that the median and the percentile rest on, whether closed, open or dormant.
    pub n: usize,
    /// Of these, those that are open while their pipeline still runs.
    pub open: usize,
    /// Of these, those that are open and whose pipeline is dormant.
    pub dormant: usize,
    /// Further episodes, which began before the data does. Their length is unknown.
    pub at_least: usize,
    /// None if `n` is zero, otherwise if it is not reached: too many episodes are open.
    pub median_ms: Option<i64>,
    /// The time in which 90% of the episodes close; none as for the median.
    pub p90_ms: Option<i64>,
}

/// Computes the time to green of some of a snapshot's episodes, usually of those that opened in a range.
pub fn time_to_green<'a>(
    snapshot: &Snapshot,
    episodes: impl IntoIterator<Item = &'a Episode>,
) -> TimeToGreen {
    let times = episodes
        .into_iter()
        .map(|episode| (episode, episode.red_ms(snapshot)));
    estimate(times)
}

fn estimate<'a>(episodes: impl Iterator<Item = (&'a Episode, i64)>) -> TimeToGreen {
    let mut times = Vec::new();
    let mut found = TimeToGreen::default();
    for (episode, red_ms) in episodes {
        if episode.at_least {
            found.at_least += 1;
            continue;
        }
        let is_open = episode.closed.is_none();
        found.open += usize::from(is_open && !episode.dormant);
        found.dormant += usize::from(is_open && episode.dormant);
        times.push((red_ms, !is_open));
    }
    found.n = times.len();
    let curve = curve(&mut times);
    found.median_ms = reached(curve.iter().copied(), 0.5);
    found.p90_ms = reached(curve, 0.1);
    found
}

/// Episodes whose resamples, of open ones and closed ones together, have random medians.
pub struct RedTimes {
    /// The time for which each was red and whether it closed then, the shortest first.
    sorted: Vec<(i64, bool)>,
}

/// The median of episodes of which too many are open, in ms: longer than any, and as long as any other such.
const NOT_REACHED: f64 = 1e18;

impl RedTimes {
    /// The episodes whose begin is known.
    pub fn new<'a>(snapshot: &Snapshot, episodes: impl IntoIterator<Item = &'a Episode>) -> Self {
        let known = episodes.into_iter().filter(|episode| !episode.at_least);
        let times = known.map(|episode| (episode.red_ms(snapshot), episode.closed.is_some()));
        Self::of(times.collect())
    }

    fn of(mut sorted: Vec<(i64, bool)>) -> Self {
        sorted.sort_unstable();
        Self { sorted }
    }
}

impl Resample for RedTimes {
    fn count(&self) -> usize {
        self.sorted.len()
    }

    fn median(&self) -> f64 {
        median(&self.sorted)
    }

    fn draw(&self, random: &mut Random) -> f64 {
        let n = self.sorted.len();
        let mut times = vec![0; n];
        for _ in 0..n {
            let drawn = (random.uniform() * n as f64) as usize;
            times[drawn.min(n - 1)] += 1;
        }
        let drawn = self.sorted.iter().zip(times);
        let drawn = drawn.flat_map(|(&episode, times)| std::iter::repeat_n(episode, times));
        median(&drawn.collect::<Vec<_>>())
    }
}

fn median(sorted: &[(i64, bool)]) -> f64 {
    reached(steps(sorted), 0.5).map_or(NOT_REACHED, |ms| ms as f64)
}

/// A time at which episodes end, closed or censored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    pub time_ms: i64,
    /// The number of episodes that were red until this time.
    pub at_risk: usize,
    /// Of these, those that closed now.
    pub closed: usize,
    /// The estimated share of all episodes that are still red after this time.
    pub still_red: f64,
}

/// Returns the Kaplan–Meier curve of episodes, one step for each time. Each is as long as it was red, and says whether
/// it closed then. Reorders them.
pub fn curve(times: &mut [(i64, bool)]) -> Vec<Step> {
    times.sort_unstable();
    steps(times).collect()
}

/// The steps of episodes, the shortest first.
fn steps(sorted: &[(i64, bool)]) -> impl Iterator<Item = Step> {
    let mut at_risk = sorted.len();
    let mut still_red = 1.0;
    sorted.chunk_by(|a, b| a.0 == b.0).map(move |ends| {
        let closed = ends.iter().filter(|(_, closed)| *closed).count();
        // Those that are censored now were still red now.
        still_red *= 1.0 - closed as f64 / at_risk as f64;
        let step = Step {
            time_ms: ends[0].0,
            at_risk,
            closed,
            still_red,
        };
        at_risk -= ends.len();
        step
    })
}

/// Returns the earliest time at which at most `share` of the episodes are still red.
pub fn reached(curve: impl IntoIterator<Item = Step>, share: f64) -> Option<i64> {
    /// Above the rounding errors of the product.
    const TOLERANCE: f64 = 1e-9;
    let is_reached = |step: &Step| step.still_red <= share + TOLERANCE;
    curve.into_iter().find(is_reached).map(|step| step.time_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(closed: bool) -> Episode {
        Episode {
            pipeline: 0,
            opened: 1,
            closed: closed.then_some(2),
            last_good_before: Some(0),
            at_least: false,
            failures: 1,
            latest_failure: 1,
            dormant: false,
        }
    }

    fn of(closed: &[i64], open: &[i64]) -> TimeToGreen {
        let (is_open, is_closed) = (episode(false), episode(true));
        let closed = closed.iter().map(|&time_ms| (&is_closed, time_ms));
        let open = open.iter().map(|&time_ms| (&is_open, time_ms));
        // The order of the episodes does not matter.
        estimate(open.chain(closed))
    }

    /// The remission times of Freireich et al. (1963), on which textbooks show the method.
    #[test]
    fn the_published_example_has_its_published_medians() {
        let treated = of(
            &[6, 6, 6, 7, 10, 13, 16, 22, 23],
            &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
        );
        assert_eq!((treated.n, treated.open), (21, 12));
        assert_eq!((treated.median_ms, treated.p90_ms), (Some(23), None));
        let placebo = [
            1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23,
        ];
        let placebo = of(&placebo, &[]);
        assert_eq!((placebo.n, placebo.open), (21, 0));
        assert_eq!((placebo.median_ms, placebo.p90_ms), (Some(8), Some(17)));
    }

    #[test]
    fn the_curve_has_a_step_for_each_time() {
        let mut times = [(6, true), (9, false), (6, false), (6, true), (12, true)];
        let step = |time_ms, at_risk, closed, still_red| Step {
            time_ms,
            at_risk,
            closed,
            still_red,
        };
        assert_eq!(
            curve(&mut times),
            [step(6, 5, 2, 0.6), step(9, 2, 0, 0.6), step(12, 1, 1, 0.0)]
        );
        assert_eq!(curve(&mut []), []);
    }

    #[test]
    fn resamples_have_medians_around_that_of_all() {
        let times = |open: bool| {
            let times = (1..=100).map(|hours| (hours, !open || hours % 4 > 0));
            RedTimes::of(times.collect())
        };
        let mut random = Random::seeded(1);
        let (closed, some_open) = (times(false), times(true));
        assert_eq!((closed.median(), some_open.median()), (50.0, 61.0));
        for known in [&closed, &some_open] {
            let mut draws: Vec<f64> = (0..500).map(|_| known.draw(&mut random)).collect();
            draws.sort_by(f64::total_cmp);
            let middle = draws[250] - known.median();
            assert!(middle.abs() < 3.0, "{middle}");
            // The standard error of the median is about 5.
            let width = draws[487] - draws[12];
            assert!((14.0..30.0).contains(&width), "{width}");
        }
        let open = RedTimes::of(vec![(1, false); 5]);
        assert_eq!(open.draw(&mut random), NOT_REACHED);
    }

    #[test]
    fn shares_that_are_met_exactly_are_reached() {
        let ten: Vec<i64> = (1..=10).collect();
        let all = of(&ten, &[]);
        assert_eq!((all.median_ms, all.p90_ms), (Some(5), Some(9)));
        let half = of(&[1, 2], &[3, 3]);
        assert_eq!((half.median_ms, half.p90_ms), (Some(2), None));
    }

    #[test]
    fn nothing_and_open_episodes_alone_have_no_median() {
        assert_eq!(of(&[], &[]), TimeToGreen::default());
        let open = of(&[], &[5, 6]);
        assert_eq!((open.n, open.open, open.median_ms), (2, 2, None));
    }

    #[test]
    fn dormant_episodes_are_counted_apart_and_those_before_the_data_left_out() {
        let dormant = Episode {
            dormant: true,
            ..episode(false)
        };
        let before = Episode {
            at_least: true,
            last_good_before: None,
            ..episode(true)
        };
        let closed = episode(true);
        let found = estimate([(&closed, 9), (&dormant, 1), (&before, 1)].into_iter());
        let expected = TimeToGreen {
            n: 2,
            open: 0,
            dormant: 1,
            at_least: 1,
            median_ms: Some(9),
            p90_ms: Some(9),
        };
        assert_eq!(found, expected);
    }
}
