//! Ends of suppression rules, of the support of runtimes and of the time for findings, by week from now on.
//!
//! Reads what is due: rules, runtimes and open findings of the repositories that are not archived.

use super::{
    Column, Context, Figure, Page, Rows, Topic, Values, opens,
    weeks::{self, WEEK_MS},
    words,
};
use crate::server::charts::{Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        insight::security::{Subject, selected},
        snapshot::Snapshot,
    },
};

/// 182 days.
const WEEKS: usize = 26;

pub const FIGURE: Figure = Figure {
    id: "security_calendar",
    page: Page::Security,
    topic: Topic::Dates,
    width: Width::Half,
    height: 320,
    title: "What ends in the next half year",
    help: "By weeks of seven days from the time of the facts: suppression rules whose end is then, runtimes whose \
           support ends then (each once per repository), and open findings that become overdue then, by their \
           severity or by the date of CISA's catalogue. Findings that a rule with a reason accepts are due with the \
           rule. What has ended or is overdue already is not there, nor is what has no end.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

/// The columns after the week, and the colours of their bars.
const SERIES: [(&str, &str, Colour); 3] = [
    ("suppressions", "Suppressions", Colour::Category(0)),
    ("runtimes", "Runtimes", Colour::Category(1)),
    ("findings", "Findings", Colour::Category(2)),
];

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let selected = selected(snapshot, selection);
    let now_ms = selected.state.at_ms;
    let mut counts = [[0_u64; SERIES.len()]; WEEKS];
    let mut count = |series: usize, at_ms: i64| {
        let week = usize::try_from((at_ms - now_ms - 1).div_euclid(WEEK_MS));
        if let Some(week) = week.ok().and_then(|week| counts.get_mut(week)) {
            week[series] += 1;
        }
    };
    for item in selected.due() {
        match (&item.subject, item.ends_ms) {
            (Subject::Rule(_), Some(ends_ms)) => count(0, ends_ms),
            (Subject::Runtime(_), Some(ends_ms)) => count(1, ends_ms),
            // It is overdue after that instant.
            (Subject::Finding(_), Some(since_ms)) => count(2, since_ms.saturating_add(1)),
            (_, None) => {}
        }
    }
    let sum: u64 = counts.iter().flatten().sum();
    let weeks = if sum == 0 { 0 } else { WEEKS };
    let starts = (0..weeks as i64).map(|week| now_ms + week * WEEK_MS);
    let mut columns = vec![Column::new(
        "week_start",
        "Week from",
        Values::Instant(starts.collect()),
    )];
    for (index, (id, title, _)) in SERIES.into_iter().enumerate() {
        let counts = counts[..weeks].iter().map(|week| week[index]).collect();
        columns.push(Column::new(id, title, Values::Count(counts)));
    }
    Rows {
        columns,
        builds: selected.state.repositories.len() as u64,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.is_empty() {
        let none = "No suppression, runtime or time for a finding ends in the next half year.";
        return words::none_of(context, rows.builds, none.to_owned());
    }
    let sum = |column: &str, weeks: usize| rows.count(column)[..weeks].iter().sum::<u64>();
    // Four whole weeks, not 30 days.
    let soon: u64 = SERIES.iter().map(|(id, ..)| sum(id, 4)).sum();
    format!(
        "{} and {} end and {} overdue in the next half year, {} of all these within four weeks.",
        words::counted(sum("suppressions", WEEKS), "suppression", "suppressions"),
        words::counted(sum("runtimes", WEEKS), "runtime", "runtimes"),
        words::counted(sum("findings", WEEKS), "finding becomes", "findings become"),
        words::thousands(soon),
    )
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let starts = rows.instant("week_start");
    let bars = |(id, title, colour): (&'static str, &'static str, Colour)| {
        let counts = rows.count(id);
        let mark = |row: usize| {
            let day = words::local_instant(context.time_zone, starts[row]);
            let count = words::thousands(counts[row]);
            Mark::new(starts[row] as f64, counts[row] as f64)
                .counting(row)
                .hover(format!("Week from {day}\n{title}: {count}"))
        };
        let width = WEEK_MS as f64 * 0.9;
        Series::new(title, colour, Shape::Bars { width })
            .opening(id)
            .with((0..rows.len()).map(mark))
    };
    let panel = Panel::new(Unit::Count, "", SERIES.map(bars).into());
    Plane::new(weeks::base(starts), vec![panel.stacked()]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::{
            security_due,
            testing::{security, summary, table},
        },
        model::{RepositoryFacts, Selector, SelectorKind, SuppressionRule},
    };

    /// A repository whose only report, of 24 October 2019, holds what its rules are for.
    fn scanned(repository: &str, until: &str, notes: &str) -> RepositoryFacts {
        let rule = SuppressionRule {
            ids: vec!["CVE-2019-0001".to_owned()],
            selectors: vec![Selector {
                kind: SelectorKind::Package,
                text: String::new(),
                regex: false,
            }],
            until: Some(until.to_owned()),
            notes: Some(notes.to_owned()),
            ..SuppressionRule::default()
        };
        RepositoryFacts {
            repository: repository.to_owned(),
            rules: Some(vec![rule]),
            ..RepositoryFacts::default()
        }
    }

    #[test]
    fn accepted_findings_are_due_with_their_rules_as_in_the_list() {
        let snapshot = security(vec![
            scanned("a-api", "2019-10-31", "a reason"),
            scanned("b-api", "2019-11-30", ""),
        ]);
        // As of 25 October, 12:00: the finding of b-api, which nothing accepts, is overdue 30 days after its report.
        for as_of in ["", "as_of=2019-10-24"] {
            let selection = Selection::read(as_of);
            let listed = table(&security_due::FIGURE, &snapshot, &selection);
            let soon = listed.iter().filter(|row| row.starts_with("30-days"));
            let rows = (FIGURE.rows)(&snapshot, &selection);
            let weeks = SERIES.map(|(id, ..)| rows.count(id)[..5].iter().sum::<u64>());
            // Five weeks hold 30 days, and nothing ends after these and within the fifth week.
            assert_eq!(weeks.iter().sum::<u64>(), soon.count() as u64, "{listed:?}");
        }
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "2 suppressions and 0 runtimes end and 1 finding becomes overdue in the next half year, 1 of all these \
             within four weeks."
        );
    }
}
