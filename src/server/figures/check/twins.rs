//! Every figure's rows a second way: SQL over the stored events, which knows nothing of the roll-up,
//! of the columns or of the figures' code.
//!
//! `builds` here is the temporary table of [`PREPARE`], narrowed to the window and the filter.

use super::platform_twins::{percentile, weeks_of};

/// Makes `twin`, one row per build of a default branch, from the events alone. `said` is the result of the
/// latest event, and `result` the build's: 6 is lost and 7 is running.
pub const PREPARE: &str = "
CREATE TEMP TABLE e AS
  SELECT events.build, events.id, events.stage_ms, events.ts, events.result, events.scheduled_ms,
         events.duration_ms, events.number, events.url, job.text AS job, branch.text AS branch,
         CASE WHEN step.text IN ('', 'Pipeline Failed', 'Pipeline Succeeded', 'not-approved-repo',
                                 'not-approved-infra', 'pipelineWarning')
                OR step.text GLOB 'AUTO_ABORT*'
              THEN NULL ELSE step.text END AS step,
         coalesce(step.text IN ('Pipeline Failed', 'Pipeline Succeeded')
                  OR step.text GLOB 'AUTO_ABORT*', 0) AS final,
         coalesce(system.text, 'jenkins') AS system,
         events.git_commit, events.node, events.step_duration_ms, codebase.text AS codebase,
         toolchain.text AS toolchain
    FROM events
    LEFT JOIN builds ON builds.id = events.build
    LEFT JOIN strings AS system ON system.id = builds.system
    LEFT JOIN strings AS job ON job.id = events.job
    LEFT JOIN strings AS branch ON branch.id = events.branch
    LEFT JOIN strings AS step ON step.id = events.step
    LEFT JOIN strings AS codebase ON codebase.id = events.codebase
    LEFT JOIN strings AS toolchain ON toolchain.id = events.toolchain;
CREATE INDEX temp.e_build ON e (build);
CREATE TEMP TABLE latest AS
  SELECT * FROM (
    SELECT e.*, row_number() OVER (PARTITION BY build ORDER BY stage_ms DESC, ts DESC, id DESC) AS place
      FROM e)
   WHERE place = 1;
CREATE TEMP TABLE seen AS
  SELECT latest.build, latest.job AS pipeline, latest.system, latest.number AS build_id,
         latest.result AS said,
         (SELECT max(final) FROM e WHERE e.build = latest.build) AS ended,
         (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'builds_as_of_ms') - latest.stage_ms AS age_ms,
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
CREATE TEMP TABLE judged AS
  SELECT pipeline, system, ended FROM seen
   WHERE said <= 1 AND age_ms > 330 * 60000 AND age_ms < 180 * 86400000;
CREATE TEMP TABLE telling AS
  SELECT pipeline, system FROM (
    SELECT DISTINCT pipeline, system,
           (SELECT CASE WHEN count(*) >= 5 THEN avg(ended) END FROM judged
             WHERE judged.pipeline = seen.pipeline AND judged.system = seen.system) AS own,
           (SELECT CASE WHEN count(*) >= 5 THEN avg(ended) END FROM judged
             WHERE judged.system = seen.system) AS of_system
      FROM seen)
   WHERE coalesce(own, of_system, 0) >= 0.5;
CREATE TEMP TABLE twin AS
  SELECT seen.*,
         CASE WHEN ended OR (pipeline, system) NOT IN (SELECT pipeline, system FROM telling) THEN said
              WHEN said IN (2, 3, 4) AND age_ms > 30 * 60000 THEN said
              WHEN age_ms > 330 * 60000 THEN 6 ELSE 7 END AS result
    FROM seen;
";

/// Makes `repo`, the facts on a day of every repository that is not archived, of all teams or of one, and `pair`, each
/// repository's CVEs and whether one of its entries for it still holds on that day.
pub fn prepare_security(at_ms: i64, day: &str, team: Option<&str>) -> String {
    let of_team = team.map_or_else(|| "true".to_owned(), |team| format!("team = '{team}'"));
    format!(
        "DROP TABLE IF EXISTS temp.repo;
DROP TABLE IF EXISTS temp.pair;
CREATE TEMP TABLE repo AS
  SELECT * FROM (
    SELECT repository AS name, facts,
           CASE WHEN instr(repository, '-') > 0
                THEN substr(repository, 1, instr(repository, '-') - 1) ELSE repository END AS team
      FROM security_facts AS known
     WHERE collected_at_ms = (SELECT max(collected_at_ms) FROM security_facts
                               WHERE repository = known.repository AND collected_at_ms <= {at_ms})
       AND NOT coalesce(json_extract(facts, '$.archived'), 0))
   WHERE {of_team};
CREATE TEMP TABLE pair AS
  SELECT name, team, json_extract(entry.value, '$.cve') AS cve,
         max(coalesce(substr(json_extract(entry.value, '$.until'), 1, 10), '9999') >= '{day}') AS live
    FROM repo, json_each(facts, '$.suppressions') AS entry
   GROUP BY name, team, cve;
"
    )
}

/// The query whose rows are those of a figure of security facts.
pub fn security_query(id: &str) -> Option<String> {
    let versions = |field: &str| {
        format!(
            "SELECT CASE WHEN major = 0 THEN 'unknown' ELSE major END, version, name
               FROM (SELECT name, version, cast(ltrim(replace('^' || version, '^1.', '^'), '^v') AS INTEGER) AS major
                       FROM (SELECT name, json_extract(facts, '$.{field}') AS version FROM repo)
                      WHERE version IS NOT NULL)
              ORDER BY name"
        )
    };
    Some(match id {
        "cve_most_frequent" => {
            "SELECT cve, count(DISTINCT CASE WHEN live THEN team END) AS teams, sum(live), sum(NOT live)
               FROM pair GROUP BY cve HAVING teams > 2 ORDER BY teams, cve"
                .to_owned()
        }
        "cve_per_team" => "SELECT team, sum(live), repositories, sum(NOT live)
               FROM (SELECT team, cve, max(live) AS live FROM pair GROUP BY team, cve)
               JOIN (SELECT team AS t, count(DISTINCT name) AS repositories FROM pair WHERE live GROUP BY team)
                 ON t = team
              GROUP BY team, repositories HAVING sum(live) > 0 ORDER BY sum(live) DESC, team"
            .to_owned(),
        "js_checks" => {
            "WITH js AS (SELECT name, facts FROM repo WHERE json_extract(facts, '$.javascript')),
                  used AS (SELECT name, value AS used FROM js, json_each(facts, '$.checks'))
             SELECT label, n, round(100.0 * n / (SELECT count(*) FROM js), 2)
               FROM (SELECT 0 AS place, 'Snyk' AS label, (SELECT count(*) FROM used WHERE used = 'snyk') AS n
                     UNION SELECT 1, 'Dependabot', (SELECT count(*) FROM used WHERE used = 'dependabot')
                     UNION SELECT 2, 'Renovate', (SELECT count(*) FROM used WHERE used = 'renovate')
                     UNION SELECT 3, 'nsp (deprecated)', (SELECT count(*) FROM used WHERE used = 'nsp')
                     UNION SELECT 4, 'none', (SELECT count(*) FROM js WHERE name NOT IN (SELECT name FROM used)))
              ORDER BY place"
                .to_owned()
        }
        "node_versions" => versions("node_version"),
        "java_versions" => versions("java_version"),
        _ => return None,
    })
}

/// The name of a stored result.
const RESULT: &str = "CASE result WHEN 0 THEN 'SUCCESS' WHEN 1 THEN 'UNSTABLE' WHEN 2 THEN 'FAILURE' \
                      WHEN 3 THEN 'ABORTED' WHEN 4 THEN 'NOT_BUILT' WHEN 6 THEN 'LOST' WHEN 7 THEN 'RUNNING' \
                      ELSE 'UNKNOWN' END";

/// The parts of the filter that a twin needs.
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

/// The query whose rows are those of a figure of builds.
pub fn query(id: &str, window: &Window, project_condition: &str) -> Option<String> {
    let status = format!(
        "SELECT name, (SELECT count(*) FROM builds WHERE {RESULT} = name) AS n,
                round((SELECT 100.0 * count(*) FROM builds WHERE {RESULT} = name)
                      / (SELECT count(*) FROM builds), 2)
           FROM (SELECT 0 AS place, 'SUCCESS' AS name UNION SELECT 1, 'UNSTABLE' UNION SELECT 2, 'FAILURE'
                 UNION SELECT 3, 'ABORTED' UNION SELECT 4, 'NOT_BUILT' UNION SELECT 5, 'LOST'
                 UNION SELECT 6, 'RUNNING' UNION SELECT 7, 'UNKNOWN')
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
            "SELECT started_ms / {slot_ms} * {slot_ms},
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
                            row_number() OVER (PARTITION BY pipeline ORDER BY finished_ms DESC, started_ms DESC, build_id DESC) AS place
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
        "duration_by_week" => {
            let of = |table: &str, share: f64| {
                format!(
                    "(SELECT {} / 60000.0
                        FROM (SELECT duration_ms, row_number() OVER (ORDER BY duration_ms) - 1 AS place,
                                     count(*) OVER () AS n
                                FROM {table} WHERE {table}.left = week.left AND result < 4
                                 AND duration_ms IS NOT NULL))",
                    percentile("duration_ms", share)
                )
            };
            weeks_of("twin", window, "")
                + &format!(
                    "SELECT start_ms,
                            (SELECT count(duration_ms) FROM now WHERE now.left = week.left AND result < 4),
                            {}, {}, {}, {}
                       FROM week WHERE EXISTS (SELECT 1 FROM now WHERE result < 4 AND duration_ms IS NOT NULL)
                      ORDER BY start_ms",
                    of("now", 0.5),
                    of("now", 0.95),
                    of("before", 0.5),
                    of("before", 0.95)
                )
        }
        "timeline" => {
            window.builds(180, &window.condition)
                + "SELECT date(finished_ms / 1000, 'unixepoch') AS day, sum(result = 0), sum(result = 1),
                          sum(result = 2), sum(result = 3), sum(result > 3)
                     FROM builds GROUP BY day ORDER BY day"
        }
        _ => return None,
    })
}
