//! The table of a selection's pipelines: their states, latest builds, failure rates and durations.

use maud::{Markup, html};

use super::{
    addresses,
    components::{Column, Sort, interval_bar, pipeline_state, strip, table},
    duration, fragment, results,
};
use crate::{
    api::{Change, HtmlFragment, PipelineList, PipelineSummary, View},
    base::Base,
    markup::visible,
    numbers,
    selection::Selection,
    server::{figures::words, model::BuildResult, views::pipeline_list::SORTS},
};

/// Labels and orders of the columns; numbers are sorted from the greatest first.
const COLUMNS: [(&str, &str, bool); 10] = [
    ("State", "state", false),
    ("Pipeline", "pipeline", false),
    ("Last builds", "", false),
    ("Failed", "failed", true),
    ("Change", "change", true),
    ("Builds", "builds", true),
    ("Duration p50", "p50", true),
    ("p95", "p95", true),
    ("Last build", "last", false),
    ("Owner", "team", false),
];
/// The column that names the row.
const HEAD: usize = 1;

struct Shown<'a> {
    list: &'a PipelineList,
    selection: &'a Selection,
    view: &'a View,
    base: &'a Base,
}

pub fn fragments(
    list: &PipelineList,
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
    vec![fragment("build-list-body pipeline-table", shown.markup())]
}

impl Shown<'_> {
    fn to(&self, view: &View) -> String {
        addresses::pipelines(self.base, self.selection, view)
    }

    fn markup(&self) -> Markup {
        let first = self.view.with("page", "");
        html! {
            p class="sentence" role="status" { (visible(&self.list.summary)) }
            div class="table-tools" {
                ul class="results-legend" {
                    @for known in &self.list.states {
                        li {
                            a href=(self.to(&first.with("state", &known.state))) {
                                (pipeline_state(&known.state)) " " strong { (words::thousands(known.pipelines)) }
                            }
                        }
                    }
                    @if self.view.get("state").is_some() {
                        li { a href=(self.to(&first.with("state", ""))) { "All states" } }
                    }
                }
                (self.search())
            }
            @if !self.list.page.is_empty() {
                @let rows: Vec<[Markup; COLUMNS.len()]> = self.list.page.iter().map(|row| self.row(row)).collect();
                (table("Pipelines", &COLUMNS.map(|column| self.column(column)), HEAD, &rows))
            } @else if self.list.page_number > 1 {
                p class="empty" { "There are no more pipelines. " a href=(self.to(&first)) { "Back to the first page" } }
            }
            (self.pager())
        }
    }

    /// A form that finds pipelines by a part of their names.
    fn search(&self) -> Markup {
        let kept = self.selection.without("q");
        let own = self.view.with("page", "");
        html! {
            form class="table-search" method="get" action=(self.base.path("/pipelines/list")) autocomplete="off" {
                @for (key, value) in kept.pairs().chain(own.pairs()) {
                    input type="hidden" name=(key) value=(value);
                }
                label for="pipeline-contains" { "Pipeline contains" }
                input id="pipeline-contains" class="form-control" type="search" name="q"
                    value=[self.selection.value("q")];
                button class="btn" type="submit" { "Find" }
            }
        }
    }

    fn column(
        &self,
        (label, sort, is_number): (&'static str, &'static str, bool),
    ) -> Column<'static> {
        Column {
            label,
            is_number,
            sort: (!sort.is_empty()).then(|| self.sort(sort, is_number)),
            ..Column::default()
        }
    }

    /// The other direction of the column that the list is sorted by, and the usual one of another.
    fn sort(&self, column: &str, is_number: bool) -> Sort {
        let current = self.view.get("sort").unwrap_or(SORTS[0]);
        let descending = format!("-{column}");
        let order = if current == column {
            Some("ascending")
        } else if current == descending {
            Some("descending")
        } else {
            None
        };
        let next = match order {
            Some("ascending") => &descending,
            None if is_number || column == "last" => &descending,
            _ => column,
        };
        let next = if next == SORTS[0] { "" } else { next };
        Sort {
            href: self.to(&self.view.with("page", "").with("sort", next)),
            order,
        }
    }

    fn row(&self, pipeline: &PipelineSummary) -> [Markup; COLUMNS.len()] {
        let only = self.selection.with("pipeline", &pipeline.pipeline);
        let builds = |selection: &Selection, text: Markup| {
            let href = addresses::builds(self.base, selection, &View::default());
            html! { a href=(href) { (text) } }
        };
        let counted = |selection: &Selection, count: u64| match count {
            0 => html! { "0" },
            count => builds(selection, html! { (words::thousands(count)) }),
        };
        let failed = only.with_values("result", ["FAILURE", "ABORTED"]);
        let ms = |ms: Option<u64>| html! { (ms.map_or_else(|| "–".to_owned(), duration)) };
        [
            html! {
                (pipeline_state(&pipeline.state))
                @if let Some(since) = &pipeline.since {
                    span class="detail" {
                        (words::thousands(pipeline.streak)) " since "
                        @if pipeline.at_least { "at least " }
                        (day(since))
                    }
                }
            },
            html! {
                a href=(addresses::pipeline_of(self.base, self.selection, &pipeline.system, &pipeline.name))
                    title=(visible(&pipeline.pipeline)) { (visible(&pipeline.short_name)) }
                span class="detail" { (visible(&pipeline.project)) }
            },
            html! {
                @if let Some(first) = pipeline.recent.first() {
                    @let results: Vec<BuildResult> = pipeline.recent.iter().map(|mark| results::result_of(&mark.result)).collect();
                    @let from: Selection = [("from", &*first.finished_at)].into_iter().collect();
                    (builds(&only.narrowed(&from), strip(&results)))
                }
            },
            html! {
                @if let (Some(percent), Some(low), Some(high))
                    = (pipeline.failed_percent, pipeline.failed_percent_low, pipeline.failed_percent_high) {
                    (interval_bar(percent, low, high)) " "
                    (builds(&failed, html! { (words::percent(percent)) }))
                } @else { "–" }
            },
            self.change(pipeline),
            counted(&only, pipeline.builds),
            ms(pipeline.p50_ms),
            ms(pipeline.p95_ms),
            html! {
                @match &pipeline.last_build {
                    Some(at) => (day(at)),
                    None => "–",
                }
            },
            html! {
                @match &pipeline.team {
                    Some(team) => {
                        @let of_team = self.selection.with("team", team);
                        a href=(addresses::pipelines(self.base, &of_team, &View::default())) { (visible(team)) }
                    },
                    None => "–",
                }
            },
        ]
    }

    /// The change of the failure rate, in words where it is more than chance.
    fn change(&self, pipeline: &PipelineSummary) -> Markup {
        let share = |failed: u64, decided: u64| 100.0 * failed as f64 / decided.max(1) as f64;
        let before = share(pipeline.failed_before, pipeline.decided_before);
        let points = (share(pipeline.failed, pipeline.decided) - before).abs();
        let than = format!("than in {}: {}", self.list.compared, words::percent(before));
        html! {
            @match pipeline.change {
                Change::Worse => span class="worse" title=(visible(&than)) { span aria-hidden="true" { "▲ " } (format!("{points:.0}")) " points worse" },
                Change::Better => span class="better" title=(visible(&than)) { span aria-hidden="true" { "▼ " } (format!("{points:.0}")) " points better" },
                Change::Unclear if pipeline.decided == 0 || pipeline.decided_before == 0 => "–",
                Change::Unclear => span class="same" { "no clear change" },
            }
        }
    }

    fn pager(&self) -> Markup {
        let list = self.list;
        let page = |number: u64| {
            let number = if number == 1 {
                String::new()
            } else {
                number.to_string()
            };
            self.to(&self.view.with("page", &number))
        };
        html! {
            nav class="pager" aria-label="Pages of the list" {
                // For phones, where other pages show the first rows alone.
                a class="whole" href=(page(1)) { "All " (words::thousands(list.pipelines)) " pipelines" }
                @if list.page_number > 1 && list.page_number <= list.page_count {
                    a rel="prev" href=(page(list.page_number - 1)) { "Previous page" }
                }
                @if list.page_count > 1 && list.page_number <= list.page_count {
                    span { "Page " (words::thousands(list.page_number)) " of " (words::thousands(list.page_count)) }
                }
                @if list.next.is_some() {
                    a rel="next" href=(page(list.page_number + 1)) { "Next page" }
                }
                a href=(addresses::api_pipelines(self.base, self.selection, self.view)) rel="external" { "JSON" }
            }
        }
    }
}

/// The day of an instant; the table has no room for the time, which its title has.
fn day(at: &str) -> Markup {
    let date = at.split_once('T').map_or(at, |(date, _)| date);
    html! {
        time datetime=(visible(at)) title=(visible(&numbers::instant(at))) { (visible(&numbers::date(date))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::{BuildMark, StateCount},
        server::fragments::testing::{assert_text, hostile},
    };

    fn row() -> PipelineSummary {
        PipelineSummary {
            system: "jenkins".to_owned(),
            name: "HMCTS_CMC/claim-store/master".to_owned(),
            pipeline: "HMCTS_CMC/claim-store/master".to_owned(),
            short_name: "claim-store".to_owned(),
            project: "CMC".to_owned(),
            team: Some("cmc".to_owned()),
            state: "red".to_owned(),
            since: Some("2019-10-22T13:05:00Z".to_owned()),
            at_least: false,
            streak: 2,
            last_green: None,
            last_build: Some("2019-10-25T13:05:00Z".to_owned()),
            builds: 44,
            decided: 40,
            failed: 20,
            failed_percent: Some(50.0),
            failed_percent_low: Some(35.2),
            failed_percent_high: Some(64.8),
            builds_before: 52,
            decided_before: 50,
            failed_before: 5,
            change: Change::Worse,
            p50_ms: Some(725_000),
            p95_ms: None,
            recent: vec![BuildMark {
                number: "7".to_owned(),
                result: "FAILURE".to_owned(),
                finished_at: "2019-10-25T13:05:00Z".to_owned(),
                duration_ms: None,
            }],
        }
    }

    fn list(page: Vec<PipelineSummary>) -> PipelineList {
        PipelineList {
            selection: String::new(),
            summary: "30 pipelines.".to_owned(),
            as_of: String::new(),
            version: String::new(),
            pipelines: 30,
            states: vec![StateCount {
                state: "red".to_owned(),
                pipelines: 1,
            }],
            page,
            page_number: 1,
            page_count: 2,
            next: Some("2".to_owned()),
            compared: "the 14 days before".to_owned(),
        }
    }

    fn html(list: &PipelineList, view: &View) -> String {
        let selection = Selection::read("days=7&project=cmc");
        let fragments = fragments(list, &selection, view, &Base::new("/rse"));
        fragments
            .into_iter()
            .map(|fragment| fragment.html)
            .collect()
    }

    #[test]
    fn numbers_open_builds_and_names_are_short() {
        let html = html(&list(vec![row()]), &View::default());
        for part in [
            "href=\"/rse/pipeline?days=7&amp;name=HMCTS_CMC%2Fclaim-store%2Fmaster&amp;project=cmc\" title=\"HMCTS_CMC/claim-store/master\">claim-store</a>",
            "href=\"/rse/builds?days=7&amp;pipeline=HMCTS_CMC%2Fclaim-store%2Fmaster&amp;project=cmc&amp;result=ABORTED&amp;result=FAILURE\">50%</a>",
            "href=\"/rse/builds?from=2019-10-25T13%3A05%3A00Z&amp;pipeline=HMCTS_CMC%2Fclaim-store%2Fmaster&amp;project=cmc\"><svg",
            "title=\"than in the 14 days before: 10%\"><span aria-hidden=\"true\">▲ </span>40 points worse",
            "12 min 5 s",
            "2 since <time datetime=\"2019-10-22T13:05:00Z\" title=\"22 Oct 2019, 13:05 UTC\">22 Oct 2019</time>",
            "href=\"/rse/pipelines/list?days=7&amp;project=cmc&amp;team=cmc\">cmc</a>",
            "rel=\"next\" href=\"/rse/pipelines/list?days=7&amp;page=2&amp;project=cmc\"",
            "href=\"/rse/api/pipelines?days=7&amp;project=cmc\"",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
    }

    #[test]
    fn a_column_sorts_the_usual_way_first_and_then_the_other() {
        let usual = html(&list(vec![row()]), &View::default());
        assert!(usual.contains("aria-sort=\"ascending\"><a class=\"sort\" href=\"/rse/pipelines/list?days=7&amp;project=cmc&amp;sort=-state\">State"), "{usual}");
        assert!(usual.contains("sort=-failed\">Failed"), "{usual}");
        assert!(usual.contains("sort=pipeline\">Pipeline"), "{usual}");
        let sorted = html(&list(vec![row()]), &View::default().with("sort", "-failed"));
        assert!(sorted.contains("aria-sort=\"descending\"><a class=\"sort\" href=\"/rse/pipelines/list?days=7&amp;project=cmc&amp;sort=failed\">Failed"), "{sorted}");
        assert!(
            sorted.contains("href=\"/rse/pipelines/list?days=7&amp;project=cmc\">State"),
            "{sorted}"
        );
    }

    #[test]
    fn hostile_text_stays_text() {
        let hostile_row = PipelineSummary {
            // Only in addresses, which are encoded.
            system: hostile(),
            name: hostile(),
            pipeline: hostile(),
            short_name: hostile(),
            project: hostile(),
            team: Some(hostile()),
            since: Some(hostile()),
            last_build: Some(hostile()),
            ..row()
        };
        let list = PipelineList {
            summary: hostile(),
            compared: hostile(),
            ..list(vec![hostile_row])
        };
        let mut fragments = fragments(
            &list,
            &Selection::default(),
            &View::default(),
            &Base::new(""),
        );
        for fragment in &mut fragments {
            fragment.html = fragment.html.replace("%3Cscript%3E", "");
        }
        assert_text(&fragments, 12);
    }
}
