//! Static parts of pages, such as the headline and the state of the sources, rendered as HTML by the
//! server. They are not sent again for hydration, and need far less client code than framework elements.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};

use super::{ErrorPanel, ask_again_when_heard};
use crate::{
    api::{HtmlFragment, View, fragments},
    base::use_base,
    error::AppError,
    live::use_told,
    selection::Selection,
};

/// The parts of a fragment that hydration needs. The page's HTML has the others.
#[derive(Clone, Serialize, Deserialize)]
struct Part {
    class: String,
    folds: bool,
    title: String,
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
            title: text.title,
            html: text.html.into(),
            summary: text.summary.into(),
            folded: text.folded.into(),
        }
    }
}

type Loaded = Resource<Result<Vec<Part>, AppError>>;

/// The fragments of a name. They are updated with the data; unfolded parts stay open.
#[component]
pub fn Fragments(
    of: &'static str,
    /// The heading of the error.
    failed: &'static str,
    /// The filter, for fragments about builds. Fragments about sources have none.
    #[prop(optional)]
    selection: Option<Memo<Selection>>,
    /// The page's other parameters.
    #[prop(optional)]
    view: Option<Memo<View>>,
    /// Update the fragments when the state of a source changes, too, as those without a filter.
    #[prop(optional)]
    live: bool,
    /// Set while the fragments are being updated.
    #[prop(optional)]
    set_busy: Option<WriteSignal<bool>>,
) -> impl IntoView {
    let told = use_told();
    let parts: Loaded = Resource::new(
        move || {
            let view = view.map_or_else(View::default, |view| view.get());
            let is_live = live || selection.is_none();
            let selection = selection.map_or_else(Selection::default, |selection| selection.get());
            let version = if is_live { told.live() } else { told.data() };
            (selection, view, version)
        },
        move |(selection, view, _)| async move {
            let fragments = fragments(of.to_owned(), selection, view).await?;
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
                        let (href, action) = way_on(&error);
                        ask_again_when_heard(&error, move || parts.refetch());
                        Either::Right(
                            view! {
                                <ErrorPanel
                                    heading=failed
                                    error
                                    href
                                    action
                                />
                            },
                        )
                    }
                }
            })}
        </Transition>
    }
}

/// The address and the words of the link from an error to where a reader can go on.
fn way_on(error: &AppError) -> (String, &'static str) {
    let location = use_location();
    let path = location.pathname.get_untracked();
    let base = use_base();
    let path = path.strip_prefix(base.as_str()).unwrap_or(&path);
    match (error.status(), location.search.get_untracked()) {
        (400, _) => (path.to_owned(), "Show without conditions"),
        (404, _) => ("/".to_owned(), "Go to Today"),
        (_, query) if query.is_empty() => (path.to_owned(), "Try again"),
        (_, query) => (format!("{path}?{query}"), "Try again"),
    }
}

fn loading() -> impl IntoView {
    view! { <p class="loading">"Loading…"</p> }
}

fn part(part: Part) -> impl IntoView {
    let title = (!part.title.is_empty()).then(|| view! { <Title text=part.title /> });
    view! {
        {title}
        <div class=part.class>
            <div inner_html=part.html></div>
            <details hidden=!part.folds>
                <summary inner_html=part.summary></summary>
                <div inner_html=part.folded></div>
            </details>
        </div>
    }
}
