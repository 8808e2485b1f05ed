//! The numbers of the start page a second way: SQL over the stored events.

use super::*;
use crate::{
    api::Today,
    server::{
        model::{DAY_MS, HOUR_MS},
        views::today::today,
    },
};

/// The decided builds of a project in an hour, counted from the first of the matrix.
const HOURS: &str = "
SELECT :slug AS slug, (finished_ms - :start) / 3600000 AS hour, sum(result IN (2, 3)), count(*),
       max(result IN (2, 3) AND build IN (SELECT build FROM member))
  FROM twin
 WHERE result <= 3 AND finished_ms >= :start AND finished_ms < :start + 48 * 3600000 AND :condition
 GROUP BY slug, hour ORDER BY slug, hour";

/// The decided builds of a week, counted back from the end of the data.
const WEEKS: &str = "
SELECT (:as_of - finished_ms) / (7 * 86400000) AS week, sum(result IN (2, 3)), count(*)
  FROM twin WHERE result <= 3 AND finished_ms > :as_of - 56 * 86400000 AND :condition
 GROUP BY week ORDER BY week DESC";

/// Red pipelines, those that are red or good, dormant ones; failed builds of a day; recoveries and the slowest.
const COUNTS: &str = "
SELECT (SELECT count(*) FROM state WHERE red AND NOT dormant AND :condition),
       (SELECT count(*) FROM state WHERE red IS NOT NULL AND NOT dormant AND :condition),
       (SELECT count(*) FROM state WHERE dormant AND :condition),
       (SELECT count(*) FROM twin WHERE result IN (2, 3) AND finished_ms > :as_of - 86400000 AND :condition),
       (SELECT count(*) FROM episode WHERE closed > :as_of - 86400000 AND :condition),
       (SELECT max(red_ms) FROM episode WHERE closed > :as_of - 86400000 AND :condition)";

fn count(count: u64) -> Cell {
    Cell::Count(i64::try_from(count).expect("few"))
}

fn cells_of_hours(today: &Today) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for project in &today.hours.projects {
        for (hour, found) in (0..).zip(&project.hours) {
            if found.decided > 0 {
                rows.push(vec![
                    Cell::Text(project.slug.clone()),
                    count(hour),
                    count(found.failed),
                    count(found.decided),
                    count(found.shared.into()),
                ]);
            }
        }
    }
    rows.sort_by_key(|row| match &row[..] {
        [Cell::Text(slug), Cell::Count(hour), ..] => (slug.clone(), *hour),
        _ => unreachable!("made above"),
    });
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_the_start_page_agree_with_sql_over_the_events() {
    let (mut cells, mut recovered) = (0, 0);
    for seed in 1..=3 {
        let Sample {
            store,
            snapshot,
            _directory,
            ..
        } = sample(seed, 70).await;
        let snapshot = with_incidents(snapshot);
        let mut connection = store.read_connection().await.expect("a connection");
        prepare(&mut connection, twins::PREPARE).await;
        let as_of_ms = snapshot.as_of_ms.expect("there are builds");
        let quiet_ms = i64::from(snapshot.config.insight.dormant_days) * DAY_MS;
        prepare(&mut connection, &episodes::script(as_of_ms, quiet_ms)).await;
        platform::prepare_members(&mut connection, &snapshot).await;
        let start_ms = (as_of_ms / HOUR_MS + 1 - 48) * HOUR_MS;
        let filled = |query: &str, condition: &str| {
            query
                .replace(
                    ":slug",
                    &project_case(&snapshot.config, |known| &known.slug, "unowned"),
                )
                .replace(":start", &start_ms.to_string())
                .replace(":as_of", &as_of_ms.to_string())
                .replace(":condition", condition)
        };
        for project in ["all", "fees-and-pay", "unowned"] {
            let selection = Selection::default().with("project", project);
            let condition = project_condition(&snapshot.config, project);
            // The range of the page does not matter.
            let today = today(&snapshot, &selection.with_days(1), &[], as_of_ms);
            let what = |name: &str| format!("{name} of {project}, seed {seed}");

            // All projects, whichever is selected.
            let hours = cells_of_hours(&today);
            compare(&mut connection, &filled(HOURS, "1"), &what("hours"), &hours).await;
            cells += hours.len();

            let weeks = (0..8).rev().zip(&today.weeks);
            let weeks: Vec<Vec<Cell>> = weeks
                .filter(|(_, week)| week.decided > 0)
                .map(|(number, week)| vec![count(number), count(week.failed), count(week.decided)])
                .collect();
            let query = filled(WEEKS, &condition);
            compare(&mut connection, &query, &what("weeks"), &weeks).await;

            let slowest = today.slowest_recovery_ms.map_or(Cell::Missing, count);
            let counts = [
                today.red,
                today.pipelines,
                today.dormant,
                today.failures,
                today.recovered,
            ];
            let counts: Vec<Cell> = counts.map(count).into_iter().chain([slowest]).collect();
            let query = filled(COUNTS, &condition);
            compare(&mut connection, &query, &what("counts"), &[counts]).await;
            recovered += today.recovered;
        }
        let nightly = today(
            &snapshot,
            &Selection::default().with("type", "nightly"),
            &[],
            0,
        );
        let query = filled(HOURS, "nightly");
        let hours = cells_of_hours(&nightly);
        compare(
            &mut connection,
            &query,
            &format!("nightly hours, seed {seed}"),
            &hours,
        )
        .await;
    }
    assert!(
        cells > 100 && recovered > 3,
        "{cells} cells, {recovered} recovered"
    );
}
