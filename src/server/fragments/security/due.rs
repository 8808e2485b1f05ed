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
            repository_link, utc,
        },
    },
};

/// The classes with their labels.
const CLASSES: [(&str, &str); 6] = [
    ("now", "Due now"),
    ("30-days", "Within 30 days"),
    ("90-days", "Within 90 days"),
    ("later", "Later"),
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
                    (visible(&head.ends_of_support)) "), findings by the day on which they are overdue. "
                    @match &head.kev_as_of {
                        Some(day) => { "What CISA lists as exploited (KEV of " (visible(day)) ") stands first. " },
                        None => "Whether a vulnerability is known to be exploited is unknown: no KEV catalogue was imported. ",
                    }
                    @if let Some(day) = &head.epss_as_of {
                        "EPSS is the probability of exploitation within 30 days (scores of " (visible(day)) "). "
                    }
                    a href=(address(head, base, "/figures/security_due.csv")) { "All as CSV" }
                    " · "
                    a href=(address(head, base, "/api/security")) rel="external" { "JSON" }
                }
                @for (name, label) in CLASSES { (class(head, name, label, base)) }
            }
        }
    }
}

/// An address of the same team and day.
fn address(head: &SecurityHead, base: &Base, path: &str) -> String {
    let keys = [("team", &head.team), ("as_of", &head.asked)];
    let given = keys
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
    let selection: Selection = given.collect();
    format!("{}{}", base.path(path), selection.query())
}

fn items(head: &SecurityHead, name: &str) -> u64 {
    let class = head.classes.iter().find(|class| class.class == name);
    class.map_or(0, |class| class.items)
}

fn class(head: &SecurityHead, name: &str, label: &str, base: &Base) -> Markup {
    let counted = items(head, name);
    let rows: Vec<&DueRow> = head.due.iter().filter(|row| row.class == name).collect();
    let columns = columns(["What", "Repository", "Team", "Until", "Age", "What to do"]);
    let cells: Vec<[Markup; 6]> = rows
        .iter()
        .map(|row| {
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
                    @match &row.until {
                        Some(until) => (utc(until)),
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
        })
        .collect();
    html! {
        @if counted > 0 {
            section id={ "due-" (name) } tabindex="-1" {
                h3 { (label) ": " (words::thousands(counted)) }
                @if !cells.is_empty() {
                    // What is due this month is in sight.
                    @if matches!(name, "now" | "30-days") { (first_rows(label, &columns, &cells)) }
                    @else { (folded(cells.len(), table(label, &columns, 0, &cells))) }
                 }
                @if counted > rows.len() as u64 {
                    p class="note" {
                        "The first " (rows.len()) " of " (words::thousands(counted)) " are listed; the CSV has all."
                    }
                }
            }
        }
    }
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
        ("runtime", "now") => "Move to a supported version",
        ("runtime", "unknown") => "State the version, and for Java the vendor of the image",
        ("runtime", "30-days" | "90-days") => "Plan the next version",
        ("finding", "unknown") => "Rate it: the scanner states no severity",
        ("finding", _) => {
            return match &row.fixed_in {
                Some(version) => html! { "Update to " (visible(version)) },
                None => {
                    html! { "No fixed version is known: replace it, or accept it with a reason and a date" }
                }
            };
        }
        _ => "Nothing yet",
    };
    html! { (text) }
}
