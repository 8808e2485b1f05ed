//! `POST /problems/snooze` and `/problems/unsnooze`: readers put problems aside. The only changes that readers can
//! make, so there are none without sign-in.

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{ClientAddress, SignIn, cookies::Session, page::WebPage};
use crate::{
    error::AppError,
    server::{
        fragments::{MAX_REASON, SNOOZE_DAYS, SNOOZE_FAILURES},
        model::{DAY_MS, Snooze, SnoozeEnd},
        telemetry::audit::{ANONYMOUS, Action, Outcome},
    },
};

#[derive(Default, Deserialize)]
pub struct SnoozeForm {
    problem: String,
    #[serde(default)]
    reason: String,
    /// `7d` or, after so many more failures, `10f`.
    #[serde(default)]
    until: String,
}

/// The reason why nobody may make a change.
enum Refusal {
    OtherSite,
    NoReader,
}

/// A change by a reader.
struct Change {
    sign_in: Arc<SignIn>,
    client: Option<ClientAddress>,
    action: Action,
    session: Option<Session>,
    problem: String,
}

/// `POST /problems/snooze`
pub async fn snooze(
    State(sign_in): State<Arc<SignIn>>,
    client: Option<Extension<ClientAddress>>,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    form: Result<Form<SnoozeForm>, FormRejection>,
) -> Response {
    let Form(form) = form.unwrap_or_default();
    let change = Change::new(sign_in, client, session, Action::Snooze, &form);
    let session = match change.reader(&headers) {
        Ok(session) => session,
        Err(refusal) => return change.refuse_reader(refusal),
    };
    let at_ms = Timestamp::now().as_millisecond();
    let reason = form.reason.trim();
    let (Some(end), 1..=MAX_REASON) = (end(&form.until, at_ms), reason.chars().count()) else {
        return change.refuse(
            StatusCode::BAD_REQUEST,
            "wrong form",
            "A snooze needs a reason and an end.",
        );
    };
    let snooze = Snooze {
        problem: form.problem.clone(),
        reason: reason.to_owned(),
        end,
        reader: session.name.clone(),
        at_ms,
    };
    change.finish(change.sign_in.app.snooze(snooze).await)
}

/// `POST /problems/unsnooze`
pub async fn unsnooze(
    State(sign_in): State<Arc<SignIn>>,
    client: Option<Extension<ClientAddress>>,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    form: Result<Form<SnoozeForm>, FormRejection>,
) -> Response {
    let Form(form) = form.unwrap_or_default();
    let change = Change::new(sign_in, client, session, Action::Unsnooze, &form);
    match change.reader(&headers) {
        Ok(_) => change.finish(change.sign_in.app.unsnooze(&form.problem).await),
        Err(refusal) => change.refuse_reader(refusal),
    }
}

/// Parses the end of a snooze: one of those that the page offers.
fn end(text: &str, now_ms: i64) -> Option<SnoozeEnd> {
    if let Some(days) = text.strip_suffix('d') {
        let days = days
            .parse()
            .ok()
            .filter(|days| SNOOZE_DAYS.contains(days))?;
        return Some(SnoozeEnd::At(now_ms + days * DAY_MS));
    }
    let failures = text.strip_suffix('f')?.parse().ok();
    let failures = failures.filter(|failures| SNOOZE_FAILURES.contains(failures))?;
    Some(SnoozeEnd::Failures(failures))
}

impl Change {
    fn new(
        sign_in: Arc<SignIn>,
        client: Option<Extension<ClientAddress>>,
        session: Option<Extension<Session>>,
        action: Action,
        form: &SnoozeForm,
    ) -> Self {
        Self {
            sign_in,
            client: client.map(|Extension(client)| client),
            action,
            session: session.map(|Extension(session)| session),
            problem: form.problem.clone(),
        }
    }

    /// Returns the reader who asks for the change on a page of the dashboard. Tokens are for programs that read.
    fn reader(&self, headers: &HeaderMap) -> Result<&Session, Refusal> {
        if !self.sign_in.is_own(headers) {
            return Err(Refusal::OtherSite);
        }
        self.session.as_ref().ok_or(Refusal::NoReader)
    }

    fn refuse_reader(&self, refusal: Refusal) -> Response {
        let (reason, text) = match refusal {
            Refusal::OtherSite => (
                "asked by another site",
                "Another site asked for this change.",
            ),
            Refusal::NoReader => (
                "no reader",
                "Only readers who have signed in can snooze problems.",
            ),
        };
        self.refuse(StatusCode::FORBIDDEN, reason, text)
    }

    fn finish(&self, done: Result<(), AppError>) -> Response {
        match done {
            Ok(()) => {
                self.record(Outcome::Done);
                Redirect::to("/").into_response()
            }
            Err(error) => {
                let status = StatusCode::from_u16(error.status());
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                self.refuse(status, "it failed", &error.to_string())
            }
        }
    }

    fn refuse(&self, status: StatusCode, reason: &'static str, text: &str) -> Response {
        self.record(Outcome::Refused { reason });
        let page = WebPage {
            status,
            heading: "Nothing was changed",
            text: text.to_owned(),
            link: ("Show the problems".to_owned(), "/".to_owned()),
            refresh: None,
        };
        page.answer(&self.sign_in)
    }

    fn record(&self, outcome: Outcome) {
        let who = self.session.as_ref();
        let who = who.map_or(ANONYMOUS, |session| &session.subject);
        let client = self.client.map(|client| client.0);
        let sign_in = &self.sign_in;
        sign_in.record_about(&self.problem, who, self.action, client, outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_one_that_the_page_offers() {
        assert_eq!(end("7d", 5), Some(SnoozeEnd::At(5 + 7 * DAY_MS)));
        assert_eq!(end("10f", 5), Some(SnoozeEnd::Failures(10)));
        for wrong in [
            "",
            "d",
            "7",
            "8d",
            "11f",
            "-7d",
            "7dd",
            "99999999999999999999d",
        ] {
            assert_eq!(end(wrong, 5), None, "{wrong}");
        }
    }
}
