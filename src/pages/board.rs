//! A page of figures, in the order that the server lists.

use leptos::prelude::*;

use super::overview::use_overview;
use crate::{
    api::Overview,
    components::{Card, ErrorPanel, Filters, Fragments, PageHeading, use_selection},
    selection::Selection,
};

/// The pages of figures about builds; only these have filters.
pub const PIPELINES: &str = "pipelines";
pub const PLATFORM: &str = "platform";

#[component]
pub fn Board(
    /// The name in URLs.
    page: &'static str,
    heading: &'static str,
) -> impl IntoView {
    let selection = use_selection();
    let overview = use_overview(Signal::stored(page.to_owned()), selection);
    let wrong = move |error| {
        view! {
            <ErrorPanel
                heading="The figures could not be loaded"
                error
                href=format!("/{page}")
                action="Show the page without filters"
            />
        }
    };
    view! {
        <div class="frame">
            <PageHeading text=heading />
            {move || match overview.get() {
                None => loading().into_any(),
                Some(Ok(overview)) => content(overview, selection).into_any(),
                Some(Err(error)) => wrong(error).into_any(),
            }}
        </div>
    }
}

fn content(overview: Overview, selection: Memo<Selection>) -> impl IntoView {
    let filters = is_of_builds(&overview.page)
        .then(|| view! { <Filters projects=overview.projects selection /> });
    let headline = (overview.page == PIPELINES).then(|| view! { <Headline selection /> });
    let unit = unit(&overview.page);
    let cards = overview
        .figures
        .into_iter()
        .map(|info| view! { <Card info selection unit /> })
        .collect_view();
    view! {
        <Freshness />
        {filters}
        {headline}
        <div class="cards">{cards}</div>
    }
}

/// The headline above the figures.
#[component]
fn Headline(selection: Memo<Selection>) -> impl IntoView {
    let (busy, set_busy) = signal(false);
    view! {
        <section
            class="headline"
            aria-label="At a glance"
            aria-busy=move || busy.get().then_some("true")
        >
            <Fragments of="headline" failed="The summary could not be loaded" selection set_busy />
        </section>
    }
}

/// The age and completeness of the data.
#[component]
pub fn Freshness() -> impl IntoView {
    view! { <Fragments of="freshness" failed="The state of the data could not be loaded" /> }
}

pub fn is_of_builds(page: &str) -> bool {
    [PIPELINES, PLATFORM].contains(&page)
}

/// The noun for the items that a page's figures count, singular and plural.
pub fn unit(page: &str) -> (&'static str, &'static str) {
    if is_of_builds(page) {
        ("build", "builds")
    } else {
        ("repository", "repositories")
    }
}

pub fn loading() -> impl IntoView {
    view! {
        <p class="page-loading" role="status">
            "Loading…"
        </p>
    }
}
