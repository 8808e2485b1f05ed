//! Pieces of pages that are nothing but text, such as the headline and what is known of sources: HTML
//! that the server made. Nothing of them is sent a second time for hydration, and to the client they
//! cost a fraction of what elements of the framework do.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use serde::{Deserialize, Serialize};

use super::{ErrorPanel, Query, ask_again_when_heard};
use crate::{
    api::{HtmlFragment, fragments},
    error::AppError,
    live::use_told,
};

/// A text as the page needs it: what is in its HTML already is not sent again.
#[derive(Clone, Serialize, Deserialize)]
struct Part {
    class: String,
    folds: bool,
    #[serde(skip)]
    html: Arc<str>,
    #[serde(skip)]
    summary: Arc<str>,
    #[serde(skip)]
    folded: Arc<str>,
}

impl From<HtmlFragment> for Part {
    fn from(text: HtmlFragment) -> Self {
        Self {
            class: text.class,
            folds: !text.folded.is_empty(),
            html: text.html.into(),
            summary: text.summary.into(),
            folded: text.folded.into(),
        }
    }
}

type Loaded = Resource<Result<Vec<Part>, AppError>>;

/// The fragments of a name: again whenever there are other data, with what the reader has unfolded left
/// open.
#[component]
pub fn Fragments(
    of: &'static str,
    /// What is not there where they cannot be had: a heading.
    failed: &'static str,
    /// The filter of fragments that are about builds; all others are about sources, and asked for again
    /// whenever there are news of these.
    #[prop(optional)]
    query: Option<Memo<Query>>,
    /// Whether they are being asked for again.
    #[prop(optional)]
    set_busy: Option<WriteSignal<bool>>,
) -> impl IntoView {
    let told = use_told();
    let parts: Loaded = Resource::new(
        move || match query {
            Some(query) => (query.get(), told.data()),
            None => (Query::default(), told.live()),
        },
        move |(query, _)| async move {
            let fragments =
                fragments(of.to_owned(), query.project, query.build_type, query.days).await?;
            Ok(fragments.into_iter().map(Part::from).collect())
        },
    );
    let set_busy = set_busy.unwrap_or_else(|| signal(false).1);
    view! {
        <Transition fallback=loading set_pending=set_busy>
            {move || Suspend::new(async move {
                match parts.await {
                    Ok(parts) => Either::Left(parts.into_iter().map(part).collect_view()),
                    Err(error) => {
                        ask_again_when_heard(&error, move || parts.refetch());
                        Either::Right(
                            view! {
                                <ErrorPanel
                                    heading=failed
                                    error
                                    href="/pipelines"
                                    action="Show all pipelines"
                                />
                            },
                        )
                    }
                }
            })}
        </Transition>
    }
}

fn loading() -> impl IntoView {
    view! { <p class="loading">"Loading…"</p> }
}

fn part(part: Part) -> impl IntoView {
    view! {
        <div class=part.class>
            <div inner_html=part.html></div>
            <details hidden=!part.folds>
                <summary inner_html=part.summary></summary>
                <div inner_html=part.folded></div>
            </details>
        </div>
    }
}
