//! The rows of the figures of causes a second way: SQL over the stored events, whose only shared input are the members
//! of incidents, which `tests/proofs/insight.py` computes a second way.

use super::twins::Window;

/// Makes, of the tables of [`super::twins::PREPARE`] and of `member`, the builds that are members of incidents:
/// `known`, the builds with a place in the order of their ends; `flake`, flaky failures with the good build that
/// followed; `rerun`, builds with the failure that they repeat; `class`, failed and lost builds with their class; and
/// `ran`, the steps of the last 90 days. Longer times than 49 days are unknown, and a step ends 24 days after its build
/// began at the latest, as their columns have it.
pub const PREPARE: &str = include_str!("platform_twins.sql");

/// The figures whose rows have no query here, each with what computes them a second way.
pub const ELSEWHERE: [(&str, &str); 4] = [
    (
        "security_trend",
        "`super::security`, by the numbers of its weeks",
    ),
    (
        "time_to_green",
        "`super::platform`, from the episodes in SQL",
    ),
    (
        "change_points",
        "`super::platform` has the levels, `tests/proofs` the points",
    ),
    ("incidents", "`tests/proofs/insight.py`"),
];

/// The prices of a minute of some agents of the sample.
pub const PRICES: [(&str, f64); 2] = [("spot ubuntu-docker", 0.5), ("java ubuntu-docker", 0.25)];

/// The 95% interval of each share of a table `rate (name, part, whole)` by its definition: the shares that the score
/// test does not reject. Its ends are found by halving.
pub fn bounds() -> String {
    let rejects = |share: &str| {
        format!(
            "whole * (1.0 * part / whole - {share}) * (1.0 * part / whole - {share})
             > 3.841458820694124 * {share} * (1 - {share})"
        )
    };
    let (low, high) = ("((low + low_top) / 2)", "((high_bottom + high) / 2)");
    let (rejects_low, rejects_high) = (rejects(low), rejects(high));
    format!(
        "halved (name, part, whole, step, low, low_top, high_bottom, high) AS (
           SELECT name, part, whole, 0, 0.0, 1.0 * part / whole, 1.0 * part / whole, 1.0 FROM rate WHERE whole > 0
           UNION ALL
           SELECT name, part, whole, step + 1,
                  CASE WHEN {rejects_low} THEN {low} ELSE low END,
                  CASE WHEN {rejects_low} THEN low_top ELSE {low} END,
                  CASE WHEN {rejects_high} THEN high_bottom ELSE {high} END,
                  CASE WHEN {rejects_high} THEN {high} ELSE high END
             FROM halved WHERE step < 45),
         bound AS (SELECT name, part, whole, 100.0 * part / whole AS percent, 100.0 * low AS low, 100.0 * high AS high
                     FROM halved WHERE step = 45)"
    )
}

/// A sum that is the percentile `share` of values with `place` from 0 and their number `n`, by linear interpolation.
pub fn percentile(value: &str, share: f64) -> String {
    format!("sum({value} * max(0.0, 1 - abs(place - (n - 1) * {share})))")
}

/// Table expressions: `builds`, and the others, which may use it.
fn with(window: &Window, days: u16, others: &str) -> String {
    let Window {
        as_of_ms,
        condition,
        ..
    } = window;
    let start_ms = as_of_ms - i64::from(days) * 86_400_000;
    format!(
        "WITH RECURSIVE builds AS (
           SELECT known.*, class, rerun.failed AS repeats,
                  CASE WHEN rerun.at IS NOT NULL THEN 'rerun' WHEN result = 6 THEN 'lost'
                       WHEN result IN (2, 3) THEN 'failed' END AS loss,
                  CASE WHEN result = 6 THEN finished_ms - started_ms ELSE duration_ms END AS loss_ms,
                  CASE WHEN rerun.at IS NULL THEN failed_step
                       ELSE (SELECT failed_step FROM known AS first WHERE first.at = rerun.failed) END AS loss_step
             FROM known LEFT JOIN class USING (at) LEFT JOIN rerun USING (at)
            WHERE finished_ms > {start_ms} AND finished_ms <= {as_of_ms} AND {condition}) {others} "
    )
}

/// Table expressions with the weeks that end with the window, by the number of weeks to its end.
fn weeks(window: &Window, others: &str) -> String {
    weeks_of("known", window, others)
}

/// The same of the builds of a table.
pub fn weeks_of(table: &str, window: &Window, others: &str) -> String {
    let Window {
        as_of_ms,
        days,
        condition,
    } = window;
    let number = days.div_ceil(7);
    let start_ms = as_of_ms + 1 - i64::from(*days) * 86_400_000;
    let before_ms = i64::from(number) * 7 * 86_400_000;
    format!(
        "WITH RECURSIVE week AS (
           SELECT value AS left, max({start_ms}, {as_of_ms} + 1 - (value + 1) * 604800000) AS start_ms
             FROM json_each('[{numbers}]')),
         now AS (SELECT *, ({as_of_ms} - finished_ms) / 604800000 AS left FROM {table}
                  WHERE finished_ms >= {start_ms} AND finished_ms <= {as_of_ms} AND {condition}),
         before AS (SELECT *, ({as_of_ms} - {before_ms} - finished_ms) / 604800000 AS left FROM {table}
                     WHERE finished_ms >= {start_ms} - {before_ms} AND finished_ms <= {as_of_ms} - {before_ms}
                       AND {condition}) {others} ",
        numbers = (0..number)
            .map(|left| left.to_string())
            .collect::<Vec<_>>()
            .join(", "),
    )
}

/// The failure rates of the values of a column.
fn rates(window: &Window, column: &str) -> String {
    let bounds = bounds();
    let rate = format!(
        ", rate (name, part, whole) AS (SELECT {column}, sum(result IN (2, 3)), count(*) FROM builds
                                         WHERE result < 4 GROUP BY {column}), {bounds}"
    );
    with(window, window.days, &rate)
        + "SELECT name, part, whole, percent, low, high FROM bound
            ORDER BY round(low, 7) DESC, whole DESC, name LIMIT 50"
}

/// The minutes lost by the values of a column.
fn minutes_lost(window: &Window, column: &str) -> String {
    let prices = PRICES.map(|(agent, price)| format!("WHEN '{agent}' THEN {price}"));
    let prices = prices.join(" ");
    let sums = format!(
        ", sums AS (SELECT {column} AS name, sum(loss = 'rerun') AS reruns, sum(loss = 'lost') AS lost,
                           sum(loss = 'failed') AS failed,
                           coalesce(sum(CASE WHEN loss = 'rerun' THEN loss_ms END), 0) AS rerun_ms,
                           coalesce(sum(CASE WHEN loss = 'lost' THEN loss_ms END), 0) AS lost_ms,
                           coalesce(sum(CASE WHEN loss = 'failed' THEN loss_ms END), 0) AS failed_ms,
                           coalesce(sum(loss_ms), 0) AS ms,
                           coalesce(sum((loss_ms + 59999) / 60000
                                        * CASE agent {prices} END), 0) AS cost
                      FROM builds WHERE loss IS NOT NULL GROUP BY {column})"
    );
    with(window, window.days, &sums)
        + "SELECT name, reruns, lost, failed, rerun_ms / 60000.0, lost_ms / 60000.0, failed_ms / 60000.0, ms / 60000.0,
                  100.0 * sum(ms) OVER (ORDER BY ms DESC, name) / nullif((SELECT sum(ms) FROM sums), 0),
                  cost
             FROM sums ORDER BY ms DESC, name LIMIT 50"
}

/// The columns of classes or domains.
fn counted(column: &str, values: &[&str]) -> String {
    let sums = values.iter();
    let sums = sums.map(|value| format!("sum({column} = '{value}')"));
    sums.collect::<Vec<_>>().join(", ")
}

/// The query whose rows are those of a figure of causes.
pub fn query(id: &str, window: &Window) -> Option<String> {
    let as_of_ms = window.as_of_ms;
    Some(match id {
        "failure_rate_by_agent" => rates(window, "agent"),
        "failure_rate_by_node" => rates(window, "node"),
        "failure_rate_by_library" => rates(window, "library"),
        "domains_by_team" => {
            with(window, window.days, "")
                + &format!(
                    "SELECT team, {}, count(*) AS n FROM builds WHERE result IN (2, 6)
                      GROUP BY team ORDER BY n DESC, team LIMIT 50",
                    counted("domain", &["code", "test", "deploy", "platform", "unknown"])
                )
        }
        "minutes_lost" => minutes_lost(window, "loss_step"),
        "minutes_lost_by_team" => minutes_lost(window, "team"),
        "failure_classes" => {
            with(window, window.days, "")
                + &format!(
                    "SELECT date(finished_ms / 1000, 'unixepoch') AS day, {} FROM builds
                      WHERE class IS NOT NULL GROUP BY day ORDER BY day",
                    counted(
                        "class",
                        &[
                            "lost", "agent", "incident", "flaky", "broken", "once", "unknown"
                        ]
                    )
                )
        }
        "failure_calendar" => {
            with(window, window.days, "")
                + "SELECT date(finished_ms / 1000, 'unixepoch') AS day,
                          cast(strftime('%H', finished_ms / 1000, 'unixepoch') AS INTEGER) AS hour, count(*),
                          sum(result IN (2, 3)),
                          round(100.0 * sum(result IN (2, 3)) / sum(result BETWEEN 0 AND 3), 2)
                     FROM builds GROUP BY day, hour HAVING sum(result BETWEEN 0 AND 3) > 0 ORDER BY day, hour"
        }
        "failing_steps_by_project" => {
            let tables = ", labelled AS (SELECT builds.*, label FROM builds JOIN label USING (pipeline)),
                 decided AS (SELECT label, count(*) AS n FROM labelled WHERE result < 4 GROUP BY label)";
            with(window, window.days, tables)
                + "SELECT step, label, count(*) AS failed, n, 100.0 * count(*) / n
                     FROM labelled JOIN decided USING (label) WHERE result = 2
                    GROUP BY step, label ORDER BY failed DESC, step, label"
        }
        // Its days are fourteen, whatever the window's.
        "flaky_pipelines" => {
            let bounds = bounds();
            let tables = format!(
                ", flaked AS (SELECT builds.line, count(DISTINCT flake.git_commit) AS part, max(flake.finished_ms) AS latest
                                FROM builds JOIN flake ON flake.failed = at GROUP BY builds.line),
                 again AS (SELECT line, count(*) AS whole
                             FROM (SELECT line, git_commit FROM builds WHERE result < 6 AND git_commit IS NOT NULL
                                    GROUP BY line, git_commit HAVING count(*) > 1) GROUP BY line),
                 rate (name, part, whole) AS (SELECT line, part, whole FROM flaked JOIN again USING (line)), {bounds}"
            );
            with(window, 14, &tables)
                + &format!(
                    "SELECT substr(line, 1, instr(line, char(10)) - 1) AS pipeline, bound.part, whole, percent, low, high,
                            (SELECT count(*) FROM builds WHERE builds.line = flaked.line AND class = 'flaky'), latest,
                            CASE WHEN bound.part >= 2 AND latest > {as_of_ms} - 7 * 86400000 THEN 'yes' ELSE 'no' END
                       FROM flaked JOIN bound ON bound.name = line
                      ORDER BY bound.part DESC, pipeline LIMIT 50"
                )
        }
        "failure_rate_by_week" => {
            let median = percentile("duration_ms", 0.5);
            let of = |table: &str| {
                format!(
                    "(SELECT {median} / 60000.0
                        FROM (SELECT duration_ms, row_number() OVER (ORDER BY duration_ms) - 1 AS place,
                                     count(*) OVER () AS n
                                FROM {table} WHERE {table}.left = week.left AND result < 4
                                 AND duration_ms IS NOT NULL))"
                )
            };
            let bounds = bounds();
            let rate = format!(
                ", rate (name, part, whole) AS (SELECT week.left, coalesce(sum(result IN (2, 3)), 0), count(result)
                                 FROM week LEFT JOIN now ON now.left = week.left AND result < 4
                                GROUP BY week.left), {bounds}"
            );
            weeks(window, &rate)
                + &format!(
                    "SELECT start_ms, rate.whole, rate.part, percent, low, high,
                            (SELECT 100.0 * sum(result IN (2, 3)) / nullif(count(*), 0) FROM before
                              WHERE before.left = week.left AND result < 4),
                            {}, {}
                       FROM week JOIN rate ON rate.name = week.left LEFT JOIN bound ON bound.name = week.left
                      WHERE EXISTS (SELECT 1 FROM now WHERE result < 4)
                      ORDER BY start_ms",
                    of("now"),
                    of("before")
                )
        }
        "start_delay" => {
            let of = |value: &str, share: f64| {
                format!(
                    "(SELECT {} / 60000.0
                        FROM (SELECT {value}, row_number() OVER (ORDER BY {value}) - 1 AS place,
                                     count(*) OVER () AS n
                                FROM now WHERE now.left = week.left AND {value} IS NOT NULL))",
                    percentile(value, share)
                )
            };
            weeks(window, "")
                + &format!(
                    "SELECT start_ms, count(delay_ms), {}, {}, count(first_step_ms), {}, {}
                       FROM week LEFT JOIN now ON now.left = week.left
                      WHERE EXISTS (SELECT 1 FROM now WHERE delay_ms IS NOT NULL OR first_step_ms IS NOT NULL)
                      GROUP BY week.left, start_ms ORDER BY start_ms",
                    of("delay_ms", 0.5),
                    of("delay_ms", 0.95),
                    of("first_step_ms", 0.5),
                    of("first_step_ms", 0.95)
                )
        }
        "delivery" => {
            let days = window.days;
            let median = percentile("duration_ms", 0.5);
            with(window, days, "")
                + &format!(
                    "SELECT name, value, reference, 100.0 * round(value, 2) / reference, n FROM (
                       SELECT 0 AS place, 'Median minutes of good builds' AS name, 10.0 AS reference,
                              (SELECT count(*) FROM builds WHERE result < 2 AND duration_ms IS NOT NULL) AS n,
                              (SELECT {median} / 60000.0
                                 FROM (SELECT duration_ms, row_number() OVER (ORDER BY duration_ms) - 1 AS place,
                                              count(*) OVER () AS n
                                         FROM builds WHERE result < 2 AND duration_ms IS NOT NULL)) AS value
                       UNION ALL
                       SELECT 1, 'Good percent of decided builds', 90.0, count(*), 100.0 * avg(result < 2)
                         FROM builds WHERE result < 4
                       UNION ALL
                       SELECT 2, 'Builds a day of each pipeline', 1.0, count(*),
                              1.0 * count(*) / {days} / nullif(count(DISTINCT line), 0) FROM builds
                       UNION ALL
                       SELECT 3, 'Promotions a day', NULL, count(*),
                              CASE WHEN count(*) > 0 THEN 1.0 * coalesce(sum(promotion = 0), 0) / {days} END
                         FROM builds WHERE promotes)
                      WHERE EXISTS (SELECT 1 FROM builds) ORDER BY place"
                )
        }
        // The days of steps are ninety at most.
        "slowest_steps" => {
            let days = window.days.min(90);
            let condition = &window.condition;
            let start_ms = as_of_ms - i64::from(days) * 86_400_000;
            let before_ms = start_ms - i64::from(days) * 86_400_000;
            let of = |table: &str, share: f64| {
                format!(
                    "(SELECT {} / 60000.0
                        FROM (SELECT ms, row_number() OVER (ORDER BY ms) - 1 AS place, count(*) OVER () AS n
                                FROM {table} WHERE {table}.step = shown.step AND ms IS NOT NULL))",
                    percentile("ms", share)
                )
            };
            let tables = format!(
                ", runs AS (SELECT build, ran.step, ms FROM ran JOIN builds USING (build)),
                 before AS (SELECT ran.step, ms FROM ran JOIN known USING (build)
                             WHERE finished_ms > {before_ms} AND finished_ms <= {start_ms} AND {condition})"
            );
            with(window, days, &tables)
                + &format!(
                    "SELECT step, count(DISTINCT build), coalesce(sum(ms), 0) / 3600000.0, {}, {}, {}
                       FROM runs AS shown GROUP BY step ORDER BY coalesce(sum(ms), 0) DESC, step LIMIT 30",
                    of("runs", 0.5),
                    of("runs", 0.95),
                    of("before", 0.5)
                )
        }
        "step_duration_by_week" => {
            let window = Window {
                days: window.days.min(90),
                condition: window.condition.clone(),
                ..*window
            };
            let tables = ", runs AS (SELECT build, now.left, ran.step, ms FROM ran JOIN now USING (build)),
                 top AS (SELECT step, row_number() OVER (ORDER BY coalesce(sum(ms), 0) DESC, step) AS place
                           FROM runs GROUP BY step ORDER BY place LIMIT 5)";
            weeks(&window, tables)
                + &format!(
                    "SELECT start_ms, top.step,
                            (SELECT count(DISTINCT build) FROM runs
                              WHERE runs.left = week.left AND runs.step = top.step),
                            (SELECT {} / 60000.0
                               FROM (SELECT ms, row_number() OVER (ORDER BY ms) - 1 AS place, count(*) OVER () AS n
                                       FROM runs WHERE runs.left = week.left AND runs.step = top.step
                                        AND ms IS NOT NULL))
                       FROM week JOIN top ORDER BY start_ms, top.place",
                    percentile("ms", 0.5)
                )
        }
        _ => return None,
    })
}
