//! A page of figures: what the server lists for it, in that order.

use leptos::prelude::*;

use super::overview::use_overview;
use crate::{
    api::Overview,
    components::{Card, ErrorPanel, Filters, Fragments, PageHeading, Query, use_query},
};

/// The page whose figures are about builds, and can be filtered.
pub const PIPELINES: &str = "pipelines";

#[component]
pub fn Board(
    /// Its name in URLs.
    page: &'static str,
    heading: &'static str,
) -> impl IntoView {
    let query = use_query();
    let overview = use_overview(Signal::stored(page.to_owned()), query);
    let wrong = move |error| {
        view! {
            <ErrorPanel
                heading="These figures cannot be shown"
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
                Some(Ok(overview)) => content(overview, query).into_any(),
                Some(Err(error)) => wrong(error).into_any(),
            }}
        </div>
    }
}

fn content(overview: Overview, query: Memo<Query>) -> impl IntoView {
    let filtered = overview.page == PIPELINES;
    let unit = unit(&overview.page);
    let filters = filtered.then(|| view! { <Filters projects=overview.projects query /> });
    let headline = filtered.then(|| view! { <Headline query /> });
    let cards = overview
        .figures
        .into_iter()
        .map(|info| view! { <Card info query unit /> })
        .collect_view();
    view! {
        <Freshness />
        {filters}
        <NoScriptNotice />
        {headline}
        <div class="cards">{cards}</div>
    }
}

/// Above the figures: what a team lead wants in five seconds.
#[component]
fn Headline(query: Memo<Query>) -> impl IntoView {
    let (busy, set_busy) = signal(false);
    view! {
        <section
            class="headline"
            aria-label="At a glance"
            aria-busy=move || busy.get().then_some("true")
        >
            <Fragments of="headline" failed="The summary could not be loaded" query set_busy />
        </section>
    }
}

/// How old and how complete the data are.
#[component]
pub fn Freshness() -> impl IntoView {
    view! { <Fragments of="freshness" failed="What is known of the sources could not be loaded" /> }
}

/// What the figures of a page count: one and many.
pub fn unit(page: &str) -> (&'static str, &'static str) {
    if page == PIPELINES {
        ("build", "builds")
    } else {
        ("repository", "repositories")
    }
}

#[component]
pub fn NoScriptNotice() -> impl IntoView {
    view! {
        <noscript>
            <p class="notice">
                "Charts need JavaScript. Every figure’s sentence and table are here without it."
            </p>
        </noscript>
    }
}

pub fn loading() -> impl IntoView {
    view! {
        <p class="page-loading" role="status">
            "Loading…"
        </p>
    }
}
