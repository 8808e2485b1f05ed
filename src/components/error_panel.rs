//! An error message with a link to continue.

use leptos::prelude::*;

use leptos_router::hooks::use_location;

use super::filters::changed;
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
    let location = use_location();
    let (path, query) = (
        location.pathname.get_untracked(),
        location.search.get_untracked(),
    );
    let href = use_base().path(&href);
    let (href, action) = match error {
        // Reloading the page redirects to the sign-in.
        AppError::SignInNeeded => (href, "Sign in again".to_owned()),
        AppError::NotReady | AppError::Unreachable | AppError::Internal => {
            (with_query(&path, &query), "Try again".to_owned())
        }
        _ => (href, action),
    };
    let passing = error.is_passing() || error == AppError::SignInNeeded;
    let (error, choices) = with_choices(error, &path, &query);
    view! {
        <div class="error-panel" class:passing=passing role="alert">
            <p class="error-heading">{heading}</p>
            <p>{error.to_string()}</p>
            {choices}
            // Loads a new document, because the error may be in this one.
            <a class="btn" href=href rel="external">
                {action}
            </a>
        </div>
    }
}

/// The page with each known value of a filter in place of an unknown one, and the error without the list of them.
fn with_choices(error: AppError, path: &str, query: &str) -> (AppError, Option<AnyView>) {
    match error {
        AppError::UnknownValue {
            parameter,
            value,
            known,
        } if matches!(&*parameter, "project" | "type" | "days") && !known.is_empty() => {
            let link = |known: String| {
                let href = format!("{path}{}", changed(query, &parameter, &known));
                view! {
                    <li>
                        <a href=href rel="external">
                            {known}
                        </a>
                    </li>
                }
            };
            let links = known.into_iter().map(link).collect_view();
            let choices = view! {
                <p>"Known values:"</p>
                <ul class="choices">{links}</ul>
            };
            let error = AppError::UnknownValue {
                parameter,
                value,
                known: Vec::new(),
            };
            (error, Some(choices.into_any()))
        }
        error => (error, None),
    }
}

fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
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
