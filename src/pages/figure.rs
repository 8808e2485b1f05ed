//! `/figures/{id}`: one figure in full width, with its table open.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    board::{Freshness, PLATFORM, is_of_builds, loading, unit},
    overview::use_overview,
};
use crate::{
    api::Overview,
    base::use_base,
    components::{Card, ErrorPanel, Filters, PageHeading, use_selection},
    selection::Selection,
};

#[component]
pub fn Figure() -> impl IntoView {
    let params = use_params_map();
    let selection = use_selection();
    let id = Signal::derive(move || params.with(|params| params.get("id").unwrap_or_default()));
    let overview = use_overview(id, selection);
    let wrong = |error| {
        view! {
            <PageHeading text="Figure" />
            <ErrorPanel
                heading="This figure could not be loaded"
                error
                href="/explore"
                action="Show all figures"
            />
        }
    };
    view! {
        <div class="frame">
            {move || match overview.get() {
                None => loading().into_any(),
                Some(Ok(overview)) => content(overview, selection).into_any(),
                Some(Err(error)) => wrong(error).into_any(),
            }}
        </div>
    }
}

fn content(overview: Overview, selection: Memo<Selection>) -> impl IntoView {
    let filtered = is_of_builds(&overview.page);
    let all = match &*overview.page {
        PLATFORM => "All platform figures",
        _ if filtered => "All pipeline figures",
        _ => "All security figures",
    };
    let unit = unit(&overview.page);
    let back = {
        let path = use_base().path(&format!("/{}", overview.page));
        move || format!("{path}{}", selection.with(Selection::query))
    };
    let heading = overview.figures.first().map(|info| info.title.clone());
    let filters = filtered.then(|| view! { <Filters /> });
    let cards = overview
        .figures
        .into_iter()
        .map(|info| view! { <Card info selection unit alone=true /> })
        .collect_view();
    view! {
        <p class="back">
            <a href=back>{all}</a>
        </p>
        <PageHeading text=heading.unwrap_or_default() />
        <Freshness selection can_be_pinned=filtered />
        {filters}
        <div class="cards">{cards}</div>
    }
}
