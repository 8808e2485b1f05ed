//! The page of one repository: the verdict, what to do, what is known, what changed, and help with its rules.

mod help;
mod lists;
#[cfg(test)]
mod tests;

use maud::{Markup, html};

use super::{
    components::{Tone, banner, columns, table, verdict},
    date, fragment, utc,
};
use crate::{
    api::{ExternalAddress, FilePlace, HtmlFragment, RepositoryAction, RepositoryDetails},
    base::Base,
    markup::visible,
    server::{
        figures::words,
        fragments::build::{external, fact},
        snapshot::instant_ms,
        views::addresses,
    },
};
use jiff::tz::TimeZone;

/// A repository and the base path of links.
struct Shown<'a> {
    details: &'a RepositoryDetails,
    base: &'a Base,
}

pub fn fragments(details: &RepositoryDetails, base: &Base) -> Vec<HtmlFragment> {
    let shown = Shown { details, base };
    let mut fragments = vec![fragment("repository-head", shown.head())];
    if details.known {
        fragments.extend([
            fragment("repository-actions", shown.actions()),
            fragment("repository-rules", shown.rules()),
            fragment("repository-runtimes", shown.runtimes()),
        ]);
    }
    fragments.extend([
        fragment("repository-findings", shown.findings()),
        fragment("repository-pipelines", shown.pipelines()),
        fragment("repository-history", shown.history()),
    ]);
    if details.known {
        fragments.push(fragment("repository-help", shown.help()));
    }
    fragments
}

/// A table in a section, cut at its first rows.
fn listed<const N: usize>(
    caption: &str,
    labels: [&str; N],
    head: usize,
    rows: &[[Markup; N]],
    count: u64,
) -> Markup {
    // As cards, a cell has two columns: its label and one element.
    let cells = |row: &[Markup; N]| row.each_ref().map(|cell| html! { div { (cell) } });
    let cells: Vec<[Markup; N]> = rows.iter().map(cells).collect();
    html! {
        (table(caption, &columns(labels), head, &cells))
        @if count > rows.len() as u64 {
            p class="note" { "The first " (rows.len()) " of " (words::thousands(count)) " are listed." }
        }
    }
}

/// A place in a file, as a link if its address is allowed.
fn place(place: &FilePlace) -> Markup {
    let text = match place.line {
        0 => place.file.clone(),
        line => format!("{}:{line}", place.file),
    };
    let address = ExternalAddress {
        text,
        href: place.href.clone(),
    };
    external(&address, "")
}

impl Shown<'_> {
    /// The time from the facts to an instant: `in 99 days`, `4 days ago`.
    fn relative(&self, at: &str) -> Option<String> {
        let ms = |text: &str| instant_ms(text, &TimeZone::UTC);
        let (at_ms, as_of_ms) = (ms(at)?, ms(&self.details.as_of)?);
        Some(if at_ms > as_of_ms {
            words::ahead(at_ms - as_of_ms)
        } else {
            words::ago(as_of_ms - at_ms)
        })
    }

    /// An instant with the time to or since it: `1 Feb 2020, 00:00 UTC, in 99 days`.
    fn when(&self, at: &str) -> Markup {
        html! {
            (utc(at))
            @if let Some(relative) = self.relative(at) { ", " (relative) }
        }
    }

    /// The same on two lines of a cell.
    fn when_below(&self, at: &str) -> Markup {
        html! {
            (utc(at))
            @if let Some(relative) = self.relative(at) { span class="detail" { (relative) } }
        }
    }

    /// The last day before an end, and the time to the end, on two lines of a cell.
    fn last_day(&self, day: &str, ends_at: &str) -> Markup {
        html! {
            (date(day))
            @if let Some(relative) = self.relative(ends_at) { span class="detail" { (relative) } }
        }
    }

    fn head(&self) -> Markup {
        let details = self.details;
        let tone = match &*details.state {
            "bad" => Tone::Bad,
            "warning" => Tone::Warning,
            "good" => Tone::Good,
            _ => Tone::Neutral,
        };
        html! {
            (verdict(tone, html! { (visible(&details.summary)) }))
            @if details.as_of != details.latest {
                (banner(Tone::Neutral, html! {
                    "As of " (utc(&details.as_of)) ", not of the latest facts. "
                    a href=(addresses::repository(self.base, &details.name)) { "Show the latest" }
                    ". Pipelines are those of now."
                }))
            }
            dl class="facts" {
                (fact("Owner", self.owners()))
                (fact("Address", html! {
                    @match &details.address { Some(address) => (external(address, "")), None => "unknown" }
                }))
                @if details.known {
                    (fact("Archived", html! { @if details.archived { "yes" } @else { "no" } }))
                    (fact("Default branch", html! {
                        @match details.protected {
                            Some(true) => "protected",
                            Some(false) => strong { "not protected" },
                            None => "protection unknown",
                        }
                    }))
                    (fact("Last pushed in", html! {
                        @match &details.pushed_in { Some(month) => (visible(month)), None => "unknown" }
                    }))
                    (fact("Topics", self.topics()))
                }
                (fact("As of", html! {
                    @if details.as_of.is_empty() { "no facts yet" } @else { (utc(&details.as_of)) }
                }))
            }
            (self.day_form())
        }
    }

    fn owners(&self) -> Markup {
        let details = self.details;
        html! {
            (visible(&details.owners.join(", "))) " "
            span class="narrow" {
                @match (&*details.owners_by, details.owners_read) {
                    ("codeowners", _) => "by CODEOWNERS",
                    (_, true) => "by name; CODEOWNERS names none",
                    (_, false) => "by name; CODEOWNERS was not read",
                }
            }
        }
    }

    fn topics(&self) -> Markup {
        html! {
            @match &self.details.topics {
                None => "unknown",
                Some(topics) if topics.is_empty() => "none",
                Some(topics) => (visible(&topics.join(", "))),
            }
        }
    }

    /// Chooses the day whose end the page shows.
    fn day_form(&self) -> Markup {
        let details = self.details;
        let day = details.asked.as_ref().unwrap_or(&details.latest);
        html! {
            @if !details.as_of.is_empty() {
                form class="table-search" method="get" autocomplete="off"
                    action=(addresses::repository(self.base, &details.name)) {
                    label for="as-of" { "As of the end of" }
                    input id="as-of" class="form-control" type="date" name="as_of"
                        max=(visible(details.latest.get(..10).unwrap_or_default()))
                        value=(visible(day.get(..10).unwrap_or_default()));
                    button class="btn" type="submit" { "Show" }
                }
            }
        }
    }

    fn actions(&self) -> Markup {
        let details = self.details;
        let rows: Vec<[Markup; 4]> = details
            .actions
            .iter()
            .map(|action| {
                [
                    html! { (visible(&action.what)) },
                    self.since(action),
                    html! { (visible(&action.action)) },
                    html! { @match &action.place { Some(known) => (place(known)), None => "–" } },
                ]
            })
            .collect();
        let labels = ["What", "When", "What to do", "Where"];
        html! {
            h2 { "What to do" }
            @if details.archived {
                p class="empty" { "Nothing: the repository is archived." }
            } @else if rows.is_empty() {
                p class="empty" { "Nothing: no rule, runtime or finding is due, and nothing is unknown." }
            } @else {
                (listed("What to do", labels, 0, &rows, details.action_count))
            }
        }
    }

    fn since(&self, action: &RepositoryAction) -> Markup {
        let word = match &*action.kind {
            "overdue" => "Overdue since ",
            "expired" => "Expired ",
            "due" => "Ends ",
            "runtime-ended" => "Ended ",
            "runtime-due" => "Support ends ",
            "unknown" => return html! { "Unknown" },
            _ if action.at_least => "At least since ",
            _ => "Since ",
        };
        html! {
            @match &action.at {
                Some(at) => { (word) (self.when_below(at)) },
                None => "–",
            }
        }
    }
}
