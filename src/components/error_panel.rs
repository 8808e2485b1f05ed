//! An error message with a link to continue.

use leptos::prelude::*;

use crate::{base::use_base, error::AppError, live::use_told};

#[component]
pub fn ErrorPanel(
    /// The part of the page that failed.
    #[prop(into)]
    heading: String,
    error: AppError,
    /// The target of the link, under the base path.
    #[prop(into)]
    href: String,
    /// The text of the link.
    #[prop(into)]
    action: String,
) -> impl IntoView {
    // Reloading the page redirects to the sign-in.
    let action = match error {
        AppError::SignInNeeded => "Sign in again".to_owned(),
        _ => action,
    };
    view! {
        <div class="error-panel" role="alert">
            <p class="error-heading">{heading}</p>
            <p>{error.to_string()}</p>
            // Loads a new document, because the error may be in this one.
            <a class="btn" href=use_base().path(&href) rel="external">
                {action}
            </a>
        </div>
    }
}

/// Repeats a failed request when the server sends its next message, so that unattended screens recover.
/// Called where the error is shown.
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
