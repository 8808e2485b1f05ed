//! A page of the list, and ways to take the selection along.

use maud::{Markup, html};

use super::Shown;
use crate::{
    api::BuildSummary,
    markup::visible,
    server::{
        figures::words,
        fragments::{
            addresses,
            components::{Column, Sort, Table, columns},
            results, utc,
        },
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
                (self.table())
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
        let [result, build, step, commit] = columns(["Result", "Build", "Failed step", "Commit"]);
        let mut columns = vec![
            result,
            build,
            self.instants("finished", "Finished"),
            Column {
                label: "Minutes",
                is_number: true,
                sort: Some(self.sort("duration")),
                ..Column::default()
            },
            step,
            commit,
        ];
        columns.extend(extra.iter().map(|&(id, label)| match id {
            "started" => self.instants(id, label),
            _ => Column {
                label,
                ..Column::default()
            },
        }));
        let table = Table {
            class: Some("builds"),
            name: "Builds",
            caption: &self.list.summary,
            columns: &columns,
            head: 1,
        };
        let page = self.list.page.iter();
        let rows: Vec<Vec<Markup>> = page.map(|build| self.row(build, &extra)).collect();
        table.markup(&rows)
    }

    fn instants(&self, by: &str, label: &'static str) -> Column<'static> {
        Column {
            label,
            is_instant: true,
            sort: Some(self.sort(by)),
            ..Column::default()
        }
    }

    /// The order by a column: greatest first, then least first.
    fn sort(&self, by: &str) -> Sort {
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
        Sort {
            href: addresses::builds(self.base, self.selection, &view),
            order,
        }
    }

    fn row(&self, build: &BuildSummary, extra: &[(&str, &str)]) -> Vec<Markup> {
        let commit = build.commit.as_deref();
        let mut row = vec![
            results::badge(&build.result),
            html! {
                a href=(addresses::pipeline(self.base, &build.system, &build.name)) title=(visible(&build.pipeline)) {
                    (visible(&build.short_name))
                }
                " " span class="muted" { (visible(&build.project)) } " "
                a href=(addresses::build(self.base, build)) {
                    "#" (visible(&build.number))
                    span class="visually-hidden" { " of " (visible(&build.pipeline)) }
                }
            },
            utc(&build.finished_at),
            html! { (minutes(build.duration_ms)) },
            self.value("failed_step", build.failed_step.as_deref(), None),
            self.value("commit", commit, commit.map(|commit| &commit[..8])),
        ];
        row.extend(extra.iter().map(|(id, _)| self.extra_cell(id, build)));
        row
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
            _ => return utc(&build.started_at),
        };
        self.value(id, value.as_deref(), None)
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
