//! Change points of a pipeline for readers, with the addresses of the builds that they rest on.

use super::pipeline::mark;
use crate::{
    api::{self, ChangeLevel, ChangedValue},
    server::{
        figures::change_conditions,
        insight::change_points::changed::{Changed, changed},
        snapshot::{
            Snapshot,
            change_points::{ChangePoint, Level, Measure},
        },
        statistics::percent,
    },
};

/// The change points that a page shows.
const MAX_CHANGES: usize = 20;

/// Describes the latest change points of a pipeline, the latest first.
pub fn change_points(snapshot: &Snapshot, pipeline: u32) -> Vec<api::ChangePoint> {
    let known = snapshot.insight.change_points_of(pipeline);
    let latest = &known[known.len().saturating_sub(MAX_CHANGES)..];
    if latest.is_empty() {
        return Vec::new();
    }
    let changed = changed(snapshot, latest);
    let points = latest.iter().zip(changed).rev();
    points
        .map(|(point, changed)| described(snapshot, point, changed))
        .collect()
}

fn described(snapshot: &Snapshot, point: &ChangePoint, changed: Vec<Changed>) -> api::ChangePoint {
    let mark = |row: u32| mark(snapshot, row as usize);
    let is_duration = point.measure == Measure::Duration;
    let level = |level: &Level| {
        let failed = (level.value * f64::from(level.builds)).round() as u64;
        let conditions = change_conditions::of_level(snapshot, point, level);
        ChangeLevel {
            builds: level.builds.into(),
            mean_ms: is_duration.then_some(level.value),
            failed: (!is_duration).then_some(failed),
            failed_percent: if is_duration {
                None
            } else {
                percent(failed, level.builds.into())
            },
            conditions: conditions.encoded(),
        }
    };
    api::ChangePoint {
        measure: point.measure.as_str().to_owned(),
        build: mark(point.row),
        after: mark(point.after_row),
        until: mark(point.until_row),
        from: level(&point.before),
        to: level(&point.after),
        p: is_duration.then_some(point.evidence),
        likelihood_gain: (!is_duration).then_some(point.evidence),
        changed: changed.into_iter().map(value).collect(),
        conditions: change_conditions::of_interval(snapshot, point).encoded(),
    }
}

fn value(changed: Changed) -> ChangedValue {
    ChangedValue {
        attribute: changed.attribute.to_owned(),
        label: changed.label.to_owned(),
        from: changed.from,
        to: changed.to,
        values: changed.values.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        selection::Selection,
        server::{
            attributes::select,
            figures::testing::{AS_OF, at, build, snapshot},
            model::{
                BuildResult::{Aborted, Failure, Success},
                HOUR_MS,
            },
            snapshot::{BuildDetails, BuildRecord},
        },
    };

    /// Slower from the 40th hour on, on another node; failing from the 70th on.
    fn changing() -> Snapshot {
        let builds = (0..90_i64).map(|hour| BuildRecord {
            finished_ms: at(AS_OF) - (89 - hour) * HOUR_MS,
            duration_ms: Some(if hour < 40 { 600_000 } else { 1_200_000 } + hour % 7 * 1000),
            details: BuildDetails {
                node: Some(if hour < 40 { "one" } else { "two" }),
                ..BuildDetails::default()
            },
            ..build(
                "a",
                match hour {
                    5 => Aborted,
                    _ if hour < 70 => Success,
                    _ => Failure,
                },
                AS_OF,
            )
        });
        snapshot(&builds.collect::<Vec<_>>())
    }

    #[test]
    fn each_level_opens_the_builds_that_it_rests_on() {
        let snapshot = changing();
        let points = change_points(&snapshot, 0);
        let [worse, slower] = &points[..] else {
            panic!("{points:?}");
        };
        assert_eq!(
            (&*worse.measure, worse.from.failed),
            ("failure_rate", Some(1))
        );
        assert_eq!(
            (worse.from.failed_percent, worse.to.failed_percent),
            (Some(1.43), Some(100.0))
        );
        assert_eq!((worse.p, slower.likelihood_gain), (None, None));
        assert_eq!((slower.from.builds, slower.to.builds), (39, 30));
        assert_eq!(slower.to.mean_ms.map(|ms| ms as u64 / 60_000), Some(20));
        let opened = |conditions: &str| {
            let selection = Selection::parse(conditions).expect("an address");
            select(&snapshot, &selection).count()
        };
        for point in &points {
            for level in [&point.from, &point.to] {
                assert_eq!(opened(&level.conditions), level.builds, "{level:?}");
            }
        }
        assert_eq!(opened(&slower.conditions), 1);
        let [node] = &slower.changed[..] else {
            panic!("{:?}", slower.changed);
        };
        assert_eq!((&*node.from, node.to.as_deref()), ("one", Some("two")));
    }
}
