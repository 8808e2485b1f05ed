//! `/figures/{id}`: one figure in full width, with its table open.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    board::{Freshness, NoScriptNotice, PIPELINES, loading, unit},
    overview::use_overview,
};
use crate::{
    api::Overview,
    base::use_base,
    components::{Card, ErrorPanel, Filters, PageHeading, Query, use_query},
};

#[component]
pub fn Figure() -> impl IntoView {
    let params = use_params_map();
    let query = use_query();
    let id = Signal::derive(move || params.with(|params| params.get("id").unwrap_or_default()));
    let overview = use_overview(id, query);
    let wrong = |error| {
        view! {
            <PageHeading text="Figure" />
            <ErrorPanel
                heading="This figure could not be loaded"
                error
                href="/pipelines"
                action="Show all figures"
            />
        }
    };
    view! {
        <div class="frame">
            {move || match overview.get() {
                None => loading().into_any(),
                Some(Ok(overview)) => content(overview, query).into_any(),
                Some(Err(error)) => wrong(error).into_any(),
            }}
        </div>
    }
}

fn content(overview: Overview, query: Memo<Query>) -> impl IntoView {
    let filtered = overview.page == PIPELINES;
    let unit = unit(&overview.page);
    let back = {
        let path = use_base().path(&format!("/{}", overview.page));
        move || format!("{path}{}", query.with(|query| query.filter().query()))
    };
    let heading = overview.figures.first().map(|info| info.title.clone());
    let filters = filtered.then(|| view! { <Filters projects=overview.projects query /> });
    let cards = overview
        .figures
        .into_iter()
        .map(|info| view! { <Card info query unit alone=true /> })
        .collect_view();
    view! {
        <p class="back">
            <a href=back>
                {if filtered { "All pipeline figures" } else { "All security figures" }}
            </a>
        </p>
        <PageHeading text=heading.unwrap_or_default() />
        <Freshness />
        {filters}
        <NoScriptNotice />
        <div class="cards">{cards}</div>
    }
}
