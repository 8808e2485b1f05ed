//! The pipelines of a selection, with their states over all data and their builds in the range.
//!
//! One pass over the builds of the range and one over those of the time before count per pipeline. Durations are only
//! collected for the pipelines that are shown, unless the list is sorted by them.

#[cfg(test)]
mod tests;

use std::cmp::{Ordering, Reverse};

use super::pipeline::mark;
use crate::{
    api::{BuildMark, Change, PipelineList, PipelineSummary, StateCount, View},
    error::AppError,
    selection::Selection,
    server::{
        attributes::{self, Selected, select, select_in},
        figures::words,
        insight,
        model::BuildResult,
        significance::{self, Rate},
        snapshot::{PipelineState, Snapshot, State, UNKNOWN_DURATION, Window},
        statistics::{percent, percentile, to_two_decimals},
    },
};

/// The pipelines on a page.
const PAGE: usize = 25;
/// The builds in a strip.
const RECENT: usize = 30;
/// The states of pipelines, in the order of lists.
pub const STATES: [&str; 4] = ["red", "good", "unknown", "dormant"];
/// The orders of a list, least first; `-` before a name is greatest first.
pub const SORTS: [&str; 20] = [
    "state",
    "-state",
    "pipeline",
    "-pipeline",
    "project",
    "-project",
    "team",
    "-team",
    "failed",
    "-failed",
    "change",
    "-change",
    "builds",
    "-builds",
    "p50",
    "-p50",
    "p95",
    "-p95",
    "last",
    "-last",
];

/// The name of a pipeline's state.
pub const fn state_name(state: &PipelineState) -> &'static str {
    if state.dormant {
        return "dormant";
    }
    match state.state {
        State::Red => "red",
        State::Good => "good",
        State::Unknown => "unknown",
    }
}

/// Checks the parameters of the list.
///
/// # Errors
/// [`AppError::UnknownValue`].
pub fn check(view: &View) -> Result<(), AppError> {
    sort(view)?;
    place(view).map(drop)
}

/// Checks the parameters of the list but its order.
///
/// # Errors
/// [`AppError::UnknownValue`].
pub fn check_place(view: &View) -> Result<(), AppError> {
    place(view).map(drop)
}

/// The column of the order, and whether the greatest come first.
fn sort(view: &View) -> Result<(&str, bool), AppError> {
    let Some(given) = view.get("sort") else {
        return Ok(("state", false));
    };
    if !SORTS.contains(&given) {
        return Err(AppError::unknown_value(
            "sort",
            given,
            SORTS.map(str::to_owned).to_vec(),
        ));
    }
    let column = given.strip_prefix('-');
    Ok((column.unwrap_or(given), column.is_some()))
}

/// The wanted state, and the number of pages before.
fn place(view: &View) -> Result<(Option<&str>, usize), AppError> {
    let state = view.get("state");
    if let Some(state) = state
        && !STATES.contains(&state)
    {
        let known = STATES.map(str::to_owned).to_vec();
        return Err(AppError::unknown_value("state", state, known));
    }
    let page = view.get("page").map_or(Ok(1), |page| {
        let number = page.parse::<u32>().ok().filter(|number| *number > 0);
        number.ok_or_else(|| AppError::unknown_value("page", page, Vec::new()))
    })?;
    Ok((state, page as usize - 1))
}

/// The builds of a pipeline, and the decided ones of them.
#[derive(Clone, Copy, Default)]
struct Counted {
    builds: u64,
    failed: Rate,
}

/// A pipeline of the selection: its number, and its builds in the range and in the time before.
#[derive(Clone, Copy)]
struct Listed {
    number: usize,
    now: Counted,
    before: Counted,
    p50: Option<f64>,
    p95: Option<f64>,
}

/// Lists the pipelines of a selection whose values were checked.
///
/// # Errors
/// [`AppError::UnknownValue`] for an unknown state, order or page.
pub fn pipeline_list(
    snapshot: &Snapshot,
    selection: &Selection,
    view: &View,
) -> Result<PipelineList, AppError> {
    let (wanted, pages_before) = place(view)?;
    let (column, descending) = sort(view)?;
    let window = snapshot.window(selection);
    let selected = select(snapshot, selection);
    let now = counted(snapshot, &selected);
    let before = counted(snapshot, &select_in(snapshot, selection, window.before()));

    let chosen = chosen(snapshot, selection);
    let states = &snapshot.insight.states;
    let count = |state: &&str| StateCount {
        state: (*state).to_owned(),
        pipelines: chosen
            .iter()
            .filter(|number| state_name(&states[**number]) == *state)
            .count() as u64,
    };
    let counts = STATES.iter().map(count).collect();
    let listed = chosen
        .iter()
        .filter(|number| wanted.is_none_or(|wanted| state_name(&states[**number]) == wanted));
    let mut listed: Vec<Listed> = listed
        .map(|&number| Listed {
            number,
            now: now[number],
            before: before[number],
            p50: None,
            p95: None,
        })
        .collect();

    let by_duration = matches!(column, "p50" | "p95");
    if by_duration {
        set_durations(snapshot, &selected, &mut listed);
    }
    let teams = attributes::find("team").expect("an attribute of the registry");
    let teams = (teams.read)(snapshot);
    let team = |number: usize| teams.label(states[number].last_build? as usize);
    let label = |known: &Listed| &snapshot.pipelines[known.number].label;
    listed.sort_by(|a, b| label(a).cmp(label(b)));
    listed.sort_by(|a, b| {
        let state = |known: &Listed| &states[known.number];
        let pipeline = |known: &Listed| &snapshot.pipelines[known.number];
        match column {
            "pipeline" => in_order(
                Some(&pipeline(a).short),
                Some(&pipeline(b).short),
                descending,
            ),
            "project" => {
                let project = |known| Some(snapshot.project_label(pipeline(known)));
                in_order(project(a), project(b), descending)
            }
            "team" => in_order(team(a.number), team(b.number), descending),
            "failed" => {
                let share = |known: &Listed| known.now.failed.share().map(Number);
                in_order(share(a), share(b), descending)
            }
            "change" => in_order(
                a.clear_change().map(Number),
                b.clear_change().map(Number),
                descending,
            ),
            "builds" => in_order(Some(a.now.builds), Some(b.now.builds), descending),
            "p50" => in_order(a.p50.map(Number), b.p50.map(Number), descending),
            "p95" => in_order(a.p95.map(Number), b.p95.map(Number), descending),
            // Rows are in the order of time.
            "last" => in_order(state(a).last_build, state(b).last_build, descending),
            _ => in_order(Some(urgency(state(a))), Some(urgency(state(b))), descending),
        }
    });

    let first = pages_before.saturating_mul(PAGE).min(listed.len());
    let last = (first + PAGE).min(listed.len());
    let shown = &mut listed[first..last];
    if !by_duration {
        set_durations(snapshot, &selected, shown);
    }
    let recent = recent(snapshot, shown);
    let page = shown.iter().zip(recent);
    let page = page
        .map(|(known, recent)| summary(snapshot, known, team(known.number), recent))
        .collect();
    let page_count = listed.len().div_ceil(PAGE).max(1);
    Ok(PipelineList {
        selection: selection.encoded(),
        summary: sentence(snapshot, selection, wanted, listed.len() as u64),
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
        pipelines: listed.len() as u64,
        states: counts,
        next: (last < listed.len()).then(|| (pages_before + 2).to_string()),
        page,
        page_number: pages_before as u64 + 1,
        page_count: page_count as u64,
        compared: compared(window),
    })
}

/// Returns whether a page comes after the last one. Its parameters were checked.
pub fn is_past_the_end(snapshot: &Snapshot, selection: &Selection, view: &View) -> bool {
    let Ok((wanted, pages_before)) = place(view) else {
        return false;
    };
    let states = &snapshot.insight.states;
    let listed = chosen(snapshot, selection).into_iter();
    let listed = listed
        .filter(|number| wanted.is_none_or(|wanted| state_name(&states[*number]) == wanted))
        .count();
    pages_before > 0 && pages_before >= listed.div_ceil(PAGE)
}

/// `the 14 days before`.
fn compared(window: Window) -> String {
    match window.days {
        Some(1) => "the day before".to_owned(),
        Some(days) => format!("the {days} days before"),
        None => "the same time before".to_owned(),
    }
}

/// The numbers of the pipelines of a selection whose names contain its text.
fn chosen(snapshot: &Snapshot, selection: &Selection) -> Vec<usize> {
    let text = selection.value("q").map(str::to_lowercase);
    let is_chosen = insight::chosen_pipelines(snapshot, selection);
    let named = |number: &usize| {
        let label = &snapshot.pipelines[*number].label;
        text.as_ref()
            .is_none_or(|text| label.to_lowercase().contains(text))
    };
    let numbers = (0..snapshot.pipelines.len()).filter(|number| is_chosen[*number]);
    numbers.filter(named).collect()
}

/// Counts the builds of each pipeline.
fn counted(snapshot: &Snapshot, selected: &Selected<'_>) -> Vec<Counted> {
    let mut counted = vec![Counted::default(); snapshot.pipelines.len()];
    let builds = &snapshot.builds;
    selected.each(|build| {
        let known = &mut counted[builds.pipeline[build] as usize];
        known.builds += 1;
        known.failed.count(builds.result[build]);
    });
    counted
}

/// Sets the percentiles of the durations of the passed builds of these pipelines.
fn set_durations(snapshot: &Snapshot, selected: &Selected<'_>, listed: &mut [Listed]) {
    let places = places(snapshot, listed);
    let mut durations = vec![Vec::new(); listed.len()];
    let builds = &snapshot.builds;
    selected.each(|build| {
        let duration_ms = builds.duration_ms[build];
        let is_timed =
            builds.result[build] == BuildResult::Success && duration_ms != UNKNOWN_DURATION;
        if let Some(durations) = durations.get_mut(places[builds.pipeline[build] as usize])
            && is_timed
        {
            durations.push(duration_ms);
        }
    });
    for (known, mut durations) in listed.iter_mut().zip(durations) {
        if !durations.is_empty() {
            known.p50 = Some(percentile(&mut durations, 0.5));
            known.p95 = Some(percentile(&mut durations, 0.95));
        }
    }
}

/// The place of each pipeline of a snapshot in a list; `usize::MAX` for others.
fn places(snapshot: &Snapshot, listed: &[Listed]) -> Vec<usize> {
    let mut places = vec![usize::MAX; snapshot.pipelines.len()];
    for (place, known) in listed.iter().enumerate() {
        places[known.number] = place;
    }
    places
}

/// The latest builds of these pipelines, the latest last.
fn recent(snapshot: &Snapshot, listed: &[Listed]) -> Vec<Vec<BuildMark>> {
    let places = places(snapshot, listed);
    let mut rows = vec![Vec::new(); listed.len()];
    let mut missing = listed.len();
    for (row, &pipeline) in snapshot.builds.pipeline.iter().enumerate().rev() {
        if missing == 0 {
            break;
        }
        if let Some(rows) = rows.get_mut(places[pipeline as usize])
            && rows.len() < RECENT
        {
            rows.push(row);
            missing -= usize::from(rows.len() == RECENT);
        }
    }
    let marks = |rows: Vec<usize>| {
        rows.into_iter()
            .rev()
            .map(|row| mark(snapshot, row))
            .collect()
    };
    rows.into_iter().map(marks).collect()
}

impl Listed {
    /// The difference of the shares of failed builds; none if it may be chance.
    fn clear_change(&self) -> Option<f64> {
        significance::compare(self.now.failed, self.before.failed)?;
        Some(self.now.failed.share()? - self.before.failed.share()?)
    }
}

/// A number in a total order.
#[derive(PartialEq)]
struct Number(f64);

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// The order of two values; what is unknown comes last.
fn in_order<T: Ord>(a: Option<T>, b: Option<T>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The place of a state in a list: red ones first, the longest red of them first.
fn urgency(state: &PipelineState) -> impl Ord + use<> {
    let name = state_name(state);
    let rank = STATES.iter().position(|known| *known == name);
    let since = if name == "red" { state.since } else { None };
    (rank, Reverse(since.is_some()), since)
}

fn summary(
    snapshot: &Snapshot,
    known: &Listed,
    team: Option<&str>,
    recent: Vec<BuildMark>,
) -> PipelineSummary {
    let pipeline = &snapshot.pipelines[known.number];
    let state = &snapshot.insight.states[known.number];
    let finished = |build: Option<u32>| {
        build.map(|build| words::instant(Some(snapshot.builds.finished_ms[build as usize])))
    };
    let (now, before) = (known.now.failed, known.before.failed);
    let interval = now.interval();
    let ms = |ms: Option<f64>| ms.map(|ms| ms.round() as u64);
    PipelineSummary {
        system: pipeline.system.as_str().to_owned(),
        name: pipeline.name.to_string(),
        pipeline: pipeline.label.to_string(),
        short_name: pipeline.short.to_string(),
        project: snapshot.project_label(pipeline).to_owned(),
        team: team.map(str::to_owned),
        state: state_name(state).to_owned(),
        since: finished(state.since),
        at_least: state.at_least,
        streak: state.streak.into(),
        last_green: finished(state.last_green),
        last_build: finished(state.last_build),
        builds: known.now.builds,
        decided: now.whole,
        failed: now.part,
        failed_percent: percent(now.part, now.whole),
        failed_percent_low: interval.map(|interval| to_two_decimals(100.0 * interval.low)),
        failed_percent_high: interval.map(|interval| to_two_decimals(100.0 * interval.high)),
        builds_before: known.before.builds,
        decided_before: before.whole,
        failed_before: before.part,
        change: match significance::compare(now, before) {
            Some(Ordering::Less) => Change::Better,
            Some(Ordering::Greater) => Change::Worse,
            _ => Change::Unclear,
        },
        p50_ms: ms(known.p50),
        p95_ms: ms(known.p95),
        recent,
    }
}

fn sentence(
    snapshot: &Snapshot,
    selection: &Selection,
    wanted: Option<&str>,
    count: u64,
) -> String {
    if snapshot.as_of_ms.is_none() {
        return words::NO_EVENTS.to_owned();
    }
    let state = wanted.map_or_else(String::new, |wanted| format!("{wanted} "));
    let one = format!("{state}pipeline");
    let many = format!("{state}pipelines");
    let counted = match count {
        0 => format!("No {many}"),
        _ => words::counted(count, &one, &many),
    };
    let project = snapshot.projects_in_words(selection);
    let project = project.map_or_else(String::new, |project| format!(" of {project}"));
    format!("{counted}{project}. States are over all data, whatever the range.")
}
