//! A page of figures, in the order that the server lists.

use leptos::prelude::*;

use super::overview::use_overview;
use crate::{
    api::{FigureInfo, Overview},
    components::{Card, ErrorPanel, Fragments, PageHeading, Topics, topics, use_selection},
    selection::Selection,
};

/// The pages of figures about builds; only these have filters.
pub const PIPELINES: &str = "pipelines";
pub const PLATFORM: &str = "platform";
pub const SECURITY: &str = "security";

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
    let headline = (overview.page == PIPELINES).then(|| view! { <Headline selection /> });
    let pipelines = (overview.page == PIPELINES).then(|| view! { <PipelineTable selection /> });
    let due = (overview.page == SECURITY).then(|| {
        view! { <Fragments of="security" failed="The summary could not be loaded" selection /> }
    });
    let unit = unit(&overview.page);
    let can_be_pinned = is_of_builds(&overview.page);
    let is_last_day = Memo::new(move |_| selection.with(|known| known.days() == Some(1)));
    let topics = topics(&overview.figures);
    let topic_of = {
        let topics = topics.clone();
        move |info: &FigureInfo| topics.iter().position(|topic| *topic == info.topic)
    };
    let card = move |info: FigureInfo| {
        let topic = topic_of(&info).unwrap_or_default();
        // In a range of one day, the other figure of results shows the same.
        let shows_last_day = info.id == "build_status_day";
        move || {
            let is_shown = !(shows_last_day && is_last_day.get());
            is_shown.then(|| view! { <Card info=info.clone() selection unit topic /> })
        }
    };
    let cards = overview.figures.into_iter().map(card).collect_view();
    view! {
        <Freshness selection can_be_pinned />
        {headline}
        {pipelines}
        {due}
        <div class="cards"><Topics topics /> {cards}</div>
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

/// The first page of the table of pipelines. Its links lead to the whole table, which has a page of its own.
#[component]
fn PipelineTable(selection: Memo<Selection>) -> impl IntoView {
    view! {
        <section class="builds-page excerpt" aria-label="Pipelines">
            <Fragments of="pipelines" failed="The pipelines could not be loaded" selection />
        </section>
    }
}

/// The age and completeness of the data, and the instant that the page is pinned to.
#[component]
pub fn Freshness(
    selection: Memo<Selection>,
    /// The page shows the builds up to an instant.
    can_be_pinned: bool,
) -> impl IntoView {
    let selection = Memo::new(move |_| {
        // Of other pages, no filter changes what is said.
        selection.with(|known| {
            if can_be_pinned && known.has("as_of") {
                known.clone()
            } else {
                Selection::default()
            }
        })
    });
    view! { <Fragments of="freshness" failed="The state of the data could not be loaded" selection live=true /> }
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
