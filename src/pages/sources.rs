//! `/sources`: where the data come from, how the last refreshes went, and what could not be read.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use serde::{Deserialize, Serialize};

use super::board::loading;
use crate::{
    api::{
        Cell, CellKind, ColumnInfo, CoverageItem, DataState, Freshness, SourceState, coverage,
        freshness,
    },
    components::{
        ErrorPanel, PageHeading, ask_again_when_heard, sample_notice, sentence, table_html,
        thousands,
    },
    error::AppError,
    live::use_told,
};

/// What the page is made from. The tables are in its HTML already when the client hydrates, so they
/// are not sent again.
#[derive(Clone, Serialize, Deserialize)]
struct Listing {
    state: DataState,
    /// By source, in the order of the state.
    covered: Vec<Covered>,
}

/// What a source covers.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Covered {
    wanting: Items,
    read: Items,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Items {
    count: u64,
    #[serde(skip)]
    table: Arc<str>,
}

#[component]
pub fn Sources() -> impl IntoView {
    let told = use_told();
    let listing = Resource::new(move || told.live(), |_| listing());
    view! {
        <div class="frame sources">
            <PageHeading text="Sources" />
            <p>
                "Where the data come from, how old they are, and how much could be read. "
                "What could not be read is not counted as safe: it is listed here and counts as unknown."
            </p>
            <Transition fallback=loading>
                {move || Suspend::new(async move {
                    match listing.await {
                        Ok(listing) => Either::Left(content(listing)),
                        Err(error) => {
                            ask_again_when_heard(&error, move || listing.refetch());
                            Either::Right(
                                view! {
                                    <ErrorPanel
                                        heading="The sources cannot be shown"
                                        error
                                        href="/sources"
                                        action="Try again"
                                    />
                                },
                            )
                        }
                    }
                })}
            </Transition>
        </div>
    }
}

async fn listing() -> Result<Listing, AppError> {
    let state = freshness().await?;
    let items = coverage().await?;
    let sources = state.kinds.iter().flat_map(|kind| &kind.sources);
    let covered = sources.map(|source| covered(source, &items)).collect();
    Ok(Listing { state, covered })
}

fn covered(source: &SourceState, items: &[CoverageItem]) -> Covered {
    let items = items.iter().filter(|item| item.source == source.name);
    let (read, wanting): (Vec<&CoverageItem>, Vec<&CoverageItem>) =
        items.partition(|item| item.state == "read");
    Covered {
        wanting: listed(
            &format!("{}: not read, or only in part", source.label),
            &wanting,
        ),
        read: listed(&format!("{}: read", source.label), &read),
    }
}

fn listed(caption: &str, items: &[&CoverageItem]) -> Items {
    let columns = [
        ("item", "Name", CellKind::Text),
        ("state", "State", CellKind::Text),
        ("reason", "Reason", CellKind::Text),
        ("tried", "Last tried", CellKind::Instant),
        ("read", "Last read", CellKind::Instant),
    ];
    let columns = columns.map(|(id, title, kind)| ColumnInfo {
        id: id.to_owned(),
        title: title.to_owned(),
        kind,
    });
    let text = |text: Option<&String>| text.cloned().map_or(Cell::Missing, Cell::Text);
    let rows: Vec<Vec<Cell>> = items
        .iter()
        .map(|item| {
            vec![
                text(Some(&item.item)),
                text(Some(&item.state_text)),
                text(item.reason.as_ref()),
                text(Some(&item.tried.text)),
                text(item.read.as_ref().map(|moment| &moment.text)),
            ]
        })
        .collect();
    Items {
        count: items.len() as u64,
        table: table_html(caption, &columns, &rows).into(),
    }
}

fn content(Listing { state, covered }: Listing) -> impl IntoView {
    let mut covered = covered.into_iter();
    let kinds = state
        .kinds
        .into_iter()
        .map(|kind| {
            let covered = covered.by_ref().take(kind.sources.len()).collect();
            of_kind(kind, covered)
        })
        .collect_view();
    view! {
        {state.sample.then(sample_notice)}
        {kinds}
    }
}

fn of_kind(kind: Freshness, covered: Vec<Covered>) -> impl IntoView {
    let how = kind.sources.is_empty().then(|| how_to_begin(&kind.label));
    let sources = kind.sources.into_iter().zip(covered);
    view! {
        <section class="kind">
            <h2>{kind.label}</h2>
            <p>
                {match kind.as_of {
                    Some(moment) => {
                        ("As of ", Some(view! { <time datetime=moment.at>{moment.text}</time> }))
                    }
                    None => ("No data yet", None),
                }} {format!(" · {}", kind.rests_on)}
            </p>
            {how}
            {sources.map(|(state, covered)| source(state, covered)).collect_view()}
        </section>
    }
}

/// How data come in where nothing collects them.
fn how_to_begin(label: &str) -> impl IntoView + use<> {
    let text = format!(
        "{label} are collected from nowhere: no source of them is configured. They come from files \
         then, by "
    );
    view! {
        <p class="notice">
            {text} <code>"rse-dashboard import"</code>
            ". The README’s section “Configuration” says how to have them collected."
        </p>
    }
}

fn source(source: SourceState, covered: Covered) -> impl IntoView {
    let Covered { wanting, read } = covered;
    let state = match (&source.last_success, &source.last_failure) {
        (None, None) => "First refresh under way",
        _ if source.failing => "The last refresh failed",
        _ => "The last refresh succeeded",
    };
    let failure = source.last_failure.map(|failure| {
        view! {
            <dt>{if source.failing { "Failed" } else { "Failed last" }}</dt>
            <dd>
                <time datetime=failure.moment.at>{failure.moment.text}</time>
                {format!(": {}", sentence(failure.reason))}
            </dd>
        }
    });
    let success = source.last_success.map_or_else(
        || Either::Left("never"),
        |moment| Either::Right(view! { <time datetime=moment.at>{moment.text}</time> }),
    );
    let coverage = source
        .coverage
        .map_or_else(|| "nothing was tried yet".to_owned(), |counts| counts.text);
    let wanting_heading = (wanting.count > 0).then(|| {
        let text = format!("Not read, or only in part: {}", thousands(wanting.count));
        view! { <h4>{text}</h4> }
    });
    let read_summary = format!("Show the {} that were read", thousands(read.count));
    let label = source.label.clone();
    let label_of_read = label.clone();
    view! {
        <article class="source">
            <h3>{source.label}</h3>
            <p class="state" class:warning=source.failing>
                {state}
            </p>
            <dl>
                <dt>"Succeeded last"</dt>
                <dd>{success}</dd>
                {failure}
                <dt>"Coverage"</dt>
                <dd>{coverage}</dd>
            </dl>
            {wanting_heading}
            <div
                class="table-scroll"
                tabindex="0"
                role="region"
                aria-label=format!("{label}: not read, or only in part")
                hidden=wanting.count == 0
            >
                <table class="table" inner_html=wanting.table></table>
            </div>
            <details hidden=read.count == 0>
                <summary>{read_summary}</summary>
                <div class="table-scroll" tabindex="0" role="region" aria-label=format!("{label_of_read}: read")>
                    <table class="table" inner_html=read.table></table>
                </div>
            </details>
        </article>
    }
}
