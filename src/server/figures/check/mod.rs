//! Every figure is computed a second way and compared, and its rows and plot are kept as snapshots.

mod compared;
mod difference;
mod episodes;
mod kept;
mod opened;
mod partition;
mod period_before;
mod pipeline_list;
mod platform;
mod platform_twins;
mod security;
mod security_opened;
mod security_twins;
mod today;
mod twins;
mod week;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sqlx::{
    Column as _, Row as _, SqliteConnection, TypeInfo as _, ValueRef as _, sqlite::SqliteRow,
};

use super::{ALL, Page, testing::with_incidents};
use crate::{
    api::Cell,
    selection::{BuildType, Selection},
    server::{
        config::{Config, Project},
        insight,
        model::{BuildResult, Event, System},
        sample::{self, SampleOptions},
        snapshot::{Snapshot, truth::Evidence},
        store::Store,
    },
};

/// Friday 2019-10-25, 17:15 UTC.
const AS_OF_MS: i64 = 1_572_023_700_000;

struct Sample {
    options: SampleOptions,
    store: Store,
    snapshot: Snapshot,
    /// Holds the store's file until the test is over.
    _directory: tempfile::TempDir,
}

async fn sample(seed: u64, days: u16) -> Sample {
    sample_with(seed, days, |events| events).await
}

/// A sample whose events are changed.
async fn sample_with(seed: u64, days: u16, change: fn(Vec<Event>) -> Vec<Event>) -> Sample {
    sample_of(seed, days, 0.15, change).await
}

async fn sample_of(
    seed: u64,
    days: u16,
    scale: f64,
    change: fn(Vec<Event>) -> Vec<Event>,
) -> Sample {
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config::built_in();
    let mut store = Store::open(directory.path(), &config)
        .await
        .expect("a store");
    let options = SampleOptions {
        seed,
        days,
        scale,
        as_of_ms: AS_OF_MS,
    };
    let events = change(sample::events(&options).collect());
    store.ingest(&events).await.expect("events are stored");
    sample::fill_security(&mut store, &options)
        .await
        .expect("facts are stored");
    let snapshot = insight::load(&store, Arc::new(config))
        .await
        .expect("a snapshot");
    Sample {
        options,
        store,
        snapshot,
        _directory: directory,
    }
}

/// The rows of a query as the wire has them.
fn cells(row: &SqliteRow) -> Vec<Cell> {
    let cell = |index: usize| {
        let value = row.try_get_raw(index).expect("a value");
        if value.is_null() {
            return Cell::Missing;
        }
        match value.type_info().name() {
            "INTEGER" => Cell::Count(row.get(index)),
            "REAL" => Cell::Number(row.get(index)),
            "TEXT" => Cell::Text(row.get(index)),
            other => panic!("{}: a {other}", row.column(index).name()),
        }
    };
    (0..row.len()).map(cell).collect()
}

/// Equal, numbers up to the rounding of their last decimal.
fn same(a: &Cell, b: &Cell) -> bool {
    let number = |cell: &Cell| match cell {
        Cell::Count(count) => Some(*count as f64),
        Cell::Number(number) => Some(*number),
        Cell::Text(_) | Cell::Missing => None,
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => (a - b).abs() < 0.0101,
        _ => a == b,
    }
}

/// Makes the temporary tables of `script`.
async fn prepare(connection: &mut SqliteConnection, script: &str) {
    let statements = script.split_inclusive(";\n");
    for statement in statements.filter(|part| !part.trim().is_empty()) {
        let made = sqlx::query(statement).execute(&mut *connection).await;
        made.expect("a table");
    }
}

/// Runs the query and asserts that its rows are the figure's.
async fn compare(connection: &mut SqliteConnection, query: &str, what: &str, rows: &[Vec<Cell>]) {
    let twin = sqlx::query(query).fetch_all(&mut *connection).await;
    let twin = twin.unwrap_or_else(|error| panic!("{what}: {error}\n{query}"));
    let twin: Vec<Vec<Cell>> = twin.iter().map(cells).collect();
    let differs = |(a, b): &(&Vec<Cell>, &Vec<Cell>)| {
        a.len() != b.len() || !a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
    };
    let first = twin.iter().zip(rows).find(differs);
    assert!(
        first.is_none() && twin.len() == rows.len(),
        "{what}: {} rows in SQL, {} in the figure, first different: {first:?}",
        twin.len(),
        rows.len(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_security_agrees_with_sql_over_the_facts() {
    for seed in [1, 2, 3] {
        let Sample {
            store,
            snapshot,
            _directory,
            ..
        } = sample(seed, 1).await;
        let mut connection = store.read_connection().await.expect("a connection");
        let facts = twins::prepare_security(AS_OF_MS, "2019-10-25", None);
        prepare(&mut connection, &facts).await;
        for figure in ALL.iter().filter(|figure| figure.page == Page::Security) {
            // Those of debts have tables of their own.
            let Some(query) = twins::security_query(figure.id) else {
                continue;
            };
            let data = figure.compute(&snapshot, &Selection::default());
            let mut rows = data.expect("a figure").rows;
            assert!(!rows.is_empty(), "{} is empty, seed {seed}", figure.id);
            // The order of versions is the figure's own test; SQL knows no order of versions.
            if figure.id.ends_with("_versions") {
                rows.sort_by_key(|row| format!("{:?}", row.last()));
            }
            let what = format!("{}, seed {seed}", figure.id);
            compare(&mut connection, &query, &what, &rows).await;
        }
    }
}

/// A figure without a twin is one that nothing else would check.
#[test]
fn every_figure_is_computed_a_second_way() {
    let window = twins::Window {
        as_of_ms: AS_OF_MS,
        days: 7,
        condition: "1".to_owned(),
    };
    for figure in ALL {
        let query = match figure.page {
            Page::Pipelines => twins::query(figure.id, &window, "1"),
            Page::Platform => platform_twins::query(figure.id, &window),
            Page::Security => twins::security_query(figure.id)
                .or_else(|| security_twins::query(figure.id, AS_OF_MS)),
        };
        let elsewhere = platform_twins::ELSEWHERE
            .iter()
            .any(|(id, _)| *id == figure.id);
        assert!(query.is_some() != elsewhere, "{}", figure.id);
    }
    for (id, by) in platform_twins::ELSEWHERE {
        assert!(
            super::find(id).is_some(),
            "{id}, which {by} checks, is no figure"
        );
    }
}

/// The name of a pipeline's project.
fn project_case(config: &Config, name: fn(&Project) -> &str, unowned: &str) -> String {
    // The built-in patterns are plain text, and the first that matches has the pipeline.
    let cases: String = config
        .projects
        .iter()
        .map(|known| {
            format!(
                "WHEN instr(pipeline, '{}') > 0 THEN '{}' ",
                known.pattern,
                name(known)
            )
        })
        .collect();
    format!("CASE {cases} ELSE '{unowned}' END")
}

fn project_condition(config: &Config, project: &str) -> String {
    match project {
        "all" => "1".to_owned(),
        project => {
            let slug = project_case(config, |known| &known.slug, "unowned");
            format!("{slug} = '{project}'")
        }
    }
}

/// Moves some pipelines to systems of their own, with so few builds each that the system decides whether they
/// tell when builds end, and adds builds without an end.
fn with_systems(events: Vec<Event>) -> Vec<Event> {
    let mut events: Vec<Event> = events.into_iter().filter_map(in_system).collect();
    events.extend(without_end(&events));
    events
}

fn in_system(mut event: Event) -> Option<Event> {
    let system = ["_RD/", "_SSCS/", "_CDM/", "_DIV/"]
        .into_iter()
        .position(|part| event.job_name.contains(part));
    let Some(system) = system else {
        return Some(event);
    };
    let names = ["one", "two", "one", "two"];
    event.system = System::new(names[system]).expect("a name");
    let few = event
        .build_id
        .as_deref()
        .is_some_and(|id| id.ends_with('7'));
    // One of the systems does not publish the end of builds.
    (few && !(names[system] == "two" && is_end(&event))).then_some(event)
}

fn is_end(event: &Event) -> bool {
    let step = event.step.as_deref();
    step.is_some_and(|step| step.starts_with("Pipeline "))
}

/// Builds of each result, and of ages around the limits, of a pipeline that tells when its builds end.
fn without_end(events: &[Event]) -> Vec<Event> {
    let mut ends: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in events.iter().filter(|event| is_end(event)) {
        if event.branch.as_deref() == Some("master") && event.system == System::default() {
            ends.entry(&event.job_name).or_default().push(event);
        }
    }
    let most = ends.into_values().max_by_key(Vec::len);
    let model = most.expect("a pipeline")[0];
    let newest_ms = events.iter().map(|event| event.stage_ms).max();
    let newest_ms = newest_ms.expect("an event");
    let mut added = Vec::new();
    for result in BuildResult::OF_EVENTS {
        for minutes in [0, 29, 30, 31, 329, 330, 331] {
            let name = format!("{} {minutes}", result.as_str());
            added.push(Event {
                id: Some(name.clone()),
                build_tag: Some(name.clone()),
                build_id: Some(name),
                result,
                stage_ms: newest_ms - minutes * 60_000,
                step: Some("build".to_owned()),
                ..model.clone()
            });
        }
    }
    added
}

/// The builds that are running or lost, and the pipelines that do not tell when builds end, are those that
/// the sample says it has.
#[tokio::test(flavor = "multi_thread")]
async fn the_snapshot_decides_builds_as_they_were_planted() {
    for seed in 1..=5 {
        let Sample {
            options, snapshot, ..
        } = sample(seed, 40).await;
        let truth = sample::truth(&options);
        let silent = snapshot.pipelines.iter().filter(|known| !known.tells_end);
        let silent: Vec<&str> = silent.map(|known| &*known.name).collect();
        let mut planted: Vec<&str> = truth.silent.iter().map(String::as_str).collect();
        planted.sort_unstable();
        assert_eq!(silent, planted, "seed {seed}");

        let evidence = |build: usize| snapshot.evidence(build).expect("there is data");
        let unfinished = (0..snapshot.builds.len()).filter(|&build| {
            !matches!(evidence(build), Evidence::FinalStep | Evidence::LatestEvent)
        });
        let describe = |build: usize| {
            let number = snapshot.builds.build_id.get(build);
            let result = snapshot.builds.result[build].as_str();
            format!("{} {number} {result}", snapshot.pipeline_label(build))
        };
        let found: BTreeSet<String> = unfinished.map(describe).collect();
        // Those that published an end all the same are decided by it.
        let planted = truth
            .unfinished
            .iter()
            .filter(|build| build.result != "ABORTED");
        let planted = planted.map(|build| {
            let (pipeline, number, result) = (&build.pipeline, build.number, build.result);
            format!("{pipeline} {number} {result}")
        });
        assert_eq!(found, planted.collect(), "seed {seed}");
        for result in [" RUNNING", " LOST", " FAILURE"] {
            let is_one = |build: &String| build.ends_with(result);
            assert!(found.iter().any(is_one), "{result}, seed {seed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_builds_agrees_with_sql_over_the_events() {
    for seed in 1..=5 {
        let Sample {
            store,
            snapshot,
            _directory,
            ..
        } = sample_with(seed, 40, with_systems).await;
        let mut connection = store.read_connection().await.expect("a connection");
        prepare(&mut connection, twins::PREPARE).await;
        for project in ["all", "fees-and-pay", "unowned"] {
            for build_type in BuildType::EVERY {
                for days in [1, 14, 28, 180] {
                    let filter = Selection::default()
                        .with("project", project)
                        .with_build_type(build_type)
                        .with_days(days);
                    let of_project = project_condition(&snapshot.config, project);
                    let of_type = match build_type {
                        BuildType::All => "1",
                        BuildType::Nightly => "nightly",
                        BuildType::NonNightly => "NOT nightly",
                    };
                    let window = twins::Window {
                        as_of_ms: snapshot.as_of_ms.expect("there are builds"),
                        days,
                        condition: format!("{of_project} AND {of_type}"),
                    };
                    for figure in ALL.iter().filter(|figure| figure.page == Page::Pipelines) {
                        let query = twins::query(figure.id, &window, &of_project);
                        let query = query.expect("every figure has a twin");
                        let data = figure.compute(&snapshot, &filter).expect("a figure");
                        let what = format!("{} for {filter:?}, seed {seed}", figure.id);
                        compare(&mut connection, &query, &what, &platform::rows(&data)).await;
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_the_sample_is_as_it_was() {
    let Sample {
        snapshot,
        _directory,
        ..
    } = sample(1, 30).await;
    let snapshot = with_incidents(snapshot);
    for figure in ALL {
        let data = figure
            .compute(&snapshot, &Selection::default())
            .expect("a figure");
        assert!(
            !data.rows.is_empty(),
            "{} is empty on the sample",
            figure.id
        );
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(figure.id, kept::text(&data));
        });
    }
}
