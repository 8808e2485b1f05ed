//! The sign-in pages: a heading, a message and a link. They work without scripts, and their policy
//! allows none.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use leptos::prelude::*;
use leptos_meta::HashedStylesheet;

use super::SignIn;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

pub struct WebPage {
    pub status: StatusCode,
    pub heading: &'static str,
    pub text: String,
    /// The label and the address of the link.
    pub link: (String, String),
    /// The browser follows this address after so many seconds.
    pub refresh: Option<(u32, String)>,
}

impl WebPage {
    /// The response; addresses of the dashboard begin with `/` and get the base path of `sign_in`.
    pub fn answer(self, sign_in: &SignIn) -> Response {
        let base = sign_in.settings.base_path().to_owned();
        let based = |address: &str| match address.strip_prefix('/') {
            Some(path) => format!("{base}/{path}"),
            None => address.to_owned(),
        };
        let title = sign_in.title();
        let (label, address) = self.link;
        let refresh = self.refresh.map(|(seconds, address)| {
            let content = format!("{seconds}; url={}", based(&address));
            view! { <meta http-equiv="refresh" content=content /> }
        });
        let theme = sign_in.theme.clone();
        let theme = theme.map(|href| view! { <link rel="stylesheet" href=href /> });
        let document = view! {
            <!DOCTYPE html>
            <html lang="en">
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <meta name="robots" content="noindex" />
                    {refresh}
                    <title>{format!("{} – {title}", self.heading)}</title>
                    <link rel="icon" href=based("/favicon.svg") type="image/svg+xml" />
                    <HashedStylesheet options=sign_in.options.clone() root=base.clone() />
                    {theme}
                </head>
                <body>
                    <header class="site-header">
                        <div class="frame">
                            <span class="brand">
                                <img class="logo" src=based("/logo.svg") alt="" />
                                <span>{title.clone()}</span>
                            </span>
                        </div>
                    </header>
                    <main id="main">
                        <div class="frame prose">
                            <h1>{self.heading}</h1>
                            <p>{self.text}</p>
                            <p>
                                <a class="btn" href=based(&address)>
                                    {label}
                                </a>
                            </p>
                        </div>
                    </main>
                </body>
            </html>
        };
        let mut response = (self.status, Html(document.to_html())).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}
