//! Every figure's rows a second way: SQL over the stored events, which knows nothing of the roll-up,
//! of the columns or of the figures' code.
//!
//! `builds` here is the temporary table of [`PREPARE`], narrowed to the window and the filter.

/// Makes `twin`, one row per build of a default branch, from the events alone.
pub const PREPARE: &str = "
CREATE TEMP TABLE e AS
  SELECT events.build, events.id, events.stage_ms, events.ts, events.result, events.scheduled_ms,
         events.duration_ms, events.number, events.url, job.text AS job, branch.text AS branch,
         CASE WHEN step.text IN ('', 'Pipeline Failed', 'not-approved-repo', 'not-approved-infra',
                                 'pipelineWarning')
              THEN NULL ELSE step.text END AS step
    FROM events
    LEFT JOIN strings AS job ON job.id = events.job
    LEFT JOIN strings AS branch ON branch.id = events.branch
    LEFT JOIN strings AS step ON step.id = events.step;
CREATE INDEX temp.e_build ON e (build);
CREATE TEMP TABLE latest AS
  SELECT * FROM (
    SELECT e.*, row_number() OVER (PARTITION BY build ORDER BY stage_ms DESC, ts DESC, id DESC) AS place
      FROM e)
   WHERE place = 1;
CREATE TEMP TABLE twin AS
  SELECT latest.build, latest.job AS pipeline, latest.number AS build_id, latest.result,
         latest.stage_ms AS finished_ms, latest.duration_ms,
         coalesce(latest.scheduled_ms,
                  (SELECT min(stage_ms) FROM e WHERE e.build = latest.build)) AS started_ms,
         EXISTS (SELECT 1 FROM e WHERE e.build = latest.build
                   AND (lower(job) LIKE '%nightly%' OR lower(url) LIKE '%nightly%')) AS nightly,
         coalesce(
           (SELECT step FROM e WHERE e.build = latest.build AND e.result = 2 AND step IS NOT NULL
             ORDER BY stage_ms, ts, id LIMIT 1),
           (SELECT step FROM e WHERE e.build = latest.build AND step IS NOT NULL
             ORDER BY stage_ms DESC, ts DESC, id DESC LIMIT 1),
           'unknown') AS step,
         (SELECT max(stage_ms) FROM e WHERE e.build = latest.build AND e.result = 0
             AND step = 'functionalTest:aat')
         - (SELECT max(stage_ms) FROM e WHERE e.build = latest.build AND e.result = 0
             AND step = 'smoketest:aat') AS test_ms
    FROM latest
   WHERE coalesce((SELECT branch FROM e WHERE e.build = latest.build AND branch IS NOT NULL
                    ORDER BY stage_ms DESC, ts DESC, id DESC LIMIT 1), 'master') IN ('master', 'main');
";

/// The name of a stored result.
const RESULT: &str = "CASE result WHEN 0 THEN 'SUCCESS' WHEN 1 THEN 'UNSTABLE' WHEN 2 THEN 'FAILURE' \
                      WHEN 3 THEN 'ABORTED' WHEN 4 THEN 'NOT_BUILT' ELSE 'UNKNOWN' END";

/// What a twin needs to know of the filter.
pub struct Window {
    pub as_of_ms: i64,
    pub days: u16,
    /// A condition on `pipeline` and `nightly`.
    pub condition: String,
}

impl Window {
    fn builds(&self, days: u16, condition: &str) -> String {
        let end = self.as_of_ms;
        let start = end - i64::from(days) * 86_400_000;
        format!(
            "WITH RECURSIVE builds AS (SELECT * FROM twin \
              WHERE finished_ms > {start} AND finished_ms <= {end} AND {condition}) "
        )
    }

    fn of(&self, query: &str) -> String {
        self.builds(self.days, &self.condition) + query
    }
}

/// The query whose rows are those of the figure; none for figures of security facts.
pub fn query(id: &str, window: &Window, project_condition: &str) -> Option<String> {
    let status = format!(
        "SELECT name, (SELECT count(*) FROM builds WHERE {RESULT} = name) AS n,
                round((SELECT 100.0 * count(*) FROM builds WHERE {RESULT} = name)
                      / (SELECT count(*) FROM builds), 2)
           FROM (SELECT 0 AS place, 'SUCCESS' AS name UNION SELECT 1, 'UNSTABLE' UNION SELECT 2, 'FAILURE'
                 UNION SELECT 3, 'ABORTED' UNION SELECT 4, 'NOT_BUILT' UNION SELECT 5, 'UNKNOWN')
          WHERE EXISTS (SELECT 1 FROM builds)
          ORDER BY place"
    );
    let slot_ms = match window.days {
        0..=14 => 900_000,
        15..=28 => 3_600_000,
        _ => 21_600_000,
    };
    Some(match id {
        "build_status_day" => window.builds(1, &window.condition) + &status,
        "build_status" => window.of(&status),
        "nightly_vs_non_nightly" => {
            window.builds(window.days, project_condition)
                + "SELECT kind, coalesce(sum(result IN (2, 3)), 0), count(result),
                          round(100.0 * sum(result IN (2, 3)) / count(result), 2)
                     FROM (SELECT 'Nightly' AS kind, 1 AS wanted UNION SELECT 'Non-nightly', 0)
                     LEFT JOIN builds ON nightly = wanted
                    WHERE EXISTS (SELECT 1 FROM builds)
                    GROUP BY kind ORDER BY kind"
        }
        "heatmap" => window.of(
            "SELECT CASE weekday WHEN 0 THEN 'Monday' WHEN 1 THEN 'Tuesday' WHEN 2 THEN 'Wednesday'
                    WHEN 3 THEN 'Thursday' WHEN 4 THEN 'Friday' WHEN 5 THEN 'Saturday' ELSE 'Sunday' END,
                    hour, count(*), sum(result IN (2, 3)),
                    round(100.0 * sum(result IN (2, 3)) / sum(result BETWEEN 0 AND 3), 2)
               FROM (SELECT (cast(strftime('%w', finished_ms / 1000, 'unixepoch') AS INTEGER) + 6) % 7 AS weekday,
                            cast(strftime('%H', finished_ms / 1000, 'unixepoch') AS INTEGER) AS hour, result
                       FROM builds)
              GROUP BY weekday, hour HAVING sum(result BETWEEN 0 AND 3) > 0
              ORDER BY weekday, hour",
        ),
        "timeline_short" => window.of(&format!(
            "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', started_ms / {slot_ms} * {slot_ms} / 1000, 'unixepoch'),
                    count(*), sum(result IN (2, 3)), round(100.0 * sum(result IN (2, 3)) / count(*), 2)
               FROM builds GROUP BY started_ms / {slot_ms} ORDER BY 1"
        )),
        "most_failing" => window.of(
            "SELECT pipeline, sum(result = 2), sum(result = 3), sum(result IN (2, 3)) AS failed, count(*),
                    round(100.0 * sum(result IN (2, 3)) / count(*), 2)
               FROM builds GROUP BY pipeline HAVING failed > 0 ORDER BY failed DESC, pipeline LIMIT 50",
        ),
        "failing_steps" => window.of(
            "SELECT step, count(*) AS n, round(100.0 * count(*) / (SELECT count(*) FROM builds WHERE result = 2), 2)
               FROM builds WHERE result = 2 GROUP BY step ORDER BY n DESC, step",
        ),
        // A percentile by linear interpolation is a sum with a triangle of weights around its rank.
        "lengthy_pipelines" => window.of(
            "SELECT pipeline, n, round(avg(minutes), 2),
                    round(sum(minutes * max(0.0, 1 - abs(place - (n - 1) * 0.50))), 2),
                    round(sum(minutes * max(0.0, 1 - abs(place - (n - 1) * 0.95))), 2)
               FROM (SELECT pipeline, duration_ms / 60000.0 AS minutes,
                            row_number() OVER (PARTITION BY pipeline ORDER BY duration_ms) - 1 AS place,
                            count(*) OVER (PARTITION BY pipeline) AS n
                       FROM builds WHERE result = 0 AND duration_ms IS NOT NULL)
              GROUP BY pipeline, n ORDER BY avg(minutes) DESC, pipeline LIMIT 50",
        ),
        "shortest_functional_tests" => window.of(
            "SELECT pipeline, build_id, test_ms / 1000.0
               FROM (SELECT pipeline, build_id, test_ms,
                            row_number() OVER (PARTITION BY pipeline ORDER BY finished_ms DESC, build_id DESC) AS place
                       FROM builds WHERE test_ms IS NOT NULL)
              WHERE place = 1 AND test_ms > 0 AND test_ms < 500000
              ORDER BY test_ms, pipeline LIMIT 10",
        ),
        "duration" => window.of(
            ", known AS (SELECT result, duration_ms FROM builds
                          WHERE result IN (0, 2, 3) AND duration_ms IS NOT NULL),
               width AS (SELECT min(w) AS w
                           FROM (SELECT 30000 AS w UNION SELECT 60000 UNION SELECT 120000 UNION SELECT 300000
                                 UNION SELECT 600000 UNION SELECT 900000 UNION SELECT 1800000 UNION SELECT 3600000)
                          WHERE (SELECT max(duration_ms) FROM known) / w + 1 <= 120),
               bins AS (SELECT min(duration_ms) / w AS bin FROM known, width HAVING count(*) > 0
                        UNION ALL
                        SELECT bin + 1 FROM bins, width WHERE bin < (SELECT max(duration_ms) FROM known) / w)
             SELECT bin * w / 60000.0, (bin + 1) * w / 60000.0,
                    (SELECT count(*) FROM known WHERE duration_ms / w = bin AND result = 0),
                    (SELECT count(*) FROM known WHERE duration_ms / w = bin AND result = 2),
                    (SELECT count(*) FROM known WHERE duration_ms / w = bin AND result = 3)
               FROM bins, width ORDER BY bin",
        ),
        "timeline" => {
            window.builds(180, &window.condition)
                + "SELECT date(finished_ms / 1000, 'unixepoch') AS day, sum(result = 0), sum(result = 1),
                          sum(result = 2), sum(result = 3), sum(result > 3)
                     FROM builds GROUP BY day ORDER BY day"
        }
        _ => return None,
    })
}
