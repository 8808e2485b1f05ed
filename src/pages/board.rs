//! A page of figures: what the server lists for it, in that order.

use leptos::{either::Either, prelude::*};

use crate::{
    api::{Overview, overview},
    components::{Card, ErrorPanel, Filters, HeadlineBand, PageHeading, Query, Texts, use_query},
    error::AppError,
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
    // Which cards there are does not depend on the filter, so the cards stay when that changes;
    // the values are sent to learn whether they exist.
    let first = StoredValue::new(query.get_untracked());
    let board = Resource::new(
        || (),
        move |()| {
            let query = first.get_value();
            overview(page.to_owned(), query.project, query.build_type, query.days)
        },
    );
    view! {
        <div class="frame">
            <PageHeading text=heading />
            <Suspense fallback=loading>
                {move || Suspend::new(async move {
                    match board.await {
                        Ok(overview) => Either::Left(content(overview, query)),
                        Err(error) => {
                            ask_again_when_changed(board, first, query);
                            Either::Right(
                                view! {
                                    <ErrorPanel
                                        heading="These figures cannot be shown"
                                        error
                                        href=format!("/{page}")
                                        action="Show the page without filters"
                                    />
                                },
                            )
                        }
                    }
                })}
            </Suspense>
        </div>
    }
}

/// A wrong value goes with the address that it stood in: what is asked for then may exist.
fn ask_again_when_changed(
    board: Resource<Result<Overview, AppError>>,
    first: StoredValue<Query>,
    query: Memo<Query>,
) {
    Effect::new(move |before: Option<Query>| {
        let now = query.get();
        if before.is_some_and(|before| before != now) {
            first.set_value(now.clone());
            board.refetch();
        }
        now
    });
}

fn content(overview: Overview, query: Memo<Query>) -> impl IntoView {
    let filtered = overview.page == PIPELINES;
    let unit = unit(&overview.page);
    let filters = filtered.then(|| view! { <Filters projects=overview.projects query /> });
    let headline = filtered.then(|| view! { <HeadlineBand query /> });
    let cards = overview
        .figures
        .into_iter()
        .map(|info| view! { <Card info query unit /> })
        .collect_view();
    view! {
        <Texts of="freshness" />
        {filters}
        <NoScriptNotice />
        {headline}
        <div class="cards">{cards}</div>
    }
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
