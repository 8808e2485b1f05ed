//! The conditions of the builds that a change point rests on.

use super::opens;
use crate::{
    selection::Selection,
    server::{
        model::BuildResult,
        snapshot::{
            Snapshot,
            change_points::{ChangePoint, Level, Measure},
        },
    },
};

/// The builds between two changes.
pub fn of_level(snapshot: &Snapshot, point: &ChangePoint, level: &Level) -> Selection {
    let finished = |row: u32| snapshot.builds.finished_ms[row as usize];
    let range = (finished(level.first_row), finished(level.last_row));
    of_series(pipeline(snapshot, point), point.measure, range)
}

/// The builds of a series that finished between two instants, both included.
pub fn of_series(pipeline: &str, measure: Measure, range: (i64, i64)) -> Selection {
    let counts = |result: BuildResult| match measure {
        Measure::Duration => result.is_good(),
        Measure::FailureRate => result.is_decided(),
    };
    let results = BuildResult::ALL
        .into_iter()
        .filter(|result| counts(*result));
    let results = results.map(|result| ("result", result.as_str()));
    let known = Some(("known", "duration")).filter(|_| measure == Measure::Duration);
    let own = [("pipeline", pipeline)].into_iter();
    opens::finished(range.0, range.1 + 1).narrowed(&own.chain(results).chain(known).collect())
}

/// All builds of the pipeline within the interval of a change.
pub fn of_interval(snapshot: &Snapshot, point: &ChangePoint) -> Selection {
    let finished = |row: u32| snapshot.builds.finished_ms[row as usize];
    let range = opens::finished(finished(point.after_row) + 1, finished(point.until_row) + 1);
    range.narrowed(&opens::one("pipeline", pipeline(snapshot, point)))
}

fn pipeline<'a>(snapshot: &'a Snapshot, point: &ChangePoint) -> &'a str {
    &snapshot.pipelines[point.pipeline as usize].label
}
