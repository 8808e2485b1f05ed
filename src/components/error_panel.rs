//! An error, where it happened, with a way out.

use leptos::prelude::*;

use crate::{base::use_base, error::AppError, live::use_told};

#[component]
pub fn ErrorPanel(
    /// What is not there because of it.
    #[prop(into)]
    heading: String,
    error: AppError,
    /// Where the link leads, below the base path.
    #[prop(into)]
    href: String,
    /// What the link says.
    #[prop(into)]
    action: String,
) -> impl IntoView {
    view! {
        <div class="error-panel" role="alert">
            <p class="error-heading">{heading}</p>
            <p>{error.to_string()}</p>
            // A new document: what went wrong may lie in this one.
            <a class="btn" href=use_base().path(&href) rel="external">
                {action}
            </a>
        </div>
    }
}

/// A screen that nobody stands before mends itself: what failed because the server could not answer
/// is asked for again once the server is heard. Called where the error is shown.
pub fn ask_again_when_heard(error: &AppError, ask: impl Fn() + 'static) {
    if !error.is_passing() {
        return;
    }
    let told = use_told();
    Effect::new(move |before: Option<()>| {
        told.heard();
        if before.is_some() {
            ask();
        }
    });
}
