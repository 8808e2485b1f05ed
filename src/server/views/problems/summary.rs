//! The list of problems in a sentence.

use super::Stated;
use crate::{
    selection::Selection,
    server::{
        figures::words::{NO_EVENTS, counted},
        insight::problems::ProblemState,
        snapshot::{Snapshot, Subject},
    },
};

/// `3 problems of CMC: 1 new, 2 ongoing. 1 of them is about security.`
pub fn sentence(snapshot: &Snapshot, selection: &Selection, problems: &[Stated<'_>]) -> String {
    if snapshot.as_of_ms.is_none() && problems.is_empty() {
        return NO_EVENTS.to_owned();
    }
    let project = snapshot.projects_in_words(selection);
    let project = project.map_or_else(String::new, |project| format!(" of {project}"));
    if problems.is_empty() {
        return format!("Nothing{project} needs attention.");
    }
    let of = |state| problems.iter().filter(move |(known, ..)| *known == state);
    let awake = problems.len() - of(ProblemState::Snoozed).count();
    let states = ProblemState::ALL.map(|state| (state.as_str(), of(state).count()));
    let named = states.iter().filter(|(_, count)| *count > 0);
    let named: Vec<String> = named
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    let security = problems.iter().filter(|(state, _, problem)| {
        *state != ProblemState::Snoozed && matches!(problem.subject, Subject::Repository(_))
    });
    let security = match (security.count(), awake) {
        (0, _) => String::new(),
        (all, awake) if all == awake => " All are about security.".to_owned(),
        (1, _) => " 1 of them is about security.".to_owned(),
        (some, _) => format!(" {some} of them are about security."),
    };
    let awake = counted(awake as u64, "problem", "problems");
    format!("{awake}{project}: {}.{security}", named.join(", "))
}
