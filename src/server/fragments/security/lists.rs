//! Rules to clean up, vulnerabilities that others have resolved, and repositories without a check.

use maud::{Markup, html};

use super::{age, folded};
use crate::{
    api::{SecurityHead, UncheckedRepository},
    base::Base,
    markup::visible,
    server::{
        figures::words,
        fragments::{
            components::{columns, rule_flag, table},
            repository_link,
        },
    },
};

pub fn debts(head: &SecurityHead, base: &Base) -> Markup {
    let rows: Vec<[Markup; 5]> = head
        .debts
        .iter()
        .map(|row| {
            [
                html! { (visible(&row.name)) },
                repository_link(base, &row.repository, head.asked.as_deref()),
                html! { (visible(&row.team)) },
                html! { @for flag in &row.flags { (rule_flag(flag)) " " } },
                age(row.age_days, row.at_least),
            ]
        })
        .collect();
    html! {
        section id="debts" tabindex="-1" {
            h2 { "Suppressions in debt" }
            @if rows.is_empty() {
                p class="empty" { "No rule is in debt." }
            } @else {
                p class="note" {
                    (words::counted(head.debts_total, "rule is", "rules are"))
                    " expired, unused, broad, without a reason or known to be exploited. The page of a repository has \
                     the changes to its files."
                }
                (folded(rows.len(), table("Suppressions in debt", &columns(["What", "Repository", "Team", "Why", "Age"]), 0, &rows)))
                @if head.debts_total > rows.len() as u64 {
                    p class="note" { "The first " (rows.len()) " are listed." }
                }
            }
            @if head.rules_unread > 0 {
                p class="note" {
                    "Not known: the rules of " (words::counted(head.rules_unread, "repository", "repositories"))
                    ", whose facts are from before rules were read."
                }
            }
        }
    }
}

pub fn resolved_elsewhere(head: &SecurityHead, base: &Base) -> Markup {
    let named = |names: &[String], total: u64| {
        html! {
            @for (index, name) in names.iter().enumerate() {
                @if index > 0 { ", " }
                (repository_link(base, name, head.asked.as_deref()))
            }
            @if total > names.len() as u64 { " and " (words::thousands(total - names.len() as u64)) " more" }
        }
    };
    let rows: Vec<[Markup; 3]> = head
        .resolved_elsewhere
        .iter()
        .map(|row| {
            [
                html! { (visible(&row.id)) },
                named(&row.suppressed_in, row.suppressed_total),
                named(&row.resolved_in, row.resolved_total),
            ]
        })
        .collect();
    let labels = columns(["Vulnerability", "Suppressed in", "Resolved in"]);
    html! {
        @if !rows.is_empty() {
            section id="resolved-elsewhere" tabindex="-1" {
                h2 { "Suppressed here, resolved there" }
                p class="note" { "The scans of other repositories no longer hold these vulnerabilities: ask how." }
                (folded(rows.len(), table("Suppressed here, resolved there", &labels, 0, &rows)))
            }
        }
    }
}

pub fn unchecked(head: &SecurityHead, base: &Base) -> Markup {
    let rows: Vec<[Markup; 3]> = head
        .unchecked
        .iter()
        .map(|known| {
            [
                repository_link(base, &known.repository, head.asked.as_deref()),
                html! { (visible(&known.team)) },
                address(known),
            ]
        })
        .collect();
    let labels = columns(["Repository", "Team", "Code"]);
    html! {
        section id="unchecked" tabindex="-1" {
            h2 { "Repositories without a dependency check" }
            @if head.javascript == 0 {
                p class="empty" { "No repository that is not archived has a package.json." }
            } @else if rows.is_empty() {
                p class="empty" {
                    "Every JavaScript repository of " (words::thousands(head.javascript)) " has a check."
                }
            } @else {
                p class="note" {
                    (words::thousands(head.unchecked_total)) " of "
                    (words::counted(head.javascript, "JavaScript repository", "JavaScript repositories"))
                    " " (words::verb(head.unchecked_total, "is", "are")) " configured for none of Snyk, Dependabot, Renovate and nsp, and no report of a scanner is known."
                }
                (folded(rows.len(), table("Repositories without a dependency check", &labels, 0, &rows)))
                @if head.unchecked_total > rows.len() as u64 {
                    p class="note" { "The first " (rows.len()) " by name are listed." }
                }
            }
            p class="note" {
                "Not known: "
                @if head.checks_unknown > 0 {
                    "checks of " (words::counted(head.checks_unknown, "other repository", "other repositories"))
                    ", which " (words::verb(head.checks_unknown, "has", "have"))
                    " no package.json, no rules and no reports, and "
                }
                "repositories that could not be read, which "
                a href=(base.path("/sources")) { "Sources" } " lists."
            }
        }
    }
}

fn address(known: &UncheckedRepository) -> Markup {
    html! {
        @match &known.href {
            Some(href) => a rel="noopener noreferrer" href=(href) { "Open" span aria-hidden="true" { " ↗" } },
            None => "–",
        }
    }
}
