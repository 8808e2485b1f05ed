//! The builds of a selection: counts by result and over time, and pages of a list that stay as they are while new
//! builds arrive.

mod histogram;
mod order;

use histogram::Histogram;
pub use order::SORTS;
use order::{Cursor, First, Order};

use crate::{
    api::{BuildList, BuildSummary, ResultCount, View},
    error::AppError,
    selection::Selection,
    server::{
        attributes::{self, Selected, Values, select_in},
        figures::words,
        model::BuildResult,
        snapshot::{Class, Snapshot, UNKNOWN_DURATION, Window, instant_ms},
    },
};

/// The builds on a page.
const PAGE: usize = 50;

/// Checks the parameters of the list.
///
/// # Errors
/// [`AppError::UnknownValue`].
pub fn check(view: &View) -> Result<(), AppError> {
    if let Some(other) = view.get("difference").filter(|shown| *shown != "1") {
        return Err(AppError::unknown_value(
            "difference",
            other,
            vec!["1".to_owned()],
        ));
    }
    Order::parse(view).map(drop)
}

/// Lists the builds of a selection whose values were checked.
///
/// # Errors
/// [`AppError::UnknownValue`] for an unknown order or a cursor that is none.
pub fn build_list(
    snapshot: &Snapshot,
    selection: &Selection,
    view: &View,
) -> Result<BuildList, AppError> {
    let order = Order::parse(view)?;
    let now = snapshot.window(selection);
    let pinned = match order.cursor {
        Some(cursor) if !selection.has("as_of") => {
            let as_of = words::instant(Some(cursor.as_of_ms));
            snapshot.window(&selection.with("as_of", &as_of))
        }
        _ => now,
    };
    let selected = select_in(snapshot, selection, pinned);
    let mut results = [0_u64; BuildResult::ALL.len()];
    let mut histogram = Histogram::new(snapshot, &selected, pinned);
    // One more says that there is another page.
    let mut first = First::new(PAGE + 1);
    let after = order
        .cursor
        .map(|cursor| order.key(cursor.value, cursor.stored));
    // One pass, in order of time, because a selection can be of millions.
    selected.each(|build| {
        let result = snapshot.builds.result[build];
        results[result as usize] += 1;
        histogram.add(snapshot.builds.finished_ms[build], result.is_failed());
        let stored = snapshot.builds.stored[build];
        let key = order.key(order.value(snapshot, build), stored);
        if after.is_none_or(|after| key > after) {
            first.offer(key, build);
        }
    });
    let mut page = first.into_builds();
    let rest = page.len() > PAGE;
    page.truncate(PAGE);
    let builds = results.iter().sum();
    let as_of_ms = order
        .cursor
        .map_or(snapshot.as_of_ms.unwrap_or(0), |cursor| cursor.as_of_ms);
    let next = page.last().filter(|_| rest).map(|&build| Cursor {
        as_of_ms,
        value: order.value(snapshot, build),
        stored: snapshot.builds.stored[build],
    });
    let later = Window {
        start_ms: pinned.end_ms.max(now.start_ms),
        ..now
    };
    let newer = match order.cursor {
        Some(_) => select_in(snapshot, selection, later).count(),
        None => 0,
    };
    Ok(BuildList {
        selection: selection.encoded(),
        summary: summary(
            snapshot,
            selection,
            builds,
            results[BuildResult::Running as usize],
            pinned,
        ),
        as_of: words::instant(snapshot.as_of_ms.map(|_| as_of_ms)),
        version: snapshot.version.to_string(),
        builds,
        results: BuildResult::ALL
            .iter()
            .map(|result| ResultCount {
                result: result.as_str().to_owned(),
                builds: results[*result as usize],
            })
            .collect(),
        histogram: histogram.into_buckets(),
        page: summaries(snapshot, &page),
        next: next.map(Cursor::text),
        newer,
    })
}

/// A selection for readers: `25 builds of CMC pipelines finished in the last 7 days.`
/// `, and 2 are running.`
pub fn summary(
    snapshot: &Snapshot,
    selection: &Selection,
    builds: u64,
    running: u64,
    window: Window,
) -> String {
    if snapshot.as_of_ms.is_none() {
        return words::NO_EVENTS.to_owned();
    }
    let counted = match builds - running {
        0 => "No builds".to_owned(),
        finished => words::counted(finished, "build", "builds"),
    };
    let running = match running {
        0 => String::new(),
        1 => ", and 1 is running".to_owned(),
        _ => format!(", and {} are running", words::thousands(running)),
    };
    let project = snapshot.projects_in_words(selection);
    let scope = words::scope_of(selection, project.as_deref());
    if let Some((from, to)) = reversed(snapshot, selection) {
        return format!("No builds{scope} finished: the end, {to}, lies before the start, {from}.");
    }
    format!(
        "{counted}{scope} finished {}{running}.",
        words::of_window(window, &snapshot.config.time_zone),
    )
}

/// The bounds of a selection for readers, if the end lies before the start.
fn reversed(snapshot: &Snapshot, selection: &Selection) -> Option<(String, String)> {
    let zone = &snapshot.config.time_zone;
    let bound = |key| instant_ms(selection.value(key)?, zone);
    let (from, to) = bound("from").zip(bound("to"))?;
    (to < from).then(|| {
        let at = |at_ms| words::local_instant(zone, at_ms);
        (at(from), at(to))
    })
}

/// Builds in short.
pub fn summaries(snapshot: &Snapshot, builds: &[usize]) -> Vec<BuildSummary> {
    if builds.is_empty() {
        return Vec::new();
    }
    let of = |id: &str| attributes::find(id).map(|attribute| (attribute.read)(snapshot));
    let columns = [
        "domain",
        "repository",
        "team",
        "agent",
        "node",
        "library",
        "product",
        "component",
    ];
    let [
        domain,
        repository,
        team,
        agent,
        node,
        library,
        product,
        component,
    ] = columns.map(of);
    let label = |values: &Option<Values<'_>>, build| {
        let values = values.as_ref()?;
        values.label(build).map(str::to_owned)
    };
    let (columns, insight) = (&snapshot.builds, &snapshot.insight);
    let failed = |build: usize| {
        insight
            .classes
            .get(build)
            .is_some_and(|&class| class != Class::None)
    };
    let incident = |build: usize| failed(build).then(|| insight.incident_of(build)).flatten();
    let domain = |build: usize| Some(label(&domain, build)?.to_lowercase());
    let summary = |&build: &usize| {
        let pipeline = &snapshot.pipelines[columns.pipeline[build] as usize];
        let step = snapshot.steps.get(usize::from(columns.failing_step[build]));
        let commit = columns.commit[build];
        BuildSummary {
            system: pipeline.system.as_str().to_owned(),
            name: pipeline.name.to_string(),
            pipeline: pipeline.label.to_string(),
            short_name: pipeline.short.to_string(),
            number: columns.build_id.get(build).into_owned(),
            project: snapshot.project_label(pipeline).to_owned(),
            result: columns.result[build].as_str().to_owned(),
            started_at: words::instant(Some(columns.started_ms[build])),
            finished_at: words::instant(Some(columns.finished_ms[build])),
            duration_ms: match columns.duration_ms[build] {
                UNKNOWN_DURATION => None,
                ms => Some(ms.into()),
            },
            failed_step: step.map(|step| step.to_string()),
            class: failed(build).then(|| insight.classes[build].as_str().to_owned()),
            domain: failed(build).then(|| domain(build)).flatten(),
            incident: incident(build).map(|known| snapshot.incident_id(known)),
            commit: (commit != 0).then(|| format!("{commit:016x}")),
            repository: label(&repository, build),
            team: label(&team, build),
            agent: label(&agent, build),
            node: label(&node, build),
            library: label(&library, build),
            product: label(&product, build),
            component: label(&component, build),
        }
    };
    builds.iter().map(summary).collect()
}

/// The most frequent values of an attribute among selected builds, for suggestions.
pub fn frequent(
    snapshot: &Snapshot,
    selected: &Selected<'_>,
    id: &str,
    most: usize,
) -> Vec<String> {
    let Some(attribute) = attributes::find(id) else {
        return Vec::new();
    };
    let values = (attribute.read)(snapshot);
    let mut counts = vec![0_u64; values.labels().len()];
    selected.each(|build| {
        if let Some(number) = values.number(build) {
            counts[number] += 1;
        }
    });
    let mut counted: Vec<(u64, &str)> = counts
        .iter()
        .zip(values.labels())
        .filter(|(count, _)| **count > 0)
        .map(|(&count, label)| (count, &**label))
        .collect();
    counted.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    counted.truncate(most);
    counted
        .iter()
        .map(|(_, label)| (*label).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select as any_of};

    use super::*;
    use crate::server::{
        attributes::select,
        figures::testing::{AS_OF, at, build, snapshot, snapshot_at},
        model::MINUTE_MS,
        snapshot::BuildRecord,
    };

    type Made = (i64, i64, Option<i64>);

    /// Builds that finished some minutes before the data ends; many at the same time.
    fn records(made: &[Made]) -> Vec<BuildRecord<'static>> {
        let results = BuildResult::OF_EVENTS;
        let record = |(index, &(before, started, duration)): (usize, &Made)| {
            let finished_ms = at(AS_OF) - before * MINUTE_MS;
            BuildRecord {
                started_ms: finished_ms - started * MINUTE_MS,
                finished_ms,
                duration_ms: duration.map(|minutes| minutes * MINUTE_MS),
                ..build(
                    ["a", "b", "c"][index % 3],
                    results[index % results.len()],
                    AS_OF,
                )
            }
        };
        made.iter().enumerate().map(record).collect()
    }

    fn key(build: &BuildSummary) -> String {
        format!("{build:?}")
    }

    fn made() -> impl Strategy<Value = Made> {
        (1_i64..40, 0_i64..5, proptest::option::of(0_i64..4))
    }

    proptest! {
        /// The pages of a list are the whole, each build once and in order, while newer builds arrive.
        #[test]
        fn pages_follow_each_other_under_inserts(
            known in vec(made(), 0..180),
            sort in any_of(&SORTS[..]),
        ) {
            let all = Selection::default();
            let view = View::default().with("sort", if sort == SORTS[0] { "" } else { sort });
            let mut builds = records(&known);
            let first = snapshot(&builds);
            let whole: Vec<usize> = select(&first, &all).iter().collect();
            let mut expected: Vec<String> = summaries(&first, &whole).iter().map(key).collect();
            let mut data = first;
            let mut listed = Vec::new();
            let mut page = view.clone();
            loop {
                let list = build_list(&data, &all, &page).expect("a list");
                prop_assert_eq!(list.builds as usize, known.len());
                let of_results: u64 = list.results.iter().map(|known| known.builds).sum();
                let of_buckets: u64 = list.histogram.iter().map(|bucket| bucket.builds).sum();
                prop_assert_eq!((of_results, of_buckets), (list.builds, list.builds));
                listed.extend(list.page);
                let Some(next) = list.next else { break };
                page = view.with("cursor", &next);
                // A build that finishes after the first page was read.
                builds.push(build("a", BuildResult::Success, "2019-10-25T12:30:00Z"));
                data = snapshot_at("2019-10-25T13:00:00Z", &builds);
                let list = build_list(&data, &all, &page).expect("a list");
                prop_assert_eq!(list.newer as usize, builds.len() - known.len());
            }
            let values: Vec<i64> = listed
                .iter()
                .map(|build| match sort.trim_start_matches('-') {
                    "started" => at(&build.started_at),
                    "duration" => build.duration_ms.map_or(i64::MAX, |ms| ms.cast_signed()),
                    _ => at(&build.finished_at),
                })
                .collect();
            let known: Vec<i64> = values.iter().copied().filter(|&value| value < i64::MAX).collect();
            let sorted = known.windows(2).all(|pair| {
                if sort.starts_with('-') { pair[0] >= pair[1] } else { pair[0] <= pair[1] }
            });
            prop_assert!(sorted, "{:?}", values);
            // Unknown durations come last.
            prop_assert!(values[known.len()..].iter().all(|&value| value == i64::MAX));
            let mut listed: Vec<String> = listed.iter().map(key).collect();
            listed.sort();
            expected.sort();
            prop_assert_eq!(listed, expected);
        }

        /// Each bucket opens the builds that it counts.
        #[test]
        fn buckets_open_their_builds(known in vec(made(), 1..60), days in any_of(&[1_u16, 7, 28][..])) {
            let data = snapshot(&records(&known));
            let page = Selection::default().with_days(days);
            let list = build_list(&data, &page, &View::default()).expect("a list");
            for bucket in &list.histogram {
                let bounds = [("from", &*bucket.from), ("to", &*bucket.to)];
                let opened = page.narrowed(&bounds.into_iter().collect());
                prop_assert_eq!(select(&data, &opened).count(), bucket.builds);
            }
        }
    }

    #[test]
    fn a_range_that_ends_before_its_start_is_said_to() {
        let data = snapshot(&[build("a", BuildResult::Success, "2019-10-20T00:00:00Z")]);
        for (query, words) in [
            (
                "from=2019-10-20&to=2019-10-10&type=nightly",
                "No builds of nightly pipelines finished: the end, 10 Oct 2019, 00:00 UTC, lies before the start, \
                 20 Oct 2019, 00:00 UTC.",
            ),
            (
                "from=2019-10-20&to=2019-10-21",
                "1 build finished from 20 Oct 2019, 00:00 UTC to 21 Oct 2019, 00:00 UTC.",
            ),
        ] {
            let selection = Selection::parse(query).expect("a selection");
            let list = build_list(&data, &selection, &View::default()).expect("a list");
            assert_eq!(list.summary, words);
        }
    }

    #[test]
    fn orders_and_cursors_are_checked() {
        let data = snapshot(&[build("a", BuildResult::Success, AS_OF)]);
        for (name, value) in [
            ("sort", "colour"),
            ("cursor", "1"),
            ("cursor", "1.2.x"),
            ("cursor", "99999999999999999999.1.1"),
        ] {
            let view = View::default().with(name, value);
            let error = build_list(&data, &Selection::default(), &view).expect_err("refused");
            assert!(error.to_string().contains(name), "{error}");
            assert!(check(&view).is_err(), "{value}");
        }
        let end = View::default().with("cursor", "1572004800000.0.0");
        let list = build_list(&data, &Selection::default(), &end).expect("a list");
        assert!(list.page.is_empty() && list.next.is_none());
    }
}
