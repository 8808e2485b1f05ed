//! Debts of security computed a second time, in SQL over the stored facts, reports and the table of ends.

use crate::server::model::EndOfLife;

/// Statements that make temporary tables of the state at an instant (Unix ms): `known` (repositories), `rule`,
/// `runtime`, `found` (every finding) and `late` (the overdue ones).
pub fn prepare_at(at_ms: i64) -> String {
    format!(
        "DROP TABLE IF EXISTS version;
CREATE TEMP TABLE version AS
  SELECT repository, collected_at_ms AS at, facts,
         row_number() OVER (PARTITION BY repository ORDER BY collected_at_ms) AS n,
         count(*) OVER (PARTITION BY repository) AS versions
    FROM security_facts WHERE collected_at_ms <= {at_ms};
DROP TABLE IF EXISTS kev;
CREATE TEMP TABLE kev AS
  SELECT key AS id, unixepoch(date(value ->> '$.due', '+1 day')) * 1000 AS due
    FROM documents, json_each(body, '$.vulnerabilities')
   WHERE name IN ('kev', 'sample-kev')
     AND coalesce(unixepoch(value ->> '$.added') * 1000, {at_ms}) <= {at_ms};
DROP TABLE IF EXISTS known;
CREATE TEMP TABLE known AS
  SELECT repository, facts,
         CASE WHEN instr(repository, '-') > 0
              THEN substr(repository, 1, instr(repository, '-') - 1) ELSE repository END AS team
    FROM version WHERE n = versions AND facts <> 'null' AND NOT coalesce(json_extract(facts, '$.archived'), 0);
DROP TABLE IF EXISTS report;
CREATE TEMP TABLE report AS
  SELECT repository, scanner, codebase_type AS kind, r.at_ms AS at, body,
         row_number() OVER (PARTITION BY repository, scanner, codebase_type ORDER BY r.at_ms) AS n
    FROM scan_reports AS r JOIN documents AS d ON d.name = r.findings WHERE complete = 1;
DROP TABLE IF EXISTS reported;
CREATE TEMP TABLE reported AS
  SELECT repository, scanner, kind, at, n,
         json_extract(value, '$.package') AS package, json_extract(value, '$.id') AS id,
         json_extract(value, '$.package_url') AS url, json_extract(value, '$.version') AS version,
         coalesce(json_extract(value, '$.suppressed'), 0) AS suppressed,
         json_extract(value, '$.opened_ms') AS stated,
         instr('critical high     medium   low      unknown  ', json_extract(value, '$.severity')) / 9 AS severity
    FROM report, json_each(body);
DROP TABLE IF EXISTS held;
CREATE TEMP TABLE held AS
  SELECT DISTINCT repository, n, at, {IDENTITY} AS identity
    FROM version, json_each(facts, '$.rules') AS entry;
DROP TABLE IF EXISTS life;
CREATE TEMP TABLE life AS
  SELECT repository, identity, min(at) AS since, max(n) AS last
    FROM (SELECT *, n - row_number() OVER (PARTITION BY repository, identity ORDER BY n) AS island FROM held)
   GROUP BY repository, identity, island;
DROP TABLE IF EXISTS stated;
CREATE TEMP TABLE stated AS
  SELECT k.repository, k.team, entry.key AS number, {IDENTITY} AS identity,
         entry.value ->> '$.format' AS format, coalesce(entry.value -> '$.ids', '[]') AS ids,
         entry.value ->> '$.until' AS until, entry.value ->> '$.notes' AS notes,
         entry.value ->> '$.cvss_below' AS score,
         entry.value ->> '$.selectors[0].kind' AS selector, entry.value ->> '$.selectors[0].text' AS pattern,
         coalesce(entry.value ->> '$.selectors[0].regex', 0) AS regex,
         unixepoch(date(substr(entry.value ->> '$.until', 1, 10), '+1 day')) * 1000 AS ends,
         (SELECT max(since) FROM life
           WHERE life.repository = k.repository AND life.identity = {IDENTITY}
             AND life.last = (SELECT max(n) FROM version WHERE version.repository = k.repository)) AS since
    FROM known AS k, json_each(k.facts, '$.rules') AS entry;
DROP TABLE IF EXISTS recent;
CREATE TEMP TABLE recent AS
  SELECT * FROM (
    SELECT s.repository, s.number, r.scanner, r.kind, r.n, coalesce(s.ends <= r.at, 0) AS had_expired,
           row_number() OVER (PARTITION BY s.repository, s.number, r.scanner, r.kind ORDER BY r.n DESC) AS back
      FROM stated AS s JOIN report AS r ON r.repository = s.repository AND r.scanner = s.format
     WHERE r.at > s.since AND r.at <= {at_ms})
   WHERE back <= 3;
DROP TABLE IF EXISTS matched;
CREATE TEMP TABLE matched AS
  SELECT DISTINCT s.repository, s.number, f.scanner, f.kind, f.n, f.package, f.id, f.suppressed
    FROM stated AS s JOIN reported AS f ON f.repository = s.repository
   WHERE f.id IN (SELECT value FROM json_each(s.ids))
     AND CASE s.selector
           WHEN 'cpe' THEN 0
           WHEN 'gav' THEN f.package = s.pattern
           WHEN 'package' THEN f.package = s.pattern
           WHEN 'package-url' THEN CASE WHEN s.regex
             THEN substr(f.url, 1, length({PREFIX})) = {PREFIX} ELSE f.url = s.pattern || '@' || f.version END
           ELSE 1 END;
DROP TABLE IF EXISTS rule;
CREATE TEMP TABLE rule AS
  SELECT *, expired OR no_reason OR broad OR coalesce(unused, 0) OR listed AS debt FROM (
    SELECT repository, team, number, ends, since, until,
           coalesce(ends <= {at_ms}, 0) AS expired,
           coalesce(ends > {at_ms} AND ends <= {at_ms} + 30 * 86400000, 0) AS due,
           until IS NULL AS without_end,
           EXISTS (SELECT 1 FROM json_each(s.ids) JOIN kev ON kev.id = value) AS listed,
           coalesce(notes, '') = '' AS no_reason,
           (pattern = '^.*$' AND regex) OR (selector IS NULL AND (ids <> '[]' OR score IS NOT NULL)) AS broad,
           CASE WHEN selector = 'cpe' OR (ids = '[]' AND selector IS NULL) THEN NULL
                WHEN coalesce((SELECT count(*) FROM recent
                                WHERE recent.repository = s.repository AND recent.number = s.number), 0) < 3 THEN NULL
                ELSE NOT EXISTS (SELECT 1 FROM recent JOIN matched USING (repository, number, scanner, kind, n)
                                  WHERE recent.repository = s.repository AND recent.number = s.number
                                    AND (suppressed OR had_expired))
           END AS unused
      FROM stated AS s);
DROP TABLE IF EXISTS runtime;
CREATE TEMP TABLE runtime AS
  SELECT *, CASE WHEN ends IS NULL THEN CASE WHEN cycle IS NULL THEN 'unknown' ELSE 'supported' END
                 WHEN ends <= {at_ms} THEN 'ended' WHEN ends <= {at_ms} + 180 * 86400000 THEN 'due'
                 ELSE 'supported' END AS support
    FROM (SELECT u.*,
                 (SELECT cycle FROM end_of_life AS e WHERE e.product = u.product AND {CYCLE}
                   ORDER BY length(cycle) DESC LIMIT 1) AS cycle,
                 (SELECT ends FROM end_of_life AS e WHERE e.product = u.product AND {CYCLE}
                   ORDER BY length(cycle) DESC LIMIT 1) AS ends
            FROM (SELECT repository, value ->> '$.product' AS product,
                         CASE WHEN value ->> '$.product' <> 'nodejs' AND value ->> '$.version' = '1.8' THEN '8'
                              ELSE ltrim(value ->> '$.version', 'v') END AS number
                    FROM known, json_each(facts, '$.runtimes')
                  UNION ALL
                  SELECT repository, 'nodejs', ltrim(facts ->> '$.node_version', 'v') FROM known
                   WHERE facts -> '$.runtimes' IS NULL AND facts ->> '$.node_version' IS NOT NULL
                  UNION ALL
                  SELECT repository, 'java', facts ->> '$.java_version' FROM known
                   WHERE facts -> '$.runtimes' IS NULL AND facts ->> '$.java_version' IS NOT NULL) AS u);
DROP TABLE IF EXISTS found;
CREATE TEMP TABLE found AS
  SELECT *, coalesce(min(by_age, listed), by_age, listed) AS since FROM (
    SELECT *, opened + CASE severity WHEN 0 THEN 7 WHEN 1 THEN 30 WHEN 2 THEN 90 END * 86400000 AS by_age,
           (SELECT due FROM kev WHERE kev.id = of_key.id) AS listed
      FROM (
  SELECT g.repository, g.scanner, g.kind, g.package, g.id, g.last,
         (SELECT min(f.at, min(coalesce(f.stated, f.at))) FROM reported AS f
           WHERE f.repository = g.repository AND f.scanner = g.scanner AND f.kind = g.kind
             AND f.package = g.package AND f.id = g.id AND f.n = g.first) AS opened,
         (SELECT r.at FROM report AS r
           WHERE r.repository = g.repository AND r.scanner = g.scanner AND r.kind = g.kind
             AND r.n = g.last + 1) AS resolved,
         (SELECT min(f.severity) FROM reported AS f
           WHERE f.repository = g.repository AND f.scanner = g.scanner AND f.kind = g.kind
             AND f.package = g.package AND f.id = g.id AND f.n = g.last) AS severity
    FROM (SELECT repository, scanner, kind, package, id, min(n) AS first, max(n) AS last
            FROM (SELECT *, n - row_number() OVER (PARTITION BY repository, scanner, kind, package, id ORDER BY n) AS island
                    FROM (SELECT DISTINCT repository, scanner, kind, package, id, n FROM reported))
           GROUP BY repository, scanner, kind, package, id, island) AS g) AS of_key);
DROP TABLE IF EXISTS late;
CREATE TEMP TABLE late AS
  SELECT * FROM found
   WHERE opened <= {at_ms} AND coalesce(resolved, {at_ms} + 1) > {at_ms} AND since < {at_ms}
     AND (repository, package, id) NOT IN ({ACCEPTED});
"
    )
}

/// The identity of a rule, whose end, reason and place may change.
const IDENTITY: &str = "json_array(entry.value -> '$.format', entry.value -> '$.file', entry.value -> '$.ids', \
                        entry.value -> '$.selectors', entry.value -> '$.cvss_below')";
/// The vulnerabilities that a rule accepts for a time, with a reason.
const ACCEPTED: &str = "SELECT rule.repository, matched.package, matched.id FROM rule JOIN matched USING (repository, number)
             WHERE rule.ends IS NOT NULL AND NOT rule.expired AND NOT rule.no_reason";
/// The plain beginning of the expressions of the sample.
const PREFIX: &str = r"replace(replace(replace(s.pattern, '^', ''), '\.', '.'), '.*$', '')";
/// A version is of the cycle that it begins with, by whole numbers.
const CYCLE: &str = "(u.number = e.cycle OR u.number LIKE e.cycle || '.%')";

/// Makes `end_of_life`, the built-in table. The ends are those of whole days in UTC.
pub fn prepare_end_of_life() -> String {
    let products = EndOfLife::built_in().products.iter();
    let rows = products.flat_map(|(product, of)| {
        of.cycles.iter().map(move |cycle| {
            let ends = cycle.ends.map_or_else(|| "NULL".to_owned(), |day| format!("'{day}'"));
            format!(
                "INSERT INTO end_of_life SELECT '{product}', '{}', unixepoch(date({ends}, '+1 day')) * 1000;\n",
                cycle.name
            )
        })
    });
    let rows: String = rows.collect();
    format!("CREATE TEMP TABLE end_of_life (product TEXT, cycle TEXT, ends BIGINT);\n{rows}")
}

/// The numbers of an instant, as [`crate::server::snapshot::SecurityNumbers`] has them without the instant.
pub fn numbers(at_ms: i64) -> String {
    let open = format!("opened <= {at_ms} AND coalesce(resolved, {at_ms} + 1) > {at_ms}");
    let of_runtimes =
        |support: &str| format!("(SELECT count(*) FROM runtime WHERE support = '{support}')");
    let scanned =
        format!("repository IN (SELECT repository FROM scan_reports WHERE at_ms <= {at_ms})");
    let configured = "json_array_length(facts, '$.checks') > 0";
    format!(
        "SELECT (SELECT count(*) FROM rule), (SELECT count(*) FROM rule WHERE debt),
                (SELECT count(*) FROM rule WHERE without_end),
                (SELECT count(*) FROM known WHERE facts -> '$.rules' IS NULL),
                (SELECT count(*) FROM runtime), {}, {}, {},
                (SELECT count(*) FROM found WHERE {open}), (SELECT count(*) FROM late),
                (SELECT count(*) FROM known),
                (SELECT count(*) FROM known WHERE facts ->> '$.javascript' AND NOT {configured} AND NOT {scanned}),
                (SELECT count(*) FROM known WHERE NOT facts ->> '$.javascript' AND NOT {configured} AND NOT {scanned}
                    AND json_array_length(facts, '$.suppressions') = 0
                    AND coalesce(json_array_length(facts, '$.rules'), 0) = 0)",
        of_runtimes("ended"),
        of_runtimes("due"),
        of_runtimes("unknown"),
    )
}

/// The query whose rows are those of a figure of debts; the tables are those of the time of the facts.
pub fn query(id: &str, at_ms: i64) -> Option<String> {
    const WEEK: i64 = 7 * 86_400_000;
    let numbers = |count: usize| {
        let values: Vec<String> = (0..count).map(|number| format!("({number})")).collect();
        format!("(SELECT column1 AS k FROM (VALUES {}))", values.join(", "))
    };
    let week =
        |start: &str| format!("strftime('%Y-%m-%dT%H:%M:%SZ', ({start}) / 1000, 'unixepoch')");
    Some(match id {
        "suppression_debt" => "SELECT team, count(*), sum(debt), sum(NOT debt AND unused IS NULL), sum(expired), sum(due), sum(without_end),
                sum(no_reason), sum(broad), sum(coalesce(unused, 0)), sum(unused IS NULL), sum(listed)
           FROM rule GROUP BY team ORDER BY sum(debt) DESC, count(*) DESC, team"
            .to_owned(),
        "security_calendar" => {
            let within = |at: &str| {
                format!("{at} > {at_ms} + k * {WEEK} AND {at} <= {at_ms} + (k + 1) * {WEEK}")
            };
            format!(
                "SELECT {}, (SELECT count(*) FROM rule WHERE {}), (SELECT count(*) FROM runtime WHERE {}),
                        (SELECT count(*) FROM found
                          WHERE opened <= {at_ms} AND coalesce(resolved, {at_ms} + 1) > {at_ms} AND {}
                            AND (repository, package, id) NOT IN ({ACCEPTED}))
                   FROM {} ORDER BY k",
                week(&format!("{at_ms} + k * {WEEK}")),
                within("ends"),
                within("ends"),
                within("since + 1"),
                numbers(26),
            )
        }
        "findings_by_week" => {
            let start = format!("({at_ms} - (26 - k) * {WEEK})");
            format!(
                "SELECT {}, (SELECT count(*) FROM found WHERE opened > {start} AND opened <= {start} + {WEEK}),
                        (SELECT count(*) FROM found WHERE resolved > {start} AND resolved <= {start} + {WEEK}),
                        (SELECT count(*) FROM found WHERE opened <= {start} + {WEEK}
                            AND coalesce(resolved, {at_ms} + 1) > {start} + {WEEK})
                   FROM {} WHERE {start} + {WEEK} >= (SELECT min(at_ms) FROM scan_reports) ORDER BY k",
                week(&start),
                numbers(26),
            )
        }
        "open_findings" => {
            let age = format!("({at_ms} - opened)");
            let count = |condition: &str| format!("coalesce(sum({condition}), 0)");
            format!(
                "SELECT CASE k WHEN 0 THEN 'critical' WHEN 1 THEN 'high' WHEN 2 THEN 'medium' WHEN 3 THEN 'low' ELSE 'unknown' END,
                        {}, {}, {}, {}, count(opened), (SELECT count(*) FROM late WHERE late.severity = k)
                   FROM {} LEFT JOIN (SELECT * FROM found
                        WHERE opened <= {at_ms} AND coalesce(resolved, {at_ms} + 1) > {at_ms}) AS found ON severity = k
                  GROUP BY k ORDER BY k",
                count(&format!("{age} <= 7 * 86400000")),
                count(&format!("{age} > 7 * 86400000 AND {age} <= 30 * 86400000")),
                count(&format!("{age} > 30 * 86400000 AND {age} <= 90 * 86400000")),
                count(&format!("{age} > 90 * 86400000")),
                numbers(5),
            )
        }
        "security_due" => {
            let class = |ends: &str| {
                format!(
                    "CASE WHEN {ends} <= {at_ms} THEN 'now' WHEN {ends} <= {at_ms} + 30 * 86400000 THEN '30-days'
                          WHEN {ends} <= {at_ms} + 90 * 86400000 THEN '90-days' ELSE 'later' END"
                )
            };
            format!(
                "SELECT due, kind, count(*) FROM (
                   SELECT CASE WHEN ends IS NOT NULL THEN {} WHEN until IS NULL THEN 'no-end' ELSE 'unknown' END AS due,
                          'suppression' AS kind FROM rule
                   UNION ALL
                   SELECT CASE support WHEN 'unknown' THEN 'unknown' WHEN 'ended' THEN 'now' ELSE {} END, 'runtime'
                     FROM runtime WHERE support = 'unknown' OR ends IS NOT NULL
                   UNION ALL
                   SELECT CASE WHEN since IS NULL THEN 'unknown' ELSE {} END, 'finding'
                     FROM (SELECT *, since + 1 AS since_next FROM found)
                    WHERE opened <= {at_ms} AND coalesce(resolved, {at_ms} + 1) > {at_ms}
                      AND (since IS NOT NULL OR severity = 4)
                      AND (repository, package, id) NOT IN ({ACCEPTED}))
                  GROUP BY due, kind ORDER BY due, kind",
                class("ends"),
                class("ends"),
                class("since_next"),
            )
        }
        "runtime_support" => "SELECT product, coalesce(cycle, 'unknown'), support,
                CASE WHEN ends IS NULL THEN '' ELSE date(ends / 1000 - 1, 'unixepoch') END, count(*)
           FROM runtime GROUP BY product, cycle, support, ends
          ORDER BY CASE support WHEN 'ended' THEN 0 WHEN 'due' THEN 1 WHEN 'unknown' THEN 2 ELSE 3 END,
                   count(*) DESC, product, coalesce(cycle, 'unknown')"
            .to_owned(),
        _ => return None,
    })
}
