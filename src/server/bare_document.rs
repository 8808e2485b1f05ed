//! HTML documents without scripts, whose policy allows none: the sign-in pages and the style guide.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::HashedStylesheet;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The head of a document.
pub struct BareDocument {
    pub options: LeptosOptions,
    /// The base path, without a slash at its end.
    pub base: String,
    pub title: String,
    /// The address of the stylesheet of the organisation's colours.
    pub theme: Option<String>,
    /// The browser follows this address after so many seconds.
    pub refresh: Option<(u32, String)>,
}

impl BareDocument {
    /// The document with this body, for no cache.
    pub fn response(self, status: StatusCode, body: impl IntoView) -> Response {
        let theme = self
            .theme
            .map(|href| view! { <link rel="stylesheet" href=href /> });
        let refresh = self.refresh.map(|(seconds, address)| {
            let content = format!("{seconds}; url={address}");
            view! { <meta http-equiv="refresh" content=content /> }
        });
        let icon = format!("{}/favicon.svg", self.base);
        let document = view! {
            <!DOCTYPE html>
            <html lang="en">
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <meta name="robots" content="noindex" />
                    {refresh}
                    <title>{self.title}</title>
                    <link rel="icon" href=icon type="image/svg+xml" />
                    <HashedStylesheet options=self.options root=self.base />
                    {theme}
                </head>
                <body>{body}</body>
            </html>
        };
        let mut response = (status, Html(document.to_html())).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
