//! The page of a selection's pipelines: their states, since when, and their builds.

use maud::{Markup, html};

use super::{addresses, components::pipeline_state, fragment, utc};
use crate::{
    api::{HtmlFragment, PipelineList, PipelineSummary, View},
    base::Base,
    markup::visible,
    selection::Selection,
    server::figures::words,
};

pub fn fragments(
    list: &PipelineList,
    selection: &Selection,
    view: &View,
    base: &Base,
) -> Vec<HtmlFragment> {
    let to = |view: &View| addresses::pipelines(base, selection, view);
    let first = view.with("cursor", "");
    let html = html! {
        p class="sentence" role="status" { (visible(&list.summary)) }
        ul class="results-legend" {
            @for known in &list.states {
                li {
                    a href=(to(&first.with("state", &known.state))) {
                        (pipeline_state(&known.state)) " " strong { (words::thousands(known.pipelines)) }
                    }
                }
            }
            @if view.get("state").is_some() { li { a href=(to(&first.with("state", ""))) { "All states" } } }
        }
        @if !list.page.is_empty() {
            div class="table-scroll" tabindex="0" role="region" aria-label="Pipelines" {
                (table(list, selection, base))
            }
        }
        nav class="pager" aria-label="Pages of the list" {
            @if view.get("cursor").is_some() { a href=(to(&first)) { "First page" } }
            @if let Some(next) = &list.next { a rel="next" href=(to(&view.with("cursor", next))) { "Next page" } }
        }
    };
    vec![fragment("build-list-body", html)]
}

fn table(list: &PipelineList, selection: &Selection, base: &Base) -> Markup {
    html! {
        table class="table builds" {
            caption class="visually-hidden" { (visible(&list.summary)) }
            thead {
                tr {
                    th scope="col" { "State" }
                    th scope="col" { "Pipeline" }
                    th scope="col" { "Project" }
                    th scope="col" { "Since" }
                    th scope="col" class="number" { "In a row" }
                    th scope="col" { "Last green" }
                    th scope="col" { "Last build" }
                    th scope="col" class="number" { "Failed" }
                    th scope="col" class="number" { "Builds" }
                }
            }
            tbody { @for pipeline in &list.page { (row(pipeline, selection, base)) } }
        }
    }
}

fn row(pipeline: &PipelineSummary, selection: &Selection, base: &Base) -> Markup {
    let only = selection.with("pipeline", &pipeline.pipeline);
    let failed = only.with_values("result", ["FAILURE", "ABORTED"]);
    let builds = |selection: &Selection, count: u64| {
        html! {
            @if count == 0 { "0" } @else {
                a href=(addresses::builds(base, selection, &View::default())) { (words::thousands(count)) }
            }
        }
    };
    html! {
        tr {
            td { (pipeline_state(&pipeline.state)) }
            th scope="row" class="build" {
                a href=(addresses::pipeline(base, &pipeline.system, &pipeline.name)) { (visible(&pipeline.pipeline)) }
            }
            td { (visible(&pipeline.project)) }
            td class="instant" {
                @if pipeline.at_least && pipeline.since.is_some() { "at least " }
                (instant(pipeline.since.as_deref()))
            }
            td class="number" { (words::thousands(pipeline.streak)) }
            td class="instant" { (instant(pipeline.last_green.as_deref())) }
            td class="instant" { (instant(pipeline.last_build.as_deref())) }
            td class="number" { (builds(&failed, pipeline.failed)) }
            td class="number" { (builds(&only, pipeline.builds)) }
        }
    }
}

fn instant(at: Option<&str>) -> Markup {
    html! {
        @match at {
            Some(at) => (utc(at)),
            None => "–",
        }
    }
}
