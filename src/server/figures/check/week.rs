//! The numbers of a week a second way: SQL over the stored events.

use super::*;
use crate::{
    api::{View, WeekNumbers, WeekPipeline},
    server::{model::DAY_MS, views::week::week},
};

const WEEK_MS: i64 = 7 * DAY_MS;
/// Monday 2019-10-14, 00:00 UTC: the last complete week of the samples.
const MONDAY_MS: i64 = 1_571_011_200_000;

/// The numbers of builds and episodes between two instants.
fn numbers(start_ms: i64, end_ms: i64, condition: &str) -> String {
    let median = |value: &str| platform_twins::percentile(value, 0.5);
    let duration = median("duration_ms");
    let curve = platform::curve(&format!(
        "opened >= {start_ms} AND opened < {end_ms} AND {condition}"
    ));
    format!(
        "{curve}, done AS (SELECT * FROM twin WHERE finished_ms >= {start_ms} AND finished_ms < {end_ms} AND {condition}),
              timed AS (SELECT duration_ms, row_number() OVER (ORDER BY duration_ms) - 1 AS place, count(*) OVER () AS n
                          FROM done WHERE result = 0 AND duration_ms IS NOT NULL)
         SELECT count(*), coalesce(sum(result <= 3), 0), coalesce(sum(result IN (2, 3)), 0),
                round(100.0 * sum(result IN (2, 3)) / sum(result <= 3), 2),
                (SELECT count(*) FROM counted), (SELECT count(*) FROM counted WHERE NOT ended),
                (SELECT min(red_ms) / 60000.0 FROM curve WHERE share <= 0.5 + 1e-9),
                (SELECT count(*) FROM timed), (SELECT {duration} / 60000.0 FROM timed)
           FROM done"
    )
}

fn row(numbers: &WeekNumbers) -> Vec<Cell> {
    let count = |count: u64| Cell::Count(count.try_into().expect("a small number"));
    let minutes =
        |ms: Option<u64>| ms.map_or(Cell::Missing, |ms| Cell::Number(ms as f64 / 60_000.0));
    vec![
        count(numbers.builds),
        count(numbers.decided),
        count(numbers.failed),
        numbers.failed_percent.map_or(Cell::Missing, Cell::Number),
        count(numbers.episodes),
        count(numbers.still_red),
        minutes(numbers.time_to_green_ms),
        count(numbers.timed),
        minutes(numbers.duration_ms),
    ]
}

fn turned(known: &[WeekPipeline]) -> Vec<Vec<Cell>> {
    let rows = known.iter().map(|known| {
        let at = known.at.parse::<jiff::Timestamp>().expect("an instant");
        let name = Cell::Text(known.name.clone());
        vec![name, Cell::Count(at.as_millisecond())]
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_a_week_agree_with_sql_over_the_events() {
    let (mut red, mut fixed, mut recovered) = (0, 0, 0);
    for seed in 1..=3 {
        let Sample {
            store,
            snapshot,
            _directory,
            ..
        } = sample(seed, 60).await;
        let mut connection = store.read_connection().await.expect("a connection");
        prepare(&mut connection, twins::PREPARE).await;
        let as_of_ms = snapshot.as_of_ms.expect("there are builds");
        let quiet_ms = i64::from(snapshot.config.insight.dormant_days) * DAY_MS;
        prepare(&mut connection, &episodes::script(as_of_ms, quiet_ms)).await;
        for project in ["all", "fees-and-pay", "unowned"] {
            for (name, weeks) in [("", 0), ("2019-W40", 2)] {
                let start_ms = MONDAY_MS - weeks * WEEK_MS;
                let end_ms = start_ms + WEEK_MS;
                let selection = Selection::default().with("project", project).with_days(1);
                let view = View::default().with("week", name);
                let found = week(&snapshot, &selection, &view).expect("a week");
                let condition = project_condition(&snapshot.config, project);
                let what = format!("week {name} of {project}, seed {seed}");
                let now = numbers(start_ms, end_ms, &condition);
                compare(&mut connection, &now, &what, &[row(&found.numbers)]).await;
                let before = numbers(start_ms - 4 * WEEK_MS, start_ms, &condition);
                compare(&mut connection, &before, &what, &[row(&found.before)]).await;

                let opened = format!(
                    "(good_before IS NOT NULL AND opened >= {start_ms} AND opened < {end_ms})"
                );
                let closed =
                    format!("(closed IS NOT NULL AND closed >= {start_ms} AND closed < {end_ms})");
                for (rows, query) in [
                    (
                        turned(&found.newly_red),
                        format!("SELECT pipeline, opened FROM episode WHERE {opened} AND NOT {closed} AND {condition} ORDER BY opened, pipeline LIMIT 500"),
                    ),
                    (
                        turned(&found.fixed),
                        format!("SELECT pipeline, closed FROM episode WHERE {closed} AND NOT {opened} AND {condition} ORDER BY closed, pipeline LIMIT 500"),
                    ),
                    (
                        vec![[found.newly_red_count, found.fixed_count, found.recovered].map(|count| Cell::Count(count as i64)).to_vec()],
                        format!("SELECT coalesce(sum({opened} AND NOT {closed}), 0), coalesce(sum({closed} AND NOT {opened}), 0),
                                        coalesce(sum({opened} AND {closed}), 0) FROM episode WHERE {condition}"),
                    ),
                ] {
                    compare(&mut connection, &query, &what, &rows).await;
                }
                red += found.newly_red_count;
                fixed += found.fixed_count;
                recovered += found.recovered;
            }
        }
    }
    assert!(
        red > 3 && fixed > 3 && recovered > 3,
        "{red} turned red, {fixed} were fixed, {recovered} did both"
    );
}
