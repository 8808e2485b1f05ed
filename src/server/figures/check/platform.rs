//! The figures of red episodes and change points a second way: SQL over the stored events.

use super::*;
use crate::{
    api::FigureData,
    server::{figures::find, model::DAY_MS},
};

/// The Kaplan–Meier curve of the table `episode`, one row per episode, from an instant on.
const TIME_TO_GREEN: &str = "
WITH RECURSIVE counted AS (
  SELECT *, closed IS NOT NULL AS ended FROM episode WHERE good_before IS NOT NULL AND opened > :start
), ends AS (
  SELECT red_ms, sum(ended) AS closed, count(*) AS episodes, row_number() OVER (ORDER BY red_ms) AS place
    FROM counted GROUP BY red_ms
), risk AS (
  SELECT place, red_ms, closed, sum(episodes) OVER (ORDER BY place DESC) AS at_risk FROM ends
), curve (place, red_ms, share) AS (
  SELECT 0, NULL, 1.0
  UNION ALL
  SELECT risk.place, risk.red_ms, share * (1.0 - 1.0 * closed / at_risk)
    FROM curve JOIN risk ON risk.place = curve.place + 1
)
SELECT opened, pipeline, CASE WHEN ended THEN 'green again' ELSE 'still red' END,
       red_ms / 3600000.0, 100.0 * share
  FROM counted JOIN curve USING (red_ms) ORDER BY red_ms, ended DESC, opened";

/// The builds of a pipeline that finished between two instants, and their mean minutes or the share of failed ones.
const LEVEL: &str = "
SELECT count(*), CASE WHEN :durations THEN avg(duration_ms) / 60000.0 ELSE 100.0 * avg(result IN (2, 3)) END
  FROM twin
 WHERE pipeline = ':pipeline' AND finished_ms BETWEEN :first AND :last
   AND CASE WHEN :durations THEN result <= 1 AND duration_ms IS NOT NULL ELSE result <= 3 END";

/// Rows with instants in Unix ms.
fn rows(figure: &FigureData) -> Vec<Vec<Cell>> {
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => text
            .parse::<jiff::Timestamp>()
            .map_or_else(|_| cell.clone(), |at| Cell::Count(at.as_millisecond())),
        other => other.clone(),
    };
    let rows = figure.rows.iter();
    rows.map(|row| row.iter().map(cell).collect()).collect()
}

fn computed(snapshot: &Snapshot, id: &str, days: u16) -> Vec<Vec<Cell>> {
    let figure = find(id).expect("a figure");
    let selection = Selection::default().with_days(days);
    rows(&figure.compute(snapshot, &selection).expect("a figure"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_episodes_and_changes_agree_with_sql_over_the_events() {
    let (mut episodes, mut changes) = (0, 0);
    for seed in 1..=3 {
        let Sample {
            store,
            snapshot,
            _directory,
            ..
        } = sample(seed, 120).await;
        let mut connection = store.read_connection().await.expect("a connection");
        prepare(&mut connection, twins::PREPARE).await;
        let as_of_ms = snapshot.as_of_ms.expect("there are builds");
        let quiet_ms = i64::from(snapshot.config.insight.dormant_days) * DAY_MS;
        prepare(&mut connection, &episodes::script(as_of_ms, quiet_ms)).await;
        for days in [1, 14, 180] {
            let start_ms = as_of_ms - i64::from(days) * DAY_MS;
            let query = TIME_TO_GREEN.replace(":start", &start_ms.to_string());
            let rows = computed(&snapshot, "time_to_green", days);
            let what = format!("time to green of {days} days, seed {seed}");
            compare(&mut connection, &query, &what, &rows).await;
            episodes += rows.len();
        }
        for row in computed(&snapshot, "change_points", 180) {
            let [pipeline, measure, _, first, last, value, builds] = &row[..] else {
                panic!("{row:?}");
            };
            let (Cell::Text(pipeline), Cell::Text(measure)) = (pipeline, measure) else {
                panic!("{row:?}");
            };
            let (Cell::Count(first), Cell::Count(last)) = (first, last) else {
                panic!("{row:?}");
            };
            let query = LEVEL
                .replace(":durations", &u8::from(measure == "duration").to_string())
                .replace(":pipeline", pipeline)
                .replace(":first", &first.to_string())
                .replace(":last", &last.to_string());
            let expected = [vec![builds.clone(), value.clone()]];
            compare(
                &mut connection,
                &query,
                &format!("{row:?}, seed {seed}"),
                &expected,
            )
            .await;
            changes += 1;
        }
    }
    assert!(
        episodes > 100 && changes > 3,
        "{episodes} episodes, {changes} levels"
    );
}
