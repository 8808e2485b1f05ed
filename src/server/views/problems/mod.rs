//! The problems that need attention, and those that ended lately.

mod security;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use super::pipeline::mark;
use crate::{
    api::{BuildMark, ProblemCount, ProblemList, ProblemSummary, ResolvedProblem, SnoozeSummary},
    markup::visible,
    selection::Selection,
    server::{
        attributes,
        config::Config,
        figures::words,
        insight::{
            self,
            problems::{self, ProblemState},
        },
        model::{Snooze, SnoozeEnd},
        snapshot::{Episode, Incident, Problem, Snapshot, Subject, UNKNOWN_STEP},
    },
};
pub use security::in_words;

const MAX_PROBLEMS: usize = 200;
const MAX_RESOLVED: usize = 100;
/// The builds whose results are listed.
const MAX_RECENT: usize = 30;
const MAX_SUSPECTS: usize = 10;
/// The digits of a commit.
const COMMIT_DIGITS: usize = 8;

/// Lists the problems of a selection whose values were checked. Its range does not matter.
pub fn problem_list(
    snapshot: &Snapshot,
    selection: &Selection,
    snoozes: &[Snooze],
    now_ms: i64,
) -> ProblemList {
    let described = Described::new(snapshot, selection, snoozes, now_ms);
    let chosen = described.problems();
    let states = ProblemState::ALL.map(|state| ProblemCount {
        state: state.as_str().to_owned(),
        problems: chosen.iter().filter(|(known, ..)| *known == state).count() as u64,
    });
    let listed = chosen.iter().take(MAX_PROBLEMS);
    ProblemList {
        selection: selection.encoded(),
        summary: summary::sentence(snapshot, selection, &chosen),
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
        states: states.into(),
        problems: described.summaries(listed),
        resolved: described.resolved(),
    }
}

/// Returns the problem with an id, which forms send with invisible characters made visible.
pub fn find<'a>(snapshot: &'a Snapshot, id: &str) -> Option<&'a Problem> {
    let mut problems = snapshot.insight.problems.iter();
    problems.find(|known| visible(&snapshot.problem_id(known)) == id)
}

/// A problem with its state, and its snooze if it has one.
type Stated<'a> = (ProblemState, Option<&'a Snooze>, &'a Problem);

struct Described<'a> {
    snapshot: &'a Snapshot,
    snoozes: &'a [Snooze],
    now_ms: i64,
    /// By pipeline: it is of the selection.
    is_chosen: Vec<bool>,
    /// A repository is of the selection.
    is_repository_chosen: Box<dyn Fn(&str) -> bool + 'a>,
    teams: attributes::Values<'a>,
    domains: attributes::Values<'a>,
}

impl<'a> Described<'a> {
    fn new(
        snapshot: &'a Snapshot,
        selection: &'a Selection,
        snoozes: &'a [Snooze],
        now_ms: i64,
    ) -> Self {
        let read = |id: &str| {
            let attribute = attributes::find(id).expect("an attribute of the registry");
            (attribute.read)(snapshot)
        };
        Self {
            snapshot,
            snoozes,
            now_ms,
            is_chosen: insight::chosen_pipelines(snapshot, selection),
            is_repository_chosen: Box::new(insight::chosen_repositories(snapshot, selection)),
            teams: read("team"),
            domains: read("domain"),
        }
    }

    /// The problems of the selection with their states, in the order of the list.
    fn problems(&self) -> Vec<Stated<'a>> {
        let snapshot = self.snapshot;
        let all = snapshot.insight.problems.iter();
        let chosen = all.filter(|problem| match problem.subject {
            Subject::Incident(index) => {
                self.has_member(&snapshot.insight.incidents[index as usize])
            }
            Subject::Episode(index) => self.is_of(&snapshot.insight.episodes[index as usize]),
            Subject::Repository(index) => {
                let overdue = &snapshot.insight.security.overdue[index as usize];
                (self.is_repository_chosen)(&overdue.repository)
            }
        });
        let stated = chosen.map(|problem| {
            let (state, snooze) = problems::state(snapshot, problem, self.snoozes, self.now_ms);
            (state, snooze, problem)
        });
        let mut stated: Vec<_> = stated.collect();
        stated.sort_by_cached_key(|(state, _, problem)| {
            (
                *state,
                problems::order(problem),
                snapshot.problem_id(problem),
            )
        });
        stated
    }

    fn is_of(&self, episode: &Episode) -> bool {
        self.is_chosen[episode.pipeline as usize]
    }

    fn has_member(&self, incident: &Incident) -> bool {
        let pipeline = |row: &u32| self.snapshot.builds.pipeline[*row as usize] as usize;
        incident
            .members
            .iter()
            .any(|row| self.is_chosen[pipeline(row)])
    }

    fn summaries<'b>(&self, listed: impl Iterator<Item = &'b Stated<'a>>) -> Vec<ProblemSummary>
    where
        'a: 'b,
    {
        let listed: Vec<Stated<'a>> = listed.copied().collect();
        let episodes = &self.snapshot.insight.episodes;
        let pipeline = |problem: &Problem| match problem.subject {
            Subject::Episode(index) => Some(episodes[index as usize].pipeline),
            Subject::Incident(_) | Subject::Repository(_) => None,
        };
        let pipelines = listed.iter().filter_map(|(.., problem)| pipeline(problem));
        let mut recent = recent(self.snapshot, pipelines);
        let summaries = listed.iter().map(|&stated| ProblemSummary {
            recent: pipeline(stated.2)
                .and_then(|pipeline| recent.remove(&pipeline))
                .unwrap_or_default(),
            ..self.summary(stated)
        });
        summaries.collect()
    }

    fn summary(&self, (state, snooze, problem): Stated<'_>) -> ProblemSummary {
        let (snapshot, insight) = (self.snapshot, &self.snapshot.insight);
        let mut summary = match problem.subject {
            Subject::Incident(index) => self.of_incident(&insight.incidents[index as usize]),
            Subject::Episode(index) => self.of_episode(&insight.episodes[index as usize]),
            Subject::Repository(index) => {
                security::of_repository(snapshot, &insight.security.overdue[index as usize])
            }
        };
        let regressed_from = problem.regressed_from.and_then(|number| {
            let closed = insight.episodes[number as usize].closed?;
            Some(self.finished(closed))
        });
        summary.id = snapshot.problem_id(problem);
        summary.state = state.as_str().to_owned();
        summary.since = words::instant(Some(problem.opened_ms));
        summary.red_ms = ms(problem.red_ms);
        summary.failures = problem.failures.into();
        summary.builds = problem.builds.into();
        summary.failures_today = problem.failures_today.into();
        summary.worst_day = problem.worst_day.into();
        summary.regressed_from = regressed_from;
        summary.snooze = snooze.map(snooze_summary);
        summary
    }

    fn of_episode(&self, episode: &Episode) -> ProblemSummary {
        let snapshot = self.snapshot;
        let pipeline = &snapshot.pipelines[episode.pipeline as usize];
        let last_build = snapshot.insight.states[episode.pipeline as usize].last_build;
        let team = self
            .teams
            .label(last_build.unwrap_or(episode.opened) as usize);
        ProblemSummary {
            kind: "pipeline".to_owned(),
            title: pipeline.label.to_string(),
            system: Some(pipeline.system.as_str().to_owned()),
            name: Some(pipeline.name.to_string()),
            short_name: Some(pipeline.short.to_string()),
            project: Some(snapshot.project_label(pipeline).to_owned()),
            team: team.map(str::to_owned),
            pipelines: 1,
            at_least: episode.at_least,
            last_green: episode.last_good_before.map(|row| self.mark(row)),
            suspects: suspects(snapshot, episode),
            opens: failures_of(snapshot, episode),
            ..self.of_failures(episode.opened, episode.latest_failure)
        }
    }

    fn of_incident(&self, incident: &Incident) -> ProblemSummary {
        let first = incident.members.first().copied().unwrap_or_default();
        let last = incident.members.last().copied().unwrap_or_default();
        let shared = incident.shared.iter().map(|shared| {
            let label = attributes::find(shared.attribute).map_or("", |known| known.label);
            let (members, all) = (shared.members, incident.members.len());
            format!(
                "{} {}: {members} of {all}",
                label.to_lowercase(),
                shared.value
            )
        });
        ProblemSummary {
            kind: "incident".to_owned(),
            title: incident_title(self.snapshot, incident),
            pipelines: incident.pipelines.into(),
            shared: shared.collect(),
            opens: members_of(self.snapshot, incident),
            ..self.of_failures(first, last)
        }
    }

    /// The part of a summary that follows from the first and the latest failure.
    fn of_failures(&self, first: u32, latest: u32) -> ProblemSummary {
        let snapshot = self.snapshot;
        let class = snapshot.insight.classes.get(first as usize);
        let class = class.copied().unwrap_or_default();
        let domain = self.domains.label(first as usize).unwrap_or("Unknown");
        ProblemSummary {
            failed_step: step(snapshot, first),
            class: Some(class.as_str().to_owned()),
            reason: Some(class.words().to_owned()),
            domain: Some(domain.to_lowercase()),
            first_failure: Some(self.mark(first)),
            latest_failure: Some(self.mark(latest)),
            ..ProblemSummary::default()
        }
    }

    fn resolved(&self) -> Vec<ResolvedProblem> {
        let snapshot = self.snapshot;
        let incidents = problems::resolved_incidents(snapshot).into_iter();
        let incidents = incidents
            .filter(|incident| self.has_member(incident))
            .map(|incident| {
                let last = incident.members.last().copied().unwrap_or_default();
                let last_ms = snapshot.builds.finished_ms[last as usize];
                ResolvedProblem {
                    kind: "incident".to_owned(),
                    title: incident_title(snapshot, incident),
                    system: None,
                    name: None,
                    short_name: None,
                    project: None,
                    since: words::instant(Some(incident.from_ms)),
                    ended: words::instant(Some(last_ms)),
                    red_ms: ms(last_ms - incident.from_ms),
                    failed_step: step(snapshot, last),
                    failures: incident.members.len() as u64,
                    opens: members_of(snapshot, incident),
                }
            });
        let episodes = problems::resolved_episodes(snapshot).into_iter();
        let episodes = episodes
            .filter(|episode| self.is_of(episode))
            .map(|episode| {
                let pipeline = &snapshot.pipelines[episode.pipeline as usize];
                ResolvedProblem {
                    kind: "pipeline".to_owned(),
                    title: pipeline.label.to_string(),
                    system: Some(pipeline.system.as_str().to_owned()),
                    name: Some(pipeline.name.to_string()),
                    short_name: Some(pipeline.short.to_string()),
                    project: Some(snapshot.project_label(pipeline).to_owned()),
                    since: self.finished(episode.opened),
                    ended: episode
                        .closed
                        .map_or_else(String::new, |row| self.finished(row)),
                    red_ms: ms(episode.red_ms(snapshot)),
                    failed_step: step(snapshot, episode.opened),
                    failures: episode.failures.into(),
                    opens: failures_of(snapshot, episode),
                }
            });
        incidents.chain(episodes).take(MAX_RESOLVED).collect()
    }

    fn mark(&self, row: u32) -> BuildMark {
        mark(self.snapshot, row as usize)
    }

    fn finished(&self, row: u32) -> String {
        words::instant(Some(self.snapshot.builds.finished_ms[row as usize]))
    }
}

/// Returns the results of the latest builds of some pipelines, the latest last.
pub(super) fn recent(
    snapshot: &Snapshot,
    pipelines: impl Iterator<Item = u32>,
) -> HashMap<u32, Vec<String>> {
    let builds = &snapshot.builds;
    let mut found: HashMap<u32, Vec<String>> =
        pipelines.map(|number| (number, Vec::new())).collect();
    let mut unfilled = found.len();
    for (&pipeline, result) in builds.pipeline.iter().zip(&builds.result).rev() {
        if unfilled == 0 {
            break;
        }
        if let Some(results) = found.get_mut(&pipeline)
            && results.len() < MAX_RECENT
        {
            results.push(result.as_str().to_owned());
            unfilled -= usize::from(results.len() == MAX_RECENT);
        }
    }
    found.values_mut().for_each(|results| results.reverse());
    found
}

/// Returns the latest failure of a listed problem: its row.
pub fn latest_failure(snapshot: &Snapshot, id: &str) -> Option<u32> {
    let insight = &snapshot.insight;
    match find(snapshot, &visible(id))?.subject {
        Subject::Incident(index) => {
            let incident = insight.incidents.get(index as usize)?;
            incident.members.last().copied()
        }
        Subject::Episode(index) => Some(insight.episodes.get(index as usize)?.latest_failure),
        Subject::Repository(_) => None,
    }
}

/// Returns whether a problem is not snoozed.
pub fn needs_attention(snapshot: &Snapshot, snoozes: &[Snooze], now_ms: i64) -> bool {
    let mut problems = snapshot.insight.problems.iter();
    problems.any(|problem| {
        problems::state(snapshot, problem, snoozes, now_ms).0 != ProblemState::Snoozed
    })
}

fn ms(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or_default()
}

/// The step that failed first in a build.
fn step(snapshot: &Snapshot, row: u32) -> Option<String> {
    let step = snapshot.builds.failing_step[row as usize];
    (step != UNKNOWN_STEP).then(|| snapshot.step_label(step).to_owned())
}

/// `6 pipelines fail at test`.
pub(super) fn incident_title(snapshot: &Snapshot, incident: &Incident) -> String {
    let kind = if incident.nightly { " nightly" } else { "" };
    let verb = if incident.over { "failed" } else { "fail" };
    let step = match incident.step {
        UNKNOWN_STEP => "an unknown step",
        step => snapshot.step_label(step),
    };
    format!("{}{kind} pipelines {verb} at {step}", incident.pipelines)
}

/// The failed builds of an episode.
pub(super) fn failures_of(snapshot: &Snapshot, episode: &Episode) -> String {
    let failed = failed_results(&snapshot.config);
    let id = snapshot.episode_id(episode);
    opens(
        snapshot,
        episode.opened,
        Selection::default().with("episode", &id),
    )
    .with_values("result", failed)
    .encoded()
}

/// The results that make a pipeline red.
fn failed_results(config: &Config) -> impl Iterator<Item = &'static str> {
    let aborted = config.insight.aborted_is_red.then_some("ABORTED");
    ["FAILURE"].into_iter().chain(aborted)
}

/// The failures of an incident.
pub(super) fn members_of(snapshot: &Snapshot, incident: &Incident) -> String {
    let first = incident.members.first().copied().unwrap_or_default();
    let id = snapshot.incident_id(incident);
    opens(snapshot, first, Selection::default().with("incident", &id)).encoded()
}

/// Builds from a row on; without a bound, only the last days would be selected.
fn opens(snapshot: &Snapshot, first: u32, selection: Selection) -> Selection {
    let from_ms = snapshot.builds.finished_ms[first as usize];
    selection.with("from", &words::instant(Some(from_ms)))
}

/// The commits of the builds after the last good one, up to the first failure, but not that of the good one.
fn suspects(snapshot: &Snapshot, episode: &Episode) -> Vec<String> {
    let builds = &snapshot.builds;
    let Some(good) = episode.last_good_before else {
        return Vec::new();
    };
    let before = builds.commit[good as usize];
    let between = (good + 1..=episode.opened)
        .filter(|&row| builds.pipeline[row as usize] == episode.pipeline)
        .map(|row| builds.commit[row as usize])
        .filter(|&commit| commit != 0 && commit != before);
    let commits: BTreeSet<u64> = between.collect();
    let text = |commit: u64| format!("{commit:016x}")[..COMMIT_DIGITS].to_owned();
    commits.into_iter().take(MAX_SUSPECTS).map(text).collect()
}

fn snooze_summary(snooze: &Snooze) -> SnoozeSummary {
    let (until, failures) = match snooze.end {
        SnoozeEnd::At(until_ms) => (Some(words::instant(Some(until_ms))), None),
        SnoozeEnd::Failures(failures) => (None, u64::try_from(failures).ok()),
    };
    SnoozeSummary {
        reason: snooze.reason.clone(),
        until,
        failures,
        reader: snooze.reader.clone(),
        at: words::instant(Some(snooze.at_ms)),
    }
}
