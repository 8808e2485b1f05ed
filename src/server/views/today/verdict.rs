//! The state of the pipelines in a sentence, and in a title.

use crate::{
    api::Today,
    server::figures::words::{capitalised, counted, duration, thousands},
};

/// `CMC: nothing is red. 1 failure in 24 h, recovered in 2 h 12 min.`
pub fn sentence(today: &Today, project: Option<&str>, has_data: bool) -> String {
    if !has_data {
        return "There are no build events yet. Sync a source or import a file.".to_owned();
    }
    let state = state(today);
    let state = match project {
        Some(project) => format!("{project}: {state}"),
        None => capitalised(&state),
    };
    format!("{state} {}", recent(today))
}

/// `CMC · nothing red`, `3 red`.
pub fn title(today: &Today, project: Option<&str>) -> String {
    let state = match (today.red, today.pipelines) {
        (0, 0) => "nothing known".to_owned(),
        (0, _) => "nothing red".to_owned(),
        (red, _) => format!("{} red", thousands(red)),
    };
    match project {
        Some(project) => format!("{project} · {state}"),
        None => capitalised(&state),
    }
}

fn state(today: &Today) -> String {
    let end = if today.old {
        " at the end of the data"
    } else {
        ""
    };
    let (is, are) = if today.old {
        ("was", "were")
    } else {
        ("is", "are")
    };
    match (today.red, today.pipelines) {
        (0, 0) => format!("no pipeline {is} known to be red or good{end}."),
        (0, _) => format!("nothing {is} red{end}."),
        (1, 1) => format!("the only pipeline {is} red{end}."),
        (red, pipelines) => {
            let verb = if red == 1 { is } else { are };
            let pipelines = counted(pipelines, "pipeline", "pipelines");
            format!("{} of {pipelines} {verb} red{end}.", thousands(red))
        }
    }
}

/// `1 failure in 24 h, recovered in 2 h 12 min.`
fn recent(today: &Today) -> String {
    let hours = match (today.old, today.recent_hours) {
        (true, hours) => format!("in its last {hours} h"),
        (false, hours) => format!("in {hours} h"),
    };
    let failures = match today.failures {
        0 => format!("No failure {hours}"),
        failures => format!("{} {hours}", counted(failures, "failure", "failures")),
    };
    let recovery = match (today.failures, today.recovered, today.slowest_recovery_ms) {
        (1, 1, Some(ms)) => format!(", recovered in {}", duration(ms)),
        (_, 1, Some(ms)) => format!("; 1 pipeline recovered in {}", duration(ms)),
        (_, recovered, Some(ms)) => format!(
            "; {} pipelines recovered, in {} at most",
            thousands(recovered),
            duration(ms)
        ),
        (_, _, None) => String::new(),
    };
    format!("{failures}{recovery}.")
}
