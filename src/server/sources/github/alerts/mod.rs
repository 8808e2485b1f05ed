//! Open alerts of the organisation: Dependabot, code scanning and secret scanning. A list that the token may
//! not read is missing in the coverage; nothing else fails.

pub mod list;
mod pages;
pub mod reports;

use std::collections::{BTreeSet, HashSet};

use super::{Github, NAME, repositories::Repository, response::GithubFailure};
use crate::server::{
    model::{Checkpoint, Coverage, CoverageState},
    sources::{Run, SourceError},
    store::Store,
};
use list::List;
use pages::Pages;
use reports::{Reported, reports};

/// The name of the lists' coverage in the store: their items are no repositories.
pub const SOURCE: &str = "github-alerts";

/// Reads the alerts, and writes a report for each repository whose alerts have changed. Adds the requested URLs
/// to `used`.
pub async fn sync(
    github: &Github,
    store: &mut Store,
    run: &Run<'_>,
    repositories: &[Repository],
    used: &mut HashSet<String>,
) -> Result<(), SourceError> {
    let names: BTreeSet<&str> = repositories.iter().map(|one| one.name.as_str()).collect();
    let mut limited = None;
    for list in List::ALL {
        let (state, reason, alerts) = match &limited {
            Some(failure) => outcome(list, Err(Clone::clone(failure))),
            None => {
                let read = pages::read(github, store, list, used).await?;
                if let Err(failure @ GithubFailure::Limited { .. }) = &read {
                    limited = Some(failure.clone());
                }
                outcome(list, read)
            }
        };
        let coverage = Coverage {
            item: list.label().to_owned(),
            state,
            reason,
        };
        // To read everything again, nothing counts as reported.
        let known = match run.since_ms {
            Some(_) => None,
            None => store.cursor(NAME, list.scanner()).await?,
        };
        let mut known = known.map(|text| Reported::parse(&text)).unwrap_or_default();
        let reports =
            alerts.map(|alerts| reports(list, alerts, &names, &mut known, run.started_ms));
        let text = reports.is_some().then(|| known.to_string());
        let checkpoint = Checkpoint {
            source: NAME,
            feed: list.scanner(),
            state: text.as_deref(),
            coverage: None,
            as_of_ms: None,
        };
        let reports = reports.unwrap_or_default();
        store.put_scan_reports_from(&reports, &checkpoint).await?;
        store
            .put_facts_from(&[], run.started_ms, SOURCE, &[coverage])
            .await?;
    }
    Ok(())
}

/// Returns the coverage of a list, and its alerts if they are complete.
fn outcome(
    list: List,
    read: Result<Pages, GithubFailure>,
) -> (CoverageState, Option<String>, Option<Vec<list::Alert>>) {
    match read {
        Ok(pages) if pages.complete => (CoverageState::Read, None, Some(pages.alerts)),
        Ok(_) => {
            let reason = format!("only the first {} pages were read", pages::MAX_PAGES);
            (CoverageState::Partial, Some(reason), None)
        }
        Err(GithubFailure::Forbidden(_) | GithubFailure::NotFound(_)) => {
            let reason = format!(
                "the token may not read them: it needs “{}” of the organisation",
                list.permission()
            );
            (CoverageState::NoAccess, Some(reason), None)
        }
        Err(failure @ GithubFailure::Limited { .. }) => {
            (CoverageState::RateLimited, Some(failure.to_string()), None)
        }
        Err(failure) => (CoverageState::Failed, Some(failure.to_string()), None),
    }
}
