//! Everything about security that has an end, or ought to: the list behind the counts of the Security page.
//!
//! Reads the rules, runtimes and open findings of the repositories that are not archived.

use super::{
    Column, Context, Figure, Page, Rows, Topic, Values, opens,
    security_words::{finding_name, rule_name, runtime_name, scanner_name},
    words,
};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        insight::security::{Due, DueItem, Subject, selected},
        snapshot::Snapshot,
    },
};

pub const FIGURE: Figure = Figure {
    id: "security_due",
    page: Page::Security,
    topic: Topic::Dates,
    width: Width::Half,
    height: 240,
    title: "What is due, and when",
    help: "Suppression rules by their end, runtimes by the end of their support, and open findings by the day on which \
           they are overdue. Vulnerabilities that are known to be exploited stand first. Findings that a rule with a \
           reason accepts are due with the rule; those of low severity are due only if they are known to be \
           exploited. What two scanners report stands there twice. Unknown are ends that cannot be read, runtimes \
           whose support is unknown, and findings without a severity.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

/// The kinds with their names for readers and the colours of their bars.
const KINDS: [(&str, &str, Colour); 3] = [
    ("suppression", "Suppressions", Colour::Category(0)),
    ("runtime", "Runtimes", Colour::Category(1)),
    ("finding", "Findings", Colour::Category(2)),
];

/// The numbers that the chart has beside the table, whose rows are things themselves.
pub(super) const MARKS: [(&str, &str); 3] = [
    (KINDS[0].0, KINDS[0].1),
    (KINDS[1].0, KINDS[1].1),
    (KINDS[2].0, KINDS[2].1),
];

/// The label of a class by its name in the API.
pub(super) fn class_words(name: &str) -> String {
    let class = Due::ALL.into_iter().find(|class| class.as_str() == name);
    class.map_or_else(|| name.to_owned(), |class| label(class).to_owned())
}

pub const fn label(due: Due) -> &'static str {
    match due {
        Due::Now => "Now",
        Due::Days30 => "Within 30 days",
        Due::Days90 => "In 31 to 90 days",
        Due::Later => "After 90 days",
        Due::Never => "Without end",
        Due::Unknown => "Unknown",
    }
}

/// The name of something that is due.
pub fn name(subject: &Subject<'_>) -> String {
    match subject {
        Subject::Rule(rule) => rule_name(rule.rule()),
        Subject::Runtime(known) => runtime_name(&known.runtime),
        Subject::Finding(finding) => finding_name(finding),
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let selected = selected(snapshot, selection);
    let items = selected.due();
    let text = |of: &dyn Fn(&DueItem<'_>) -> String| Values::Text(items.iter().map(of).collect());
    let team = |item: &DueItem<'_>| {
        let team = snapshot.config.owners.team(item.subject.repository());
        team.to_owned()
    };
    let ends = |item: &DueItem<'_>| words::instant(item.ends_ms);
    let scanner = |item: &DueItem<'_>| match &item.subject {
        Subject::Finding(finding) => scanner_name(finding),
        Subject::Rule(_) | Subject::Runtime(_) => String::new(),
    };
    Rows {
        columns: vec![
            Column::new("due", "Due", text(&|item| item.due.as_str().to_owned())),
            Column::new("kind", "Kind", text(&|item| item.subject.kind().to_owned())),
            Column::new("name", "What", text(&|item| name(&item.subject))),
            Column::new(
                "repository",
                "Repository",
                text(&|item| item.subject.repository().to_owned()),
            ),
            Column::new("team", "Team", text(&team)),
            Column::new("ends", "Due", text(&ends)),
            Column::new(
                "listed",
                "Known exploited",
                text(&|item| if item.listed { "yes" } else { "no" }.to_owned()),
            ),
            Column::new("scanner", "Scanner", text(&scanner)),
        ],
        builds: selected.state.repositories.len() as u64,
    }
}

fn count(rows: &Rows, due: Due, kind: &str) -> u64 {
    let known = rows.text("due").iter().zip(rows.text("kind"));
    let of = known.filter(|(of, known)| *of == due.as_str() && *known == kind);
    of.count() as u64
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let repositories = words::counted(rows.builds, "repository", "repositories");
    if rows.is_empty() {
        let none = format!("Nothing of {repositories} is known to have an end.");
        return words::none_of(context, rows.builds, none);
    }
    let all = |due: Due| {
        KINDS
            .iter()
            .map(|(kind, ..)| count(rows, due, kind))
            .sum::<u64>()
    };
    format!(
        "{} now, {} within 30 days and {} more within 90 days, in {repositories}.",
        words::counted(all(Due::Now), "thing is due", "things are due"),
        words::thousands(all(Due::Days30)),
        words::thousands(all(Due::Days90)),
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let bars = |(kind, title, colour): (&'static str, &'static str, Colour)| {
        let mark = |(row, due): (usize, Due)| {
            let count = count(rows, due, kind);
            let mark = Mark::new(row as f64, count as f64).hover(format!(
                "{}\n{title}: {}",
                label(due),
                words::thousands(count)
            ));
            if count > 0 {
                mark.opening_items(due.as_str())
            } else {
                mark
            }
        };
        Series::bars(title, colour)
            .opening(kind)
            .with(Due::ALL.into_iter().enumerate().map(mark))
    };
    let names = Due::ALL.map(|due| label(due).to_owned());
    let panel = Panel::new(Unit::Count, "", KINDS.map(bars).into());
    Plane::new(Base::Names(names.into()), vec![panel.stacked()]).into()
}
