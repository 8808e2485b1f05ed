//! Promotions: builds whose promotion step succeeded, and how long a failed one waits for the next.
//!
//! The time from commit to promotion would need the commit's time, which no source reports.

use crate::server::{
    attributes::Selected,
    model::{BuildResult, is_named},
    snapshot::Snapshot,
};

/// The promotions of a selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Builds whose promotion step succeeded, in order of time.
    pub promoted: Vec<u32>,
    /// Builds whose promotion step failed, in order of time, each with the pipeline's next build that was promoted, in
    /// the selection or not.
    pub failed: Vec<(u32, Option<u32>)>,
    /// The number of pipelines with either.
    pub pipelines: u64,
}

/// A promotion step's result in a build.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promotion {
    Succeeded,
    Failed,
}

/// Returns the promotions of selected builds. Steps, and with them promotions, are known of the last
/// [`STEP_DAYS`](crate::server::snapshot::STEP_DAYS).
pub fn compute(snapshot: &Snapshot, selected: &Selected<'_>) -> Delivery {
    let builds = &snapshot.builds;
    let promotes = promotion_steps(snapshot);
    let promotion = |row: usize| {
        let steps = builds.steps.of(row);
        let results = steps.filter(|step| promotes[usize::from(step.name)]);
        let mut results = results.filter_map(|step| match step.result {
            BuildResult::Success => Some(Promotion::Succeeded),
            BuildResult::Failure => Some(Promotion::Failed),
            _ => None,
        });
        // The last attempt counts.
        results.next_back()
    };
    let mut found = Delivery::default();
    let mut is_known = vec![false; snapshot.pipelines.len()];
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); snapshot.pipelines.len()];
    let mut chosen = selected.iter().peekable();
    let Some(&first) = chosen.peek() else {
        return found;
    };
    for row in first..builds.len() {
        let is_selected = chosen.next_if_eq(&row).is_some();
        let pipeline = builds.pipeline[row] as usize;
        if !is_selected && waiting[pipeline].is_empty() {
            continue;
        }
        let Some(promotion) = promotion(row) else {
            continue;
        };
        let build = u32::try_from(row).expect("fewer builds than u32::MAX");
        if promotion == Promotion::Succeeded {
            for failed in waiting[pipeline].drain(..) {
                found.failed[failed].1 = Some(build);
            }
        }
        if is_selected {
            is_known[pipeline] = true;
            match promotion {
                Promotion::Succeeded => found.promoted.push(build),
                Promotion::Failed => {
                    waiting[pipeline].push(found.failed.len());
                    found.failed.push((build, None));
                }
            }
        }
    }
    found.pipelines = is_known.into_iter().filter(|known| *known).count() as u64;
    found
}

/// Returns whether each step promotes a build.
pub fn promotion_steps(snapshot: &Snapshot) -> Vec<bool> {
    let rules = &snapshot.config.insight.promotion_steps;
    let steps = snapshot.steps.iter();
    steps.map(|step| is_named(rules, step)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        selection::Selection,
        server::{
            attributes::select,
            figures::testing::{AS_OF, at, build, snapshot},
            model::{DAY_MS, Step},
            snapshot::{BuildDetails, BuildRecord},
        },
    };

    use BuildResult::{Failure, Success, Unknown};

    /// A build of so many days ago, with steps.
    fn built<'a>(job: &'a str, days: i64, steps: &[(&'a str, BuildResult)]) -> BuildRecord<'a> {
        let finished_ms = at(AS_OF) - days * DAY_MS + 1;
        let steps = steps.iter().map(|&(name, result)| Step {
            name,
            end_ms: finished_ms,
            result,
            attempt: 1,
            duration: None,
        });
        BuildRecord {
            finished_ms,
            details: BuildDetails {
                steps: steps.collect(),
                ..BuildDetails::default()
            },
            ..build(job, Success, AS_OF)
        }
    }

    #[test]
    fn a_promotion_is_a_build_whose_promotion_step_succeeded() {
        const STEP: &str = "prod:promotion";
        let snapshot = snapshot(&[
            built("a", 16, &[(STEP, Failure)]),
            built("a", 9, &[(STEP, Failure)]),
            built("b", 8, &[("build", Success), ("aat:promotion", Success)]),
            built("a", 7, &[(STEP, Failure)]),
            built("c", 6, &[(STEP, Failure), (STEP, Success)]),
            built("a", 5, &[("build", Success), (STEP, Success)]),
            built("a", 4, &[(STEP, Unknown)]),
            built("c", 3, &[(STEP, Failure)]),
        ]);
        let of = |days| {
            let selection = Selection::default().with_days(days);
            compute(&snapshot, &select(&snapshot, &selection))
        };
        let found = of(14);
        assert_eq!((&found.promoted[..], found.pipelines), (&[4, 5][..], 2));
        assert_eq!(found.failed, [(1, Some(5)), (3, Some(5)), (7, None)]);
        assert_eq!(of(1), Delivery::default());
        let early = Selection::default().with("to", "2019-10-18T12:00:00Z");
        let early = compute(&snapshot, &select(&snapshot, &early));
        assert_eq!(
            early.failed,
            [(0, Some(5)), (1, Some(5))],
            "the next promotion is after the range"
        );
    }
}
