//! The headline: failed builds now and in the window before, and the pipelines that are red.

use std::collections::HashMap;

use crate::server::{
    attributes::{days_of, select, select_in},
    figures::words,
    snapshot::{Snapshot, UNKNOWN_STEP},
};
use crate::{
    api::{Headline, RedPipeline},
    selection::Selection,
};

/// The most red pipelines that are named.
const MAX_RED: usize = 12;

/// A pipeline whose latest decided build failed.
struct Red {
    /// The first failed build since the last good one in the window.
    first: usize,
    latest: usize,
    failed_in_a_row: u64,
}

/// Computes the headline of the selected builds, compared with the same number of days before.
pub fn headline(snapshot: &Snapshot, selection: &Selection) -> Headline {
    let builds = &snapshot.builds;
    let window = snapshot.window(selection);
    let mut counted = 0;
    let mut failed = 0;
    let mut red: HashMap<u32, Option<Red>> = HashMap::new();
    select(snapshot, selection).each(|build| {
        counted += 1;
        let result = builds.result[build];
        failed += u64::from(result.is_failed());
        if !result.is_decided() {
            return;
        }
        let state = red.entry(builds.pipeline[build]).or_default();
        *state = result.is_failed().then(|| match state.take() {
            Some(red) => Red {
                latest: build,
                failed_in_a_row: red.failed_in_a_row + 1,
                ..red
            },
            None => Red {
                first: build,
                latest: build,
                failed_in_a_row: 1,
            },
        });
    });
    let (mut counted_before, mut failed_before) = (0, 0);
    select_in(snapshot, selection, window.before()).each(|build| {
        counted_before += 1;
        failed_before += u64::from(builds.result[build].is_failed());
    });
    let pipelines = red.len() as u64;
    let mut red: Vec<Red> = red.into_values().flatten().collect();
    red.sort_by_key(|red| red.first);
    Headline {
        days: days_of(snapshot, window),
        window: words::of_window(window, &snapshot.config.time_zone),
        compared: match window.days {
            Some(1) => "the day before".to_owned(),
            Some(days) => format!("the {days} days before"),
            None => "the same time before".to_owned(),
        },
        builds: counted,
        failed,
        failure_percent: percent(failed, counted),
        failure_percent_before: percent(failed_before, counted_before),
        builds_before: counted_before,
        red_total: red.len() as u64,
        red: red
            .iter()
            .take(MAX_RED)
            .map(|red| named(snapshot, red))
            .collect(),
        pipelines,
    }
}

fn named(snapshot: &Snapshot, red: &Red) -> RedPipeline {
    let builds = &snapshot.builds;
    let pipeline = &snapshot.pipelines[builds.pipeline[red.latest] as usize];
    let since_ms = builds.finished_ms[red.first];
    let step = builds.failing_step[red.latest];
    RedPipeline {
        pipeline: pipeline.label.to_string(),
        project: snapshot.project_label(pipeline).to_owned(),
        since: words::instant(Some(since_ms)),
        since_text: words::local_instant(&snapshot.config.time_zone, since_ms),
        failed_in_a_row: red.failed_in_a_row,
        step: (step != UNKNOWN_STEP).then(|| snapshot.steps[step as usize].to_string()),
    }
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}
