//! The head of the Security page: four numbers, what is due and when, what to clean up, and which repositories have
//! no check.

mod due;
mod items;
mod lists;
#[cfg(test)]
mod tests;

pub use items::items;
use maud::{Markup, html};

use super::{
    components::{Change as TileChange, Column, Tile, Tone, table, tile},
    date, fragment, utc,
};
use crate::{
    api::{Change, HtmlFragment, SecurityHead, SecurityNumber},
    base::Base,
    markup::visible,
    numbers,
    server::figures::words,
};

/// The rows of a list that is not folded.
const MAX_UNFOLDED: usize = 10;

pub fn fragments(head: &SecurityHead, base: &Base) -> Vec<HtmlFragment> {
    if head.as_of.is_empty() {
        // The figures say that there are no facts.
        return Vec::new();
    }
    let chosen = fragment("security-choice", choice(head, base));
    // Of what is not known, no number is said.
    if is_empty(head) {
        return vec![chosen, fragment("security-head", nothing(head))];
    }
    vec![
        chosen,
        fragment("security-head", tiles(head)),
        fragment("security-due", due::due(head, base)),
        fragment("security-debts", lists::debts(head, base)),
        fragment("security-elsewhere", lists::resolved_elsewhere(head, base)),
        fragment("security-unchecked", lists::unchecked(head, base)),
    ]
}

fn is_empty(head: &SecurityHead) -> bool {
    head.repositories == 0 && head.classes.iter().all(|class| class.items == 0)
}

/// The reason why nothing is known.
fn nothing(head: &SecurityHead) -> Markup {
    let text = match (&*head.asked_teams, &head.asked) {
        ([], None) => "No repository that is not archived is known.",
        ([], Some(_)) => words::NO_FACTS_THEN,
        ([_], None) => "No repository of this team is known.",
        (_, None) => "No repository of these teams is known.",
        ([_], Some(_)) => "No repository of this team was known at that time.",
        (_, Some(_)) => "No repository of these teams was known at that time.",
    };
    html! { p class="empty" { (text) } }
}

/// The team and the day that the page is about.
fn choice(head: &SecurityHead, base: &Base) -> Markup {
    html! {
        form class="filters" method="get" action=(base.path("/security")) {
            label class="field" { "Team "
                select name="team" class="form-select" {
                    option value="" { @if head.asked_teams.len() > 1 { "Several teams" } @else { "All teams" } }
                    @for team in &head.teams {
                        option value=(visible(team)) selected[head.asked_teams == [&**team]] { (visible(team)) }
                    }
                }
            }
            label class="field" { "As of "
                input type="date" name="as_of" class="form-control" value=[head.asked.as_deref().filter(|asked| is_day(asked)).map(visible)];
            }
            button type="submit" class="btn" { "Show" }
        }
        @if head.asked.is_some() || !head.asked_teams.is_empty() {
            @let team = if head.asked_teams.len() > 1 { "teams" } else { "team" };
            @let day = head.asked.as_ref().map(|_| "day");
            @let same: Vec<&str> = day.into_iter().chain((!head.asked_teams.is_empty()).then_some(team)).collect();
            @let names = head.asked_teams.join(", ");
            p class="note" {
                @if let Some(asked) = &head.asked {
                    @if head.is_later { (visible(&numbers::date(asked))) " is later than the facts: as known on " (utc(&head.as_of)) }
                    @else if is_day(asked) { "As known at the end of " (date(asked)) }
                    @else { "As known on " (utc(&head.as_of)) }
                    @if !names.is_empty() { ", of the " (team) " " (visible(&names)) }
                } @else { "Only the " (team) " " (visible(&names)) }
                ". The figures below are for the same " (same.join(" and ")) ". "
                @if head.asked.is_some() { "Facts from before that are imported later can still change it. " }
                a href=(base.path("/security")) { (all(head)) }
            }
        }
    }
}

/// Returns whether a day was asked for, which means its end, and not an instant.
fn is_day(asked: &str) -> bool {
    asked.len() == "2019-10-25".len()
}

/// The words for what is not chosen.
fn all(head: &SecurityHead) -> &'static str {
    match (&head.asked, head.asked_teams.is_empty()) {
        (Some(_), false) => "Show today and all teams",
        (Some(_), true) => "Show today",
        (None, _) => "Show all teams",
    }
}

/// The words of a number: its label, the list that it opens, the unit.
fn words_of(id: &str) -> (&'static str, &'static str) {
    match id {
        "debt" => ("Suppressions in debt", "#debts"),
        "runtimes" => ("Runtimes past or near their end", "#runtimes"),
        "overdue" => ("Overdue findings", "#overdue"),
        _ => ("Repositories without a dependency check", "#unchecked"),
    }
}

fn tiles(head: &SecurityHead) -> Markup {
    html! {
        div class="tiles" { @for number in &head.numbers { (numbered(number)) } }
    }
}

fn numbered(number: &SecurityNumber) -> Markup {
    let (label, href) = words_of(&number.id);
    let text = number
        .number
        .map_or_else(|| "unknown".to_owned(), words::thousands);
    let is_some = number.number.is_some_and(|number| number > 0);
    let (sign, sentence) = change(number);
    let tone = match number.change {
        Change::Worse => Tone::Bad,
        Change::Better => Tone::Good,
        Change::Unclear => Tone::Neutral,
    };
    tile(&Tile {
        label,
        number: &text,
        href: is_some.then_some(href),
        tone: if is_some {
            Tone::Warning
        } else {
            Tone::Neutral
        },
        change: Some(TileChange {
            tone,
            sign,
            text: &sentence,
        }),
        note: note(number),
    })
}

/// The whole that the number is a part of, if it is known, and what is unknown, if anything is.
fn note(number: &SecurityNumber) -> Markup {
    let of = words::thousands(number.of);
    let beside = words::thousands(number.beside);
    let known = match &*number.id {
        "debt" => format!("of {of}; {beside} without end"),
        "runtimes" => format!("of {of}; {beside} past their end"),
        "overdue" => format!("of {of} open ones"),
        _ => format!("of {of}"),
    };
    let repositories = |count| words::counted(count, "repository", "repositories");
    let unknown = match &*number.id {
        "overdue" => format!("no report read for {}", repositories(number.unknown)),
        _ => format!("unknown for {}", words::thousands(number.unknown)),
    };
    let unread = format!("rules of {} not read", repositories(number.unread));
    let parts = [
        (number.number.is_some(), known),
        (number.unknown > 0, unknown),
        (number.unread > 0, unread),
    ];
    let parts = parts.into_iter().filter(|(is_so, _)| *is_so);
    let parts: Vec<String> = parts.map(|(_, text)| text).collect();
    html! { (parts.join("; ")) }
}

/// The change in 28 days, as a sign and a sentence. Only a share can be clearly better or worse.
fn change(number: &SecurityNumber) -> (&'static str, String) {
    let (Some(now), Some(before)) = (number.number, number.before) else {
        return ("", "not known 28 days before".to_owned());
    };
    let before_text = words::thousands(before);
    match number.change {
        Change::Worse => ("▲", format!("worse than 28 days before ({before_text})")),
        Change::Better => ("▼", format!("better than 28 days before ({before_text})")),
        Change::Unclear if number.id == "debt" => (
            "",
            format!("no clear change in 28 days ({before_text} before)"),
        ),
        Change::Unclear => {
            let text = words::thousands(now.abs_diff(before));
            match now.cmp(&before) {
                std::cmp::Ordering::Greater => ("", format!("{text} more than 28 days before")),
                std::cmp::Ordering::Less => ("", format!("{text} fewer than 28 days before")),
                std::cmp::Ordering::Equal => ("", "as many as 28 days before".to_owned()),
            }
        }
    }
}

/// The first rows of a list, and the rest folded.
fn first_rows<const N: usize>(
    caption: &str,
    columns: &[Column<'_>; N],
    rows: &[[Markup; N]],
) -> Markup {
    if rows.len() <= MAX_UNFOLDED {
        return table(caption, columns, 0, rows);
    }
    let (first, rest) = rows.split_at(MAX_UNFOLDED);
    html! {
        (table(caption, columns, 0, first))
        details {
            summary { "Show " (words::thousands(rest.len() as u64)) " more" }
            (table(&format!("{caption}, continued"), columns, 0, rest))
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

/// The days since something was first seen or opened.
fn age(days: u64, at_least: bool) -> Markup {
    html! {
        @if at_least { "at least " }
        (words::counted(days, "day", "days"))
    }
}
