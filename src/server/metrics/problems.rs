//! Gauges of problems, red and flaky pipelines. Labels are names of the configuration or of closed sets, so they are bounded.

use jiff::Timestamp;
use prometheus_client::{encoding::EncodeLabelSet, registry::Registry};

use super::{Scrape, count, number, numbers};
use crate::{
    selection::Selection,
    server::{
        attributes::select_in,
        config::UNOWNED,
        insight::{
            flakiness,
            problems::{self, ProblemState},
        },
        snapshot::{PipelineState, Snapshot, State},
    },
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Project {
    project: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByState {
    state: &'static str,
}

/// Registers metrics whose names begin with `rse`.
pub fn register(registry: &mut Registry, scrape: &Scrape) {
    let Some(snapshot) = &scrape.snapshot else {
        return;
    };
    let red = |state: &PipelineState| state.state == State::Red && !state.dormant;
    let states = &snapshot.insight.states;
    let red = by_project(snapshot, |pipeline| states.get(pipeline).is_some_and(red));
    let help = "Red pipelines that are not dormant, by project";
    numbers(registry, "pipeline_red", help, None, red);
    let flaky = flaky(snapshot);
    let flaky = by_project(snapshot, |pipeline| flaky[pipeline]);
    let help = "Flaky pipelines, by project";
    numbers(registry, "flaky_pipelines", help, None, flaky);
    let now_ms = Timestamp::now().as_millisecond();
    let problems = snapshot.insight.problems.iter();
    let states = problems
        .map(|problem| problems::state(snapshot, problem, &scrape.ledger.snoozes, now_ms).0);
    let states: Vec<ProblemState> = states.collect();
    let by_state = ProblemState::ALL.map(|state| {
        let problems = states.iter().filter(|known| **known == state).count();
        let state = state.as_str();
        (ByState { state }, Some(count(problems)))
    });
    let help = "Problems, by state";
    numbers(registry, "problem_open", help, None, by_state);
    let incidents = snapshot.insight.incidents.iter();
    let open = incidents.filter(|incident| !incident.over).count();
    let help = "Shared incidents that are not over";
    number(registry, "incident_open", help, None, count(open));
}

/// The number of pipelines of each project, in the order of the configuration.
fn by_project(
    snapshot: &Snapshot,
    is_counted: impl Fn(usize) -> bool,
) -> Vec<(Project, Option<f64>)> {
    let projects = snapshot.config.projects.iter();
    let labels = projects.map(|project| project.label.clone());
    let labels: Vec<String> = labels.chain([UNOWNED.to_owned()]).collect();
    let mut counts = vec![0; labels.len()];
    for (number, pipeline) in snapshot.pipelines.iter().enumerate() {
        let project = pipeline.project.unwrap_or(labels.len() - 1);
        counts[project] += usize::from(is_counted(number));
    }
    let labelled = labels.into_iter().zip(counts);
    labelled
        .map(|(project, pipelines)| (Project { project }, Some(count(pipelines))))
        .collect()
}

/// Returns whether each pipeline is flaky.
fn flaky(snapshot: &Snapshot) -> Vec<bool> {
    let all = Selection::default();
    let window = snapshot.window(&all);
    let window = window.last(snapshot.config.insight.flake_rate_days);
    let selected = select_in(snapshot, &all, window);
    let known = flakiness::by_pipeline(snapshot, &selected, window.end_ms);
    known.iter().map(|known| known.flaky).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::server::{
        figures::testing::{build, snapshot},
        metrics::{CacheSize, Metrics, testing::read},
        model::BuildResult::{Failure, Success},
        snapshot::{BuildDetails, BuildRecord},
        store::Ledger,
    };

    #[test]
    fn problems_and_pipelines_are_counted_by_bounded_labels() {
        let of = |job_name, commit, result, finished| BuildRecord {
            details: BuildDetails {
                git_commit: Some(commit),
                ..BuildDetails::default()
            },
            ..build(job_name, result, finished)
        };
        let builds = [
            of(
                "HMCTS_CMC/a/master",
                "1111111",
                Success,
                "2019-10-25T08:00:00Z",
            ),
            of(
                "HMCTS_CMC/a/master",
                "2222222",
                Failure,
                "2019-10-25T09:00:00Z",
            ),
            of(
                "Elsewhere/b/master",
                "3333333",
                Failure,
                "2019-10-25T08:00:00Z",
            ),
            of(
                "Elsewhere/b/master",
                "3333333",
                Success,
                "2019-10-25T08:30:00Z",
            ),
            of(
                "Elsewhere/b/master",
                "4444444",
                Failure,
                "2019-10-25T09:00:00Z",
            ),
            of(
                "Elsewhere/b/master",
                "4444444",
                Success,
                "2019-10-25T09:30:00Z",
            ),
        ];
        let scrape = Scrape {
            snapshot: Some(Arc::new(snapshot(&builds))),
            ledger: Arc::new(Ledger::default()),
            configured: Arc::new([]),
            cache_size: CacheSize::default(),
            ready: true,
            store_lost: false,
        };
        let series = read(&Metrics::default().text(&scrape));
        for (name, value) in [
            ("rse_pipeline_red{project=\"CMC\"}", 1.0),
            ("rse_pipeline_red{project=\"Unowned\"}", 0.0),
            ("rse_flaky_pipelines{project=\"CMC\"}", 0.0),
            ("rse_flaky_pipelines{project=\"Unowned\"}", 1.0),
            ("rse_problem_open{state=\"new\"}", 1.0),
            ("rse_problem_open{state=\"escalating\"}", 0.0),
            ("rse_incident_open", 0.0),
        ] {
            assert_eq!(series.get(name), Some(&value), "{name}");
        }
    }
}
