//! The pipelines of a selection, with their states over all data and their builds in the range.

use std::cmp::Reverse;

use crate::{
    api::{PipelineList, PipelineSummary, StateCount, View},
    error::AppError,
    selection::Selection,
    server::{
        attributes::select,
        figures::words,
        insight,
        snapshot::{Pipeline, PipelineState, Snapshot, State},
        statistics::percent,
    },
};

/// The pipelines on a page.
const PAGE: usize = 50;
/// The states of pipelines, in the order of lists.
pub const STATES: [&str; 4] = ["red", "good", "unknown", "dormant"];

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
    place(view).map(drop)
}

/// The wanted state, and the number of pipelines on the pages before.
fn place(view: &View) -> Result<(Option<&str>, usize), AppError> {
    let state = view.get("state");
    if let Some(state) = state
        && !STATES.contains(&state)
    {
        let known = STATES.map(str::to_owned).to_vec();
        return Err(AppError::unknown_value("state", state, known));
    }
    let first = view.get("cursor").map_or(Ok(0), |cursor| {
        let number = cursor.parse::<u32>();
        number.map_err(|_| AppError::unknown_value("cursor", cursor, Vec::new()))
    })?;
    Ok((state, first as usize))
}

/// Lists the pipelines of a selection whose values were checked.
///
/// # Errors
/// [`AppError::UnknownValue`] for an unknown state or a cursor that is none.
pub fn pipeline_list(
    snapshot: &Snapshot,
    selection: &Selection,
    view: &View,
) -> Result<PipelineList, AppError> {
    let (wanted, first) = place(view)?;
    let known: Vec<(&Pipeline, &PipelineState)> = insight::states(snapshot, selection).collect();
    let count = |state: &&str| StateCount {
        state: (*state).to_owned(),
        pipelines: known
            .iter()
            .filter(|(_, known)| state_name(known) == *state)
            .count() as u64,
    };
    let states = STATES.iter().map(count).collect();
    let mut listed: Vec<(&Pipeline, &PipelineState)> = known
        .iter()
        .copied()
        .filter(|(_, state)| wanted.is_none_or(|wanted| state_name(state) == wanted))
        .collect();
    listed.sort_by_key(|(pipeline, state)| {
        let name = state_name(state);
        let rank = STATES.iter().position(|known| *known == name);
        let since = if name == "red" { state.since } else { None };
        (rank, Reverse(since.is_some()), since, &pipeline.label)
    });
    let mut counts = vec![(0_u64, 0_u64); snapshot.pipelines.len()];
    let builds = &snapshot.builds;
    select(snapshot, selection).each(|build| {
        let (all, failed) = &mut counts[builds.pipeline[build] as usize];
        *all += 1;
        *failed += u64::from(builds.result[build].is_failed());
    });
    let page = listed.iter().skip(first).take(PAGE);
    let page = page.map(|&(pipeline, state)| {
        // The state's last build tells the number of its pipeline.
        let number = state
            .last_build
            .map(|last| builds.pipeline[last as usize] as usize);
        let (all, failed) = number.map_or((0, 0), |number| counts[number]);
        summary(snapshot, pipeline, state, all, failed)
    });
    let page: Vec<PipelineSummary> = page.collect();
    let end = first + page.len();
    Ok(PipelineList {
        selection: selection.encoded(),
        summary: sentence(snapshot, selection, wanted, listed.len() as u64),
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
        pipelines: listed.len() as u64,
        states,
        next: (end < listed.len()).then(|| end.to_string()),
        page,
    })
}

fn summary(
    snapshot: &Snapshot,
    pipeline: &Pipeline,
    state: &PipelineState,
    builds: u64,
    failed: u64,
) -> PipelineSummary {
    let finished = |build: Option<u32>| {
        build.map(|build| words::instant(Some(snapshot.builds.finished_ms[build as usize])))
    };
    PipelineSummary {
        system: pipeline.system.as_str().to_owned(),
        name: pipeline.name.to_string(),
        pipeline: pipeline.label.to_string(),
        project: snapshot.project_label(pipeline).to_owned(),
        state: state_name(state).to_owned(),
        since: finished(state.since),
        at_least: state.at_least,
        streak: state.streak.into(),
        last_green: finished(state.last_green),
        last_build: finished(state.last_build),
        builds,
        failed,
        failed_percent: percent(failed, builds),
    }
}

fn sentence(
    snapshot: &Snapshot,
    selection: &Selection,
    wanted: Option<&str>,
    count: u64,
) -> String {
    if snapshot.as_of_ms.is_none() {
        return "There are no build events yet. Sync a source or import a file.".to_owned();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{build, snapshot},
        model::BuildResult::{Failure, Success},
    };

    #[test]
    fn red_pipelines_come_first_and_pages_follow_each_other() {
        let names: Vec<String> = (0..120).map(|number| format!("p{number:03}")).collect();
        let mut builds = vec![build("red", Failure, "2019-10-25T10:00:00Z")];
        builds.extend(
            names
                .iter()
                .map(|name| build(name, Success, "2019-10-25T09:00:00Z")),
        );
        let snapshot = snapshot(&builds);
        let all = Selection::default();
        let mut view = View::default();
        let mut listed = Vec::new();
        loop {
            let list = pipeline_list(&snapshot, &all, &view).expect("a list");
            assert_eq!(list.pipelines, 121);
            listed.extend(list.page.into_iter().map(|row| row.name));
            match list.next {
                Some(next) => view = view.with("cursor", &next),
                None => break,
            }
        }
        assert_eq!(listed[0], "red");
        assert_eq!(listed[1..], names);
        let red = pipeline_list(&snapshot, &all, &View::default().with("state", "red"));
        let red = red.expect("a list");
        assert_eq!((red.pipelines, red.page[0].failed), (1, 1));
        assert!(red.page[0].at_least && red.summary.starts_with("1 red pipeline."));
        for (name, value) in [("state", "sad"), ("cursor", "x")] {
            let view = View::default().with(name, value);
            assert!(pipeline_list(&snapshot, &all, &view).is_err(), "{name}");
        }
    }
}
