//! The overview of a page: known when the server renders the page and in the document; requested after a
//! navigation in the browser.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{Overview, overview},
    error::AppError,
    selection::Selection,
};

/// The overview of a page, or an error.
pub type OverviewResult = Result<Overview, AppError>;

type OverviewFor = dyn Fn(&str, &Selection) -> OverviewResult + Send + Sync;

/// A context that computes overviews on the server; absent in the browser.
#[derive(Clone)]
pub struct Overviews(Arc<OverviewFor>);

impl Overviews {
    pub fn new(of: impl Fn(&str, &Selection) -> OverviewResult + Send + Sync + 'static) -> Self {
        Self(Arc::new(of))
    }
}

/// The overview of a page or a figure; none while it is being requested.
///
/// Figures do not depend on the filter, so they stay when it changes. After an error, a change of the
/// filter requests the overview again.
pub fn use_overview(
    of: Signal<String>,
    selection: Memo<Selection>,
) -> ReadSignal<Option<OverviewResult>> {
    let known = SharedValue::new(move || {
        let Overviews(answer) = use_context()?;
        Some(answer(&of.get_untracked(), &selection.get_untracked()))
    });
    let (answer, set_answer) = signal(known.into_inner());
    Effect::new(move |before: Option<(String, Selection)>| {
        let wanted = (of.get(), selection.get());
        let is_good = answer.with_untracked(|answer| matches!(answer, Some(Ok(_))));
        let is_known = match &before {
            Some(before) => before.0 == wanted.0 && (is_good || before.1 == wanted.1),
            None => answer.with_untracked(Option::is_some),
        };
        if !is_known {
            set_answer.set(None);
            let asked = wanted.clone();
            spawn_local(async move {
                let (id, values) = asked.clone();
                let came = overview(id, values).await;
                let still = of.try_get_untracked().zip(selection.try_get_untracked());
                if still == Some(asked) {
                    set_answer.set(Some(came));
                }
            });
        }
        wanted
    });
    answer
}
