//! The builds of a selection: a range of rows, and for each of them whether it meets the conditions.

use std::ops::Range;

use super::{ATTRIBUTES, Kind, Values};
use crate::{
    selection::{self, Selection},
    server::{
        model::{DAY_MS, MINUTE_MS, split_step},
        snapshot::{
            Builds, NO_TEST, Snapshot, UNKNOWN_DURATION, UNKNOWN_NODE, UNKNOWN_STEP, Window,
            commit_number, instant_ms,
        },
    },
};

/// The builds of a snapshot that match a selection.
pub struct Selected<'a> {
    builds: &'a Builds,
    rows: Range<usize>,
    /// For each of the rows, whether it meets the conditions; none if all do.
    mask: Option<Vec<bool>>,
}

/// Selects the builds of a selection whose values were checked.
pub fn select<'a>(snapshot: &'a Snapshot, selection: &Selection) -> Selected<'a> {
    select_in(snapshot, selection, snapshot.window(selection))
}

/// Selects the builds that match all of a selection but its range, in a window.
pub fn select_in<'a>(
    snapshot: &'a Snapshot,
    selection: &Selection,
    window: Window,
) -> Selected<'a> {
    let finished = &snapshot.builds.finished_ms;
    let first = finished.partition_point(|&at| at < window.start_ms);
    let last = finished.partition_point(|&at| at < window.end_ms);
    let mut selected = Selected {
        builds: &snapshot.builds,
        rows: first..last.max(first),
        mask: None,
    };
    for attribute in ATTRIBUTES {
        let wanted: Vec<&str> = selection.values(attribute.id).collect();
        if !wanted.is_empty() {
            let labels = labels(snapshot, &attribute.kind, &wanted);
            selected.keep_values(&(attribute.read)(snapshot), &labels);
        }
    }
    selected.keep_commits(selection);
    selected.keep_steps(snapshot, selection);
    selected.keep_times(snapshot, selection);
    for (key, wanted) in [("known", true), ("missing", false)] {
        let asked: Vec<&str> = selection.values(key).collect();
        if let [first, rest @ ..] = &asked[..] {
            let has = |name: &&str| has(snapshot, name);
            let (first, rest): (_, Vec<_>) = (has(first), rest.iter().map(has).collect());
            selected.keep(|build| {
                first(build) == wanted || rest.iter().any(|has| has(build) == wanted)
            });
        }
    }
    if let Some(text) = selection.value("q") {
        let text = text.to_lowercase();
        let pipelines = snapshot.pipelines.iter();
        let found = pipelines.map(|known| known.label.to_lowercase().contains(&text));
        let found: Vec<bool> = found.collect();
        let pipeline = &snapshot.builds.pipeline;
        selected.keep(|build| found[pipeline[build] as usize]);
    }
    selected
}

/// Tells which builds have the values that a selection asks of some attributes, whatever else it asks.
pub fn has_attributes<'a>(
    snapshot: &'a Snapshot,
    selection: &Selection,
    ids: &[&str],
) -> impl Fn(usize) -> bool + use<'a> {
    let asked = ATTRIBUTES.iter().filter(|known| ids.contains(&known.id));
    let conditions = asked.filter_map(|attribute| {
        let wanted: Vec<&str> = selection.values(attribute.id).collect();
        let labels = (!wanted.is_empty()).then(|| labels(snapshot, &attribute.kind, &wanted))?;
        let values = (attribute.read)(snapshot);
        let wanted = values.wanted(&labels);
        Some(move |build| values.has(build, &wanted))
    });
    let conditions: Vec<_> = conditions.collect();
    move |build| conditions.iter().all(|holds| holds(build))
}

/// The labels that values of an attribute in addresses stand for.
fn labels(snapshot: &Snapshot, kind: &Kind, wanted: &[&str]) -> Vec<String> {
    let Kind::Choice(choices) = kind else {
        return wanted.iter().map(|&value| value.to_owned()).collect();
    };
    let choices = choices(&snapshot.config).into_iter();
    let chosen = choices.filter(|(id, _)| wanted.contains(&&**id));
    chosen.map(|(_, label)| label).collect()
}

/// Tells which builds have something optional.
fn has<'a>(snapshot: &'a Snapshot, name: &str) -> Box<dyn Fn(usize) -> bool + 'a> {
    let builds = &snapshot.builds;
    match name {
        "duration" => Box::new(|build| builds.duration_ms[build] != UNKNOWN_DURATION),
        "commit" => Box::new(|build| builds.commit[build] != 0),
        "start_delay" => Box::new(|build| builds.start_delay_ms[build] != UNKNOWN_DURATION),
        "first_step" => Box::new(|build| builds.steps.of(build).next().is_some()),
        "node" => Box::new(|build| builds.node[build] != UNKNOWN_NODE),
        "failed_step" => Box::new(|build| builds.failing_step[build] != UNKNOWN_STEP),
        "functional_test" => Box::new(|build| builds.functional_test_ms[build] != NO_TEST),
        _ => match super::find(name) {
            Some(attribute) => {
                let values = (attribute.read)(snapshot);
                Box::new(move |build| values.number(build).is_some())
            }
            None => Box::new(|_| false),
        },
    }
}

impl Selected<'_> {
    /// Drops the builds that do not meet a condition.
    fn keep(&mut self, condition: impl Fn(usize) -> bool) {
        match &mut self.mask {
            None => self.mask = Some(self.rows.clone().map(condition).collect()),
            Some(mask) => {
                for (kept, build) in mask.iter_mut().zip(self.rows.clone()) {
                    *kept = *kept && condition(build);
                }
            }
        }
    }

    /// Drops the builds whose value has none of the labels.
    fn keep_values(&mut self, values: &Values<'_>, labels: &[String]) {
        let rows = self.rows.clone();
        let mask = self.mask.get_or_insert_with(|| vec![true; rows.len()]);
        values.keep(rows.start, &values.wanted(labels), mask);
    }

    /// Keeps the builds of one of these commits, each its hexadecimal digits or at least their first 7.
    fn keep_commits(&mut self, selection: &Selection) {
        let commits: Vec<(u64, u64)> = selection.values("commit").map(commit_range).collect();
        if !commits.is_empty() {
            let column = &self.builds.commit;
            self.keep(|build| {
                let commit = column[build];
                commit != 0
                    && commits
                        .iter()
                        .any(|&(first, last)| (first..=last).contains(&commit))
            });
        }
    }

    /// Keeps the builds that have one of the steps, and a step in one of the environments.
    fn keep_steps(&mut self, snapshot: &Snapshot, selection: &Selection) {
        for key in ["step", "environment"] {
            let wanted: Vec<&str> = selection.values(key).collect();
            if wanted.is_empty() {
                continue;
            }
            let names = snapshot.steps.iter();
            let is_wanted = |name: &str| match key {
                "step" => wanted.contains(&name),
                _ => split_step(name)
                    .1
                    .is_some_and(|known| wanted.contains(&known)),
            };
            let numbers: Vec<bool> = names.map(|name| is_wanted(name)).collect();
            let steps = &self.builds.steps;
            self.keep(|build| {
                let mut names = steps.names(build).iter();
                names.any(|&name| numbers.get(usize::from(name)) == Some(&true))
            });
        }
    }

    fn keep_times(&mut self, snapshot: &Snapshot, selection: &Selection) {
        let instant = |key| {
            let value = selection.value(key)?;
            instant_ms(value, &snapshot.config.time_zone)
        };
        let (from, to) = (instant("started_from"), instant("started_to"));
        let started = &self.builds.started_ms;
        if from.is_some() || to.is_some() {
            let (from, to) = (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX));
            self.keep(|build| from <= started[build] && started[build] < to);
        }
        let limit = |key| selection.value(key).and_then(selection::minutes);
        let (min, max) = (limit("min_minutes"), limit("max_minutes"));
        if min.is_some() || max.is_some() {
            let ms = |minutes: f64| (minutes * MINUTE_MS as f64) as i64;
            let (min, max) = (min.map_or(0, ms), max.map_or(i64::MAX, ms));
            let durations = &self.builds.duration_ms;
            self.keep(|build| {
                let known = durations[build] != UNKNOWN_DURATION;
                known && (min..max).contains(&durations[build].into())
            });
        }
    }

    /// Returns the indices of the builds, in order of `finished_ms`.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.rows.clone().filter(|&build| self.contains(build))
    }

    /// Calls `f` with the index of each build, in order of `finished_ms`.
    #[inline(always)]
    pub fn each(&self, mut f: impl FnMut(usize)) {
        match &self.mask {
            None => self.rows.clone().for_each(f),
            Some(mask) => {
                for (&kept, build) in mask.iter().zip(self.rows.clone()) {
                    if kept {
                        f(build);
                    }
                }
            }
        }
    }

    /// Returns whether a build is selected.
    pub fn contains(&self, build: usize) -> bool {
        let mask = self.mask.as_ref();
        self.rows.contains(&build) && mask.is_none_or(|mask| mask[build - self.rows.start])
    }

    pub fn count(&self) -> u64 {
        match &self.mask {
            None => self.rows.len() as u64,
            Some(mask) => mask.iter().filter(|&&kept| kept).count() as u64,
        }
    }
}

/// The numbers of the commits that begin with these digits.
fn commit_range(commit: &str) -> (u64, u64) {
    let digits = commit.len();
    let is_prefix =
        (7..16).contains(&digits) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    match u64::from_str_radix(commit, 16) {
        Ok(prefix) if is_prefix => {
            let shift = 4 * (16 - digits);
            (prefix << shift, (prefix << shift) + ((1 << shift) - 1))
        }
        _ => {
            let number = commit_number(commit);
            (number, number)
        }
    }
}

/// The length of a window, or of the part of it that has data, in days; at least 1.
pub fn days_of(snapshot: &Snapshot, window: Window) -> u16 {
    if let Some(days) = window.days {
        return days;
    }
    let first_ms = snapshot.builds.finished_ms.first().copied();
    let start_ms = window.start_ms.max(first_ms.unwrap_or(window.end_ms));
    let days = (window.end_ms - start_ms).div_euclid(DAY_MS)
        + i64::from((window.end_ms - start_ms).rem_euclid(DAY_MS) > 0);
    u16::try_from(days.max(1)).unwrap_or(u16::MAX)
}
