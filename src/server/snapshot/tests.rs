//! Builds that a filter selects.

use super::*;
use crate::{
    selection::BuildType,
    server::{
        attributes::select_in,
        model::{BuildResult, DAY_MS, RepositoryFacts},
    },
};

const AS_OF_MS: i64 = 200 * DAY_MS;

fn build(job_name: &str, nightly: bool, finished_ms: i64) -> BuildRecord<'_> {
    BuildRecord {
        job_name,
        build_id: "1",
        branch: None,
        result: BuildResult::Success,
        nightly,
        started_ms: finished_ms - 1,
        finished_ms,
        duration_ms: None,
        failing_step: None,
        functional_test_ms: None,
        details: crate::server::snapshot::BuildDetails::default(),
    }
}

fn snapshot(builds: &[BuildRecord<'_>]) -> Snapshot {
    let mut builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    for build in builds {
        builder.push_record(build);
    }
    builder.finish("v".to_owned(), Some(AS_OF_MS), Security::default())
}

/// The ends of the selected builds, which is asked for in each of three ways.
fn selected(snapshot: &Snapshot, selection: &Selection, window: Window) -> Vec<i64> {
    let selection = select_in(snapshot, selection, window);
    let finished = &snapshot.builds.finished_ms;
    let mut each = Vec::new();
    selection.each(|build| each.push(finished[build]));
    let iterated: Vec<i64> = selection.iter().map(|build| finished[build]).collect();
    assert_eq!(iterated, each);
    assert_eq!(selection.count(), each.len() as u64);
    each
}

#[test]
fn a_window_excludes_its_beginning_and_includes_its_end() {
    let at = [-DAY_MS, -DAY_MS + 1, 0, 1].map(|after| AS_OF_MS + after);
    let snapshot = snapshot(&at.map(|at| build("a", false, at)));
    let day = Selection::default().with_days(1);
    let window = snapshot.window(&day);
    assert_eq!(selected(&snapshot, &day, window), at[1..3]);
    assert_eq!(selected(&snapshot, &day, window.before()), at[..1]);
    assert_eq!(selected(&snapshot, &day, window.last(7)), at[..3]);
}

#[test]
fn a_project_and_a_type_narrow_each_other() {
    let snapshot = snapshot(&[
        build("HMCTS_CMC/a/master", false, AS_OF_MS - 5),
        build("HMCTS_Nightly_CMC/a/master", true, AS_OF_MS - 4),
        build("elsewhere", false, AS_OF_MS - 3),
        build("elsewhere nightly", true, AS_OF_MS - 2),
    ]);
    let filter = |project: &str, build_type| {
        let project = Selection::default().with("project", project);
        project.with_build_type(build_type)
    };
    for (project, build_type, before) in [
        ("all", BuildType::All, &[5, 4, 3, 2][..]),
        ("all", BuildType::Nightly, &[4, 2]),
        ("all", BuildType::NonNightly, &[5, 3]),
        ("cmc", BuildType::All, &[5, 4]),
        ("cmc", BuildType::Nightly, &[4]),
        ("cmc", BuildType::NonNightly, &[5]),
        ("unowned", BuildType::All, &[3, 2]),
        ("unowned", BuildType::Nightly, &[2]),
        ("fees-and-pay", BuildType::All, &[]),
    ] {
        let filter = filter(project, build_type);
        let expected: Vec<i64> = before.iter().map(|before| AS_OF_MS - before).collect();
        let window = snapshot.window(&filter);
        assert_eq!(selected(&snapshot, &filter, window), expected, "{filter:?}");
    }
}

#[test]
fn projects_have_names_and_only_theirs_are_accepted() {
    let snapshot = snapshot(&[
        build("HMCTS_CMC/a/master", false, AS_OF_MS),
        build("elsewhere", false, AS_OF_MS),
    ]);
    let labels = snapshot.pipelines.iter();
    let labels: Vec<&str> = labels.map(|known| snapshot.project_label(known)).collect();
    assert_eq!(labels, ["CMC", "Unowned"]);
    for (project, words, exists) in [
        ("all", None, true),
        ("cmc", Some("CMC"), true),
        ("unowned", Some("Unowned"), true),
        ("nowhere", None, false),
    ] {
        let filter = Selection::default().with("project", project);
        let projects = snapshot.projects_in_words(&filter);
        assert_eq!(projects.as_deref(), words, "{project}");
        assert_eq!(snapshot.check(&filter).is_ok(), exists, "{project}");
    }
}

#[test]
fn a_snapshot_is_empty_while_it_holds_nothing_at_all() {
    assert!(snapshot(&[]).is_empty());
    assert!(!snapshot(&[build("a", false, AS_OF_MS)]).is_empty());
    let elsewhere = BuildRecord {
        branch: Some("PR-1"),
        ..build("a", false, AS_OF_MS)
    };
    let elsewhere = snapshot(&[elsewhere]);
    assert_eq!((elsewhere.builds.len(), elsewhere.builds_elsewhere), (0, 1));
    assert!(!elsewhere.is_empty());
    let facts = Security::of(Some(AS_OF_MS), vec![RepositoryFacts::default()]);
    let builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    assert!(!builder.finish("v".to_owned(), None, facts).is_empty());
}

#[test]
fn a_snapshot_takes_as_much_more_memory_as_its_names_are_longer() {
    let named = |name: &str| snapshot(&[build(name, false, AS_OF_MS)]);
    let (short, long) = (named("a"), named(&"a".repeat(300)));
    assert_eq!(long.bytes() - short.bytes(), 299);
    assert_eq!(short.pipeline_label(0), "a");
}

#[test]
fn long_names_are_shortened_and_stay_different() {
    let long = "x".repeat(10_000);
    let names = ["a", "b"].map(|end| format!("{long}{end}"));
    let builds = names.each_ref().map(|name| BuildRecord {
        build_id: name,
        failing_step: Some(name),
        details: crate::server::snapshot::BuildDetails {
            node: Some(name),
            ..Default::default()
        },
        ..build(name, false, AS_OF_MS)
    });
    let snapshot = snapshot(&builds);
    let pipelines = snapshot.pipelines.iter().map(|known| &known.name);
    let all: Vec<&Arc<str>> = pipelines
        .chain(&snapshot.steps)
        .chain(&snapshot.nodes)
        .collect();
    assert_eq!(all.len(), 6);
    for name in all {
        assert_eq!(name.chars().count(), 300);
    }
    for row in 0..2 {
        assert_eq!(snapshot.builds.build_id.get(row).chars().count(), 300);
    }
}
