//! The nodes, commits and libraries of builds.

use super::*;
use crate::server::model::Provenance as _;

const HEX: &str = "0123456789abcdef";

fn mean(values: impl Iterator<Item = i64>) -> f64 {
    let (sum, count) = values.fold((0, 0), |(sum, count), value| (sum + value, count + 1));
    sum as f64 / f64::from(count.max(1))
}

#[test]
fn events_say_what_a_build_ran_on_unless_their_pipeline_is_terse() {
    let mut nodes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for build in samples().iter().flat_map(|sample| &sample.builds) {
        let first = &build[0];
        for event in build {
            assert_eq!(event.correlation_id, first.correlation_id);
            assert_eq!(event.codebase.git_url, first.codebase.git_url);
            if event.branch.is_none() {
                assert!(event.codebase.is_empty() && event.toolchain.is_empty());
                assert!(event.git_commit.is_none());
                assert!(event.node_name.is_none() && event.correlation_id.is_none());
                continue;
            }
            assert!(event.codebase.git_url.is_some() && event.correlation_id.is_some());
            let Some(node) = event.node_name.as_deref() else {
                assert!(event.toolchain.node_labels.is_none());
                continue;
            };
            let labels = event.toolchain.node_labels.as_deref().expect("labels");
            nodes.entry(node).or_default().insert(labels);
            let commit = event.git_commit.as_deref().expect("a commit");
            assert!(commit.len() == 40 && commit.chars().all(|digit| HEX.contains(digit)));
        }
    }
    assert!((20..200).contains(&nodes.len()), "{}", nodes.len());
    assert!(nodes.values().all(|labels| labels.len() == 1));
    let pools: BTreeSet<&str> = nodes.into_values().flatten().collect();
    assert!(pools.len() >= 4, "{pools:?}");
}

#[test]
fn names_follow_the_job() {
    let mut found = false;
    for build in samples().iter().flat_map(|sample| &sample.builds) {
        if build[0].job_name == "HMCTS_Nightly_CMC/cmc-case-ledger/master" {
            let codebase = &build[0].codebase;
            let url = codebase.git_url.as_deref();
            assert_eq!(url, Some("https://github.com/hmcts/cmc-case-ledger.git"));
            assert_eq!(codebase.product.as_deref(), Some("cmc"));
            assert_eq!(codebase.component.as_deref(), Some("case-ledger"));
            found = true;
        }
    }
    assert!(found);
}

#[test]
fn the_pipelines_of_a_repository_share_its_commits_which_advance() {
    for sample in samples() {
        let of = |name: &str| {
            let builds = sample.of_pipeline(name).into_iter();
            let commits = builds.filter_map(|build| build[0].git_commit.as_deref());
            commits.collect::<Vec<&str>>()
        };
        let merged = of("HMCTS_CMC/cmc-case-ledger/master");
        let mut nightly = of("HMCTS_Nightly_CMC/cmc-case-ledger/master");
        // Commits before the first build of a merge.
        let older = nightly.iter().position(|commit| merged.contains(commit));
        nightly.drain(..older.expect("a shared commit"));
        let order = |commit: &&str| merged.iter().position(|other| other == commit);
        assert!(nightly.iter().all(|commit| order(commit).is_some()));
        assert!(nightly.is_sorted_by_key(order));
        let distinct: BTreeSet<&str> = merged.iter().copied().collect();
        assert!(distinct.len() > merged.len() / 2 && distinct.len() < merged.len());
    }
}

#[test]
fn the_start_is_delayed_by_hour_and_agent() {
    for sample in samples() {
        let mut delays = Vec::new();
        for build in sample
            .builds
            .iter()
            .filter(|build| build[0].branch.is_some())
        {
            let first = &build[0];
            let (Some(scheduled_ms), Some(duration_ms)) = (first.scheduled_ms, first.duration_ms)
            else {
                panic!("{first:?}");
            };
            let delay_ms = first.stage_ms - scheduled_ms - duration_ms;
            assert!((0..600_000).contains(&delay_ms), "{first:?}");
            let hour = scheduled_ms.rem_euclid(DAY_MS) / HOUR_MS;
            delays.push((labels(build), hour, delay_ms));
        }
        let delay = |pool: &str, busy: bool| {
            let of_it = delays.iter().filter(|(labels, hour, _)| {
                *labels == Some(pool) && (9..17).contains(hour) == busy
            });
            mean(of_it.map(|(.., delay_ms)| *delay_ms))
        };
        let web = "nodejs ubuntu-docker";
        assert!(delay(web, true) > 1.3 * delay(web, false));
        assert!(delay("infrastructure terraform", true) > 1.3 * delay(web, true));
    }
}

#[test]
fn pipelines_move_from_release_to_release_at_different_times() {
    for sample in samples() {
        let mut used: BTreeMap<&str, Vec<(i64, u32)>> = BTreeMap::new();
        for build in sample.on_page() {
            let toolchain = &build[0].toolchain;
            let Some(version) = toolchain.shared_library_version.as_deref() else {
                continue;
            };
            assert_eq!(
                toolchain.shared_library_name.as_deref(),
                Some("Infrastructure")
            );
            let minor = version
                .split('.')
                .nth(1)
                .and_then(|minor| minor.parse().ok());
            let at_ms = build[0].scheduled_ms.expect("a time");
            used.entry(&build[0].job_name)
                .or_default()
                .push((at_ms, minor.expect("1.MINOR.0")));
        }
        for versions in used.values_mut() {
            versions.sort_unstable();
            assert!(versions.is_sorted_by_key(|(_, minor)| *minor));
        }
        let all: Vec<_> = used.into_values().flatten().collect();
        let newest = all
            .iter()
            .map(|(_, minor)| *minor)
            .max()
            .expect("a version");
        let first_ms = all.iter().filter(|(_, minor)| *minor == newest);
        let first_ms = first_ms.map(|(at_ms, _)| *at_ms).min().expect("a time");
        let behind = all
            .iter()
            .filter(|(at_ms, minor)| *at_ms > first_ms && *minor < newest);
        assert!(behind.count() > 10);
    }
}
