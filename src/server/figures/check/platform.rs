//! The figures of red episodes and change points a second way: SQL over the stored events.

use super::*;
use crate::{
    api::FigureData,
    server::{figures::find, model::DAY_MS},
};

/// Table expressions: of the episodes of the table `episode` that meet a condition, `counted` has those of a known begin
/// and `curve` their Kaplan–Meier curve.
const CURVE: &str = "
WITH RECURSIVE counted AS (
  SELECT *, closed IS NOT NULL AS ended FROM episode WHERE good_before IS NOT NULL AND :condition
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
)";

/// One row per episode.
const TIME_TO_GREEN: &str = "
SELECT opened, pipeline, CASE WHEN ended THEN 'green again' ELSE 'still red' END,
       red_ms / 3600000.0, 100.0 * share
  FROM counted JOIN curve USING (red_ms) ORDER BY red_ms, ended DESC, opened";

/// The builds of a pipeline that finished between two instants, and their mean minutes or the share of failed ones.
const LEVEL: &str = "
SELECT count(*), CASE WHEN :durations THEN avg(duration_ms) / 60000.0 ELSE 100.0 * avg(result IN (2, 3)) END
  FROM twin
 WHERE pipeline = ':pipeline' AND finished_ms BETWEEN :first AND :last
   AND CASE WHEN :durations THEN result <= 1 AND duration_ms IS NOT NULL ELSE result <= 3 END";

pub fn curve(condition: &str) -> String {
    CURVE.replace(":condition", condition)
}

/// Rows with instants in Unix ms.
pub fn rows(figure: &FigureData) -> Vec<Vec<Cell>> {
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
            let query = curve(&format!("opened > {start_ms}")) + TIME_TO_GREEN;
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

/// Fills `member`, the builds that are members of incidents by their numbers in the store.
pub async fn prepare_members(connection: &mut SqliteConnection, snapshot: &Snapshot) {
    let incidents = snapshot.insight.incidents.iter();
    let members = incidents.flat_map(|incident| &incident.members);
    let members = members.map(|&row| snapshot.builds.stored[row as usize]);
    let members: Vec<String> = members.map(|stored| stored.to_string()).collect();
    let script = format!(
        "CREATE TEMP TABLE member AS SELECT value AS build FROM json_each('[{}]');\n",
        members.join(", ")
    );
    prepare(connection, &script).await;
}

/// Adds promotions, which the sample does not have, some of them tried twice.
fn with_promotions(mut events: Vec<Event>) -> Vec<Event> {
    use BuildResult::{Failure, Success};
    let attempts: [&[BuildResult]; 5] = [
        &[Success],
        &[Failure, Success],
        &[],
        &[Success, Failure],
        &[Failure],
    ];
    let ends = events.iter().filter(|event| is_end(event));
    let promotions = ends.zip(attempts.into_iter().cycle());
    let promotions = promotions.flat_map(|(end, results)| {
        (1..).zip(results).map(|(attempt, &result)| Event {
            id: end.id.as_ref().map(|id| format!("{id} {attempt}")),
            stage_ms: end.stage_ms - 10_000 + attempt * 1000,
            step: Some("prod:promotion".to_owned()),
            result,
            ..end.clone()
        })
    });
    let promotions: Vec<Event> = promotions.collect();
    events.extend(promotions);
    events
}

/// Makes `label`, the label of each pipeline's project.
fn labels(config: &Config) -> String {
    let label = project_case(config, |known| &known.label, "Unowned");
    format!("CREATE TEMP TABLE label AS SELECT DISTINCT pipeline, {label} AS label FROM twin;\n")
}

/// The configuration with prices of agents, and limits by which small samples have incidents.
fn with_prices() -> Config {
    let mut config = Config::built_in();
    config.insight.incident_pipelines = 2;
    config.insight.incident_probability = 0.02;
    config.insight.incident_min_transitions = 50;
    let prices = platform_twins::PRICES.map(|(agent, price)| (agent.to_owned(), price));
    config.insight.rates = prices.into_iter().collect();
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_causes_agree_with_sql_over_the_events() {
    let figures = ALL
        .iter()
        .filter(|figure| figure.page == Page::Platform)
        .filter(|figure| {
            !platform_twins::ELSEWHERE
                .iter()
                .any(|(id, _)| *id == figure.id)
        });
    let mut classes: BTreeMap<String, i64> = BTreeMap::new();
    for (seed, days, change) in [
        (1, 120, with_systems as fn(Vec<Event>) -> Vec<Event>),
        (2, 100, with_promotions),
    ] {
        let Sample {
            store, _directory, ..
        } = sample_with(seed, days, change).await;
        let snapshot = insight::load(&store, with_prices().into()).await;
        let snapshot = snapshot.expect("a snapshot");
        let mut connection = store.read_connection().await.expect("a connection");
        prepare(&mut connection, twins::PREPARE).await;
        prepare_members(&mut connection, &snapshot).await;
        prepare(&mut connection, platform_twins::PREPARE).await;
        prepare(&mut connection, &labels(&snapshot.config)).await;
        for (project, build_type, of_type) in [
            ("all", BuildType::All, "1"),
            ("fees-and-pay", BuildType::NonNightly, "NOT nightly"),
            ("unowned", BuildType::Nightly, "nightly"),
        ] {
            for days in [1, 14, 28, 180] {
                let selection = Selection::default()
                    .with("project", project)
                    .with_build_type(build_type)
                    .with_days(days);
                let of_project = project_condition(&snapshot.config, project);
                let window = twins::Window {
                    as_of_ms: snapshot.as_of_ms.expect("there are builds"),
                    days,
                    condition: format!("{of_project} AND {of_type}"),
                };
                for figure in figures.clone() {
                    let query = platform_twins::query(figure.id, &window);
                    let query = query.expect("every figure has a twin");
                    let data = figure.compute(&snapshot, &selection).expect("a figure");
                    let what = format!("{} for {selection:?}, seed {seed}", figure.id);
                    compare(&mut connection, &query, &what, &rows(&data)).await;
                    if project == "all" {
                        assert!(!data.rows.is_empty(), "{what} is empty");
                    }
                }
            }
        }
        let counts = sqlx::query_as(
            "SELECT class, count(*) FROM class GROUP BY class UNION ALL
             SELECT 'promotion ' || promotion, count(*) FROM known WHERE promotion IS NOT NULL GROUP BY promotion",
        );
        let counts: Vec<(String, i64)> = counts.fetch_all(&mut *connection).await.expect("counts");
        for (class, count) in counts {
            *classes.entry(class).or_default() += count;
        }
    }
    // Every class, and promotions that succeeded and that failed.
    assert_eq!(classes.len(), 9, "{classes:?}");
}
