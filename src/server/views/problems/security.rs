//! Problems of security: repositories with something that is past its date.

use crate::{
    api::{Overdue, ProblemSummary},
    server::{
        figures::words::counted,
        snapshot::{OverdueRepository, Snapshot},
    },
};

/// Describes what of a repository is overdue.
pub fn of_repository(snapshot: &Snapshot, known: &OverdueRepository) -> ProblemSummary {
    ProblemSummary {
        kind: "security".to_owned(),
        title: known.repository.clone(),
        team: Some(snapshot.config.owners.team(&known.repository).to_owned()),
        overdue: Some(Overdue {
            suppressions: known.suppressions.into(),
            runtimes: known.runtimes.into(),
            findings: known.findings.into(),
            listed: known.listed,
        }),
        at_least: known.since_ms.is_none(),
        ..ProblemSummary::default()
    }
}

/// `2 expired suppressions, 1 runtime without support, 3 overdue findings`.
pub fn in_words(overdue: &Overdue) -> String {
    let parts = [
        (
            overdue.suppressions,
            "expired suppression",
            "expired suppressions",
        ),
        (
            overdue.runtimes,
            "runtime without support",
            "runtimes without support",
        ),
        (overdue.findings, "overdue finding", "overdue findings"),
    ];
    let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, one, more)| counted(count, one, more))
        .collect();
    parts.join(", ")
}
