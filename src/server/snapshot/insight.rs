//! The meaning of the builds of a snapshot, over all of them whatever the window: red episodes, states, incidents, the
//! classes of failures. Plain data, which the module `insight` computes once for each snapshot.

use foldhash::HashMap;
use jiff::Timestamp;

use super::{
    SecurityInsight, Snapshot, UNKNOWN_STEP,
    change_points::{ChangePoint, Searched},
};

/// Everything that is derived from the builds of a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insight {
    /// Sorted by pipeline, then by opening.
    pub episodes: Vec<Episode>,
    /// One for each of [`super::Snapshot::pipelines`], in their order.
    pub states: Vec<PipelineState>,
    /// Shared incidents, sorted by their first failure.
    pub incidents: Vec<Incident>,
    /// Flaky failures, sorted by row.
    pub flakes: Vec<Flake>,
    /// The class of every build.
    pub classes: Vec<Class>,
    /// Incidents that are not over, open episodes of other pipelines, and repositories with something overdue, in no
    /// order.
    pub problems: Vec<Problem>,
    /// Sorted by pipeline, then by the first build after the change.
    pub change_points: Vec<ChangePoint>,
    /// The series that were searched for change points.
    pub searched: Searched,
    pub security: SecurityInsight,
}

/// Something that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub subject: Subject,
    /// Unix ms of the first failure, or of the first date that passed.
    pub opened_ms: i64,
    /// The time since then.
    pub red_ms: i64,
    /// Its failures since then, or what is overdue.
    pub failures: u32,
    /// The completed builds of its pipelines since then.
    pub builds: u32,
    /// The failed builds of its pipelines on the local date of the data,
    pub failures_today: u32,
    /// and on the worst of the
    /// [`escalating_days`](crate::server::config::Insight::escalating_days) before.
    pub worst_day: u32,
    /// The same pipeline and step closed shortly before: the number of that episode.
    pub regressed_from: Option<u32>,
}

/// The subject of a problem: its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Incident(u32),
    Episode(u32),
    /// A repository of [`SecurityInsight::overdue`].
    Repository(u32),
}

/// A time in which a step failed in several pipelines more often than chance explains.
///
/// Builds are rows of the columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Incident {
    /// Of nightly builds or of the others.
    pub nightly: bool,
    /// Index in [`super::Snapshot::steps`] of the step that failed first, or [`super::UNKNOWN_STEP`].
    pub step: u16,
    /// Unix ms of the first new failure.
    pub from_ms: i64,
    /// Unix ms of the end of the last window.
    pub to_ms: i64,
    /// The new failures at the step, sorted.
    pub members: Vec<u32>,
    /// The number of their pipelines.
    pub pipelines: u32,
    /// The number of builds of the kind that failed anew or stayed good between `from_ms` and `to_ms`.
    pub transitions: u32,
    /// The probability of the failures of its most unlikely window.
    pub probability: f64,
    /// No pipeline has failed anew for
    /// [`incident_over_after`](crate::server::config::Insight::incident_over_after).
    pub over: bool,
    /// Values that the members have in common and other builds have not.
    pub shared: Vec<Shared>,
}

/// A value of an attribute that the members of an incident share.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// The id of the attribute.
    pub attribute: &'static str,
    pub value: String,
    /// The number of members with the value.
    pub members: u32,
    /// The false discovery rate.
    pub q: f64,
}

/// A failure, and a good build of the same commit soon after it. Both are rows of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flake {
    pub failed: u32,
    pub good: u32,
}

/// The reason why a build failed, as far as the data shows it. In the order of the rules: the first that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// The build neither failed nor was lost.
    #[default]
    None,
    Lost,
    Agent,
    Incident,
    Flaky,
    Broken,
    Once,
    Unknown,
}

impl Class {
    /// Every class, by number.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Lost,
        Self::Agent,
        Self::Incident,
        Self::Flaky,
        Self::Broken,
        Self::Once,
        Self::Unknown,
    ];

    /// The name in URLs, APIs and exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lost => "lost",
            Self::Agent => "agent",
            Self::Incident => "incident",
            Self::Flaky => "flaky",
            Self::Broken => "broken",
            Self::Once => "once",
            Self::Unknown => "unknown",
        }
    }

    /// The name for readers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "Not failed",
            Self::Lost => "Lost",
            Self::Agent => "Agent",
            Self::Incident => "Incident",
            Self::Flaky => "Flaky",
            Self::Broken => "Broken",
            Self::Once => "Failed once",
            Self::Unknown => "Unknown",
        }
    }

    /// The rule, for readers.
    pub const fn words(self) -> &'static str {
        match self {
            Self::None => "the build neither failed nor was lost",
            Self::Lost => "its events stopped, and none says that it ended",
            Self::Agent => {
                "it lost its agent, or failed at a step that needs nothing but the agent"
            }
            Self::Incident => "several pipelines failed at this step at the same time",
            Self::Flaky => "a good build of the same commit followed",
            Self::Broken => "the build before or after it failed at the same step",
            Self::Once => "the next build, of another commit, was good",
            Self::Unknown => "no rule explains it",
        }
    }
}

/// The time in which a pipeline is red: from the first failed build to the next good one.
///
/// Builds are rows of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Index in [`super::Snapshot::pipelines`].
    pub pipeline: u32,
    /// The first failed build.
    pub opened: u32,
    /// The next good build; none while the pipeline is red.
    pub closed: Option<u32>,
    /// The last good build before; none if the data begins within the episode.
    pub last_good_before: Option<u32>,
    /// The pipeline is red since its first known good or failed build, or longer.
    pub at_least: bool,
    /// The number of failed builds.
    pub failures: u32,
    pub latest_failure: u32,
    /// It is open, and its pipeline is dormant.
    pub dormant: bool,
}

/// The state of a pipeline after its latest good or failed build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PipelineState {
    pub state: State,
    /// The number of good or failed builds since the state began.
    pub streak: u32,
    /// The build that the state began with; none if it is unknown.
    pub since: Option<u32>,
    /// The state began with the first known good or failed build, or earlier.
    pub at_least: bool,
    /// The latest good build.
    pub last_green: Option<u32>,
    /// The latest build, whatever its result.
    pub last_build: Option<u32>,
    /// The latest build that is neither running nor lost.
    pub last_completed: Option<u32>,
    /// No build was completed for [`dormant_days`](crate::server::config::Insight::dormant_days).
    pub dormant: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    Good,
    Red,
    /// The pipeline has neither a good nor a failed build.
    #[default]
    Unknown,
}

impl Episode {
    /// Returns how long the pipeline was red, in ms: until the closing build; if there is none, until the time of the
    /// data, or until the last completed build of a dormant pipeline.
    pub fn red_ms(&self, snapshot: &Snapshot) -> i64 {
        let finished = |row: u32| snapshot.builds.finished_ms[row as usize];
        let state = &snapshot.insight.states[self.pipeline as usize];
        let last_ms = state.last_completed.map_or(i64::MIN, finished);
        let until_ms = match (self.closed, snapshot.as_of_ms) {
            (Some(closed), _) => finished(closed),
            // The clock of a CI system may be ahead.
            (None, Some(as_of_ms)) if !self.dormant => as_of_ms.max(last_ms),
            _ => last_ms,
        };
        until_ms - finished(self.opened)
    }
}

impl Insight {
    /// Returns the episodes of a pipeline, in order of their opening.
    pub fn episodes_of(&self, pipeline: u32) -> &[Episode] {
        let first = self
            .episodes
            .partition_point(|episode| episode.pipeline < pipeline);
        let of_later = &self.episodes[first..];
        let length = of_later.partition_point(|episode| episode.pipeline == pipeline);
        &of_later[..length]
    }

    /// Returns the change points of a pipeline, in order.
    pub fn change_points_of(&self, pipeline: u32) -> &[ChangePoint] {
        let points = &self.change_points;
        let first = points.partition_point(|point| point.pipeline < pipeline);
        let of_later = &points[first..];
        let length = of_later.partition_point(|point| point.pipeline == pipeline);
        &of_later[..length]
    }

    /// Returns the incident that a failure is a part of.
    pub fn incident_of(&self, build: usize) -> Option<&Incident> {
        let row = u32::try_from(build).ok()?;
        let mut incidents = self.incidents.iter();
        incidents.find(|incident| incident.members.binary_search(&row).is_ok())
    }

    pub fn bytes(&self) -> usize {
        let members = self
            .incidents
            .iter()
            .map(|incident| size_of_val(&*incident.members));
        size_of_val(&*self.episodes)
            + size_of_val(&*self.states)
            + size_of_val(&*self.incidents)
            + members.sum::<usize>()
            + size_of_val(&*self.flakes)
            + size_of_val(&*self.classes)
            + size_of_val(&*self.problems)
            + size_of_val(&*self.change_points)
            + self.searched.bytes()
    }
}

impl Snapshot {
    /// Returns the number of each build's episode, from its opening until before its closing; `u32::MAX` for builds of
    /// none.
    pub fn episode_numbers(&self) -> Vec<u32> {
        const NONE: u32 = u32::MAX;
        let episodes = &self.insight.episodes;
        let mut current = vec![NONE; self.pipelines.len()];
        let mut next = vec![NONE; self.pipelines.len()];
        for (number, episode) in (0..).zip(episodes) {
            let first = &mut next[episode.pipeline as usize];
            *first = number.min(*first);
        }
        let numbers = (0..).zip(&self.builds.pipeline).map(|(row, &pipeline)| {
            let of_pipeline = |number: u32| {
                let episode = episodes.get(number as usize);
                episode.filter(|episode| episode.pipeline == pipeline)
            };
            let current = &mut current[pipeline as usize];
            let next = &mut next[pipeline as usize];
            if of_pipeline(*current).is_some_and(|episode| episode.closed == Some(row)) {
                *current = NONE;
            }
            if of_pipeline(*next).is_some_and(|episode| episode.opened == row) {
                *current = *next;
                *next += 1;
            }
            *current
        });
        numbers.collect()
    }

    /// Returns the flaky failure that each build repeats: it has the same pipeline and commit, and ended after the failure
    /// and not after the good build. `u32::MAX` for other builds.
    pub fn reruns(&self) -> Vec<u32> {
        let builds = &self.builds;
        let mut reruns = vec![u32::MAX; builds.len()];
        // The first failure of a good build comes first, and its reruns include those of later ones.
        let mut until: HashMap<(u32, u64), (u32, u32)> = HashMap::default();
        let mut flakes = self.insight.flakes.iter().peekable();
        for (row, rerun) in (0_u32..).zip(&mut reruns) {
            if until.is_empty() && flakes.peek().is_none() {
                break;
            }
            let key = (builds.pipeline[row as usize], builds.commit[row as usize]);
            if !until.is_empty()
                && key.1 != 0
                && let Some(&(failed, good)) = until.get(&key)
            {
                *rerun = failed;
                if row == good {
                    until.remove(&key);
                }
            }
            if let Some(flake) = flakes.next_if(|flake| flake.failed == row) {
                until.entry(key).or_insert((flake.failed, flake.good));
            }
        }
        reruns
    }

    /// Returns the number of each build's incident; `u32::MAX` for builds of none.
    pub fn incident_numbers(&self) -> Vec<u32> {
        let mut numbers = vec![u32::MAX; self.builds.len()];
        for (number, incident) in (0..).zip(&self.insight.incidents) {
            for &row in &incident.members {
                numbers[row as usize] = number;
            }
        }
        numbers
    }

    /// Returns the name of an episode in addresses: its pipeline and the instant at which it opened.
    pub fn episode_id(&self, episode: &Episode) -> String {
        let pipeline = &self.pipelines[episode.pipeline as usize].label;
        let at = instant(self.builds.finished_ms[episode.opened as usize]);
        format!("{pipeline}@{at}")
    }

    /// Returns the name of an incident in addresses: its kind, step, and the instant of its first failure.
    pub fn incident_id(&self, incident: &Incident) -> String {
        let kind = if incident.nightly { "nightly:" } else { "" };
        let step = self.step_label(incident.step);
        format!("{kind}{step}@{}", instant(incident.from_ms))
    }

    /// Returns the name of a problem in addresses and in the store.
    pub fn problem_id(&self, problem: &Problem) -> String {
        match problem.subject {
            Subject::Incident(index) => {
                let id = self.incident_id(&self.insight.incidents[index as usize]);
                format!("incident:{id}")
            }
            Subject::Episode(index) => {
                let id = self.episode_id(&self.insight.episodes[index as usize]);
                format!("episode:{id}")
            }
            Subject::Repository(index) => {
                let overdue = &self.insight.security.overdue[index as usize];
                format!("security:{}", overdue.repository)
            }
        }
    }

    /// Returns the name of a step; “unknown” for [`UNKNOWN_STEP`].
    pub fn step_label(&self, step: u16) -> &str {
        match step {
            UNKNOWN_STEP => "unknown",
            step => &self.steps[usize::from(step)],
        }
    }
}

fn instant(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| at_ms.to_string(), |at| at.to_string())
}
