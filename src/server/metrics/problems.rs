//! What needs attention. Labels are names of the configuration or of closed sets, so they are bounded.

use jiff::Timestamp;
use prometheus_client::{encoding::EncodeLabelSet, registry::Registry};

use super::{Scrape, count, number, numbers};
use crate::server::{
    config::UNOWNED,
    insight::problems::{self, ProblemState},
    model::DAY_MS,
    snapshot::{PipelineState, Snapshot, State},
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
    let help = "Pipelines with a flaky failure in the last days, by project";
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
    let days = i64::from(snapshot.config.insight.flaky_days);
    let after_ms = snapshot.as_of_ms.unwrap_or_default() - days * DAY_MS;
    let builds = &snapshot.builds;
    let mut flaky = vec![false; snapshot.pipelines.len()];
    for flake in &snapshot.insight.flakes {
        let row = flake.failed as usize;
        flaky[builds.pipeline[row] as usize] |= builds.finished_ms[row] > after_ms;
    }
    flaky
}
