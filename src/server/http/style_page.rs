//! `/style`: the style guide for developers, which shows every component in every state. Only with `RSE_STYLE_PAGE=1`.

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::HashedStylesheet;

use anyhow::{Result, ensure};

use super::ServerState;
use crate::{
    base::Base,
    server::{environment::Environment, fragments},
};

const STYLE_PAGE: &str = "RSE_STYLE_PAGE";
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

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
    let theme = theme.map(|href| view! { <link rel="stylesheet" href=href /> });
    let document = view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="robots" content="noindex" />
                <title>"Style guide"</title>
                <link rel="icon" href=base.path("/favicon.svg") type="image/svg+xml" />
                <HashedStylesheet options root=base.as_str().to_owned() />
                {theme}
            </head>
            <body>
                <main id="main" class="frame" inner_html=fragments::style().into_string()></main>
            </body>
        </html>
    };
    let mut response = Html(document.to_html()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
