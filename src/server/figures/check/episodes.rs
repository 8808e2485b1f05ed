//! Red episodes and states of pipelines a second way: SQL over the stored events, by islands of equal colour
//! instead of one pass.

use super::*;
use crate::server::{
    model::DAY_MS,
    snapshot::{Episode, State},
};

/// Results from 6 on are no ends of builds. Makes `episode`, one row per island of failed builds, and `state`, one row per pipeline; times in Unix ms.
const PREPARE: &str = "
CREATE TEMP TABLE coloured AS
  SELECT pipeline, result = 2 AS red, finished_ms,
         row_number() OVER (PARTITION BY pipeline ORDER BY finished_ms, started_ms, build)
         - row_number() OVER (PARTITION BY pipeline, result = 2
                              ORDER BY finished_ms, started_ms, build) AS island,
         row_number() OVER (PARTITION BY pipeline ORDER BY finished_ms, started_ms, build) AS place
    FROM twin WHERE result IN (0, 1, 2);
CREATE TEMP TABLE island AS
  SELECT pipeline, red, min(place) AS first, max(place) AS last, count(*) AS builds,
         min(finished_ms) AS first_ms, max(finished_ms) AS last_ms
    FROM coloured GROUP BY pipeline, red, island;
CREATE INDEX temp.island_ends ON island (pipeline, last);
CREATE TEMP TABLE quiet AS
  SELECT pipeline, last_ms, last_ms <= :as_of - :quiet AS dormant
    FROM (SELECT pipeline, coalesce(max(CASE WHEN result < 6 THEN finished_ms END), max(finished_ms)) AS last_ms
            FROM twin GROUP BY pipeline);
CREATE TEMP TABLE episode AS
  SELECT red.pipeline, red.first_ms AS opened, after.first_ms AS closed, before.last_ms AS good_before,
         red.builds, red.last_ms AS latest,
         coalesce(after.first_ms, CASE WHEN dormant THEN quiet.last_ms ELSE :as_of END) - red.first_ms
           AS red_ms,
         after.pipeline IS NULL AND dormant AS dormant
    FROM island AS red
    JOIN quiet USING (pipeline)
    LEFT JOIN island AS before ON before.pipeline = red.pipeline AND before.last = red.first - 1
    LEFT JOIN island AS after ON after.pipeline = red.pipeline AND after.first = red.last + 1
   WHERE red.red;
CREATE TEMP TABLE state AS
  SELECT pipeline, now.red, now.builds, now.first_ms AS since, now.first = 1 AS at_least,
         (SELECT max(last_ms) FROM island AS good WHERE good.pipeline = quiet.pipeline AND NOT good.red)
           AS last_green, dormant
    FROM quiet
    LEFT JOIN (SELECT * FROM island WHERE (pipeline, last) IN
                 (SELECT pipeline, max(last) FROM island GROUP BY pipeline)) AS now USING (pipeline);
";

/// So few that some pipelines of the sample are dormant.
const DORMANT_DAYS: u16 = 1;
const EPISODES: &str = "SELECT * FROM episode ORDER BY pipeline, opened";
const STATES: &str = "SELECT * FROM state ORDER BY pipeline";

/// The script that makes both tables, for the time of the data and the time after which a pipeline is dormant.
pub fn script(as_of_ms: i64, quiet_ms: i64) -> String {
    PREPARE
        .replace(":as_of", &as_of_ms.to_string())
        .replace(":quiet", &quiet_ms.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_episode_and_state_agrees_with_sql_over_the_events() {
    let (mut dormant, mut open) = (0, 0);
    for seed in 1..=5 {
        let Sample {
            store, _directory, ..
        } = sample(seed, 60).await;
        let mut config = Config::built_in();
        config.insight.dormant_days = DORMANT_DAYS;
        let snapshot = insight::load(&store, config.into()).await;
        let snapshot = snapshot.expect("a snapshot");
        let mut connection = store.read_connection().await.expect("a connection");
        prepare(&mut connection, twins::PREPARE).await;
        let as_of_ms = snapshot.as_of_ms.expect("there are builds");
        let quiet_ms = i64::from(DORMANT_DAYS) * DAY_MS;
        let script = script(as_of_ms, quiet_ms);
        prepare(&mut connection, &script).await;

        let count = |number: u32| Cell::Count(number.into());
        let time = |row: Option<u32>| {
            row.map_or(Cell::Missing, |row| {
                Cell::Count(snapshot.builds.finished_ms[row as usize])
            })
        };
        let name = |pipeline: usize| Cell::Text(snapshot.pipelines[pipeline].name.to_string());
        let insight = &snapshot.insight;
        let episodes = insight.episodes.iter().map(|known| {
            assert_eq!(known.at_least, known.last_good_before.is_none());
            vec![
                name(known.pipeline as usize),
                time(Some(known.opened)),
                time(known.closed),
                time(known.last_good_before),
                count(known.failures),
                time(Some(known.latest_failure)),
                Cell::Count(known.red_ms(&snapshot)),
                Cell::Count(known.dormant.into()),
            ]
        });
        let episodes: Vec<Vec<Cell>> = episodes.collect();
        let of = |chosen: fn(&&Episode) -> bool| insight.episodes.iter().filter(chosen).count();
        assert!(of(|known| known.closed.is_some()) > 100);
        assert!(of(|known| known.at_least) > 0);
        dormant += of(|known| known.dormant);
        open += of(|known| known.closed.is_none() && !known.dormant);
        let what = format!("episodes, seed {seed}");
        compare(&mut connection, EPISODES, &what, &episodes).await;

        let states = insight.states.iter().enumerate().map(|(pipeline, known)| {
            let is_known = known.state != State::Unknown;
            let if_known = |cell: Cell| if is_known { cell } else { Cell::Missing };
            vec![
                name(pipeline),
                if_known(Cell::Count((known.state == State::Red).into())),
                if_known(count(known.streak)),
                time(known.since),
                if_known(Cell::Count(known.at_least.into())),
                time(known.last_green),
                Cell::Count(known.dormant.into()),
            ]
        });
        let states: Vec<Vec<Cell>> = states.collect();
        let what = format!("states, seed {seed}");
        compare(&mut connection, STATES, &what, &states).await;
    }
    assert!(
        dormant > 0 && open > 0,
        "{dormant} dormant, {open} open episodes"
    );
}
