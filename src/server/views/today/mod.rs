//! The start page: a verdict, what needs attention, and what happened lately.

mod hours;
#[cfg(test)]
mod tests;
mod verdict;
mod weeks;

use super::{freshness, problems};
use crate::{
    api::Today,
    selection::Selection,
    server::{
        attributes::select_in,
        figures::{opens, words},
        insight,
        model::{HOUR_MS, Snooze},
        snapshot::{Snapshot, State, Window},
    },
};

/// Describes the pipelines of a selection whose values were checked. Its range does not matter.
pub fn today(snapshot: &Snapshot, selection: &Selection, snoozes: &[Snooze], now_ms: i64) -> Today {
    // Its own range comes with each number.
    let selection = ["as_of", "days", "from", "to"]
        .iter()
        .fold(selection.clone(), |kept, key| kept.without(key));
    let (mut red, mut pipelines, mut dormant) = (0, 0, 0);
    for (_, state) in insight::states(snapshot, &selection) {
        if state.dormant {
            dormant += 1;
        } else {
            pipelines += u64::from(state.state != State::Unknown);
            red += u64::from(state.state == State::Red);
        }
    }
    let problems = problems::problem_list(snapshot, &selection, snoozes, now_ms);
    let recovered = problems.resolved.iter();
    let recovered: Vec<u64> = recovered
        .filter(|known| known.kind == "pipeline")
        .map(|known| known.red_ms)
        .collect();
    let recent = recent(snapshot);
    let results = &snapshot.builds.result;
    let mut failures = 0;
    select_in(snapshot, &selection, recent).each(|build| {
        failures += u64::from(results[build].is_failed());
    });
    let failed = opens::finished(recent.start_ms, recent.end_ms)
        .with_values("result", ["FAILURE", "ABORTED"]);
    let (weeks, change) = weeks::weeks(snapshot, &selection);
    let mut today = Today {
        verdict: String::new(),
        title: String::new(),
        red,
        pipelines,
        dormant,
        failures,
        failures_open: selection.narrowed(&failed).encoded(),
        recent_hours: snapshot.config.insight.resolved_hours.into(),
        recovered: recovered.len() as u64,
        slowest_recovery_ms: recovered.into_iter().max(),
        age: snapshot
            .as_of_ms
            .map(|as_of_ms| words::ago(now_ms - as_of_ms)),
        old: freshness::is_old(
            snapshot.as_of_ms,
            snapshot.config.freshness.events_ms,
            now_ms,
        ),
        problems,
        hours: hours::hours(snapshot, &selection),
        weeks,
        change,
    };
    let project = snapshot.projects_in_words(&selection);
    today.verdict = verdict::sentence(&today, project.as_deref(), snapshot.as_of_ms.is_some());
    today.title = verdict::title(&today, project.as_deref());
    today
}

/// The last hours, those of the recovered problems.
fn recent(snapshot: &Snapshot) -> Window {
    let end_ms = snapshot.as_of_ms.map_or(0, |as_of_ms| as_of_ms + 1);
    let hours = i64::from(snapshot.config.insight.resolved_hours);
    Window {
        start_ms: end_ms - hours * HOUR_MS,
        end_ms,
        days: None,
        ends_early: false,
    }
}
