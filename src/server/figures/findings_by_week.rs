//! Findings that were opened and resolved by week, and those that were open at its end.
//!
//! Reads the findings of scan reports and alerts.

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
        insight::security::{reported, selected},
        snapshot::{Finding, Snapshot},
    },
};

pub const FIGURE: Figure = Figure {
    id: "findings_by_week",
    page: Page::Security,
    topic: Topic::Findings,
    width: Width::Half,
    height: 320,
    title: "Findings opened and resolved",
    help: "By weeks of seven days that end with the facts: findings that were opened, those that the next complete \
           scan of the same scanner no longer held, and those that were open at the end of the week. A finding that comes \
           back is a new one. Scans that are not complete change nothing. Repositories whose scans began \
           in a week add all their findings to it. Weeks before the first scan are left out: what was open then is not \
           known. Repositories are those that were scanned.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let selected = selected(snapshot, selection);
    let end_ms = selected.state.at_ms;
    let findings: Vec<&Finding> = selected.findings().collect();
    let is_any = findings.iter().any(|finding| finding.opened_ms <= end_ms);
    // The first of the numbers is that of the start of the first week.
    let weeks = selected.weeks();
    let weeks = weeks.iter().skip(1).filter(|week| is_any && week.scanned);
    let starts: Vec<i64> = weeks.map(|week| week.at_ms - WEEK_MS).collect();
    let count = |is: &dyn Fn(i64, &Finding) -> bool| {
        let of = starts.iter().map(|&start_ms| {
            let of = findings.iter().filter(|finding| is(start_ms, finding));
            of.count() as u64
        });
        Values::Count(of.collect())
    };
    // A week is the time after its start up to its end, so that the last one holds the facts' own instant.
    let within = |start_ms: i64, at_ms: i64| start_ms < at_ms && at_ms <= start_ms + WEEK_MS;
    let opened = count(&|start_ms, finding| within(start_ms, finding.opened_ms));
    let resolved = count(&|start_ms, finding| {
        finding
            .resolved_ms
            .is_some_and(|resolved| within(start_ms, resolved))
    });
    let open = count(&|start_ms, finding| finding.is_open(start_ms + WEEK_MS));
    Rows {
        columns: vec![
            Column::new("week_start", "Week from", Values::Instant(starts)),
            Column::new("opened", "Opened", opened),
            Column::new("resolved", "Resolved", resolved),
            Column::new("open", "Open at its end", open),
        ],
        builds: reported(snapshot, &selected),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let Some(open) = rows.count("open").last() else {
        let none = match rows.builds {
            0 => words::NO_REPORTS,
            _ => "No complete scan of a repository ever held a vulnerability.",
        };
        return words::no_facts(context, none.to_owned());
    };
    // The four weeks that every comparison has.
    let last = |column: &str| rows.count(column).iter().rev().take(4).sum::<u64>();
    format!(
        "{} open; in the last four weeks {} opened and {} resolved.",
        words::counted(*open, "finding is", "findings are"),
        words::thousands(last("opened")),
        words::thousands(last("resolved")),
    )
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let starts = rows.instant("week_start");
    let series = |id: &'static str, title: &'static str, colour, shape| {
        let counts = rows.count(id);
        let mark = |row: usize| {
            let day = words::local_instant(context.time_zone, starts[row]);
            let at = match shape {
                Shape::Bars { .. } => starts[row] as f64,
                _ => (starts[row] + WEEK_MS) as f64,
            };
            Mark::new(at, counts[row] as f64)
                .counting(row)
                .hover(format!(
                    "Week from {day}\n{title}: {}",
                    words::thousands(counts[row])
                ))
        };
        Series::new(title, colour, shape)
            .opening(id)
            .with((0..rows.len()).map(mark))
    };
    let width = WEEK_MS as f64 * 0.9;
    let open = series("open", "Open", Colour::Neutral, Shape::Line);
    let changes = vec![
        series(
            "opened",
            "Opened",
            Colour::Category(1),
            Shape::Bars { width },
        ),
        series("resolved", "Resolved", Colour::Category(0), Shape::Line),
    ];
    let panels = vec![
        Panel::new(Unit::Count, "Open", vec![open]),
        Panel::new(Unit::Count, "By week", changes),
    ];
    Plane::new(weeks::base(starts), panels).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::{
            open_findings,
            testing::{security, summary, suppressing, table},
        },
        model::{RepositoryFacts, SuppressionRule},
    };

    #[test]
    fn weeks_before_the_first_scan_have_no_numbers() {
        // Repositories with rules have a report of 24 October 2019.
        let rule = SuppressionRule {
            ids: vec!["CVE-2019-0001".to_owned()],
            ..SuppressionRule::default()
        };
        let scanned = RepositoryFacts {
            rules: Some(vec![rule]),
            ..suppressing("a-api", &[])
        };
        let snapshot = security(vec![scanned, suppressing("b-api", &[])]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            ["2019-10-18T12:00:00Z | 1 | 0 | 1"]
        );
        for unscanned in ["team=b", "as_of=2019-10-23&team=a"] {
            let selection = Selection::read(unscanned);
            for figure in [&FIGURE, &open_findings::FIGURE] {
                assert!(table(figure, &snapshot, &selection).is_empty());
            }
        }
    }

    #[test]
    fn nothing_is_said_of_findings_where_nothing_was_scanned() {
        let unscanned = security(vec![suppressing("a-api", &[])]);
        let scanned = security(vec![RepositoryFacts {
            rules: Some(Vec::new()),
            ..suppressing("a-api", &[])
        }]);
        for (figure, none) in [
            (
                &FIGURE,
                "No complete scan of a repository ever held a vulnerability.",
            ),
            (
                &open_findings::FIGURE,
                "No complete scan of a repository holds a vulnerability.",
            ),
        ] {
            let say = |snapshot: &Snapshot| summary(figure, snapshot, &Selection::default());
            assert_eq!(say(&unscanned), "No report of a scanner has been read.");
            assert_eq!(say(&scanned), none);
        }
    }
}
