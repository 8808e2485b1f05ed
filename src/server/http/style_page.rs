//! `/style`: the style guide for developers, which shows every component in every state. Only with `RSE_STYLE_PAGE=1`.

use axum::{Router, http::StatusCode, response::Response, routing::get};
use leptos::{config::LeptosOptions, prelude::*};

use anyhow::{Result, ensure};

use super::ServerState;
use crate::{
    base::Base,
    server::{bare_document::BareDocument, environment::Environment, fragments},
};

const STYLE_PAGE: &str = "RSE_STYLE_PAGE";

/// Returns whether the operator wants the page.
///
/// # Errors
/// A value other than 1.
pub fn is_wanted(environment: &Environment) -> Result<bool> {
    let value = environment.text(&[STYLE_PAGE]);
    if let Some(value) = &value {
        ensure!(
            value == "1",
            "{STYLE_PAGE}: “{value}” is not 1; leave it out for no style guide"
        );
    }
    Ok(value.is_some())
}

/// No route unless the page is wanted.
pub fn route(
    is_wanted: bool,
    options: &LeptosOptions,
    base: &Base,
    theme: Option<&str>,
) -> Router<ServerState> {
    if !is_wanted {
        return Router::new();
    }
    let (options, base, theme) = (options.clone(), base.clone(), theme.map(str::to_owned));
    let page = move || async move { page(options, &base, theme) };
    Router::new().route("/style", get(page))
}

fn page(options: LeptosOptions, base: &Base, theme: Option<String>) -> Response {
    let document = BareDocument {
        options,
        base: base.as_str().to_owned(),
        title: "Style guide".to_owned(),
        theme,
        refresh: None,
    };
    let body = view! {
        <main id="main" class="frame" inner_html=fragments::style().into_string()></main>
    };
    document.response(StatusCode::OK, body)
}
