//! The style guide: the tokens, and every component in every state. It shows no data.

use maud::{Markup, html};

use super::components::{
    Change, Chip, Column, MAX_BUILDS, Sort, Tile, Tone, banner, chip, empty_state, interval_bar,
    pipeline_state, problem_state, result, rule_flag, severity, sparkline, strip, support, table,
    tile, verdict,
};
use crate::server::{
    model::{BuildResult, Severity},
    snapshot::Support,
};

/// Tokens of colours with what they are for, in the order of `style/_tokens.scss`.
const COLOURS: [(&str, &[&str]); 5] = [
    (
        "Text and grounds",
        &[
            "text", "muted", "link", "good", "bad", "warning", "page", "surface", "line",
        ],
    ),
    (
        "Results",
        &["success", "failure", "unstable", "aborted", "other"],
    ),
    (
        "Failure rate",
        &["rate-0", "rate-1", "rate-2", "rate-3", "rate-4", "rate-5"],
    ),
    ("Not a result", &["neutral", "neutral-2", "ghost", "accent"]),
    (
        "Categories",
        &[
            "category-0",
            "category-1",
            "category-2",
            "category-3",
            "category-4",
            "category-5",
            "category-6",
            "category-7",
        ],
    ),
];

/// The content of the page.
pub fn style() -> Markup {
    html! {
        (section("Colours", colours()))
        (section("Type", html! {
            h1 { "28: heading of a page" }
            h2 { "20: heading of a section" }
            p { "16: text with a " a href="#main" { "link" } " and " code { "code" } "." }
            p class="note" { "14: notes, labels, tables." }
        }))
        (section("Verdict", html! {
            @for tone in Tone::ALL { (verdict(tone, html! { strong { "CMC: " } "nothing is red. 1 failure in 24 h." })) }
        }))
        (section("Banner", html! {
            @for tone in Tone::ALL { (banner(tone, html! { strong { "Data ends 29 Oct 2019" } ", 7 years ago." })) }
        }))
        (section("Tile", tiles()))
        (section("Strip of builds", strips()))
        (section("Interval and sparkline", pictures()))
        (section("Badge", badges()))
        (section("Chip", html! {
            ul class="chips" aria-label="Conditions" {
                (chip(&Chip { text: html! { "Project: " strong { "CMC" } }, without: Some("#main"), remove: "Remove Project: CMC" }))
                (chip(&Chip { text: html! { "Last 14 days" }, without: None, remove: "" }))
            }
        }))
        (section("Table", example_table()))
        (section("Empty state", html! {
            (empty_state("No build is known yet.", Some("rse-dashboard import events.ndjson")))
            (empty_state("No build matches.", None))
        }))
        (section("Controls", controls()))
    }
}

fn section(title: &str, content: Markup) -> Markup {
    html! { section class="specimen" { h2 { (title) } (content) } }
}

fn colours() -> Markup {
    html! {
        @for (title, names) in COLOURS {
            h3 { (title) }
            ul class="chips" {
                @for name in names {
                    li {
                        svg width="96" height="32" aria-hidden="true" {
                            // A presentation attribute, which reads tokens and is no style attribute.
                            rect class="swatch" x="0.5" y="0.5" width="95" height="31" fill=(format!("var(--{name})")) {}
                        }
                        div class="note" { (name) }
                    }
                }
            }
        }
    }
}

fn tiles() -> Markup {
    let change = |tone, sign, text| Some(Change { tone, sign, text });
    let shown = [
        (
            "Failed builds",
            "16.8%",
            Tone::Neutral,
            change(Tone::Bad, "▲", "5.0 points worse than before"),
        ),
        (
            "Time to green",
            "2 h 12 min",
            Tone::Neutral,
            change(Tone::Good, "▼", "Shorter than before"),
        ),
        (
            "Red pipelines",
            "88",
            Tone::Bad,
            change(Tone::Neutral, "", "No clear change"),
        ),
        ("Due in 30 days", "3", Tone::Warning, None),
        ("Overdue", "0", Tone::Good, None),
        ("Unknown", "–", Tone::Neutral, None),
    ];
    html! {
        div class="tiles" {
            @for (label, number, tone, change) in shown {
                (tile(&Tile {
                    label,
                    number,
                    href: (number != "–").then_some("#main"),
                    tone,
                    change,
                    note: html! { @if number == "16.8%" { "98 of 585 builds" } },
                }))
            }
        }
    }
}

/// Results that repeat after so many builds.
fn results(pattern: &[BuildResult]) -> Vec<BuildResult> {
    pattern.iter().copied().cycle().take(MAX_BUILDS).collect()
}

fn strips() -> Markup {
    let mostly_good = [
        [BuildResult::Success; 9].as_slice(),
        &[BuildResult::Failure],
    ]
    .concat();
    html! {
        p { (strip(&results(&mostly_good))) }
        p { a href="#main" { (strip(&results(&BuildResult::ALL))) } }
        p { (strip(&[BuildResult::Failure; 3])) }
    }
}

fn pictures() -> Markup {
    html! {
        p { (interval_bar(16.8, 14.0, 20.0)) "  " (interval_bar(75.0, 30.0, 95.4)) "  " (interval_bar(0.0, 0.0, 0.7)) }
        p {
            (sparkline("Rises over 8 weeks", &[Some(4.0), Some(5.0), Some(4.0), Some(6.0), Some(9.0), Some(8.0), Some(12.0), Some(14.0)]))
            " "
            (sparkline("With gaps", &[Some(4.0), None, Some(6.0), Some(5.0), None, None, Some(3.0), None]))
            " "
            (sparkline("Always zero", &[Some(0.0); 8]))
        }
    }
}

fn badges() -> Markup {
    html! {
        p { @for known in BuildResult::ALL { (result(known.as_str())) " " } }
        p { @for state in ["red", "good", "dormant", "unknown"] { (pipeline_state(state)) " " } }
        p { @for flag in ["listed", "expired", "due", "unused", "no-reason", "broad", "no-end", "unreadable-end"] { (rule_flag(flag)) " " } }
        p { @for state in Support::ALL { (support(state.as_str())) " " } }
        p { @for known in Severity::ALL { (severity(known.as_str())) " " } }
        p { @for state in ["escalating", "regressed", "new", "ongoing", "snoozed"] { (problem_state(state)) " " } }
    }
}

fn example_table() -> Markup {
    let sort = |order| {
        Some(Sort {
            href: "#main".to_owned(),
            order,
        })
    };
    let columns = [
        Column {
            label: "State",
            ..Column::default()
        },
        Column {
            label: "Pipeline",
            sort: sort(None),
            ..Column::default()
        },
        Column {
            label: "Latest builds",
            ..Column::default()
        },
        Column {
            label: "Failure rate",
            is_number: true,
            sort: sort(Some("descending")),
            ..Column::default()
        },
    ];
    let row = |state, name, pattern: &[BuildResult], rate: &str| {
        [
            pipeline_state(state),
            html! { a href="#main" { (name) } },
            strip(&results(pattern)),
            html! { (rate) },
        ]
    };
    let rows = [
        row(
            "red",
            "claim-store",
            &[BuildResult::Success, BuildResult::Failure],
            "50%",
        ),
        row(
            "good",
            "legal-frontend",
            &[BuildResult::Success, BuildResult::Unstable],
            "0%",
        ),
    ];
    table("Pipelines", &columns, 1, &rows)
}

fn controls() -> Markup {
    html! {
        form class="filters" role="search" aria-label="Filters" {
            div class="choice" {
                label for="specimen-project" { "Project" }
                select id="specimen-project" class="form-select" { option { "Civil Money Claims" } }
            }
            div class="choice" {
                label for="specimen-days" { "Range" }
                select id="specimen-days" class="form-select" { option { "Last 14 days" } }
            }
            button class="btn" type="button" { "Apply" }
        }
        details class="menu" open {
            summary { "More" }
            ul { li { a href="#main" { "CSV" } } li { a href="#main" { "JSON" } } li { a href="#main" { "Link" } } }
        }
        p class="notice" { "A notice." }
        div class="error-panel" {
            p class="error-heading" { "The figures could not be loaded" }
            p { "The server is not reachable." }
            a class="btn" href="#main" { "Try again" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_of_a_colour_that_is_shown_exists() {
        let tokens = include_str!("../../../style/_tokens.scss");
        let html = style().into_string();
        for name in COLOURS.iter().flat_map(|(_, names)| *names) {
            assert!(tokens.contains(&format!("  --{name}: ")), "{name}");
            assert!(html.contains(&format!("var(--{name})")), "{name}");
        }
    }
}
