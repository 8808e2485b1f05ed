//! The age and completeness of the data, and the state of the sources.

use jiff::tz::TimeZone;

use crate::api::{
    CoverageCounts, CoverageItem, DataState, Freshness, Live, Moment, SourceState, SyncFailure,
};
use crate::selection::Selection;
use crate::server::{
    figures::words,
    model::{CoverageState, DAY_MS},
    snapshot::{Snapshot, instant_ms},
    sources::{self, Cause, DataKind, SourceInfo},
    store::{Covered, Ledger},
};

/// The readers of what is said about the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// People of the organisation: reasons of failures help them.
    Readers,
    /// Anyone who finds the dashboard: names of hosts, databases and accounts are none of their business.
    Everyone,
}

/// The state of the data. `configured` names the sources that this server syncs; `lost_ms` is the start
/// of a store outage.
pub fn data_state(
    snapshot: &Snapshot,
    ledger: &Ledger,
    configured: &[&str],
    lost_ms: Option<i64>,
    audience: Audience,
    now_ms: i64,
) -> DataState {
    let zone = &snapshot.config.time_zone;
    let repositories = snapshot.security.repositories.len() as u64;
    let limits = &snapshot.config.freshness;
    let limit_ms = |kind: DataKind| match kind {
        DataKind::Events => limits.events_ms,
        DataKind::Security => limits.facts_ms,
    };
    let kind = |kind: DataKind, as_of_ms: Option<i64>, rests_on: String| Freshness {
        label: kind.label().to_owned(),
        as_of: as_of_ms.map(|at_ms| moment(zone, at_ms)),
        rests_on,
        old: as_of_ms
            .filter(|_| is_old(as_of_ms, limit_ms(kind), now_ms))
            .map(|at_ms| end(zone, kind, at_ms, now_ms)),
        sources: sources::ALL
            .iter()
            .filter(|about| about.kind == Some(kind))
            .filter_map(|about| source(zone, ledger, about, configured, audience))
            .collect(),
    };
    DataState {
        live: live(snapshot, ledger, lost_ms),
        store_lost: lost_ms.map(|at_ms| moment(zone, at_ms)),
        sample: snapshot.sample,
        kinds: vec![
            kind(
                DataKind::Events,
                snapshot.as_of_ms,
                builds_in_words(snapshot),
            ),
            kind(
                DataKind::Security,
                snapshot.security.as_of_ms,
                words::counted(repositories, "repository", "repositories"),
            ),
        ],
    }
}

/// `Data ends 29 Oct 2019, 7 years ago`; with the time of the day if that matters.
fn end(zone: &TimeZone, kind: DataKind, at_ms: i64, now_ms: i64) -> String {
    let (what, age_ms) = match kind {
        DataKind::Events => ("Data ends", now_ms - at_ms),
        DataKind::Security => ("Security facts end", now_ms - at_ms),
    };
    let at = words::local_instant(zone, at_ms);
    let day = at.split(',').next().filter(|_| age_ms >= DAY_MS);
    format!("{what} {}, {}", day.unwrap_or(&at), words::ago(age_ms))
}

/// A page as of an instant for readers; none of a page that shows the latest data.
pub fn pinned(snapshot: &Snapshot, selection: &Selection) -> Option<String> {
    let zone = &snapshot.config.time_zone;
    let at_ms = instant_ms(selection.value("as_of")?, zone)?;
    let at = words::local_instant(zone, at_ms);
    let early = snapshot.as_of_ms.filter(|end_ms| *end_ms < at_ms);
    let early = early.map_or_else(String::new, |end_ms| {
        let end = words::local_instant(zone, end_ms);
        format!(" The data ends before that, on {end}.")
    });
    Some(format!(
        "This page is pinned to the builds that finished by {at}; whether pipelines are red is as of the latest data.{early} Late events can still change it."
    ))
}

/// Returns whether data is older than a limit.
pub fn is_old(as_of_ms: Option<i64>, limit_ms: i64, now_ms: i64) -> bool {
    as_of_ms.is_some_and(|as_of_ms| now_ms - as_of_ms > limit_ms)
}

/// `36,412 builds of 174 pipelines; 19 of 174 pipelines do not say when a build ends`.
fn builds_in_words(snapshot: &Snapshot) -> String {
    let builds = words::counted(snapshot.builds.len() as u64, "build", "builds");
    let pipelines = words::counted(snapshot.pipelines.len() as u64, "pipeline", "pipelines");
    let silent = snapshot.pipelines_without_ends() as u64;
    let verb = if silent == 1 { "does" } else { "do" };
    match silent {
        0 => format!("{builds} of {pipelines}"),
        _ => format!(
            "{builds} of {pipelines}; {} of {pipelines} {verb} not say when a build ends",
            words::thousands(silent)
        ),
    }
}

/// The identity of this state of the data.
pub fn live(snapshot: &Snapshot, ledger: &Ledger, lost_ms: Option<i64>) -> Live {
    Live {
        version: snapshot.version.to_string(),
        // Odd during a store outage, and otherwise equal on all replicas.
        ledger: ledger.version * 2 + i64::from(lost_ms.is_some()),
    }
}

/// None for a source that is neither configured here nor synced by another process.
fn source(
    zone: &TimeZone,
    ledger: &Ledger,
    about: &SourceInfo,
    configured: &[&str],
    audience: Audience,
) -> Option<SourceState> {
    let sync = ledger.syncs.iter().find(|sync| sync.source == about.name);
    if sync.is_none() && !configured.contains(&about.name) {
        return None;
    }
    let sync = sync.cloned().unwrap_or_default();
    let reason = sync.failure.unwrap_or_default();
    let reason = match audience {
        Audience::Readers => reason,
        Audience::Everyone => Cause::of(&reason).as_str().to_owned(),
    };
    Some(SourceState {
        name: about.name.to_owned(),
        label: about.label.to_owned(),
        last_success: sync.succeeded_ms.map(|at_ms| moment(zone, at_ms)),
        last_failure: sync.failed_ms.map(|at_ms| SyncFailure {
            moment: moment(zone, at_ms),
            reason,
        }),
        failing: sync.failed_ms > sync.succeeded_ms,
        coverage: counts(&ledger.coverage, about),
    })
}

/// `412 of 438 repositories read, 18 no access, 8 rate-limited`.
fn counts(coverage: &[Covered], about: &SourceInfo) -> Option<CoverageCounts> {
    let states = coverage
        .iter()
        .filter(|covered| covered.source == about.name);
    let states: Vec<CoverageState> = states.map(|covered| covered.coverage.state).collect();
    let total = states.len() as u64;
    let read = states.iter().filter(|state| state.is_read()).count() as u64;
    let mut text = format!(
        "{} of {} read",
        words::thousands(read),
        words::counted(total, about.unit.0, about.unit.1)
    );
    for state in CoverageState::ALL {
        let count = states.iter().filter(|known| **known == state).count();
        if state != CoverageState::Read && count > 0 {
            let part = format!(", {} {}", words::thousands(count as u64), state.label());
            text.push_str(&part);
        }
    }
    (total > 0).then_some(CoverageCounts { read, total, text })
}

/// Every item of the sources, unread ones first.
pub fn coverage(zone: &TimeZone, ledger: &Ledger, audience: Audience) -> Vec<CoverageItem> {
    let mut covered: Vec<(usize, &Covered)> = ledger.coverage.iter().enumerate().collect();
    // The worst state first, then by source and name, the order of the store.
    covered.sort_by_key(|(_, covered)| std::cmp::Reverse(covered.coverage.state));
    let items = covered.into_iter().map(|(index, covered)| CoverageItem {
        source: covered.source.clone(),
        item: match audience {
            Audience::Readers => covered.coverage.item.clone(),
            Audience::Everyone => public_name(covered, index),
        },
        state: covered.coverage.state.as_str().to_owned(),
        state_text: covered.coverage.state.label().to_owned(),
        reason: match audience {
            Audience::Readers => covered.coverage.reason.clone(),
            Audience::Everyone => None,
        },
        tried: moment(zone, covered.tried_ms),
        read: covered.read_ms.map(|at_ms| moment(zone, at_ms)),
    });
    items.collect()
}

/// The name of an item for everyone: figures name repositories, and nothing names databases.
fn public_name(covered: &Covered, index: usize) -> String {
    let mut sources = sources::ALL.iter();
    match sources.find(|about| sources::is_part(&covered.source, about.name)) {
        Some(about) if about.kind != Some(DataKind::Events) => covered.coverage.item.clone(),
        Some(about) => format!("{} {}", about.unit.0, index + 1),
        None => format!("item {}", index + 1),
    }
}

fn moment(zone: &TimeZone, at_ms: i64) -> Moment {
    Moment {
        at: words::instant(Some(at_ms)),
        text: words::local_instant(zone, at_ms),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::server::{
        config::Config,
        figures::testing,
        model::{BuildResult, Coverage, HOUR_MS, RepositoryFacts},
        store::SyncRecord,
    };

    #[test]
    fn a_pinned_page_says_so_and_where_the_data_ends() {
        let snapshot = testing::snapshot(&[]);
        let note = |query: &str| {
            let selection = Selection::parse(query).expect("a selection");
            pinned(&snapshot, &selection)
        };
        assert_eq!(note("to=2019-10-20"), None);
        let early = "This page is pinned to the builds that finished by 20 Oct 2019, 00:00 UTC; whether pipelines are red is as of the latest data. Late events can still change it.";
        assert_eq!(note("as_of=2019-10-20").as_deref(), Some(early));
        let late = "This page is pinned to the builds that finished by 1 Jan 2099, 00:00 UTC; whether pipelines are red is as of the latest data. The data ends before that, on 25 Oct 2019, 12:00 UTC. Late events can still change it.";
        assert_eq!(note("as_of=2099-01-01").as_deref(), Some(late));
    }

    fn covered(item: &str, state: CoverageState) -> Covered {
        Covered {
            source: "github".to_owned(),
            coverage: Coverage {
                item: item.to_owned(),
                state,
                reason: None,
            },
            tried_ms: 0,
            read_ms: None,
        }
    }

    #[test]
    fn coverage_counts_unread_items_by_state() {
        let ledger = Ledger {
            coverage: vec![
                covered("a", CoverageState::Read),
                covered("b", CoverageState::NoAccess),
                covered("c", CoverageState::Partial),
                covered("d", CoverageState::NoAccess),
            ],
            ..Ledger::default()
        };
        let counts = counts(&ledger.coverage, &sources::ALL[1]).expect("counts");
        assert_eq!(
            counts.text,
            "2 of 4 repositories read, 1 read in part, 2 no access"
        );
        let items = coverage(&TimeZone::UTC, &ledger, Audience::Readers);
        let names: Vec<&str> = items.iter().map(|item| item.item.as_str()).collect();
        assert_eq!(names, ["b", "d", "c", "a"]);
    }

    #[test]
    fn pipelines_that_do_not_tell_when_a_build_ends_are_counted() {
        use crate::server::{figures::testing, model::BuildResult, snapshot::BuildRecord};

        let ended = |job_name, number, ended| {
            let mut build = testing::build(job_name, BuildResult::Success, "2019-10-24T12:00:00Z");
            build.details.ended = ended;
            BuildRecord {
                build_id: number,
                ..build
            }
        };
        let numbers = ["1", "2", "3", "4", "5"];
        let builds_of = |job_name, ends| numbers.map(|number| ended(job_name, number, ends));
        let say = |builds: &[BuildRecord<'_>]| builds_in_words(&testing::snapshot(builds));
        assert_eq!(say(&builds_of("a", true)), "5 builds of 1 pipeline");
        assert_eq!(
            say(&[builds_of("a", true), builds_of("b", false)].concat()),
            "10 builds of 2 pipelines; 1 of 2 pipelines does not say when a build ends"
        );
        let silent = [builds_of("b", false), builds_of("c", false)].concat();
        assert_eq!(
            say(&silent),
            "10 builds of 2 pipelines; 2 of 2 pipelines do not say when a build ends"
        );
    }

    #[test]
    fn a_source_is_failing_if_its_last_sync_failed() {
        let snapshot = Snapshot::empty(Arc::new(Config::built_in()));
        let state = |succeeded_ms, failed_ms| {
            let sync = SyncRecord {
                source: "cosmos".to_owned(),
                succeeded_ms,
                failed_ms,
                ..SyncRecord::default()
            };
            let ledger = Ledger {
                syncs: vec![sync],
                ..Ledger::default()
            };
            data_state(&snapshot, &ledger, &[], None, Audience::Readers, 0).kinds[0].sources[0]
                .failing
        };
        assert!(!state(None, None));
        assert!(state(None, Some(1)));
        assert!(state(Some(1), Some(2)));
        assert!(!state(Some(3), Some(2)));
    }

    #[test]
    fn data_is_old_once_it_exceeds_its_age() {
        let builds = [testing::build("a", BuildResult::Success, testing::AS_OF)];
        let snapshot = testing::snapshot(&builds);
        let as_of_ms = testing::at(testing::AS_OF);
        let old = |age_ms| {
            let now_ms = as_of_ms + age_ms;
            let ledger = Ledger::default();
            let state = data_state(&snapshot, &ledger, &[], None, Audience::Readers, now_ms);
            state.kinds.into_iter().next().expect("events").old
        };
        assert_eq!(old(6 * HOUR_MS), None);
        assert_eq!(
            old(6 * HOUR_MS + 1).as_deref(),
            Some("Data ends 25 Oct 2019, 12:00 UTC, 6 hours ago")
        );
        assert_eq!(
            old(7 * 366 * DAY_MS).as_deref(),
            Some("Data ends 25 Oct 2019, 7 years ago")
        );
        let snapshot = testing::security(vec![RepositoryFacts::default()]);
        let facts_ms = snapshot.security.as_of_ms.expect("facts");
        let facts = |snapshot: &Snapshot, now_ms| {
            let ledger = Ledger::default();
            let state = data_state(snapshot, &ledger, &[], None, Audience::Readers, now_ms);
            state.kinds.into_iter().nth(1).expect("facts").old
        };
        assert_eq!(facts(&snapshot, facts_ms + 2 * DAY_MS), None);
        let old = facts(&snapshot, facts_ms + 3 * DAY_MS).expect("old");
        assert!(
            old.starts_with("Security facts end ") && old.ends_with(", 3 days ago"),
            "{old}"
        );
        let snapshot = testing::security(Vec::new());
        let snapshot = Snapshot {
            security: Arc::default(),
            ..snapshot
        };
        assert_eq!(facts(&snapshot, i64::MAX), None);
    }

    #[test]
    fn a_source_that_is_neither_configured_nor_synced_is_omitted() {
        let snapshot = Snapshot::empty(Arc::new(Config::built_in()));
        let state = data_state(
            &snapshot,
            &Ledger::default(),
            &["github"],
            None,
            Audience::Readers,
            0,
        );
        assert!(state.kinds[0].sources.is_empty());
        assert_eq!(state.kinds[1].sources[0].label, "GitHub");
    }

    #[test]
    fn everyone_learns_causes_and_no_names_but_those_of_repositories() {
        let failed = |source: &str, failure: &str| SyncRecord {
            source: source.to_owned(),
            failed_ms: Some(1),
            failure: Some(failure.to_owned()),
            ..SyncRecord::default()
        };
        let mut item = covered("secret-db/pipeline-metrics", CoverageState::NoAccess);
        item.source = "cosmos".to_owned();
        item.coverage.reason = Some("secret-db is closed".to_owned());
        let mut repository = covered("cmc/one", CoverageState::Failed);
        repository.coverage.reason = Some("secret.example: closed".to_owned());
        let ledger = Ledger {
            syncs: vec![
                failed(
                    "cosmos",
                    "secret-db/x: the account does not accept COSMOS_KEY (401)",
                ),
                failed("github", "GitHub cannot be reached: secret.example"),
            ],
            coverage: vec![item, repository],
            ..Ledger::default()
        };
        let snapshot = Snapshot::empty(Arc::new(Config::built_in()));
        let shown = |audience| {
            let state = data_state(&snapshot, &ledger, &[], None, audience, 0);
            let items = coverage(&TimeZone::UTC, &ledger, audience);
            serde_json::to_string(&(state, items)).expect("JSON")
        };
        assert!(shown(Audience::Readers).matches("secret").count() >= 5);
        let everyone = shown(Audience::Everyone);
        assert!(!everyone.contains("secret"), "{everyone}");
        for known in [
            "the source refuses access",
            "the source cannot be reached",
            "\"container 1\"",
            "\"cmc/one\"",
            "no access",
        ] {
            assert!(everyone.contains(known), "{known}: {everyone}");
        }
    }
}
