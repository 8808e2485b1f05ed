//! The table of pipelines a second way: SQL over the stored events.

use super::*;
use crate::{
    api::{PipelineList, PipelineSummary, View},
    server::{model::DAY_MS, views::pipeline_list::pipeline_list},
};

/// The rows of the table, of builds that finished after one instant and before another, and as long before.
fn query(start_ms: i64, end_ms: i64, condition: &str) -> String {
    let before_ms = start_ms - (end_ms - start_ms);
    let bounds = platform_twins::bounds();
    let percentile = |share| platform_twins::percentile("duration_ms", share);
    let (p50, p95) = (percentile(0.5), percentile(0.95));
    format!(
        "WITH RECURSIVE
           now AS (SELECT * FROM known WHERE finished_ms >= {start_ms} AND finished_ms < {end_ms} AND {condition}),
           earlier AS (SELECT line, count(*) AS builds, sum(result <= 3) AS whole, sum(result IN (2, 3)) AS part FROM known
                        WHERE finished_ms >= {before_ms} AND finished_ms < {start_ms} AND {condition} GROUP BY line),
           rate (name, part, whole) AS (SELECT line, sum(result IN (2, 3)), sum(result <= 3) FROM now GROUP BY line),
           {bounds},
           timed AS (SELECT line, duration_ms, row_number() OVER (PARTITION BY line ORDER BY duration_ms) - 1 AS place,
                            count(*) OVER (PARTITION BY line) AS n
                       FROM now WHERE result = 0 AND duration_ms IS NOT NULL),
           durations AS (SELECT line, {p50} AS p50, {p95} AS p95 FROM timed GROUP BY line),
           last AS (SELECT * FROM known WHERE at IN (SELECT max(at) FROM known GROUP BY line) AND {condition})
         SELECT pipeline,
                CASE WHEN dormant THEN 'dormant' WHEN red IS NULL THEN 'unknown' WHEN red THEN 'red' ELSE 'good' END,
                since, coalesce(state.builds, 0), last_green, team, last.finished_ms,
                (SELECT count(*) FROM now WHERE now.line = last.line), coalesce(bound.whole, 0), coalesce(bound.part, 0),
                percent, low, high, coalesce(earlier.builds, 0), coalesce(earlier.whole, 0), coalesce(earlier.part, 0),
                p50 / 60000.0, p95 / 60000.0,
                (SELECT group_concat(result, ' ') FROM (
                   SELECT result FROM (SELECT result, at FROM known AS own WHERE own.line = last.line
                                        ORDER BY at DESC LIMIT 30) ORDER BY at))
           FROM last
           JOIN state USING (pipeline)
           LEFT JOIN bound ON bound.name = line
           LEFT JOIN earlier USING (line)
           LEFT JOIN durations USING (line)
          ORDER BY pipeline"
    )
}

fn row(pipeline: &PipelineSummary) -> Vec<Cell> {
    let count = |count: u64| Cell::Count(count.try_into().expect("a small number"));
    let number = |number: Option<f64>| number.map_or(Cell::Missing, Cell::Number);
    let at = |text: &Option<String>| {
        let at = text.as_ref().map(|text| text.parse::<jiff::Timestamp>());
        at.map_or(Cell::Missing, |at| {
            Cell::Count(at.expect("an instant").as_millisecond())
        })
    };
    let minutes = |ms: Option<u64>| number(ms.map(|ms| ms as f64 / 60_000.0));
    let recent = pipeline.recent.iter().map(|mark| {
        let mut known = BuildResult::ALL.into_iter();
        let result = known.find(|known| known.as_str() == mark.result);
        (result.expect("a result") as u8).to_string()
    });
    vec![
        Cell::Text(pipeline.name.clone()),
        Cell::Text(pipeline.state.clone()),
        at(&pipeline.since),
        count(pipeline.streak),
        at(&pipeline.last_green),
        pipeline.team.clone().map_or(Cell::Missing, Cell::Text),
        at(&pipeline.last_build),
        count(pipeline.builds),
        count(pipeline.decided),
        count(pipeline.failed),
        number(pipeline.failed_percent),
        number(pipeline.failed_percent_low),
        number(pipeline.failed_percent_high),
        count(pipeline.builds_before),
        count(pipeline.decided_before),
        count(pipeline.failed_before),
        minutes(pipeline.p50_ms),
        minutes(pipeline.p95_ms),
        Cell::Text(recent.collect::<Vec<_>>().join(" ")),
    ]
}

/// All pages of a list, sorted by name.
fn rows(snapshot: &Snapshot, selection: &Selection) -> Vec<Vec<Cell>> {
    let mut view = View::default().with("sort", "-p95");
    let mut all = Vec::new();
    loop {
        let list = pipeline_list(snapshot, selection, &view).expect("a list");
        let PipelineList { page, next, .. } = list;
        all.extend(page);
        match next {
            Some(next) => view = view.with("page", &next),
            None => break,
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all.iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_pipelines_agrees_with_sql_over_the_events() {
    for (seed, change) in [
        (1, with_systems as fn(Vec<Event>) -> Vec<Event>),
        (2, |events| events),
    ] {
        let Sample {
            store,
            snapshot,
            _directory,
            ..
        } = sample_with(seed, 60, change).await;
        let mut connection = store.read_connection().await.expect("a connection");
        prepare(&mut connection, twins::PREPARE).await;
        platform::prepare_members(&mut connection, &snapshot).await;
        prepare(&mut connection, platform_twins::PREPARE).await;
        let as_of_ms = snapshot.as_of_ms.expect("there are builds");
        let quiet_ms = i64::from(snapshot.config.insight.dormant_days) * DAY_MS;
        prepare(&mut connection, &episodes::script(as_of_ms, quiet_ms)).await;
        for (project, build_type, of_type) in [
            ("all", BuildType::All, "1"),
            ("fees-and-pay", BuildType::NonNightly, "NOT nightly"),
            ("unowned", BuildType::Nightly, "nightly"),
        ] {
            for days in [1, 14, 28] {
                let selection = Selection::default()
                    .with("project", project)
                    .with_build_type(build_type)
                    .with_days(days);
                let of_project = project_condition(&snapshot.config, project);
                let end_ms = as_of_ms + 1;
                let start_ms = end_ms - i64::from(days) * DAY_MS;
                let query = query(start_ms, end_ms, &format!("{of_project} AND {of_type}"));
                let rows = rows(&snapshot, &selection);
                assert!(!rows.is_empty(), "{selection:?}");
                let what = format!("pipelines of {selection:?}, seed {seed}");
                compare(&mut connection, &query, &what, &rows).await;
            }
        }
    }
}
