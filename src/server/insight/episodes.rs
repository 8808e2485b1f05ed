//! Red episodes and states in one pass over the columns.
//!
//! A failed build after a good one opens an episode, and the next good one closes it. Other builds do neither. The
//! rows of a pipeline are in the order of its builds.

use crate::server::{
    config::Config,
    model::{BuildResult, DAY_MS},
    snapshot::{Builds, Episode, Insight, PipelineState, Snapshot, State},
};

/// No row.
const NONE: u32 = u32::MAX;

/// A pipeline after some of its builds. Rows are [`NONE`] before the first of their kind.
#[derive(Clone, Copy)]
struct Progress {
    state: State,
    at_least: bool,
    since: u32,
    streak: u32,
    last_green: u32,
    last_red: u32,
    first_build: u32,
    last_build: u32,
    last_completed: u32,
}

pub fn compute(snapshot: &Snapshot) -> Insight {
    let builds = &snapshot.builds;
    let aborted_is_red = snapshot.config.insight.aborted_is_red;
    let mut pipelines = vec![Progress::NEW; snapshot.pipelines.len()];
    let mut episodes = Vec::new();
    for (row, (&pipeline, &result)) in (0..).zip(builds.pipeline.iter().zip(&builds.result)) {
        let known = &mut pipelines[pipeline as usize];
        known.last_build = row;
        if known.first_build == NONE {
            known.first_build = row;
        }
        if !result.is_completed() {
            continue;
        }
        known.last_completed = row;
        match result {
            BuildResult::Success | BuildResult::Unstable => {
                if known.state == State::Red {
                    episodes.push(known.closed(pipeline, row, builds));
                }
                known.count(State::Good, row);
                known.last_green = row;
            }
            BuildResult::Failure => known.fail(row),
            BuildResult::Aborted if aborted_is_red => known.fail(row),
            _ => {}
        }
    }
    let mut states = Vec::with_capacity(pipelines.len());
    for (pipeline, known) in (0..).zip(&pipelines) {
        let dormant = known.is_dormant(builds, snapshot.as_of_ms, &snapshot.config);
        if known.state == State::Red {
            episodes.push(known.open(pipeline, builds, snapshot.as_of_ms, dormant));
        }
        states.push(known.state(dormant));
    }
    Insight {
        episodes: by_pipeline(&episodes, pipelines.len()),
        states,
    }
}

impl Progress {
    const NEW: Self = Self {
        state: State::Unknown,
        at_least: false,
        since: NONE,
        streak: 0,
        last_green: NONE,
        last_red: NONE,
        first_build: NONE,
        last_build: NONE,
        last_completed: NONE,
    };

    /// Counts a good or a failed build.
    fn count(&mut self, state: State, row: u32) {
        if self.state != state {
            self.at_least = self.state == State::Unknown;
            self.state = state;
            self.since = row;
            self.streak = 0;
        }
        self.streak += 1;
    }

    fn fail(&mut self, row: u32) {
        self.count(State::Red, row);
        self.last_red = row;
    }

    fn closed(&self, pipeline: u32, row: u32, builds: &Builds) -> Episode {
        Episode {
            closed: Some(row),
            ..self.episode(pipeline, builds, builds.finished_ms[row as usize])
        }
    }

    fn open(
        &self,
        pipeline: u32,
        builds: &Builds,
        as_of_ms: Option<i64>,
        dormant: bool,
    ) -> Episode {
        let last_ms = builds.finished_ms[self.last_completed as usize];
        let until_ms = match as_of_ms {
            // The clock of a CI system may be ahead.
            Some(as_of_ms) if !dormant => as_of_ms.max(last_ms),
            _ => last_ms,
        };
        Episode {
            dormant,
            ..self.episode(pipeline, builds, until_ms)
        }
    }

    fn episode(&self, pipeline: u32, builds: &Builds, until_ms: i64) -> Episode {
        Episode {
            pipeline,
            opened: self.since,
            closed: None,
            last_good_before: row(self.last_green),
            at_least: self.at_least,
            failures: self.streak,
            latest_failure: self.last_red,
            dormant: false,
            opened_ms: builds.finished_ms[self.since as usize],
            until_ms,
        }
    }

    /// Returns whether no build was completed for long: since the last completed build, or since the first build if
    /// none was completed.
    fn is_dormant(&self, builds: &Builds, as_of_ms: Option<i64>, config: &Config) -> bool {
        let last = row(self.last_completed).or(row(self.first_build));
        let limit_ms = i64::from(config.insight.dormant_days) * DAY_MS;
        last.zip(as_of_ms).is_some_and(|(last, as_of_ms)| {
            as_of_ms.saturating_sub(builds.finished_ms[last as usize]) >= limit_ms
        })
    }

    fn state(&self, dormant: bool) -> PipelineState {
        PipelineState {
            state: self.state,
            streak: self.streak,
            since: row(self.since),
            at_least: self.at_least,
            last_green: row(self.last_green),
            last_build: row(self.last_build),
            dormant,
        }
    }
}

fn row(row: u32) -> Option<u32> {
    (row != NONE).then_some(row)
}

/// Sorts episodes by pipeline; those of one pipeline are in order already.
fn by_pipeline(episodes: &[Episode], pipelines: usize) -> Vec<Episode> {
    let mut next = vec![0; pipelines + 1];
    for episode in episodes {
        next[episode.pipeline as usize + 1] += 1;
    }
    for pipeline in 1..next.len() {
        next[pipeline] += next[pipeline - 1];
    }
    let mut sorted = episodes.to_vec();
    for episode in episodes {
        let place: &mut usize = &mut next[episode.pipeline as usize];
        sorted[*place] = *episode;
        *place += 1;
    }
    sorted
}
