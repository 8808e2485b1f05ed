//! A page of the list, and ways to take the selection along.

use maud::{Markup, html};

use super::Shown;
use crate::{
    api::BuildSummary,
    markup::visible,
    server::{
        figures::words,
        fragments::{addresses, results, utc},
        views::build_list::SORTS,
    },
};

/// The columns that can be added to those that every list has.
const EXTRA: [(&str, &str); 10] = [
    ("class", "Class"),
    ("domain", "Domain"),
    ("repository", "Repository"),
    ("team", "Team"),
    ("agent", "Agent"),
    ("node", "Node"),
    ("library", "Library"),
    ("product", "Product"),
    ("component", "Component"),
    ("started", "Started"),
];

impl Shown<'_> {
    pub(super) fn body(&self) -> Markup {
        let list = self.list;
        html! {
            @if list.newer > 0 {
                p class="notice" role="status" {
                    (words::counted(list.newer, "new build", "new builds")) ", "
                    a href=(self.to(self.selection)) { "show" }
                }
            }
            @if list.page.is_empty() {
                p class="empty" {
                    @if self.view.get("cursor").is_some() {
                        "There are no more builds. " a href=(self.to(self.selection)) { "Back to the first page" }
                    } @else if self.selection.pairs().next().is_some() {
                        "Remove a condition above, or choose a longer range."
                    }
                }
            } @else {
                (self.columns_menu())
                div class="table-scroll" tabindex="0" role="region" aria-label="Builds" {
                    (self.table())
                }
                (self.pager())
            }
            (self.take_along())
        }
    }

    fn extra(&self) -> Vec<(&'static str, &'static str)> {
        let wanted: Vec<&str> = self
            .view
            .get("columns")
            .unwrap_or_default()
            .split(',')
            .collect();
        let known = EXTRA.into_iter();
        known.filter(|(id, _)| wanted.contains(id)).collect()
    }

    fn columns_menu(&self) -> Markup {
        let extra = self.extra();
        html! {
            details class="columns" {
                summary { "Columns" }
                ul class="chips" {
                    @for (id, label) in EXTRA {
                        @let is_shown = extra.iter().any(|(known, _)| *known == id);
                        @let ids = EXTRA.iter().map(|(known, _)| *known).filter(|known| {
                            (*known == id) != extra.iter().any(|(shown, _)| shown == known)
                        });
                        @let ids = ids.collect::<Vec<_>>().join(",");
                        li {
                            a href=(addresses::builds(self.base, self.selection, &self.view.with("columns", &ids))) {
                                @if is_shown { "Hide " } @else { "Show " } (label)
                            }
                        }
                    }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        let extra = self.extra();
        html! {
            table class="table builds" {
                caption class="visually-hidden" { (visible(&self.list.summary)) }
                thead {
                    tr {
                        th scope="col" { "Result" }
                        th scope="col" { "Build" }
                        (self.sortable("finished", "Finished"))
                        (self.sortable("duration", "Minutes"))
                        th scope="col" { "Failed step" }
                        th scope="col" { "Commit" }
                        @for (id, label) in &extra {
                            @if *id == "started" { (self.sortable(id, label)) }
                            @else { th scope="col" { (label) } }
                        }
                    }
                }
                tbody { @for build in &self.list.page { (self.row(build, &extra)) } }
            }
        }
    }

    /// A heading that sorts by its column: greatest first, then least first.
    fn sortable(&self, by: &str, label: &str) -> Markup {
        let sort = self.view.get("sort").unwrap_or(SORTS[0]);
        let (order, next) = if sort == by {
            (Some("ascending"), format!("-{by}"))
        } else if sort.strip_prefix('-') == Some(by) {
            (Some("descending"), by.to_owned())
        } else {
            (None, format!("-{by}"))
        };
        let view = self
            .view
            .with("sort", if next == SORTS[0] { "" } else { &next });
        let view = view.with("cursor", "");
        html! {
            th scope="col" class="number" aria-sort=[order] {
                a href=(addresses::builds(self.base, self.selection, &view)) {
                    (label)
                    @match order {
                        Some("ascending") => span aria-hidden="true" { " ▲" },
                        Some(_) => span aria-hidden="true" { " ▼" },
                        None => {},
                    }
                }
            }
        }
    }

    fn row(&self, build: &BuildSummary, extra: &[(&str, &str)]) -> Markup {
        html! {
            tr {
                td { (results::badge(&build.result)) }
                th scope="row" class="build" {
                    a href=(addresses::pipeline(self.base, &build.system, &build.name)) title=(visible(&build.pipeline)) {
                        (visible(&build.short_name))
                    }
                    " " span class="muted" { (visible(&build.project)) } " "
                    a href=(addresses::build(self.base, build)) {
                        "#" (visible(&build.number))
                        span class="visually-hidden" { " of " (visible(&build.pipeline)) }
                    }
                }
                td class="instant" {
                    (utc(&build.finished_at))
                }
                td class="number" { (minutes(build.duration_ms)) }
                td { (self.value("failed_step", build.failed_step.as_deref(), None)) }
                td { (self.value("commit", build.commit.as_deref(), build.commit.as_deref().map(|commit| &commit[..8]))) }
                @for (id, _) in extra { (self.extra_cell(id, build)) }
            }
        }
    }

    fn extra_cell(&self, id: &str, build: &BuildSummary) -> Markup {
        let value = match id {
            "class" => &build.class,
            "domain" => &build.domain,
            "repository" => &build.repository,
            "team" => &build.team,
            "agent" => &build.agent,
            "node" => &build.node,
            "library" => &build.library,
            "product" => &build.product,
            "component" => &build.component,
            _ => {
                return html! {
                    td class="instant" {
                        (utc(&build.started_at))
                    }
                };
            }
        };
        html! { td { (self.value(id, value.as_deref(), None)) } }
    }

    /// A value as a link to the builds that share it.
    fn value(&self, key: &str, value: Option<&str>, short: Option<&str>) -> Markup {
        html! {
            @match value {
                Some(value) => a href=(self.to(&self.selection.with(key, value))) { (visible(short.unwrap_or(value))) },
                None => "–",
            }
        }
    }

    fn pager(&self) -> Markup {
        let first = self.view.get("cursor").is_some();
        html! {
            nav class="pager" aria-label="Pages of the list" {
                @if first { a href=(self.to(self.selection)) { "First page" } }
                @if let Some(next) = &self.list.next {
                    a rel="next" href=(addresses::builds(self.base, self.selection, &self.view.with("cursor", next))) {
                        "Next page"
                    }
                }
            }
        }
    }

    /// Ways to take the selection along: files, the API, the command line.
    fn take_along(&self) -> Markup {
        let query = self.selection.query();
        let file =
            |format: &str| format!("{}{query}", self.base.path(&format!("/builds.{format}")));
        let api = format!("{}{query}", self.base.path("/api/builds"));
        html! {
            ul class="links" {
                li { a href=(file("csv")) download rel="external" { "CSV" } }
                li { a href=(file("ndjson")) download rel="external" { "NDJSON" } }
                li { a href=(api) rel="external" { "JSON" } }
            }
            details class="help" {
                summary { "As a command" }
                pre { code { "curl '" span data-origin="" {} (visible(&api)) "'" } }
                pre { code { "rse-dashboard export builds --selection '" (visible(&self.selection.encoded())) "'" } }
            }
        }
    }
}

fn minutes(duration_ms: Option<u64>) -> String {
    duration_ms.map_or_else(
        || "–".to_owned(),
        |ms| format!("{:.1}", ms as f64 / 60_000.0),
    )
}
