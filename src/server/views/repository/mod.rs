//! One repository: what is known of it as of an instant, what to do, and what changed.

mod actions;
mod changes;
mod describe;
mod pipelines;
mod removals;
mod renewals;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use self::describe::Place;
use super::build::address;
use crate::{
    api::{
        ExternalAddress, RepositoryDetails, RepositoryFinding, RepositoryRule, RepositoryRuntime,
        RepositoryScan, View,
    },
    error::AppError,
    server::{
        attributes::repository_of,
        figures::{security_words::product, words},
        insight::security::{
            Matcher, accepted_until_ms, end_ms, findings_of, may_be_older, overdue,
            overdue_since_ms, repository_at,
        },
        model::RepositoryFacts,
        snapshot::{Finding, RuleState, RuntimeState, SecurityState, Snapshot},
    },
};

/// The parameters of a repository's address; on its page, the name is a part of the path.
pub const PARAMETERS: [&str; 2] = ["as_of", "name"];
/// The rows of each list.
const MAX_ROWS: usize = 500;
/// The ids of a listed rule.
const MAX_IDS: usize = 20;

/// A repository that is known, and the instant that an address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub name: String,
    /// The day or instant as asked for.
    pub asked: Option<String>,
    /// Unix ms.
    pub at_ms: i64,
}

/// Returns a repository that is known: the first by its facts, else one that was built.
pub fn first(snapshot: &Snapshot) -> Option<String> {
    let facts = snapshot.security.repositories.first();
    let facts = facts.map(|facts| facts.repository.clone());
    facts.or_else(|| pipelines::first(snapshot))
}

/// Returns the repository and the instant that an address names: a date means the end of that day.
///
/// # Errors
/// [`AppError::UnknownRepository`], or [`AppError::UnknownValue`] for a date that cannot be read.
pub fn find(snapshot: &Snapshot, view: &View) -> Result<Wanted, AppError> {
    let name = view.get("name").unwrap_or_default();
    let latest_ms = snapshot.security.as_of_ms.unwrap_or_default();
    let at_ms = match view.get("as_of") {
        None => latest_ms,
        Some(text) => {
            let at_ms = end_ms(text, &snapshot.config.time_zone).ok_or_else(|| {
                let known = ["2019-10-25", "2019-10-25T17:15:00Z"].map(str::to_owned);
                AppError::unknown_value("as_of", text, known.to_vec())
            })?;
            at_ms.min(latest_ms)
        }
    };
    let security = &snapshot.security;
    let is_known = !name.is_empty()
        && (security.history_of(name).is_some()
            || !security.reports_of(name).is_empty()
            || pipelines::is_built(snapshot, name));
    if !is_known {
        return Err(AppError::unknown_repository(name));
    }
    Ok(Wanted {
        name: name.to_owned(),
        asked: view.get("as_of").map(str::to_owned),
        at_ms,
    })
}

/// Describes a repository.
pub fn details(snapshot: &Snapshot, wanted: &Wanted) -> RepositoryDetails {
    let (name, at_ms) = (&*wanted.name, wanted.at_ms);
    let state = repository_at(snapshot, name, at_ms);
    let facts = state.repositories.first().map(|known| &*known.facts);
    let address = repository_address(snapshot, name, facts);
    let place = Place::new(snapshot, address.as_ref(), facts);
    let findings = findings_of(snapshot, name);
    let open = open(snapshot, &state, findings);
    let history = snapshot.security.history_of(name);
    let mut details = RepositoryDetails {
        name: name.to_owned(),
        known: facts.is_some(),
        archived: facts.is_some_and(|facts| facts.archived),
        checked: state.repositories.first().and_then(|known| known.checked),
        finding_count: open.len() as u64,
        findings: open
            .iter()
            .take(MAX_ROWS)
            .map(|known| finding(snapshot, known))
            .collect(),
        scans: scans(snapshot, name, at_ms),
        as_of: words::instant(snapshot.security.as_of_ms.map(|_| at_ms)),
        asked: wanted.asked.clone(),
        latest: words::instant(snapshot.security.as_of_ms),
        version: snapshot.version.to_string(),
        ..RepositoryDetails::default()
    };
    let actions = actions::actions(snapshot, &state, &open, &place, &details);
    (details.state, details.summary) = actions::verdict(&details, &actions, &state);
    details.action_count = actions.len() as u64;
    details.actions = actions.into_iter().take(MAX_ROWS).collect();
    if let Some(facts) = facts {
        describe_facts(&mut details, snapshot, facts);
        details.rule_count = state.rules.len() as u64;
        let listed = state.rules.iter().take(MAX_ROWS);
        let listed = listed.map(|known| rule(snapshot, known, &place)).collect();
        details.rules = facts.rules.as_ref().map(|_| listed);
        let is_read = facts.runtimes.is_some() || !state.runtimes.is_empty();
        let runtimes = state
            .runtimes
            .iter()
            .map(|known| runtime(snapshot, known, &place))
            .collect();
        details.runtimes = is_read.then_some(runtimes);
        details.removals = removals::removals(&state.rules, at_ms, &place);
        let renewals = renewals::renewals(&state.rules, at_ms, &snapshot.config.time_zone, &place);
        (details.renewals, details.renewal_count) = renewals;
    } else {
        describe_owners(&mut details, snapshot, None);
    }
    details.address = address;
    (details.pipelines, details.pipeline_count) = pipelines::pipelines(snapshot, name);
    (details.changes, details.change_count) = changes::history(history, findings, at_ms);
    details
}

/// The address that the facts state, else the one that builds name.
fn repository_address(
    snapshot: &Snapshot,
    name: &str,
    facts: Option<&RepositoryFacts>,
) -> Option<ExternalAddress> {
    let stated = facts.and_then(|facts| facts.about.url.as_deref());
    let built = || {
        let urls = snapshot.codebases.iter();
        let mut urls = urls.filter_map(|codebase| codebase.git_url.as_deref());
        urls.find(|url| repository_of(url) == Some(name))
    };
    stated.or_else(built).map(|url| address(snapshot, url))
}

fn describe_facts(details: &mut RepositoryDetails, snapshot: &Snapshot, facts: &RepositoryFacts) {
    describe_owners(details, snapshot, facts.about.owners.as_ref());
    details.protected = facts.about.protected;
    details.pushed_in.clone_from(&facts.about.pushed_in);
    details.topics.clone_from(&facts.about.topics);
    let checks = facts.checks.iter().map(|check| check.label().to_owned());
    details.checks = checks.collect();
}

fn describe_owners(
    details: &mut RepositoryDetails,
    snapshot: &Snapshot,
    owners: Option<&Vec<String>>,
) {
    details.owners_read = owners.is_some();
    match owners {
        Some(owners) if !owners.is_empty() => {
            details.owners.clone_from(owners);
            details.owners_by = "codeowners".to_owned();
        }
        _ => {
            details.owners = vec![snapshot.config.owners.team(&details.name).to_owned()];
            details.owners_by = "configuration".to_owned();
        }
    }
}

/// An open finding, the instant since which it is or will be overdue, and the end of the rule that accepts it.
struct Open<'a> {
    finding: &'a Finding,
    due_ms: Option<i64>,
    overdue: bool,
    listed: bool,
    accepted_ms: Option<i64>,
}

/// The open findings: overdue ones first, then by when they are due, the rest by severity.
fn open<'a>(snapshot: &Snapshot, state: &SecurityState, findings: &'a [Finding]) -> Vec<Open<'a>> {
    let key = |finding: &Finding| {
        let address: *const Finding = finding;
        address
    };
    let overdue: HashSet<_> = overdue(snapshot, state, findings)
        .into_iter()
        .map(|(known, _)| key(known))
        .collect();
    let mut matcher = Matcher::default();
    let open = findings.iter().filter(|known| known.is_open(state.at_ms));
    let open = open.map(|finding| Open {
        finding,
        due_ms: overdue_since_ms(finding, &snapshot.security, &snapshot.config, state.at_ms),
        overdue: overdue.contains(&key(finding)),
        listed: snapshot.security.listed(&finding.id, state.at_ms).is_some(),
        accepted_ms: accepted_until_ms(finding, state, &mut matcher),
    });
    let mut open: Vec<Open<'_>> = open.collect();
    open.sort_by_key(|known| {
        let due_ms = known.due_ms.unwrap_or(i64::MAX);
        (!known.overdue, due_ms, known.finding.severity)
    });
    open
}

fn finding(snapshot: &Snapshot, known: &Open<'_>) -> RepositoryFinding {
    let finding = known.finding;
    let day = |ms| words::last_day(&snapshot.config.time_zone, ms);
    RepositoryFinding {
        id: finding.id.clone(),
        package: finding.package.clone(),
        version: finding.version.clone(),
        severity: finding.severity.as_str().to_owned(),
        fixed_in: finding.fixed_in.clone(),
        scanner: finding.scanner.clone(),
        opened_at: words::instant(Some(finding.opened_ms)),
        at_least: finding.at_least,
        due_at: known.due_ms.map(|ms| words::instant(Some(ms))),
        overdue: known.overdue,
        listed: known.listed,
        suppressed: finding.suppressed,
        accepted_until: known.accepted_ms.map(day),
    }
}

fn scans(snapshot: &Snapshot, name: &str, at_ms: i64) -> Vec<RepositoryScan> {
    let series = snapshot.security.reports_of(name).iter();
    let latest = series.filter_map(|series| {
        let known = series
            .reports
            .partition_point(|report| report.at_ms <= at_ms);
        let report = series.reports[..known].last()?;
        Some(RepositoryScan {
            scanner: series.scanner.clone(),
            codebase_type: series.codebase_type.clone(),
            at: words::instant(Some(report.at_ms)),
            complete: report.complete,
            findings: report.findings.len() as u64,
        })
    });
    latest.take(MAX_ROWS).collect()
}

fn rule(snapshot: &Snapshot, known: &RuleState, place: &Place<'_>) -> RepositoryRule {
    let rule = known.rule();
    RepositoryRule {
        tool: rule.format.label().to_owned(),
        ids: rule.ids.iter().take(MAX_IDS).cloned().collect(),
        id_count: rule.ids.len() as u64,
        selector: describe::selectors(rule),
        until: rule.until.clone(),
        ends_at: known.end.ms().map(|ms| words::instant(Some(ms))),
        last_day: known
            .end
            .ms()
            .map(|ms| words::last_day(&snapshot.config.time_zone, ms)),
        since: words::instant(Some(known.since_ms)),
        at_least: may_be_older(&snapshot.security, known),
        flags: known.flags().map(str::to_owned).collect(),
        use_unknown: known.unused.is_none(),
        reason: rule.notes.clone(),
        place: place.of(&rule.file, rule.line),
    }
}

fn runtime(snapshot: &Snapshot, known: &RuntimeState, place: &Place<'_>) -> RepositoryRuntime {
    let runtime = &known.runtime;
    RepositoryRuntime {
        product: product(&runtime.product).to_owned(),
        version: runtime.version.clone(),
        cycle: known.cycle.clone(),
        support: known.support.as_str().to_owned(),
        ends_at: known.ends_ms.map(|ms| words::instant(Some(ms))),
        last_day: known
            .ends_ms
            .map(|ms| words::last_day(&snapshot.config.time_zone, ms)),
        place: place.of(&runtime.file, runtime.line),
    }
}
