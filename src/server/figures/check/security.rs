//! Debts of security agree with SQL over the facts, now and on earlier days.

use super::{Sample, compare, prepare, sample, security_twins};
use crate::{
    api::Cell,
    selection::Selection,
    server::{
        figures::{Page, find},
        insight::security::{numbers_of, state_at},
        model::DAY_MS,
        snapshot::SecurityNumbers,
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
