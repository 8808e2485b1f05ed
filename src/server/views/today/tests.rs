//! The verdict, the hours and the weeks of small snapshots.

use super::*;
use crate::{
    api::Change,
    server::{
        figures::testing::{AS_OF, at, build, snapshot},
        model::{BuildResult, DAY_MS, MINUTE_MS},
        snapshot::BuildRecord,
    },
};
use BuildResult::{Failure, Running, Success};

const CMC: &str = "HMCTS_CMC/claim-store/master";
const SSCS: &str = "HMCTS_SSCS/tribunals/master";

fn before(job_name: &str, result: BuildResult, minutes: i64) -> BuildRecord<'_> {
    BuildRecord {
        finished_ms: at(AS_OF) - minutes * MINUTE_MS,
        ..build(job_name, result, AS_OF)
    }
}

/// The verdict and the title at the time of the data, and long after it.
fn said(builds: &[BuildRecord<'_>], project: &str) -> [(String, String); 2] {
    let snapshot = snapshot(builds);
    let selection = Selection::default().with("project", project);
    [at(AS_OF), at(AS_OF) + DAY_MS].map(|now_ms| {
        let today = today(&snapshot, &selection, &[], now_ms);
        (today.verdict, today.title)
    })
}

#[test]
fn one_failure_that_recovered_is_told_in_a_sentence() {
    let builds = [
        before(CMC, Success, 3_000),
        before(CMC, Failure, 200),
        before(CMC, Success, 68),
        before(SSCS, Failure, 30),
    ];
    let [now, later] = said(&builds, "cmc");
    assert_eq!(
        now.0,
        "CMC: nothing is red. 1 failure in 24 h, recovered in 2 h 12 min."
    );
    assert_eq!(now.1, "CMC · nothing red");
    assert_eq!(
        later.0,
        "CMC: nothing was red at the end of the data. 1 failure in its last 24 h, recovered in 2 h 12 min."
    );
    let [all, _] = said(&builds, "all");
    assert_eq!(
        all.0,
        "1 of 2 pipelines is red. 2 failures in 24 h; 1 pipeline recovered in 2 h 12 min."
    );
    assert_eq!(all.1, "1 red");
    let [sscs, later] = said(&builds, "sscs");
    assert_eq!(sscs.0, "SSCS: the only pipeline is red. 1 failure in 24 h.");
    assert_eq!(
        later.0,
        "SSCS: the only pipeline was red at the end of the data. 1 failure in its last 24 h."
    );
}

#[test]
fn nothing_known_is_not_called_good() {
    let [(verdict, title), _] = said(&[before(CMC, Running, 1)], "all");
    assert_eq!(
        verdict,
        "No pipeline is known to be red or good. No failure in 24 h."
    );
    assert_eq!(title, "Nothing known");
    let [(verdict, _), _] = said(&[before(CMC, Success, 1)], "all");
    assert_eq!(verdict, "Nothing is red. No failure in 24 h.");
    let empty = Snapshot::empty(std::sync::Arc::new(
        crate::server::config::Config::built_in(),
    ));
    let today = today(&empty, &Selection::default(), &[], 0);
    assert!(
        today.verdict.starts_with("There are no build events yet."),
        "{}",
        today.verdict
    );
    assert!(today.hours.projects.is_empty() && !today.old);
}

#[test]
fn the_range_of_the_page_changes_nothing() {
    let builds = [before(CMC, Success, 60_000), before(CMC, Failure, 30_000)];
    let snapshot = snapshot(&builds);
    let of = |query: &str| {
        let selection = Selection::parse(query).expect("a selection");
        today(&snapshot, &selection, &[], at(AS_OF))
    };
    assert_eq!(of("days=1"), of("days=180"));
    assert_eq!(of("from=2019-10-25T00:00:00Z"), of(""));
    assert_eq!(of("").red, 1);
}

#[test]
fn hours_count_every_project_and_the_selected_one_comes_first() {
    let builds = [
        before(CMC, Failure, 0),
        before(CMC, Success, 59),
        before(CMC, Running, 59),
        before(SSCS, Success, 47 * 60),
        before(SSCS, Failure, 47 * 60 + 1),
        before("else", Success, 5),
    ];
    let snapshot = snapshot(&builds);
    let selection = Selection::default().with("project", "sscs");
    let found = today(&snapshot, &selection, &[], at(AS_OF)).hours;
    let named: Vec<(&str, bool)> = found
        .projects
        .iter()
        .map(|known| (&*known.project, known.selected))
        .collect();
    assert_eq!(named, [("SSCS", true), ("CMC", false), ("Unowned", false)]);
    assert_eq!(found.hours.len(), 48);
    let last = &found.hours[47];
    assert_eq!(
        (&*last.from, &*last.to),
        ("2019-10-25T12:00:00Z", "2019-10-25T13:00:00Z")
    );
    assert_eq!((&*last.day, &*last.time), ("25 Oct 2019", "12:00"));
    let counts = |project: usize, hour: usize| {
        let count = found.projects[project].hours[hour];
        (count.failed, count.decided)
    };
    assert_eq!((counts(1, 47), counts(1, 46)), ((1, 1), (0, 1)));
    // The build a minute earlier lies before the first hour.
    assert_eq!((counts(0, 0), counts(0, 1)), ((0, 1), (0, 0)));
}

#[test]
fn weeks_end_with_the_data_and_a_change_needs_proof() {
    const WEEK: i64 = 7 * 24 * 60;
    let builds = |failed: usize| {
        let now = (0..20).map(move |index| {
            before(
                CMC,
                if index < failed { Failure } else { Success },
                index as i64,
            )
        });
        let then = (0..20).map(|index| before(CMC, Success, 8 * WEEK - 1 - index));
        now.chain(then).collect::<Vec<_>>()
    };
    let of = |failed: usize| today(&snapshot(&builds(failed)), &Selection::default(), &[], 0);
    let (clear, unclear) = (of(12), of(1));
    assert_eq!(
        (clear.change, unclear.change),
        (Change::Worse, Change::Unclear)
    );
    assert_eq!(clear.weeks.len(), 8);
    let counts = |week: usize| (clear.weeks[week].failed, clear.weeks[week].decided);
    assert_eq!((counts(0), counts(7)), ((0, 20), (12, 20)));
    assert_eq!(clear.weeks[6].failure_percent, None);
}
