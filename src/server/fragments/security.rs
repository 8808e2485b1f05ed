//! The head of the Security page: what is due, and which repositories have no check.

use maud::{Markup, html};

use super::{
    components::{Column, Tile, Tone, table, tile},
    fragment, repository_link, utc,
};
use crate::{
    api::{DueSuppression, HtmlFragment, SecurityHead, UncheckedRepository},
    base::Base,
    markup::visible,
    server::figures::words,
};

/// The rows of a list that is not folded.
const MAX_UNFOLDED: usize = 12;
/// The classes with their labels, and what to do.
const CLASSES: [(&str, &str, &str); 5] = [
    (
        "expired",
        "Expired",
        "Update the dependency, or decide again and set a new date",
    ),
    (
        "30-days",
        "Ends within 30 days",
        "Update the dependency before the date",
    ),
    ("90-days", "Ends within 90 days", "Plan the update"),
    ("later", "Ends later", "Nothing yet"),
    ("no-end", "Without end", "Set a date"),
];

pub fn fragments(head: &SecurityHead, base: &Base) -> Vec<HtmlFragment> {
    if head.as_of.is_empty() {
        // The figures say that there are no facts.
        return Vec::new();
    }
    vec![
        fragment("security-head", tiles(head)),
        fragment("security-due", due(head, base)),
        fragment("security-unchecked", unchecked(head, base)),
    ]
}

fn tiles(head: &SecurityHead) -> Markup {
    let warn = |class: &str| match class {
        "expired" | "30-days" => Tone::Warning,
        _ => Tone::Neutral,
    };
    html! {
        div class="tiles" {
            @for (class, (name, label, _)) in head.classes.iter().zip(CLASSES) {
                (counted(label, class.suppressions, &format!("#due-{name}"), warn(name), "suppressions"))
            }
            (counted("Without a dependency check", head.unchecked_total, "#unchecked", Tone::Bad, "JavaScript repositories"))
        }
    }
}

/// A number that opens its list on the page; without a colour if it is zero.
fn counted(label: &str, count: u64, href: &str, tone: Tone, unit: &str) -> Markup {
    let number = words::thousands(count);
    tile(&Tile {
        label,
        number: &number,
        href: (count > 0).then_some(href),
        tone: if count > 0 { tone } else { Tone::Neutral },
        change: None,
        note: html! { (unit) },
    })
}

fn due(head: &SecurityHead, base: &Base) -> Markup {
    let all: u64 = head.classes.iter().map(|class| class.suppressions).sum();
    html! {
        h2 { "Suppressed vulnerabilities by their end" }
        @if all == 0 {
            p class="empty" { "No repository suppresses a CVE." }
        } @else {
            p class="note" {
                "A suppression is a CVE that a repository suppresses; it ends with the last of its entries. Severity, and \
                 whether a newer version mends the CVE, are not known to the dashboard"
                @if head.unreadable > 0 {
                    "; " (words::counted(head.unreadable, "end", "ends")) " cannot be read and "
                    @if head.unreadable == 1 { "counts" } @else { "count" } " as none"
                }
                "."
            }
            @for (name, label, action) in CLASSES {
                @let rows: Vec<&DueSuppression> = head.due.iter().filter(|known| known.class == name).collect();
                @let counted = head.classes.iter().find(|class| class.class == name).map_or(0, |class| class.suppressions);
                @if counted > 0 { (class((name, label, action), counted, &rows, base)) }
            }
        }
    }
}

fn class(
    (name, label, action): (&str, &str, &str),
    counted: u64,
    rows: &[&DueSuppression],
    base: &Base,
) -> Markup {
    let columns = ["CVE", "Repository", "Team", "Until"].map(|label| Column {
        label,
        ..Column::default()
    });
    let cells: Vec<[Markup; 4]> = rows
        .iter()
        .map(|known| {
            [
                html! { (visible(&known.cve)) },
                repository_link(base, &known.repository),
                html! { (visible(&known.team)) },
                html! {
                    @match &known.until {
                        Some(until) => (utc(until)),
                        None => "–",
                    }
                },
            ]
        })
        .collect();
    html! {
        section id={ "due-" (name) } tabindex="-1" {
            h3 { (label) ": " (words::counted(counted, "suppression", "suppressions")) }
            p class="note" { (action) "." }
            @if !cells.is_empty() { (folded(cells.len(), table(label, &columns, 0, &cells))) }
            @if counted > rows.len() as u64 {
                p class="note" { "The first " (rows.len()) " of " (words::thousands(counted)) " are listed." }
            }
        }
    }
}

/// A long list is folded, so that what follows is in reach.
fn folded(rows: usize, list: Markup) -> Markup {
    html! {
        @if rows > MAX_UNFOLDED {
            details { summary { "Show the " (words::thousands(rows as u64)) } (list) }
        } @else { (list) }
    }
}

fn unchecked(head: &SecurityHead, base: &Base) -> Markup {
    let columns = ["Repository", "Team"].map(|label| Column {
        label,
        ..Column::default()
    });
    let rows: Vec<[Markup; 2]> = head
        .unchecked
        .iter()
        .map(|known| [repository(known, base), html! { (visible(&known.team)) }])
        .collect();
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
                    " are configured for none of Snyk, Dependabot, Renovate and nsp."
                }
                (folded(rows.len(), table("Repositories without a dependency check", &columns, 0, &rows)))
                @if head.unchecked_total > rows.len() as u64 {
                    p class="note" { "The first " (rows.len()) " by name are listed." }
                }
            }
            p class="note" {
                "Not known: checks of the other " (words::thousands(head.repositories - head.javascript))
                " repositories, which have no package.json, the ends of support of Node.js and Java versions, and \
                 repositories that could not be read, which "
                a href=(base.path("/sources")) { "Sources" } " lists."
            }
        }
    }
}

fn repository(known: &UncheckedRepository, base: &Base) -> Markup {
    html! {
        (repository_link(base, &known.repository))
        @if let Some(href) = &known.href {
            " " a rel="noopener noreferrer" href=(href) {
                span aria-hidden="true" { "↗" }
                span class="visually-hidden" { (visible(&known.repository)) " outside of the dashboard" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::DueClass,
        server::fragments::testing::{ESCAPED, hostile},
    };

    fn head() -> SecurityHead {
        let due = |class: &str, until: Option<String>| DueSuppression {
            class: class.to_owned(),
            cve: hostile(),
            repository: hostile(),
            team: hostile(),
            until,
        };
        SecurityHead {
            as_of: "2019-10-25T12:00:00Z".to_owned(),
            repositories: 5,
            javascript: 3,
            classes: CLASSES
                .map(|(class, ..)| DueClass {
                    class: class.to_owned(),
                    suppressions: u64::from(class == "expired") * 1_200
                        + u64::from(class == "no-end"),
                })
                .into(),
            due: vec![due("expired", Some(hostile())), due("no-end", None)],
            unreadable: 1,
            unchecked_total: 2,
            unchecked: ["https://github.com/x/y", ""]
                .map(|href| UncheckedRepository {
                    repository: hostile(),
                    team: hostile(),
                    href: (!href.is_empty()).then(|| href.to_owned()),
                })
                .into(),
        }
    }

    #[test]
    fn hostile_text_stays_text() {
        // Two suppressions with three texts each, one of them with an end, twice; two repositories with two texts, one of
        // them with an address.
        let html: String = fragments(&head(), &Base::default())
            .into_iter()
            .map(|part| part.html)
            .collect();
        assert_eq!(html.matches(ESCAPED).count(), 13, "{html}");
        // Each name of a repository is in the address of its page, too.
        let encoded = html.matches("%3Cscript%3E").count();
        assert_eq!((encoded, html.matches("script").count()), (4, 17), "{html}");
        assert!(!html.contains('\u{202e}'), "{html}");
    }

    #[test]
    fn tiles_open_their_lists_and_what_is_unknown_is_said() {
        let html: String = fragments(&head(), &Base::new("/rse"))
            .into_iter()
            .map(|part| part.html)
            .collect();
        for part in [
            "<a href=\"#due-expired\">1,200",
            "<section id=\"due-expired\" tabindex=\"-1\"><h3>Expired: 1,200 suppressions</h3>",
            "The first 1 of 1,200 are listed.",
            "<a href=\"#unchecked\">2",
            "2 of 3 JavaScript repositories are configured for none",
            "1 end cannot be read and counts as none",
            "checks of the other 2 repositories",
            "href=\"/rse/sources\"",
            "href=\"https://github.com/x/y\">",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(
            !html.contains("#due-later") && !html.contains("id=\"due-later\""),
            "{html}"
        );
        let nothing = fragments(&SecurityHead::default(), &Base::default());
        assert!(nothing.is_empty());
    }
}
