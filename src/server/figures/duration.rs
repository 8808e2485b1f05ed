//! Durations of builds.
//!
//! Reads `result` and `duration_ms`. A build counts if it succeeded, failed or was aborted and has a
//! known duration. Binned on the server, so that the response does not grow with the number of builds.

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::server::model::{BuildResult, MINUTE_MS};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select,
        snapshot::{Snapshot, UNKNOWN_DURATION},
    },
};

/// The drawn results, from the axis upwards.
const RESULTS: [BuildResult; 3] = [
    BuildResult::Success,
    BuildResult::Failure,
    BuildResult::Aborted,
];
/// The possible widths of bins, in half minutes; all are multiples of the first.
const WIDTHS: [usize; 8] = [1, 2, 4, 10, 20, 30, 60, 120];
const HALF_MINUTE_MS: u32 = MINUTE_MS as u32 / 2;
/// More bins than this only show noise.
const MAX_BINS: usize = 120;

pub const FIGURE: Figure = Figure {
    id: "duration",
    page: Page::Pipelines,
    topic: Topic::Durations,
    width: Width::Full,
    height: 360,
    title: "Duration of builds",
    help: "Builds in the window that succeeded, failed or were aborted, by the duration that the CI \
           system reports. Builds without a known duration are left out. A bin includes its start \
           and excludes its end; its width is the smallest of 0.5, 1, 2, 5, 10, 15, 30 and 60 \
           minutes that needs at most 120 bins.",
    rows,
    summary,
    chart,
    opens,
};

/// Rows range from the first to the last bin with builds; empty bins between them are rows of zeros.
fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let builds = &snapshot.builds;
    let mut ended = [0_u64; BuildResult::ALL.len()];
    // Every width is a multiple of half a minute, so builds are counted in the finest bins, which are
    // then merged. All results are counted, because leaving some out costs more.
    let mut finest: Vec<[u64; BuildResult::ALL.len()]> = Vec::new();
    select(snapshot, selection).each(|build| {
        let result = builds.result[build] as usize;
        ended[result] += 1;
        if builds.duration_ms[build] == UNKNOWN_DURATION {
            return;
        }
        let bin = (builds.duration_ms[build] / HALF_MINUTE_MS) as usize;
        if bin >= finest.len() {
            finest.resize(bin + 1, [0; BuildResult::ALL.len()]);
        }
        finest[bin][result] += 1;
    });
    let drawn =
        |counts: &[u64; BuildResult::ALL.len()]| RESULTS.map(|result| counts[result as usize]);
    let ended: u64 = drawn(&ended).iter().sum();
    let mut finest: Vec<[u64; RESULTS.len()]> = finest.iter().map(drawn).collect();
    let last = finest.iter().rposition(|bin| *bin != [0; RESULTS.len()]);
    finest.truncate(last.map_or(0, |last| last + 1));
    let width = width_for(finest.len());
    let add = |mut sum: [u64; RESULTS.len()], bin: &[u64; RESULTS.len()]| {
        for (sum, count) in sum.iter_mut().zip(bin) {
            *sum += count;
        }
        sum
    };
    let bins = finest.chunks(width);
    let bins: Vec<_> = bins
        .map(|parts| parts.iter().fold([0; RESULTS.len()], add))
        .collect();
    let first = bins.iter().position(|bin| *bin != [0; RESULTS.len()]);
    let first = first.unwrap_or(0);
    let edge = |bin: usize| (bin * width) as f64 / 2.0;
    let of_result = |column: usize| bins[first..].iter().map(|bin| bin[column]).collect();
    let known: u64 = bins.iter().flatten().sum();
    let mut columns = vec![
        Column::new(
            "bin_start_min",
            "From (min)",
            Values::Number((first..bins.len()).map(edge).collect()),
        ),
        Column::new(
            "bin_end_min",
            "To (min)",
            Values::Number((first..bins.len()).map(|bin| edge(bin + 1)).collect()),
        ),
    ];
    columns.extend(RESULTS.iter().enumerate().map(|(column, &result)| {
        let counts = Values::Count(of_result(column));
        Column::new(result.as_str(), words::result_label(result), counts)
    }));
    Rows {
        columns,
        builds: if known > 0 { known } else { ended },
    }
}

/// The smallest width with at most [`MAX_BINS`] bins, or the widest.
fn width_for(half_minutes: usize) -> usize {
    let fits = |width: &usize| half_minutes.div_ceil(*width) <= MAX_BINS;
    let widest = WIDTHS[WIDTHS.len() - 1];
    WIDTHS.into_iter().find(fits).unwrap_or(widest)
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let window = words::window(context);
    let scope = words::scope(context);
    if rows.is_empty() && rows.builds == 0 {
        return match context.as_of_ms {
            None => words::no_builds(context),
            Some(_) => format!("No builds{scope} succeeded, failed or were aborted {window}."),
        };
    }
    let builds = words::counted(rows.builds, "build", "builds");
    if rows.is_empty() {
        return format!(
            "None of {builds}{scope} that succeeded, failed or were aborted {window} has a known duration.",
        );
    }
    format!(
        "Half of {builds}{scope} {window} took less than {} minutes, 95% less than {}.",
        end_of_share(rows, 0.5),
        end_of_share(rows, 0.95),
    )
}

/// The end of the first bin up to which at least `share` of the builds finished.
fn end_of_share(rows: &Rows, share: f64) -> f64 {
    let needed = (share * rows.builds as f64).ceil() as u64;
    let mut done = 0;
    let ends = rows.number("bin_end_min").iter().enumerate();
    let reached = |&(row, _): &(usize, &f64)| {
        let counts = RESULTS
            .iter()
            .map(|result| rows.count(result.as_str())[row]);
        done += counts.sum::<u64>();
        done >= needed
    };
    let mut ends = ends.filter(reached);
    *ends.next().expect("all bins hold all builds").1
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let starts = rows.number("bin_start_min");
    let ends = rows.number("bin_end_min");
    let width = ends[0] - starts[0];
    let bars = |result: &BuildResult| {
        let label = words::result_label(*result);
        let counts = rows.count(result.as_str());
        let drawn = (0..rows.len()).filter(|&row| counts[row] > 0);
        let marks = drawn.map(|row| {
            let builds = words::counted(counts[row], "build", "builds");
            Mark::new(starts[row], counts[row] as f64)
                .opening(row)
                .hover(format!(
                    "{}–{} min\n{builds} with {label}",
                    starts[row], ends[row]
                ))
        });
        Series::new(label, Colour::of_result(*result), Shape::Bars { width })
            .opening(result.as_str())
            .with(marks)
    };
    let panel = Panel::new(Unit::Count, "Builds", RESULTS.iter().map(bars).collect());
    let base = Base::Numbers {
        title: "Minutes",
        from: starts.iter().copied().fold(0.0, f64::min),
        to: ends.iter().copied().fold(width, f64::max),
    };
    Plane::new(base, vec![panel.stacked()]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let ends = rows.number("bin_end_min").iter();
    let bins = rows.number("bin_start_min").iter().zip(ends);
    let columns = RESULTS.iter().map(|result| {
        let only = opens::results(context, |known| known == *result);
        (result.as_str(), only)
    });
    Opens {
        rows: bins
            .map(|(&start, &end)| opens::lasted(context, start, Some(end)))
            .collect(),
        columns: columns.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{self, build, snapshot, table},
        snapshot::BuildRecord,
    };

    fn taking(seconds: i64, result: BuildResult) -> BuildRecord<'static> {
        BuildRecord {
            duration_ms: Some(seconds * 1000),
            ..build("a", result, "2019-10-25T09:00:00Z")
        }
    }

    fn rows_of(builds: &[BuildRecord<'_>]) -> Vec<String> {
        table(&FIGURE, &snapshot(builds), &Selection::default())
    }

    #[test]
    fn a_bin_holds_its_start_and_not_its_end() {
        let builds = [
            taking(30, BuildResult::Success),
            taking(59, BuildResult::Failure),
            taking(60, BuildResult::Aborted),
        ];
        assert_eq!(
            rows_of(&builds),
            ["0.5 | 1 | 1 | 1 | 0", "1 | 1.5 | 0 | 0 | 1"]
        );
    }

    #[test]
    fn empty_bins_between_others_are_rows() {
        let builds = [
            taking(0, BuildResult::Success),
            taking(61, BuildResult::Success),
        ];
        assert_eq!(
            rows_of(&builds),
            [
                "0 | 0.5 | 1 | 0 | 0",
                "0.5 | 1 | 0 | 0 | 0",
                "1 | 1.5 | 1 | 0 | 0"
            ]
        );
    }

    #[test]
    fn the_smallest_width_with_at_most_120_bins_is_taken() {
        let width_min = |longest_s: i64| {
            let rows = rows_of(&[taking(longest_s, BuildResult::Success)]);
            let edges: Vec<f64> = rows[0]
                .split(" | ")
                .take(2)
                .map(|edge| edge.parse().expect("a number"))
                .collect();
            edges[1] - edges[0]
        };
        assert_eq!(width_min(60 * 60 - 1), 0.5);
        assert_eq!(width_min(60 * 60), 1.0);
        assert_eq!(width_min(120 * 60), 2.0);
        assert_eq!(width_min(600 * 60 - 1), 5.0);
        assert_eq!(width_min(600 * 60), 10.0);
        assert_eq!(width_min(40 * 24 * 3600), 60.0);
    }

    #[test]
    fn only_the_three_results_with_a_known_duration_count() {
        let unknown = BuildRecord {
            duration_ms: None,
            ..taking(0, BuildResult::Success)
        };
        let builds = [
            unknown.clone(),
            taking(10, BuildResult::Unstable),
            taking(10, BuildResult::Success),
        ];
        assert_eq!(rows_of(&builds), ["0 | 0.5 | 1 | 0 | 0"]);
        let say = |builds: &[BuildRecord<'_>]| {
            testing::summary(&FIGURE, &snapshot(builds), &Selection::default())
        };
        assert_eq!(
            say(&[unknown.clone(), unknown]),
            "None of 2 builds that succeeded, failed or were aborted in the last 14 days has a known duration."
        );
        assert_eq!(
            say(&[]),
            "No builds succeeded, failed or were aborted in the last 14 days."
        );
    }

    #[test]
    fn the_sentence_is_true_of_the_rows() {
        let builds: Vec<_> = (0..20)
            .map(|minutes| taking(minutes * 60, BuildResult::Success))
            .collect();
        let sentence = testing::summary(&FIGURE, &snapshot(&builds), &Selection::default());
        assert_eq!(
            sentence,
            "Half of 20 builds in the last 14 days took less than 9.5 minutes, 95% less than 18.5."
        );
    }
}
