//! The four numbers of the Security page over the last weeks.
//!
//! Reads the dated facts and the findings.

use super::{Column, Context, Figure, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        insight::security::selected,
        snapshot::{SecurityNumbers, Snapshot},
    },
};

pub const FIGURE: Figure = Figure {
    id: "security_trend",
    page: Page::Security,
    topic: Topic::Dates,
    width: Width::Half,
    height: 320,
    title: "Debts over time",
    help: "Every seven days back from the facts, as they were known on that day: suppression rules in debt, runtimes \
           whose support had ended or was about to, overdue findings, and repositories without a dependency check. \
           Repositories whose rules were not read yet are counted apart: their rules are unknown, not absent.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

/// The value of a number; none while it was unknown.
type Number = (
    &'static str,
    &'static str,
    fn(&SecurityNumbers) -> Option<u64>,
);

/// A number of rules: unknown while no repository's rules had been read.
fn of_rules(of: &SecurityNumbers, number: u64) -> Option<u64> {
    (of.rules_unread < of.repositories).then_some(number)
}

/// A number of findings: unknown while no scan had been read.
fn of_findings(of: &SecurityNumbers, number: u64) -> Option<u64> {
    of.scanned.then_some(number)
}

const NUMBERS: [Number; 10] = [
    ("rules", "Suppression rules", |of| of_rules(of, of.rules)),
    ("debt", "Suppressions in debt", |of| of_rules(of, of.debt)),
    ("without_end", "Without end", |of| {
        of_rules(of, of.without_end)
    }),
    (
        "rules_unread",
        "Repositories whose rules were not read",
        |of| Some(of.rules_unread),
    ),
    ("runtimes_ended", "Runtimes past their end", |of| {
        Some(of.runtimes_ended)
    }),
    ("runtimes_due", "Runtimes near their end", |of| {
        Some(of.runtimes_due)
    }),
    ("runtimes_unknown", "Runtimes of unknown support", |of| {
        Some(of.runtimes_unknown)
    }),
    ("findings", "Open findings", |of| {
        of_findings(of, of.findings)
    }),
    ("overdue", "Overdue findings", |of| {
        of_findings(of, of.overdue)
    }),
    ("unchecked", "Repositories without a check", |of| {
        Some(of.unchecked)
    }),
];
/// The lines: their columns and short names.
const LINES: [(&str, &str, Colour); 4] = [
    ("debt", "In debt", Colour::Category(0)),
    ("runtimes_ended", "Runtimes ended", Colour::Category(1)),
    ("overdue", "Overdue", Colour::Category(2)),
    ("unchecked", "No check", Colour::Category(3)),
];

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let weeks = selected(snapshot, selection).weeks();
    // Weeks before the first facts say nothing.
    let first = weeks
        .iter()
        .position(|week| week.repositories + week.findings > 0);
    let weeks = first.map_or(&[][..], |first| &weeks[first..]);
    let at = weeks.iter().map(|week| week.at_ms).collect();
    let mut columns = vec![Column::new("at", "As of", Values::Instant(at))];
    for (id, title, of) in NUMBERS {
        let values = weeks.iter().map(|week| of(week).map(|value| value as f64));
        columns.push(Column::new(id, title, Values::Measured(values.collect())));
    }
    Rows {
        columns,
        builds: weeks.last().map_or(0, |week| week.repositories),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let Some(last) = rows.len().checked_sub(1) else {
        return words::no_facts(context, "No repository is known.".to_owned());
    };
    let now = |column: &str, singular: &str, plural: &str| match rows.measured(column)[last] {
        Some(number) => words::counted(number as u64, singular, plural),
        None => format!("an unknown number of {plural}"),
    };
    let is_one = rows.measured("runtimes_ended")[last] == Some(1.0);
    let sentence = format!(
        "{} in debt, {} past {} end, {} overdue, {} without a dependency check.",
        now("debt", "suppression", "suppressions"),
        now("runtimes_ended", "runtime", "runtimes"),
        if is_one { "its" } else { "their" },
        now("overdue", "finding", "findings"),
        now("unchecked", "repository", "repositories"),
    );
    words::capitalised(&sentence)
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let at = rows.instant("at");
    let line = |(id, name, colour): (&'static str, &'static str, Colour)| {
        let values = rows.measured(id);
        let marks = (0..rows.len()).map(|row| {
            let day = words::local_instant(context.time_zone, at[row]);
            let value = values[row].map_or_else(
                || "unknown".to_owned(),
                |value| words::thousands(value as u64),
            );
            Mark::new(at[row] as f64, values[row])
                .counting(row)
                .hover(format!("{day}\n{name}: {value}"))
        });
        Series::new(name, colour, Shape::Line)
            .opening(id)
            .with(marks)
    };
    let base = Base::Time {
        from_ms: at.first().copied().unwrap_or_default(),
        to_ms: at.last().copied().unwrap_or_default(),
    };
    let panel = Panel::new(Unit::Count, "", LINES.map(line).into());
    Plane::new(base, vec![panel]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::{
            ALL,
            testing::{security, summary, suppressing},
        },
        model::RepositoryFacts,
    };

    #[test]
    fn numbers_that_were_never_read_are_unknown() {
        let unread = suppressing("a", &[("CVE-2019-1", None)]);
        let sentence = summary(&FIGURE, &security(vec![unread]), &Selection::default());
        assert_eq!(
            sentence,
            "An unknown number of suppressions in debt, 0 runtimes past their end, an unknown number of findings \
             overdue, 0 repositories without a dependency check."
        );
        let read = RepositoryFacts {
            rules: Some(Vec::new()),
            ..suppressing("a", &[])
        };
        let sentence = summary(&FIGURE, &security(vec![read]), &Selection::default());
        assert!(
            sentence.starts_with("0 suppressions in debt, "),
            "{sentence}"
        );
    }

    #[test]
    fn before_the_first_facts_no_figure_says_a_number() {
        let facts = RepositoryFacts {
            javascript: true,
            node_version: Some("18".to_owned()),
            java_version: Some("17".to_owned()),
            ..suppressing("a", &[("CVE-2019-10001", None)])
        };
        let snapshot = security(vec![facts]);
        for figure in ALL.iter().filter(|figure| figure.page == Page::Security) {
            let sentence = summary(figure, &snapshot, &Selection::read("as_of=1999-01-01"));
            assert_eq!(
                sentence, "There were no security facts at that time.",
                "{}",
                figure.id
            );
        }
    }
}
