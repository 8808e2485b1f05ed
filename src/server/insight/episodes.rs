//! Red episodes and states in one pass over the columns.
//!
//! A failed build after a good one opens an episode, and the next good one closes it. Other builds do neither. The
//! rows of a pipeline are in the order of its builds.

use crate::server::{
    config::{self, Config},
    model::{BuildResult, DAY_MS},
    snapshot::{Builds, Episode, PipelineState, Snapshot, State},
};

/// Meanings of a build for its pipeline, as indices of [`Progress::last`].
const RUNNING_OR_LOST: usize = 0;
const COMPLETED: usize = 1;
const GOOD: usize = 2;
const RED: usize = 3;

/// A pipeline after some of its builds.
#[derive(Clone, Copy, Default)]
struct Progress {
    /// [`GOOD`] or [`RED`]; 0 without a build of these meanings.
    state: usize,
    at_least: bool,
    since: u32,
    streak: u32,
    /// The latest build of each meaning: its row + 1; 0 for none.
    last: [u32; 4],
}

pub fn compute(snapshot: &Snapshot) -> (Vec<Episode>, Vec<PipelineState>) {
    let builds = &snapshot.builds;
    let meanings = meanings(&snapshot.config.insight);
    let mut pipelines = vec![Progress::default(); snapshot.pipelines.len()];
    let mut episodes = Vec::new();
    for (row, (&pipeline, &result)) in (0..).zip(builds.pipeline.iter().zip(&builds.result)) {
        let known = &mut pipelines[pipeline as usize];
        let meaning = usize::from(meanings[result as usize]);
        if meaning >= GOOD {
            if meaning != known.state {
                if known.state == RED {
                    episodes.push(Episode {
                        closed: Some(row),
                        ..known.episode(pipeline)
                    });
                }
                known.at_least = known.state == 0;
                known.state = meaning;
                known.since = row;
                known.streak = 0;
            }
            known.streak += 1;
        }
        known.last[meaning] = row + 1;
    }
    let mut states = Vec::with_capacity(pipelines.len());
    for (pipeline, known) in (0..).zip(&pipelines) {
        let dormant = known.is_dormant(builds, snapshot.as_of_ms, &snapshot.config);
        if known.state == RED {
            episodes.push(Episode {
                dormant,
                ..known.episode(pipeline)
            });
        }
        states.push(known.state(dormant));
    }
    (by_pipeline(&episodes, pipelines.len()), states)
}

/// The meaning of each result. A table is faster than comparisons, which processors predict badly.
fn meanings(rules: &config::Insight) -> [u8; 256] {
    let mut meanings = [RUNNING_OR_LOST as u8; 256];
    for result in BuildResult::ALL {
        let meaning = match result {
            _ if !result.is_completed() => RUNNING_OR_LOST,
            BuildResult::Success | BuildResult::Unstable => GOOD,
            BuildResult::Failure => RED,
            BuildResult::Aborted if rules.aborted_is_red => RED,
            _ => COMPLETED,
        };
        meanings[result as usize] = meaning as u8;
    }
    meanings
}

impl Progress {
    /// Returns the open episode of a red pipeline.
    fn episode(&self, pipeline: u32) -> Episode {
        Episode {
            pipeline,
            opened: self.since,
            closed: None,
            last_good_before: row(self.last[GOOD]),
            at_least: self.at_least,
            failures: self.streak,
            latest_failure: self.last[RED] - 1,
            dormant: false,
        }
    }

    fn last_build(&self) -> Option<u32> {
        row(self.last.into_iter().max().unwrap_or_default())
    }

    fn last_completed(&self) -> Option<u32> {
        row(self.last[COMPLETED..]
            .iter()
            .copied()
            .max()
            .unwrap_or_default())
    }

    /// Returns whether no build was completed for long: since the last completed build, or since the last build if none
    /// was completed.
    fn is_dormant(&self, builds: &Builds, as_of_ms: Option<i64>, config: &Config) -> bool {
        let last = self.last_completed().or(self.last_build());
        let limit_ms = i64::from(config.insight.dormant_days) * DAY_MS;
        last.zip(as_of_ms).is_some_and(|(last, as_of_ms)| {
            as_of_ms.saturating_sub(builds.finished_ms[last as usize]) >= limit_ms
        })
    }

    fn state(&self, dormant: bool) -> PipelineState {
        let state = match self.state {
            GOOD => State::Good,
            RED => State::Red,
            _ => State::Unknown,
        };
        PipelineState {
            state,
            streak: self.streak,
            since: (state != State::Unknown).then_some(self.since),
            at_least: self.at_least,
            last_green: row(self.last[GOOD]),
            last_build: self.last_build(),
            last_completed: self.last_completed(),
            dormant,
        }
    }
}

fn row(row_plus_one: u32) -> Option<u32> {
    row_plus_one.checked_sub(1)
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
    let mut order = vec![0_u32; episodes.len()];
    for (number, episode) in (0..).zip(episodes) {
        let place: &mut usize = &mut next[episode.pipeline as usize];
        order[*place] = number;
        *place += 1;
    }
    let at = |number: u32| episodes[number as usize];
    order.into_iter().map(at).collect()
}
