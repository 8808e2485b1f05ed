//! Builds over time beside those of the period before, compared with SQL over the events.

use super::{Sample, compare, platform, prepare, sample, twins};
use crate::{selection::Selection, server::figures};

/// Each slot of the period with its builds, and with those of the period before.
fn query(as_of_ms: i64, days: u16, slot_ms: i64) -> String {
    let length_ms = i64::from(days) * 86_400_000;
    let counted = |later_ms: i64| {
        let (first_ms, last_ms) = (as_of_ms - later_ms - length_ms, as_of_ms - later_ms);
        format!(
            "SELECT (started_ms + {later_ms}) / {slot_ms} * {slot_ms} AS slot, count(*) AS n,
                    sum(result IN (2, 3)) AS failed
               FROM twin WHERE finished_ms > {first_ms} AND finished_ms <= {last_ms} GROUP BY slot"
        )
    };
    format!(
        "WITH now AS ({}), before AS ({})
         SELECT slot, coalesce(now.n, 0), coalesce(now.failed, 0), round(100.0 * now.failed / now.n, 2),
                coalesce(before.n, 0), coalesce(before.failed, 0)
           FROM (SELECT slot FROM now UNION SELECT slot FROM before)
           LEFT JOIN now USING (slot) LEFT JOIN before USING (slot)
          ORDER BY slot",
        counted(0),
        counted(length_ms),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_of_the_period_before_agree_with_sql_over_the_events() {
    let Sample {
        store,
        snapshot,
        _directory,
        ..
    } = sample(2, 70).await;
    let mut connection = store.read_connection().await.expect("a connection");
    prepare(&mut connection, twins::PREPARE).await;
    let figure = figures::find("timeline_short").expect("a figure");
    for (days, slot_ms) in [(1, 900_000), (14, 900_000), (28, 3_600_000)] {
        let page = Selection::default()
            .with_days(days)
            .with("compare", "previous");
        let data = figure.compute(&snapshot, &page).expect("a figure");
        let as_of_ms = snapshot.as_of_ms.expect("there are builds");
        let query = query(as_of_ms, days, slot_ms);
        let what = format!("{days} days");
        compare(&mut connection, &query, &what, &platform::rows(&data)).await;
    }
}
