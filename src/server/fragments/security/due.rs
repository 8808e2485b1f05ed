//! Lists of what is due, by its date.

use maud::{Markup, html};

use super::{age, first_rows, folded};
use crate::{
    api::{DueRow, SecurityHead},
    base::Base,
    markup::visible,
    selection::Selection,
    server::{
        figures::words,
        fragments::{
            components::{columns, rule_flag, table},
            date, repository_link,
        },
    },
};

/// The classes with their labels.
const CLASSES: [(&str, &str); 6] = [
    ("now", "Due now"),
    ("30-days", "Within 30 days"),
    ("90-days", "In 31 to 90 days"),
    ("later", "After 90 days"),
    ("no-end", "Without end"),
    ("unknown", "Unknown"),
];

pub fn due(head: &SecurityHead, base: &Base) -> Markup {
    let all: u64 = head.classes.iter().map(|class| class.items).sum();
    html! {
        section id="due" tabindex="-1" {
            h2 { "What is due" }
            @if all == 0 {
                p class="empty" { "No suppression, runtime or finding is known." }
            } @else {
                ul class="chips" {
                    @for (name, label) in CLASSES {
                        @let items = items(head, name);
                        @if items > 0 {
                            li { a class="chip" href={ "#due-" (name) } { (label) ": " (words::thousands(items)) } }
                        }
                    }
                }
                p class="note" {
                    "Suppressions by their end, runtimes by the end of their support (dates of "
                    (date(&head.ends_of_support)) "), findings by the day on which they are overdue. "
                    @match &head.kev_as_of {
                        Some(day) => { "What CISA lists as exploited (KEV of " (date(day)) ") stands first. " },
                        None => "Whether a vulnerability is known to be exploited is unknown: no KEV catalogue was imported. ",
                    }
                    @if let Some(day) = &head.epss_as_of {
                        "EPSS is the probability of exploitation within 30 days (scores of " (date(day)) "). "
                    }
                    a href=(address(head, base, "/figures/security_due.csv")) { "All as CSV" }
                    " · "
                    a href=(address(head, base, "/api/security")) rel="external" { "JSON" }
                }
                (now(head, base))
                @for (name, label) in &CLASSES[1..] { (class(head, name, label, base)) }
                (runtimes(head, base))
            }
        }
    }
}

/// An address of the same team and day.
fn address(head: &SecurityHead, base: &Base, path: &str) -> String {
    let teams = head.asked_teams.iter().map(|team| ("team", team));
    let asked = head.asked.iter().map(|asked| ("as_of", asked));
    let given = teams.chain(asked);
    let selection: Selection = given
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect();
    format!("{}{}", base.path(path), selection.query())
}

fn items(head: &SecurityHead, name: &str) -> u64 {
    let class = head.classes.iter().find(|class| class.class == name);
    class.map_or(0, |class| class.items)
}

/// The kinds of what is due now: the anchor, the heading, and the name in the API.
const KINDS: [(&str, &str, &str); 3] = [
    ("overdue", "Overdue findings", "finding"),
    ("expired", "Expired suppressions", "suppression"),
    ("ended", "Runtimes past their end", "runtime"),
];

/// The lists of all that is due now, one for each kind, which the numbers of the page open.
fn now(head: &SecurityHead, base: &Base) -> Markup {
    let (name, label) = CLASSES[0];
    let class = head.classes.iter().find(|class| class.class == name);
    let class = class.filter(|class| class.items > 0);
    html! {
        @if let Some(class) = class {
            section id="due-now" tabindex="-1" {
                h3 { (label) ": " (words::thousands(class.items)) }
                @for (id, label, kind) in KINDS {
                    @let counted = match kind {
                        "finding" => class.findings,
                        "suppression" => class.suppressions,
                        _ => class.runtimes,
                    };
                    @let rows = listed(head, |row| row.class == name && row.kind == kind);
                    @if counted > 0 {
                        section id=(id) tabindex="-1" {
                            h4 { (label) ": " (words::thousands(counted)) }
                            (first_rows(label, &columns(COLUMNS), &cells(head, &rows, base)))
                            (cut(counted, rows.len()))
                        }
                    }
                }
            }
        }
    }
}

fn class(head: &SecurityHead, name: &str, label: &str, base: &Base) -> Markup {
    let counted = items(head, name);
    let rows = listed(head, |row| row.class == name);
    let columns = columns(COLUMNS);
    let cells = cells(head, &rows, base);
    html! {
        @if counted > 0 {
            section id={ "due-" (name) } tabindex="-1" {
                h3 { (label) ": " (words::thousands(counted)) }
                @if !cells.is_empty() {
                    // What is due this month is in sight.
                    @if name == "30-days" { (first_rows(label, &columns, &cells)) }
                    @else { (folded(cells.len(), table(label, &columns, 0, &cells))) }
                }
                (cut(counted, rows.len()))
            }
        }
    }
}

/// The runtimes that one of the numbers of the page counts, whenever they end.
fn runtimes(head: &SecurityHead, base: &Base) -> Markup {
    let label = "Runtimes past or near their end";
    let number = head.numbers.iter().find(|number| number.id == "runtimes");
    let counted = number.and_then(|number| number.number).unwrap_or_default();
    let rows: Vec<&DueRow> = head.runtimes.iter().collect();
    html! {
        @if counted > 0 {
            section id="runtimes" tabindex="-1" {
                h3 { (label) ": " (words::thousands(counted)) }
                (first_rows(label, &columns(COLUMNS), &cells(head, &rows, base)))
                (cut(counted, rows.len()))
            }
        }
    }
}

fn listed(head: &SecurityHead, is: impl Fn(&DueRow) -> bool) -> Vec<&DueRow> {
    head.due.iter().filter(|row| is(row)).collect()
}

fn cut(counted: u64, rows: usize) -> Markup {
    html! {
        @if counted > rows as u64 {
            p class="note" {
                "The first " (rows) " of " (words::thousands(counted)) " are listed; the CSV has all."
            }
        }
    }
}

const COLUMNS: [&str; 6] = ["What", "Repository", "Team", "Due", "Age", "What to do"];

fn cells(head: &SecurityHead, rows: &[&DueRow], base: &Base) -> Vec<[Markup; 6]> {
    let cells = rows.iter().map(|row| {
        [
            html! {
                (kind(&row.kind)) " " (visible(&row.name))
                @if row.listed { " " (rule_flag("listed")) }
                @if let Some(scanner) = &row.scanner { ", " (visible(scanner)) }
                @if let Some(percent) = row.epss_percent { ", EPSS " (words::percent(percent)) }
            },
            repository_link(base, &row.repository, head.asked.as_deref()),
            html! { (visible(&row.team)) },
            html! {
                @match &row.last_day {
                    Some(day) => (date(day)),
                    None => "–",
                }
            },
            html! {
                @match row.age_days {
                    Some(days) => (age(days, row.at_least)),
                    None => "–",
                }
            },
            html! { (action(row)) },
        ]
    });
    cells.collect()
}

fn kind(kind: &str) -> &'static str {
    match kind {
        "suppression" => "Suppression of",
        "runtime" => "Runtime",
        _ => "Finding",
    }
}

/// The next step of a team.
fn action(row: &DueRow) -> Markup {
    let text = match (&*row.kind, &*row.class) {
        ("suppression", "now") => {
            "Update the dependency and remove the rule, or decide again with a new date"
        }
        ("suppression", "30-days") => "Update the dependency before the date",
        ("suppression", "90-days") => "Plan the update",
        ("suppression", "no-end") => "Set a date",
        ("suppression", "unknown") => "Write the date as 2026-01-31",
        ("runtime", "now") => "Update to a supported version",
        ("runtime", "unknown") => "State the version, and for Java the vendor of the image",
        ("runtime", _) if row.ends_soon => {
            "Plan the update to a version that is supported for longer"
        }
        ("finding", "unknown") => "Rate it: the scanner states no severity",
        ("finding", _) => {
            return match &row.fixed_in {
                Some(version) => html! { "Update to " (visible(version)) },
                None => {
                    html! { "Replace it, or accept the risk for a time with a reason: no version with a fix is known" }
                }
            };
        }
        _ => "Nothing yet",
    };
    html! { (text) }
}
