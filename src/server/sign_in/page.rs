//! The sign-in pages: a heading, a message and a link. They work without scripts, and their policy
//! allows none.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use leptos::prelude::*;

use super::SignIn;
use crate::server::bare_document::BareDocument;

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
        let document = BareDocument {
            options: sign_in.options.clone(),
            title: format!("{} – {title}", self.heading),
            theme: sign_in.theme.clone(),
            refresh: self
                .refresh
                .map(|(seconds, address)| (seconds, based(&address))),
            base: base.clone(),
        };
        let body = view! {
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
        };
        let mut response = document.response(self.status, body);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}
