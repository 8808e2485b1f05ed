use super::*;
use crate::server::{
    figures::testing::{build, snapshot},
    model::BuildResult::{Failure, NotBuilt, Success},
    snapshot::BuildRecord,
};

#[test]
fn red_pipelines_come_first_and_pages_follow_each_other() {
    let names: Vec<String> = (0..120).map(|number| format!("p{number:03}")).collect();
    let mut builds = vec![build("red", Failure, "2019-10-25T10:00:00Z")];
    builds.extend(
        names
            .iter()
            .map(|name| build(name, Success, "2019-10-25T09:00:00Z")),
    );
    let snapshot = snapshot(&builds);
    let all = Selection::default();
    let mut view = View::default();
    let mut listed = Vec::new();
    loop {
        let list = pipeline_list(&snapshot, &all, &view).expect("a list");
        assert_eq!(list.pipelines, 121);
        listed.extend(list.page.into_iter().map(|row| row.name));
        match list.next {
            Some(next) => view = view.with("page", &next),
            None => break,
        }
    }
    for (page, past) in [("1", false), ("5", false), ("6", true), ("99999", true)] {
        let view = View::default().with("page", page);
        assert_eq!(is_past_the_end(&snapshot, &all, &view), past, "{page}");
        let red = view.with("state", "red");
        assert_eq!(
            is_past_the_end(&snapshot, &all, &red),
            page != "1",
            "{page}"
        );
    }
    assert_eq!(listed[0], "red");
    assert_eq!(listed[1..], names);
    let red = pipeline_list(&snapshot, &all, &View::default().with("state", "red"));
    let red = red.expect("a list");
    assert_eq!((red.pipelines, red.page[0].failed), (1, 1));
    assert!(red.page[0].at_least && red.summary.starts_with("1 red pipeline."));
    for (name, value) in [
        ("state", "sad"),
        ("page", "x"),
        ("page", "0"),
        ("sort", "colour"),
    ] {
        let view = View::default().with(name, value);
        assert!(pipeline_list(&snapshot, &all, &view).is_err(), "{name}");
    }
}

/// Builds of four pipelines: a got worse, b got better, c has one build, d none in the range.
fn compared() -> Snapshot {
    let mut builds = Vec::new();
    let mut add = |job, at, results: [(_, u32, u32); 2]| {
        for (result, count, minutes) in results {
            for _ in 0..count {
                builds.push(BuildRecord {
                    duration_ms: Some(i64::from(minutes) * 60_000),
                    ..build(job, result, at)
                });
            }
        }
    };
    let (now, before) = ("2019-10-25T10:00:00Z", "2019-10-24T10:00:00Z");
    add("_CMC/a/master", now, [(Failure, 20, 1), (Success, 10, 3)]);
    add("_CMC/a/master", before, [(Failure, 1, 1), (Success, 30, 3)]);
    add("_CMC/a/master", now, [(NotBuilt, 5, 1), (NotBuilt, 0, 1)]);
    add("_CMC/b/master", now, [(Success, 20, 8), (Success, 10, 4)]);
    add("_CMC/b/master", before, [(Failure, 20, 1), (Success, 5, 3)]);
    add("_DIV/c/master", now, [(Success, 1, 60), (Success, 0, 1)]);
    add("d", before, [(Success, 1, 60), (NotBuilt, 2, 1)]);
    snapshot(&builds)
}

fn names(query: &str, sort: &str) -> Vec<String> {
    let selection = Selection::parse(query).expect("a selection");
    let view = View::default().with("sort", sort);
    let list = pipeline_list(&compared(), &selection, &view).expect("a list");
    list.page.into_iter().map(|row| row.short_name).collect()
}

#[test]
fn every_column_sorts_and_what_is_unknown_comes_last() {
    for (sort, order) in [
        ("", ["a", "b", "c", "d"]),
        ("-pipeline", ["d", "c", "b", "a"]),
        ("failed", ["b", "c", "a", "d"]),
        ("-failed", ["a", "b", "c", "d"]),
        ("change", ["b", "a", "c", "d"]),
        ("-change", ["a", "b", "c", "d"]),
        ("builds", ["d", "c", "b", "a"]),
        ("p50", ["a", "b", "c", "d"]),
        ("-p50", ["c", "b", "a", "d"]),
        ("p95", ["a", "b", "c", "d"]),
        ("last", ["d", "a", "b", "c"]),
        ("-project", ["d", "c", "a", "b"]),
    ] {
        assert_eq!(names("days=1", sort), order, "{sort}");
    }
    assert_eq!(names("days=1&q=_cmc", "-failed"), ["a", "b"]);
    for sort in SORTS {
        assert_eq!(names("days=1", sort).len(), 4, "{sort}");
    }
}

#[test]
fn a_row_has_numbers_of_the_range_and_of_the_time_before() {
    let list = pipeline_list(
        &compared(),
        &Selection::default().with_days(1),
        &View::default(),
    );
    let list = list.expect("a list");
    let [a, b, c, d] = &list.page[..] else {
        panic!("{list:?}");
    };
    assert_eq!((a.builds, a.decided, a.failed), (35, 30, 20));
    assert_eq!((a.decided_before, a.failed_before), (31, 1));
    assert_eq!((d.builds_before, d.decided_before), (3, 1));
    assert_eq!(
        (a.change, b.change, c.change),
        (Change::Worse, Change::Better, Change::Unclear)
    );
    assert_eq!((b.p50_ms, b.p95_ms), (Some(480_000), Some(480_000)));
    assert_eq!(
        (a.p50_ms, d.p50_ms, d.failed_percent),
        (Some(180_000), None, None)
    );
    let (low, high) = (a.failed_percent_low, a.failed_percent_high);
    assert_eq!(
        (a.failed_percent, low, high),
        (Some(66.67), Some(48.78), Some(80.77))
    );
    assert_eq!((a.recent.len(), d.recent.len()), (RECENT, 3));
    assert_eq!(
        (list.page_number, list.page_count, &*list.compared),
        (1, 1, "the day before")
    );
}
