//! Open findings by severity and age, and how many of them are overdue.
//!
//! Reads the findings of scan reports and alerts.

use super::{Column, Context, Figure, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        insight::security::{limit_days, reported, selected},
        model::{DAY_MS, Severity},
        snapshot::{Finding, Snapshot},
    },
};

pub const FIGURE: Figure = Figure {
    id: "open_findings",
    page: Page::Security,
    topic: Topic::Findings,
    width: Width::Half,
    height: 240,
    title: "Open findings by age",
    help: "Vulnerabilities that the last complete scan of a repository holds, by severity and by age: since the alert \
           was opened, else at least since the first scan that holds them. Overdue are those older than the limit of \
           their severity (7, 30 and 90 days for critical, high and medium ones by default, none for low ones), or past the date \
           of CISA's catalogue, unless a rule with a reason and an end in the future accepts them. Repositories are those that were scanned.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

/// The ages, by their ends in days, with the colours of their bars.
const AGES: [(&str, &str, i64, Colour); 4] = [
    ("to_7_days", "Up to 7 days", 7, Colour::Rate(1)),
    ("to_30_days", "Up to 30 days", 30, Colour::Rate(2)),
    ("to_90_days", "Up to 90 days", 90, Colour::Rate(3)),
    ("older", "Older", i64::MAX, Colour::Rate(4)),
];

/// The column of a finding's age.
pub(super) fn age(finding: &Finding, now_ms: i64) -> &'static str {
    let days = (now_ms - finding.opened_ms + DAY_MS - 1) / DAY_MS;
    let age = AGES.iter().find(|(_, _, to, _)| days <= *to);
    age.map_or("", |(id, ..)| id)
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let selected = selected(snapshot, selection);
    let now_ms = selected.state.at_ms;
    let open: Vec<&Finding> = selected.open().collect();
    let late = selected.overdue();
    let count = |severity: Severity, is: &dyn Fn(&Finding) -> bool| {
        let of = open
            .iter()
            .filter(|finding| finding.severity == severity && is(finding));
        of.count() as u64
    };
    let severities: &[Severity] = if open.is_empty() { &[] } else { &Severity::ALL };
    let names = severities
        .iter()
        .map(|severity| severity.as_str().to_owned());
    let mut columns = vec![Column::new(
        "severity",
        "Severity",
        Values::Text(names.collect()),
    )];
    for (id, title, ..) in AGES {
        let of_age = |finding: &Finding| age(finding, now_ms) == id;
        let counts = severities.iter().map(|severity| count(*severity, &of_age));
        columns.push(Column::new(id, title, Values::Count(counts.collect())));
    }
    let all = severities
        .iter()
        .map(|severity| count(*severity, &|_| true));
    let overdue = severities.iter().map(|severity| {
        late.iter()
            .filter(|(finding, _)| finding.severity == *severity)
            .count() as u64
    });
    columns.extend([
        Column::new("open", "Open", Values::Count(all.collect())),
        Column::new("overdue", "Overdue", Values::Count(overdue.collect())),
    ]);
    Rows {
        columns,
        builds: reported(snapshot, &selected),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.is_empty() {
        let none = match rows.builds {
            0 => words::NO_REPORTS,
            _ => "No complete scan of a repository holds a vulnerability.",
        };
        return words::no_facts(context, none.to_owned());
    }
    let overdue = rows.count("overdue").iter().sum();
    format!(
        "{}, {} of them overdue; {} critical and {} high.",
        words::counted(
            rows.count("open").iter().sum(),
            "finding is open",
            "findings are open"
        ),
        words::thousands(overdue),
        words::thousands(rows.count("open")[0]),
        words::thousands(rows.count("open")[1]),
    )
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let severities = rows.text("severity");
    let (open, overdue) = (rows.count("open"), rows.count("overdue"));
    let last = AGES.len() - 1;
    let bars = |index: usize| {
        let (id, title, _, colour) = AGES[index];
        let counts = rows.count(id);
        let mark = |row: usize| {
            let mark = Mark::new(row as f64, counts[row] as f64)
                .counting(row)
                .hover(format!(
                    "{}, {}\n{}",
                    severities[row],
                    title.to_lowercase(),
                    words::counted(counts[row], "finding", "findings")
                ));
            let (open, late) = (words::thousands(open[row]), words::thousands(overdue[row]));
            if index < last {
                mark
            } else {
                mark.label(format!("{open}, {late} overdue"))
            }
        };
        Series::bars(title, colour)
            .opening(id)
            .with((0..rows.len()).map(mark))
    };
    let names = Severity::ALL.map(|severity| match limit_days(severity, context.config) {
        Some(days) => format!("{} (limit {days} days)", severity.as_str()),
        None => severity.as_str().to_owned(),
    });
    let panel = Panel::new(Unit::Count, "", (0..AGES.len()).map(bars).collect());
    Plane::new(Base::Names(names.into()), vec![panel.stacked()]).into()
}
