//! The repositories with a rule, a runtime or a finding that is past its date: the problems of security.

use std::collections::BTreeMap;

use super::due::{Due, DueItem, Subject};
use crate::server::snapshot::OverdueRepository;

/// Returns the repositories of everything that is due now, sorted by name.
pub fn of(due: &[DueItem<'_>]) -> Vec<OverdueRepository> {
    let mut known: BTreeMap<&str, OverdueRepository> = BTreeMap::new();
    for item in due.iter().filter(|item| item.due == Due::Now) {
        let repository = item.subject.repository();
        let overdue = known
            .entry(repository)
            .or_insert_with(|| OverdueRepository {
                repository: repository.to_owned(),
                ..OverdueRepository::default()
            });
        *match item.subject {
            Subject::Rule(_) => &mut overdue.suppressions,
            Subject::Runtime(_) => &mut overdue.runtimes,
            Subject::Finding(_) => &mut overdue.findings,
        } += 1;
        overdue.listed |= item.listed;
        overdue.since_ms = [overdue.since_ms, item.ends_ms].into_iter().flatten().min();
    }
    known.into_values().collect()
}
