//! The sign-in routes: to the provider, back from it, and sign-out.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::{
    ClientAddress, SignIn,
    allow_list::Claims,
    cookies::{Pending, Session},
    page::WebPage,
    provider::SignInFailure,
    return_to::{local, sign_in_address},
    snoozes,
};
use crate::server::telemetry::audit::{ANONYMOUS, Action, Outcome};

/// Time to find a password and a telephone.
pub const PENDING: SignedDuration = SignedDuration::from_mins(10);
/// The longest name shown in a page's header, in characters.
const MAX_NAME: usize = 60;
/// Unattended screens retry after so many seconds.
const RETRY_SECONDS: u32 = 15;

/// The routes of sign-in; none when it is off.
pub fn routes<S: Clone + Send + Sync + 'static>(sign_in: Option<&Arc<SignIn>>) -> Router<S> {
    let Some(sign_in) = sign_in else {
        return Router::new();
    };
    Router::new()
        .route("/sign-in", get(begin))
        .route("/sign-in/callback", get(callback))
        .route("/sign-out", post(sign_out))
        .route("/signed-out", get(signed_out))
        .route("/problems/snooze", post(snoozes::snooze))
        .route("/problems/unsnooze", post(snoozes::unsnooze))
        .with_state(Arc::clone(sign_in))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SignInQuery {
    to: String,
    /// `other` asks the provider for another account.
    r#as: String,
}

/// `GET /sign-in?to=…`: continues to the provider.
///
/// With a page instead of a redirect: a form (a filter used without JavaScript) may not be redirected to
/// an address that the policy of its page excludes.
async fn begin(
    State(sign_in): State<Arc<SignIn>>,
    headers: HeaderMap,
    wanted: Result<Query<SignInQuery>, QueryRejection>,
) -> Response {
    let wanted = wanted.map(|Query(wanted)| wanted).unwrap_or_default();
    let to = local(&wanted.to);
    let as_other = wanted.r#as == "other";
    let cookies = &sign_in.settings.cookies;
    if !as_other && sign_in.settings.session(&headers).is_some() {
        return uncached(Redirect::to(to));
    }
    let authorization = match sign_in.provider.begin(&sign_in.settings, as_other).await {
        Ok(authorization) => authorization,
        Err(failure) => return sign_in.failed(&failure, to),
    };
    let pending = Pending {
        state: authorization.state.into_secret(),
        nonce: authorization.nonce.secret().clone(),
        verifier: authorization.verifier.into_secret(),
        to: to.to_owned(),
        until: Timestamp::now() + PENDING,
    };
    let host = authorization
        .url
        .host_str()
        .unwrap_or("the provider")
        .to_owned();
    let page = WebPage {
        status: StatusCode::OK,
        heading: "Sign in",
        text: format!("You are being taken to {host} to sign in."),
        link: ("Continue".to_owned(), authorization.url.to_string()),
        refresh: Some((0, authorization.url.into())),
    };
    (
        cookies.changes().set(&pending).into_jar(),
        page.answer(&sign_in),
    )
        .into_response()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CallbackQuery {
    code: Option<String>,
    state: String,
    error: Option<String>,
    /// The issuer, if the provider sends it.
    iss: Option<String>,
}

/// `GET /sign-in/callback?code=…&state=…`: back from the provider. The pending sign-in ends here,
/// whatever its outcome.
async fn callback(
    State(sign_in): State<Arc<SignIn>>,
    client: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    answer: Result<Query<CallbackQuery>, QueryRejection>,
) -> Response {
    let answer = answer.map(|Query(answer)| answer).unwrap_or_default();
    let client = client.map(|Extension(client)| client.0);
    let record = |who: &str, outcome| sign_in.record(who, Action::SignIn, client, outcome);
    let refuse = |who: &str, reason| record(who, Outcome::Refused { reason });
    let cookies = &sign_in.settings.cookies;
    let changes = cookies.changes().remove::<Pending>();
    let pending = cookies.read::<Pending>(&headers).filter(|pending| {
        pending
            .state
            .as_bytes()
            .ct_eq(answer.state.as_bytes())
            .into()
    });
    let pending = match pending {
        Some(pending) if sign_in.used_states.is_first_use(&pending.state).await => Some(pending),
        _ => None,
    };
    let Some(pending) = pending else {
        refuse(ANONYMOUS, "no sign-in is pending");
        let page = sign_in.problem(
            StatusCode::BAD_REQUEST,
            "This sign-in has ended",
            "It was completed already, took longer than ten minutes, or began in another tab.",
            "/",
        );
        return (changes.into_jar(), page).into_response();
    };
    let to = pending.to.clone();
    let from_elsewhere = answer
        .iss
        .is_some_and(|issuer| issuer != *sign_in.settings.issuer);
    let Some(code) = answer.code.filter(|_| !from_elsewhere) else {
        log_provider_error(answer.error.as_deref());
        refuse(ANONYMOUS, "refused by the provider");
        let page = sign_in.problem(
            StatusCode::FORBIDDEN,
            "The provider refused your sign-in",
            "It gave no reason that can be shown here.",
            &to,
        );
        return (changes.into_jar(), page).into_response();
    };
    let claims = sign_in
        .provider
        .claims(&sign_in.settings, code, pending.verifier, pending.nonce)
        .await;
    let claims = match claims {
        Ok(claims) => claims,
        Err(failure) => {
            refuse(ANONYMOUS, failure.reason());
            return (changes.into_jar(), sign_in.failed(&failure, &to)).into_response();
        }
    };
    if let Err(refusal) = sign_in.settings.allowed.admit(&claims) {
        refuse(&claims.subject, refusal.as_str());
        let page = WebPage {
            status: StatusCode::FORBIDDEN,
            heading: "You have no access",
            text: format!("{refusal} Ask the operators of this dashboard for access."),
            link: (
                "Use another account".to_owned(),
                format!("{}&as=other", sign_in_address(&to)),
            ),
            refresh: None,
        };
        return (changes.into_jar(), page.answer(&sign_in)).into_response();
    }
    let session = sign_in
        .settings
        .sessions
        .begin(shown_name(&claims), claims.subject);
    record(&session.subject, Outcome::Done);
    let changes = changes.set(&session);
    (changes.into_jar(), uncached(Redirect::to(&to))).into_response()
}

/// `POST /sign-out`: signs out of the dashboard, and of the provider if possible.
///
/// With a page instead of a redirect: forms on the dashboard's pages may lead only to the dashboard.
async fn sign_out(
    State(sign_in): State<Arc<SignIn>>,
    client: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
) -> Response {
    let client = client.map(|Extension(client)| client.0);
    let session = sign_in.settings.session(&headers);
    let who = session
        .as_ref()
        .map_or(ANONYMOUS, |session| &session.subject);
    let record = |outcome| sign_in.record(who, Action::SignOut, client, outcome);
    if !sign_in.is_own(&headers) {
        let reason = "asked by another site";
        record(Outcome::Refused { reason });
        return sign_in.problem(
            StatusCode::FORBIDDEN,
            "You are still signed in",
            "Another site asked to sign you out.",
            "/",
        );
    }
    if session.is_some() {
        record(Outcome::Done);
    }
    let out = sign_in
        .settings
        .cookies
        .changes()
        .remove::<Session>()
        .into_jar();
    let Some(url) = sign_in.provider.end_session_url(&sign_in.settings).await else {
        return (out, uncached(Redirect::to("/signed-out"))).into_response();
    };
    let host = url.host_str().unwrap_or("the provider").to_owned();
    let page = WebPage {
        status: StatusCode::OK,
        heading: "You are signed out",
        text: format!("You are being taken to {host} to sign out there as well."),
        link: ("Continue".to_owned(), url.to_string()),
        refresh: Some((0, url.into())),
    };
    (out, page.answer(&sign_in)).into_response()
}

/// `GET /signed-out`: the end of a sign-out.
async fn signed_out(State(sign_in): State<Arc<SignIn>>) -> Response {
    let page = WebPage {
        status: StatusCode::OK,
        heading: "You are signed out",
        text: "The dashboard can no longer be read in this browser.".to_owned(),
        link: ("Sign in again".to_owned(), sign_in_address("/")),
        refresh: None,
    };
    page.answer(&sign_in)
}

impl SignIn {
    fn failed(&self, failure: &SignInFailure, to: &str) -> Response {
        let (SignInFailure::Down(cause) | SignInFailure::Refused(cause)) = failure;
        tracing::warn!("cannot sign a reader in: {cause:#}");
        match failure {
            SignInFailure::Down(_) => {
                let address = sign_in_address(to);
                let page = WebPage {
                    status: failure.status(),
                    heading: "Sign-in is unavailable",
                    text: "The sign-in provider does not respond. This page retries automatically."
                        .to_owned(),
                    link: ("Try again".to_owned(), address.clone()),
                    refresh: Some((RETRY_SECONDS, address)),
                };
                page.answer(self)
            }
            SignInFailure::Refused(_) => self.problem(
                failure.status(),
                "This sign-in is not valid",
                "The provider did not confirm it. It may have been used already.",
                to,
            ),
        }
    }

    fn problem(&self, status: StatusCode, heading: &'static str, text: &str, to: &str) -> Response {
        let page = WebPage {
            status,
            heading,
            text: text.to_owned(),
            link: ("Sign in".to_owned(), sign_in_address(to)),
            refresh: None,
        };
        page.answer(self)
    }

    /// True when a page of the dashboard sent this form. Browsers send one header or the other; the
    /// session's cookie, which forms of other sites do not carry, is the first protection.
    pub(super) fn is_own(&self, headers: &HeaderMap) -> bool {
        let said = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
        let origin = self.settings.public_url.origin().ascii_serialization();
        let same_origin = said("origin").is_some_and(|said| said == origin.as_bytes());
        match said("sec-fetch-site") {
            Some(site) => site == b"same-origin",
            None => same_origin,
        }
    }
}

/// Logs the error code alone, and only if it has the form of one: the rest is free text from an address.
fn log_provider_error(error: Option<&str>) {
    let known = error.filter(|code| {
        code.len() <= 60
            && code
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    });
    tracing::warn!(
        error = known.unwrap_or("none"),
        "the provider refused a sign-in"
    );
}

fn shown_name(claims: &Claims) -> String {
    let name = claims.name.as_deref().or(claims.email.as_deref());
    let name = name.unwrap_or("Signed in").trim();
    let visible = name.chars().filter(|character| !character.is_control());
    visible.take(MAX_NAME).collect()
}

fn uncached(redirect: Redirect) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (headers, redirect).into_response()
}
