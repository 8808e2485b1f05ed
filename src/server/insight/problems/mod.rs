//! Problems: what needs attention, and how urgently.
//!
//! A problem is an incident that is not over, the open red episode of a pipeline that neither is dormant nor failed in
//! such an incident, or a repository with something that is past its date. Its numbers follow from the builds and the
//! security facts; snoozes come from readers and only matter when a list is made.

#[cfg(test)]
mod tests;

use std::{cmp::Reverse, collections::HashSet};

use crate::server::{
    model::{BuildResult, DAY_MS, HOUR_MS, MINUTE_MS, Snooze},
    snapshot::{Episode, Incident, Problem, Snapshot, Subject, UNKNOWN_STEP},
};

/// The urgency of a problem: the first that holds. In the order of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemState {
    /// It fails far more often today than on the days before.
    Escalating,
    /// The same had ended shortly before it began.
    Regressed,
    /// It began some days ago at most.
    New,
    Ongoing,
    /// A reader has put it aside.
    Snoozed,
}

impl ProblemState {
    /// Every state, in the order of lists.
    pub const ALL: [Self; 5] = [
        Self::Escalating,
        Self::Regressed,
        Self::New,
        Self::Ongoing,
        Self::Snoozed,
    ];

    /// The name in URLs, APIs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Escalating => "escalating",
            Self::Regressed => "regressed",
            Self::New => "new",
            Self::Ongoing => "ongoing",
            Self::Snoozed => "snoozed",
        }
    }
}

/// Computes the problems of a snapshot whose episodes, incidents and overdue repositories are known.
pub fn compute(snapshot: &Snapshot) -> Vec<Problem> {
    let mut problems = of_builds(snapshot);
    problems.extend(of_security(snapshot));
    problems
}

/// The repositories with an expired rule, an ended runtime or an overdue finding.
fn of_security(snapshot: &Snapshot) -> impl Iterator<Item = Problem> {
    let security = &snapshot.insight.security;
    let at_ms = security.now.at_ms;
    let first_ms = snapshot.security.first_ms().unwrap_or(at_ms);
    (0..).zip(&security.overdue).map(move |(index, overdue)| {
        // Of an ended version whose end nobody published, it is only known that it had ended when it was first read.
        let opened_ms = overdue.since_ms.unwrap_or(first_ms);
        Problem {
            subject: Subject::Repository(index),
            opened_ms,
            red_ms: at_ms - opened_ms,
            failures: overdue.count(),
            builds: 0,
            failures_today: 0,
            worst_day: 0,
            regressed_from: None,
        }
    })
}

/// Incidents that are not over, and the open episodes of other pipelines.
fn of_builds(snapshot: &Snapshot) -> Vec<Problem> {
    let Some(as_of_ms) = snapshot.as_of_ms else {
        return Vec::new();
    };
    let insight = &snapshot.insight;
    let builds = &snapshot.builds;
    let mut problems = Vec::new();
    // By pipeline, the numbers of its problems: of an incident's, those of all its members.
    let mut of_pipeline: Vec<Vec<u32>> = vec![Vec::new(); snapshot.pipelines.len()];
    // The failures of incidents that are not over.
    let mut members: HashSet<u32> = HashSet::new();
    let mut first_row = builds.len();
    for (index, incident) in (0..).zip(&insight.incidents) {
        if incident.over {
            continue;
        }
        let number = problems.len() as u32;
        members.extend(&incident.members);
        for &row in &incident.members {
            first_row = first_row.min(row as usize);
            let pipeline = builds.pipeline[row as usize] as usize;
            if of_pipeline[pipeline].last() != Some(&number) {
                of_pipeline[pipeline].push(number);
            }
        }
        problems.push(Problem {
            subject: Subject::Incident(index),
            opened_ms: incident.from_ms,
            red_ms: as_of_ms - incident.from_ms,
            failures: incident.members.len() as u32,
            builds: 0,
            failures_today: 0,
            worst_day: 0,
            regressed_from: None,
        });
    }
    for (index, episode) in (0..).zip(&insight.episodes) {
        let pipeline = episode.pipeline as usize;
        let is_told = members.contains(&episode.opened);
        if episode.closed.is_some() || episode.dormant || is_told {
            continue;
        }
        first_row = first_row.min(episode.opened as usize);
        of_pipeline[pipeline].push(problems.len() as u32);
        problems.push(Problem {
            subject: Subject::Episode(index),
            opened_ms: builds.finished_ms[episode.opened as usize],
            red_ms: episode.red_ms(snapshot),
            failures: episode.failures,
            builds: 0,
            failures_today: 0,
            worst_day: 0,
            regressed_from: regressed_from(snapshot, index),
        });
    }
    if !problems.is_empty() {
        count_builds(snapshot, first_row, &of_pipeline, &mut problems);
    }
    problems
}

/// Returns the episode of the same pipeline and step that closed shortly before one opened.
fn regressed_from(snapshot: &Snapshot, index: u32) -> Option<u32> {
    let (episodes, builds) = (&snapshot.insight.episodes, &snapshot.builds);
    let episode = &episodes[index as usize];
    let step = builds.failing_step[episode.opened as usize];
    let opened_ms = builds.finished_ms[episode.opened as usize];
    let limit_ms = i64::from(snapshot.config.insight.regressed_days) * DAY_MS;
    if step == UNKNOWN_STEP {
        return None;
    }
    let before = (0..index)
        .rev()
        .map(|number| (number, &episodes[number as usize]));
    let of_pipeline = before.take_while(|(_, known)| known.pipeline == episode.pipeline);
    let closed_ms = |known: &Episode| {
        let closed = known.closed?;
        Some(builds.finished_ms[closed as usize])
    };
    of_pipeline
        .take_while(|(_, known)| {
            closed_ms(known).is_some_and(|closed_ms| opened_ms - closed_ms <= limit_ms)
        })
        .find(|(_, known)| builds.failing_step[known.opened as usize] == step)
        .map(|(number, _)| number)
}

/// Counts the builds of each problem: all since its opening, and failed ones by day.
fn count_builds(
    snapshot: &Snapshot,
    first_row: usize,
    of_pipeline: &[Vec<u32>],
    problems: &mut [Problem],
) {
    let builds = &snapshot.builds;
    let days = usize::from(snapshot.config.insight.escalating_days);
    let today = snapshot
        .as_of_ms
        .map_or(i32::MIN, |as_of_ms| snapshot.local_day(as_of_ms));
    let mut failed = vec![vec![0_u32; days + 1]; problems.len()];
    // Days are local, so one more is looked at.
    let first_ms = snapshot.as_of_ms.unwrap_or_default() - (days as i64 + 2) * DAY_MS;
    let recent = builds.finished_ms.partition_point(|&at| at < first_ms);
    for row in first_row.min(recent)..builds.len() {
        let result = builds.result[row];
        for &number in &of_pipeline[builds.pipeline[row] as usize] {
            let problem = &mut problems[number as usize];
            if builds.finished_ms[row] >= problem.opened_ms && result.is_completed() {
                problem.builds += 1;
            }
            let ago = i64::from(today) - i64::from(builds.day[row]);
            if result == BuildResult::Failure
                && let Ok(ago) = usize::try_from(ago.max(0))
                && let Some(count) = failed[number as usize].get_mut(ago)
            {
                *count += 1;
            }
        }
    }
    for (problem, failed) in problems.iter_mut().zip(&failed) {
        problem.failures_today = failed[0];
        problem.worst_day = failed[1..].iter().copied().max().unwrap_or_default();
    }
}

/// Returns the state of a problem, and its snooze if it has one, even if that does not hold.
pub fn state<'a>(
    snapshot: &Snapshot,
    problem: &Problem,
    snoozes: &'a [Snooze],
    now_ms: i64,
) -> (ProblemState, Option<&'a Snooze>) {
    let limits = &snapshot.config.insight;
    let id = snapshot.problem_id(problem);
    let snooze = snoozes.iter().find(|snooze| snooze.problem == id);
    let holds = |snooze: &Snooze| snooze.holds(now_ms, problem.failures.into());
    let new_ms = i64::from(limits.new_days) * DAY_MS;
    let state = if is_escalating(snapshot, problem) {
        ProblemState::Escalating
    } else if snooze.is_some_and(holds) {
        ProblemState::Snoozed
    } else if problem.regressed_from.is_some() {
        ProblemState::Regressed
    } else if problem.red_ms < new_ms {
        ProblemState::New
    } else {
        ProblemState::Ongoing
    };
    (state, snooze)
}

/// Returns whether more builds of a problem failed today than usual.
pub fn is_escalating(snapshot: &Snapshot, problem: &Problem) -> bool {
    let least = snapshot.config.insight.escalating_failures;
    problem.failures_today > least.max(2 * problem.worst_day)
}

/// The order within a state: the greatest loss first, then what is overdue, longest first.
pub fn order(problem: &Problem) -> impl Ord + use<> {
    let is_security = matches!(problem.subject, Subject::Repository(_));
    let loss = i128::from(problem.red_ms / MINUTE_MS) * i128::from(problem.builds);
    (is_security, Reverse(loss), problem.opened_ms)
}

/// Returns the episodes that closed within the last hours, the latest first.
pub fn resolved_episodes(snapshot: &Snapshot) -> Vec<&Episode> {
    let finished = |row: u32| snapshot.builds.finished_ms[row as usize];
    let Some(since_ms) = resolved_since_ms(snapshot) else {
        return Vec::new();
    };
    let closed = snapshot.insight.episodes.iter();
    let mut closed: Vec<&Episode> = closed
        .filter(|episode| {
            episode
                .closed
                .is_some_and(|closed| finished(closed) > since_ms)
        })
        .collect();
    closed.sort_by_key(|episode| Reverse(episode.closed.map(finished)));
    closed
}

/// Returns the incidents that have been over for some hours at most, the latest first.
pub fn resolved_incidents(snapshot: &Snapshot) -> Vec<&Incident> {
    let Some(since_ms) = resolved_since_ms(snapshot) else {
        return Vec::new();
    };
    let after = snapshot.config.insight.incident_over_after.as_millis();
    let ended_ms = |incident: &Incident| {
        let last = incident.members.last().copied();
        let last_ms = last.map(|row| snapshot.builds.finished_ms[row as usize]);
        last_ms.map(|last_ms| i128::from(last_ms) + after)
    };
    let over = snapshot.insight.incidents.iter();
    let mut over: Vec<&Incident> = over
        .filter(|incident| incident.over && ended_ms(incident) > Some(since_ms.into()))
        .collect();
    over.sort_by_key(|incident| Reverse(ended_ms(incident)));
    over
}

fn resolved_since_ms(snapshot: &Snapshot) -> Option<i64> {
    let hours = i64::from(snapshot.config.insight.resolved_hours);
    Some(snapshot.as_of_ms? - hours * HOUR_MS)
}
