//! The page of what a number of a security figure counts.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{age, is_day};
use crate::{
    api::HtmlFragment,
    base::Base,
    markup::visible,
    selection::Selection,
    server::{
        figures::{
            items::{Item, Listed},
            words,
        },
        fragments::{
            components::{columns, empty_state, rule_flag, table},
            date, fragment, repository_link, utc,
        },
        views::addresses,
    },
};

/// The most items on the page, and the most repositories of one.
const MAX_ITEMS: usize = 500;
const MAX_REPOSITORIES: usize = 5;

/// The list of a number, whose figure is of the selection.
pub fn items(listed: &Listed, selection: &Selection, base: &Base) -> Vec<HtmlFragment> {
    let count = listed.items.len();
    let name = format!("{}: {}", listed.row, listed.column);
    let shown = &listed.items[..count.min(MAX_ITEMS)];
    let csv = base.path(&format!("/figures/{}.csv", listed.figure.id));
    let html = html! {
        h2 { (visible(&name)) }
        p class="sentence" role="status" {
            (words::counted(count as u64, "item", "items")) " of “"
            a href=(addresses::figure(base, listed.figure.id, selection)) { (listed.figure.title) } "”."
        }
        (choice(selection))
        @if shown.is_empty() {
            (empty_state("Nothing is counted there, or no longer: other facts may have been read since.", None))
        } @else {
            (rows(&name, shown, &listed.zone, selection, base))
        }
        @if count > MAX_ITEMS {
            p class="note" { "The first " (MAX_ITEMS) " of " (words::thousands(count as u64)) " are listed." }
        }
        p class="note" {
            a href={ (csv) (selection.query()) } download { "The figure as CSV" }
        }
    };
    vec![fragment("security-items", html)]
}

/// The teams and the day of the list, if not all teams and today.
fn choice(selection: &Selection) -> Markup {
    let teams: Vec<&str> = selection.values("team").collect();
    html! {
        @if !teams.is_empty() {
            p class="note" {
                @if teams.len() == 1 { "Only the team " } @else { "Only the teams " }
                (visible(&teams.join(", "))) "."
            }
        }
        @if let Some(day) = selection.value("as_of") {
            p class="note" {
                @if is_day(day) { "As known at the end of " (date(day)) "." }
                @else { "As known on " (utc(day)) "." }
            }
        }
    }
}

fn rows(name: &str, shown: &[Item], zone: &TimeZone, selection: &Selection, base: &Base) -> Markup {
    let as_of = selection.value("as_of");
    let rows: Vec<[Markup; 6]> = shown
        .iter()
        .map(|item| {
            [
                html! { (visible(&item.what)) },
                repositories(&item.repositories, as_of, base),
                html! { (visible(&item.team)) },
                match item.until_ms {
                    Some(ms) => date(&words::last_day(zone, ms)),
                    None => html! { "–" },
                },
                match item.age_days {
                    Some(days) => age(days, item.at_least),
                    None => html! { "–" },
                },
                state(item),
            ]
        })
        .collect();
    let labels = columns(["What", "Repository", "Team", "Due", "Age", "State"]);
    table(name, &labels, 0, &rows)
}

fn repositories(names: &[String], as_of: Option<&str>, base: &Base) -> Markup {
    let more = names.len().saturating_sub(MAX_REPOSITORIES);
    html! {
        @for (index, name) in names.iter().take(MAX_REPOSITORIES).enumerate() {
            @if index > 0 { ", " }
            (repository_link(base, name, as_of))
        }
        @if more > 0 { " and " (words::thousands(more as u64)) " more" }
    }
}

fn state(item: &Item) -> Markup {
    html! {
        @if item.flags.is_empty() && item.state.is_empty() { "–" }
        @for flag in &item.flags { (rule_flag(flag)) " " }
        (visible(&item.state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures,
        fragments::testing::{assert_text, hostile},
    };

    fn listed(items: Vec<Item>) -> Listed {
        Listed {
            figure: figures::find("suppression_debt").expect("a figure"),
            row: "a".to_owned(),
            column: "Rules",
            zone: TimeZone::UTC,
            items,
        }
    }

    fn html(listed: &Listed, query: &str) -> String {
        let fragments = items(listed, &Selection::read(query), &Base::new("/rse"));
        fragments.into_iter().map(|known| known.html).collect()
    }

    #[test]
    fn text_from_data_is_text() {
        let item = Item {
            repositories: vec![hostile(), hostile()],
            team: hostile(),
            what: hostile(),
            until_ms: Some(0),
            age_days: Some(3),
            at_least: true,
            flags: vec!["expired"],
            state: hostile(),
        };
        let listed = Listed {
            row: hostile(),
            ..listed(vec![item])
        };
        let selection = Selection::read("as_of=2019-10-01").with("team", &hostile());
        let fragments = items(&listed, &selection, &Base::default());
        // The heading, the caption and the name of the table, the team of the page, and five cells.
        assert_text(&fragments, 9);
    }

    #[test]
    fn rows_keep_the_day_and_name_what_is_known() {
        let item = Item {
            repositories: (0..7).map(|number| format!("a-{number}")).collect(),
            what: "CVE-2019-0001".to_owned(),
            ..Item::default()
        };
        let html = html(&listed(vec![item]), "as_of=2019-10-01&team=a");
        for part in [
            "<h2>a: Rules</h2>",
            "1 item of “<a href=\"/rse/figures/suppression_debt?as_of=2019-10-01&amp;team=a\">",
            "<a href=\"/rse/repositories/a-0?as_of=2019-10-01\">a-0</a>",
            "</a> and 2 more<",
            "Only the team a.",
            "As known at the end of <time datetime=\"2019-10-01\">1 Oct 2019</time>.",
            "href=\"/rse/figures/suppression_debt.csv?as_of=2019-10-01&amp;team=a\" download",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("are listed"), "{html}");
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let html = html(&listed(vec![Item::default(); 1_234]), "");
        assert!(html.contains("1,234 items of “"), "{html}");
        assert!(html.contains("The first 500 of 1,234 are listed."));
        assert_eq!(html.matches("<tr role=\"row\">").count(), 1 + MAX_ITEMS);
    }

    #[test]
    fn an_empty_list_says_why() {
        let html = html(&listed(Vec::new()), "");
        assert!(html.contains("0 items of “") && html.contains("Nothing is counted there"));
        assert!(!html.contains("<table"), "{html}");
    }
}
