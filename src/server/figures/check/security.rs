//! Debts of security agree with SQL over the facts, now and on earlier days.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::SqliteConnection;

use super::{Sample, compare, prepare, sample, security_twins, twins};
use crate::{
    api::Cell,
    selection::Selection,
    server::{
        figures::{Page, find, testing::at},
        insight::security::{numbers_of, state_at},
        model::DAY_MS,
        snapshot::{SecurityNumbers, Snapshot},
        views::{problems::problem_list, security::security_head},
    },
};

/// The figures of debts, without the trend, whose rows are numbers of days.
const FIGURES: [&str; 5] = [
    "suppression_debt",
    "security_calendar",
    "open_findings",
    "findings_by_week",
    "runtime_support",
];

fn row(numbers: &SecurityNumbers) -> Vec<Cell> {
    let of = numbers;
    let values = [
        of.rules,
        of.debt,
        of.without_end,
        of.rules_unread,
        of.runtimes,
        of.runtimes_ended,
        of.runtimes_due,
        of.runtimes_unknown,
        of.findings,
        of.overdue,
        of.repositories,
        of.unchecked,
        of.checks_unknown,
    ];
    values.map(|value| Cell::Count(value.cast_signed())).into()
}

/// The seed's figures, which the team and the day of the page choose, too.
const OF_FACTS: [&str; 5] = [
    "cve_most_frequent",
    "cve_per_team",
    "js_checks",
    "node_versions",
    "java_versions",
];

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_facts_are_those_of_the_team_and_the_day() {
    for seed in [1, 2, 3] {
        let Sample {
            store,
            snapshot,
            _directory,
            ..
        } = sample(seed, 1).await;
        let mut connection = store.read_connection().await.expect("a connection");
        let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (day, team) in [
            ("2019-10-25", None),
            ("2019-10-25", Some("cmc")),
            ("2019-06-30", None),
            ("2019-06-30", Some("cmc")),
        ] {
            let as_of = format!("{day}T12:00:00Z");
            let at_ms = at(&as_of);
            prepare(&mut connection, &twins::prepare_security(at_ms, day, team)).await;
            let pairs = [("as_of", Some(&*as_of)), ("team", team)];
            let pairs = pairs.into_iter();
            let pairs = pairs.filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
            let selection: Selection = pairs.collect();
            for id in OF_FACTS {
                let figure = find(id).expect("a figure");
                let data = figure.compute(&snapshot, &selection);
                let mut rows = data.expect("a figure").rows;
                seen.entry(id).or_default().insert(format!("{rows:?}"));
                // SQL knows no order of versions.
                if id.ends_with("_versions") {
                    rows.sort_by_key(|row| format!("{:?}", row.last()));
                }
                let query = twins::security_query(id).expect("a query");
                let what = format!("{id} of {team:?} on {day}, seed {seed}");
                compare(&mut connection, &query, &what, &rows).await;
            }
        }
        // Versions of Java stay as they are in the sample; a team has fewer of them.
        let alike: Vec<_> = seen.iter().filter(|(_, rows)| rows.len() < 2).collect();
        assert!(alike.is_empty(), "{alike:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn debts_agree_with_sql_over_the_facts_and_reports() {
    for seed in [1, 2, 3] {
        let Sample {
            store,
            snapshot,
            _directory,
            ..
        } = sample(seed, 1).await;
        let mut connection = store.read_connection().await.expect("a connection");
        prepare(&mut connection, &security_twins::prepare_end_of_life()).await;
        let weeks = &snapshot.insight.security.weeks;
        // Today, the days of the comparison and of the first reading, and one from before it.
        for back in [0, 4, 11, 25, 26] {
            let numbers = &weeks[weeks.len() - 1 - back];
            prepare(&mut connection, &security_twins::prepare_at(numbers.at_ms)).await;
            let query = security_twins::numbers(numbers.at_ms);
            let what = format!("numbers {back} weeks ago, seed {seed}");
            compare(&mut connection, &query, &what, &[row(numbers)]).await;
        }
        let now = weeks.last().expect("a week");
        // In 2026 the support of most runtimes of 2019 has ended.
        let later_ms = now.at_ms + 7 * 365 * DAY_MS;
        let later = numbers_of(&snapshot, &state_at(&snapshot, later_ms));
        prepare(&mut connection, &security_twins::prepare_at(later_ms)).await;
        let query = security_twins::numbers(later_ms);
        compare(
            &mut connection,
            &query,
            &format!("later, seed {seed}"),
            &[row(&later)],
        )
        .await;
        let cases = [
            now.debt,
            now.overdue,
            now.runtimes_due,
            now.unchecked,
            now.checks_unknown,
            later.runtimes_ended,
        ];
        assert!(cases.iter().all(|&count| count > 0), "{now:?} {later:?}");
        prepare(&mut connection, &security_twins::prepare_at(now.at_ms)).await;
        // The rows of the list by what they are due and their kind.
        let listed = find("security_due").expect("a figure");
        let listed = listed.compute(&snapshot, &Selection::default());
        let mut counts: BTreeMap<String, (Vec<Cell>, i64)> = BTreeMap::new();
        for row in listed.expect("a figure").rows {
            let key = format!("{:?}", &row[..2]);
            counts
                .entry(key)
                .or_insert_with(|| (row[..2].to_vec(), 0))
                .1 += 1;
        }
        let counted = counts.into_values().map(|(mut row, count)| {
            row.push(Cell::Count(count));
            row
        });
        let counted: Vec<Vec<Cell>> = counted.collect();
        let query = security_twins::query("security_due", now.at_ms).expect("a query");
        compare(
            &mut connection,
            &query,
            &format!("due, seed {seed}"),
            &counted,
        )
        .await;
        head_agrees(&mut connection, &snapshot, &format!("head, seed {seed}")).await;
        problems_agree(
            &mut connection,
            &snapshot,
            &format!("problems, seed {seed}"),
        )
        .await;
        for id in FIGURES {
            let figure = find(id).expect("a figure");
            assert_eq!(figure.page, Page::Security);
            let data = figure
                .compute(&snapshot, &Selection::default())
                .expect("a figure");
            let query = security_twins::query(id, now.at_ms).expect("a query");
            let what = format!("{id}, seed {seed}");
            assert!(!data.rows.is_empty(), "{what}");
            compare(&mut connection, &query, &what, &data.rows).await;
        }
    }
}

/// The repositories with an expired rule, an ended runtime or an overdue finding, and since when.
const OVERDUE: &str = "SELECT repository, sum(rules), sum(runtimes), sum(findings), min(since)
  FROM (SELECT repository, 1 AS rules, 0 AS runtimes, 0 AS findings, ends AS since FROM rule WHERE expired
        UNION ALL SELECT repository, 0, 1, 0, ends FROM runtime WHERE support = 'ended'
        UNION ALL SELECT repository, 0, 0, 1, since FROM late)
 GROUP BY repository ORDER BY repository";

/// The problems of security, and those that the list has.
async fn problems_agree(connection: &mut SqliteConnection, snapshot: &Snapshot, what: &str) {
    let problems = problem_list(snapshot, &Selection::default(), &[], 0).problems;
    let mut overdue = snapshot.insight.security.overdue.clone();
    let rows: Vec<Vec<Cell>> = overdue
        .iter()
        .map(|known| {
            let [rules, runtimes, findings] = [known.suppressions, known.runtimes, known.findings]
                .map(|count| Cell::Count(count.into()));
            let since = Cell::Count(known.since_ms.expect("every end is known"));
            vec![
                Cell::Text(known.repository.clone()),
                rules,
                runtimes,
                findings,
                since,
            ]
        })
        .collect();
    assert!(rows.len() > 20, "{what}");
    compare(connection, OVERDUE, what, &rows).await;
    // Within a state those of pipelines come first, then these by the days since.
    overdue.sort_by_key(|known| (known.since_ms, format!("security:{}", known.repository)));
    for state in ["new", "ongoing"] {
        let mut of_state = problems.iter().filter(|known| known.state == state);
        let listed = of_state.clone().filter(|known| known.kind == "security");
        let listed: Vec<&str> = listed.map(|known| &*known.title).collect();
        let expected = overdue.iter().map(|known| &*known.repository);
        let expected: Vec<&str> = expected.filter(|name| listed.contains(name)).collect();
        assert_eq!(listed, expected, "{what}, {state}");
        // Not in every organisation did something become overdue within the last week.
        assert!(state == "new" || !listed.is_empty(), "{what}, {state}");
        let first = of_state.position(|known| known.kind == "security");
        assert!(
            of_state.all(|known| known.kind == "security"),
            "{what}: {first:?}"
        );
    }
}

/// The repositories of JavaScript without a check, by name.
const UNCHECKED: &str = "SELECT repository FROM known
 WHERE facts ->> '$.javascript' AND json_array_length(facts, '$.checks') = 0
   AND repository NOT IN (SELECT repository FROM scan_reports) ORDER BY repository";

/// The tables are those of the time of the facts.
async fn head_agrees(connection: &mut SqliteConnection, snapshot: &Snapshot, what: &str) {
    let head = security_head(snapshot, &Selection::default());
    let names = head.unchecked.iter();
    let names: Vec<Vec<Cell>> = names
        .map(|known| vec![Cell::Text(known.repository.clone())])
        .collect();
    compare(connection, UNCHECKED, what, &names).await;
    let now_ms = snapshot.insight.security.now.at_ms;
    let all = security_twins::query("security_due", now_ms).expect("a query");
    let query = format!("SELECT due, sum(\"count(*)\") FROM ({all}) GROUP BY due ORDER BY due");
    let mut classes = head.classes.clone();
    classes.retain(|known| known.items > 0);
    classes.sort_by(|a, b| a.class.cmp(&b.class));
    let classes: Vec<Vec<Cell>> = classes
        .iter()
        .map(|known| {
            vec![
                Cell::Text(known.class.clone()),
                Cell::Count(known.items.cast_signed()),
            ]
        })
        .collect();
    assert!(classes.len() > 4, "{classes:?}");
    compare(connection, &query, what, &classes).await;
    // Each number opens the list that it counts.
    let now = head.classes.iter().find(|known| known.class == "now");
    let now = now.expect("a class");
    assert_eq!(head.numbers[2].number, Some(now.findings), "{what}");
    assert_eq!(
        head.numbers[1].number,
        Some(head.runtimes.len() as u64),
        "{what}"
    );
    assert_eq!(now.items, now.findings + now.suppressions + now.runtimes);
    // 28 days before, everything had been read.
    let weeks = &snapshot.insight.security.weeks;
    let then = &weeks[weeks.len() - 5];
    let before: Vec<Option<u64>> = head.numbers.iter().map(|number| number.before).collect();
    let expected = [
        then.debt,
        then.runtimes_ended + then.runtimes_due,
        then.overdue,
        then.unchecked,
    ];
    assert_eq!(before, expected.map(Some), "{what}");
    // Every rule, runtime and finding is of one team.
    let mut of_teams = [0; 4];
    for team in &head.teams {
        let selection: Selection = [("team", team.as_str())].into_iter().collect();
        for (sum, number) in of_teams
            .iter_mut()
            .zip(security_head(snapshot, &selection).numbers)
        {
            *sum += number.number.unwrap_or_default();
        }
    }
    let all: Vec<Option<u64>> = head.numbers.iter().map(|number| number.number).collect();
    assert_eq!(of_teams.map(Some).as_slice(), all, "{what}");
}
