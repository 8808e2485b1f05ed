//! The page of a selection's builds: its conditions, results and times, and a page of the list.

use maud::{Markup, html};

use super::{addresses, compare, difference, fragment, results, utc};
use crate::{
    api::{BuildDifference, BuildList, BuildSummary, HtmlFragment, TimeBucket, View},
    base::Base,
    markup::visible,
    numbers,
    selection::{self, BuildType, Selection},
    server::{
        attributes::select,
        figures::words,
        snapshot::Snapshot,
        views::build_list::{SORTS, frequent},
    },
};

/// The size of the histogram in its own units.
const WIDTH: u64 = 960;
const HEIGHT: u64 = 96;
/// Conditions that can be added by writing or choosing a value.
const ADDABLE: [&str; 8] = [
    "q",
    "failed_step",
    "agent",
    "library",
    "node",
    "repository",
    "team",
    "commit",
];
/// The most values that are suggested for a condition.
const SUGGESTED: usize = 20;
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

/// A list and its address.
struct Shown<'a> {
    list: &'a BuildList,
    selection: &'a Selection,
    view: &'a View,
    base: &'a Base,
}

pub fn fragments(
    snapshot: &Snapshot,
    list: &BuildList,
    difference: Option<&BuildDifference>,
    selection: &Selection,
    view: &View,
    base: &Base,
) -> Vec<HtmlFragment> {
    let shown = Shown {
        list,
        selection,
        view,
        base,
    };
    let mut fragments = vec![fragment("build-list-head", shown.head(snapshot))];
    if let Some(difference) = difference {
        fragments.push(fragment("build-list-body", shown.difference(difference)));
    }
    fragments.push(fragment("build-list-body", shown.body()));
    fragments
}

impl Shown<'_> {
    /// The address of another selection, from the first page on.
    fn to(&self, selection: &Selection) -> String {
        addresses::builds(self.base, selection, &self.view.with("cursor", ""))
    }

    fn head(&self, snapshot: &Snapshot) -> Markup {
        html! {
            p class="sentence" role="status" { (visible(&self.list.summary)) }
            (self.chips(snapshot))
            (self.results())
            (self.histogram())
            (self.add(snapshot))
            @if self.list.builds > 0 {
                @if self.view.get("difference").is_none() {
                    p class="further" { a href=(self.with_difference("1")) { "What is different about the failures?" } }
                }
                (compare::links(snapshot, self.selection, self.base))
            }
        }
    }

    fn with_difference(&self, shown: &str) -> String {
        let view = self.view.with("difference", shown);
        addresses::builds(self.base, self.selection, &view)
    }

    /// The new failures compared with the good builds, on request: of many builds it takes a moment.
    fn difference(&self, difference: &BuildDifference) -> Markup {
        let good = Selection::read(&difference.b.selection);
        html! {
            h2 id="difference" { "What is different about the failures" }
            p class="note" {
                "A new failure is one whose pipeline's build before was good. Later failures of a pipeline that is red \
                are not independent."
            }
            (difference::Shown {
                difference,
                base: self.base,
                selection: &self.selection.with("result", "FAILURE"),
                // No key selects new failures.
                a: None,
                b: Some(&good),
            }.markup())
            p { a href=(self.with_difference("")) { "Hide the differences" } }
        }
    }

    /// The conditions that the bar of filters does not show, each with a link that removes it.
    fn chips(&self, snapshot: &Snapshot) -> Markup {
        let pairs = self.selection.pairs().filter(|(key, value)| {
            let in_bar = matches!(*key, "project" | "type" | "days");
            !(in_bar && self.selection.value(key) == Some(value))
        });
        let pairs: Vec<(&str, &str)> = pairs.collect();
        html! {
            @if !pairs.is_empty() {
                ul class="chips" aria-label="Conditions" {
                    @for (key, value) in pairs {
                        @let label = selection::find(key).map_or(key, |key| key.label);
                        @let value_text = value_text(snapshot, key, value);
                        li class="chip" {
                            span { (label) ": " strong { (visible(&value_text)) } }
                            a href=(self.to(&self.selection.without_value(key, value))) {
                                span aria-hidden="true" { "×" }
                                span class="visually-hidden" {
                                    "Remove " (label) ": " (visible(&value_text))
                                }
                            }
                        }
                    }
                    li { a href=(self.base.path("/builds")) { "Reset all" } }
                }
            }
        }
    }

    /// A bar of the results, and links to the builds of each.
    fn results(&self) -> Markup {
        let total = self.list.builds.max(1);
        let shown: Vec<_> = self
            .list
            .results
            .iter()
            .filter(|known| known.builds > 0)
            .collect();
        html! {
            @if !shown.is_empty() {
                svg class="results-bar" viewBox=(format!("0 0 {WIDTH} 12")) preserveAspectRatio="none"
                    aria-hidden="true" focusable="false" {
                    @for (index, known) in shown.iter().enumerate() {
                        @let before: u64 = shown[..index].iter().map(|known| known.builds).sum();
                        @let width = (known.builds * WIDTH / total).max(1);
                        rect class=(results::class(results::result_of(&known.result)))
                            x=(before * WIDTH / total) y="0" width=(width) height="12" {}
                    }
                }
                ul class="results-legend" {
                    @for known in &shown {
                        @let only = self.selection.with("result", &known.result);
                        li {
                            a href=(self.to(&only)) {
                                (results::badge(&known.result)) " "
                                strong { (words::thousands(known.builds)) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Builds over time; each bar is a link to its builds.
    fn histogram(&self) -> Markup {
        let buckets = &self.list.histogram;
        let most = buckets
            .iter()
            .map(|bucket| bucket.builds)
            .max()
            .unwrap_or(0)
            .max(1);
        let count = (buckets.len() as u64).max(1);
        let bar = WIDTH as f64 / count as f64;
        let height = |builds: u64| builds * HEIGHT / most;
        html! {
            @if let (Some(first), Some(last)) = (buckets.first(), buckets.last()) {
                figure class="histogram" {
                    svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none"
                        role="group" aria-label="Builds over time"
                        data-brush="" data-from=(first.from) data-to=(last.to) {
                        @for (index, bucket) in buckets.iter().enumerate() {
                            @if bucket.builds > 0 {
                                (self.bucket(bucket, index as f64 * bar, bar, height))
                            }
                        }
                    }
                    figcaption {
                        (utc(&first.from))
                        span { "failed at the base, at most " (words::thousands(most)) " a bar" }
                        (utc(&last.to))
                    }
                }
            }
        }
    }

    fn bucket(&self, bucket: &TimeBucket, x: f64, bar: f64, height: impl Fn(u64) -> u64) -> Markup {
        let bounds = [("from", &*bucket.from), ("to", &*bucket.to)];
        let bounds: Selection = bounds.into_iter().collect();
        let name = format!(
            "{}: {}, {} failed",
            numbers::instant(&bucket.from),
            words::counted(bucket.builds, "build", "builds"),
            words::thousands(bucket.failed),
        );
        let (x, width) = (format!("{x:.1}"), format!("{:.1}", (bar - 1.0).max(0.5)));
        let all = height(bucket.builds).max(2);
        let failed = if bucket.failed > 0 {
            height(bucket.failed).max(2)
        } else {
            0
        };
        html! {
            a href=(self.to(&self.selection.narrowed(&bounds))) aria-label=(name) {
                title { (name) }
                rect class="hit" x=(x) y="0" width=(width) height=(HEIGHT) {}
                rect class="passed" x=(x) y=(HEIGHT - all) width=(width) height=(all - failed.min(all)) {}
                rect class="failed" x=(x) y=(HEIGHT - failed) width=(width) height=(failed) {}
            }
        }
    }

    /// A form that adds a condition, with the most frequent values of this selection.
    fn add(&self, snapshot: &Snapshot) -> Markup {
        let selected = select(snapshot, self.selection);
        html! {
            details class="add-condition" {
                summary { "Add a condition" }
                form method="get" action=(self.base.path("/builds")) autocomplete="off" {
                    @for (key, value) in self.selection.pairs() {
                        input type="hidden" name=(key) value=(value);
                    }
                    @for id in ADDABLE {
                        @let label = selection::find(id).map_or(id, |key| key.label);
                        @let values = frequent(snapshot, &selected, id, SUGGESTED);
                        div class="choice" {
                            label for={ "add-" (id) } { (label) }
                            input id={ "add-" (id) } name=(id) class="form-control"
                                list=[(!values.is_empty()).then(|| format!("values-{id}"))];
                            @if !values.is_empty() {
                                datalist id={ "values-" (id) } {
                                    @for value in &values { option value=(visible(value)) {} }
                                }
                            }
                        }
                    }
                    @for (key, label) in [("from", "From (date)"), ("to", "Before (date)")] {
                        div class="choice" {
                            label for={ "add-" (key) } { (label) }
                            input id={ "add-" (key) } name=(key) type="date" class="form-control";
                        }
                    }
                    button class="btn" type="submit" { "Apply" }
                }
            }
        }
    }

    fn body(&self) -> Markup {
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
                        (visible(&build.pipeline))
                    }
                    " "
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

/// A value of a key for readers.
pub fn value_text(snapshot: &Snapshot, key: &str, value: &str) -> String {
    match key {
        "project" => {
            let mut choices = snapshot.config.project_choices().into_iter();
            let label = choices.find(|(slug, _)| slug == value);
            label.map_or_else(|| value.to_owned(), |(_, label)| label)
        }
        "result" => results::label(value).to_owned(),
        "type" => {
            let mut known = BuildType::EVERY.into_iter();
            let label = known.find(|known| known.as_str() == value);
            label.map_or_else(|| value.to_owned(), |known| known.label().to_owned())
        }
        "days" => format!("last {value} days"),
        "min_minutes" | "max_minutes" => format!("{value} min"),
        "from" | "to" | "as_of" | "started_from" | "started_to" => numbers::instant(value),
        _ => value.to_owned(),
    }
}
