//! Readers put problems aside; nobody else does.

use axum::http::Method;
use serde_json::Value;

use super::{audit::lines, *};
use crate::server::{
    figures::testing::{AS_OF, build},
    insight,
    model::BuildResult::{Failure, Success},
    store::Store,
};

const PROBLEM: &str = "episode:HMCTS_CMC/claim-store/master@2019-10-25T11:00:00Z";
const FORM: &str = "reason=waits+for+%3Crelease%3E&until=7d&problem=episode%3AHMCTS_CMC%2Fclaim-store%2Fmaster%402019-10-25T11%3A00%3A00Z";

/// A dashboard with one problem and a store, and a reader's cookie.
async fn with_a_problem(dir: &std::path::Path) -> (Router, AppState, String) {
    let config = Config::built_in();
    let store = Store::open(dir, &config).await.expect("a store");
    let mut builder = SnapshotBuilder::new(Arc::new(config));
    for (result, finished) in [
        (Success, "2019-10-25T10:00:00Z"),
        (Failure, "2019-10-25T11:00:00Z"),
    ] {
        builder.push_record(&build("HMCTS_CMC/claim-store/master", result, finished));
    }
    let as_of: Timestamp = AS_OF.parse().expect("an instant");
    let snapshot = builder.finish(
        "v1".to_owned(),
        Some(as_of.as_millisecond()),
        Security::default(),
    );
    let state = AppState::default();
    state.swap(insight::filled(snapshot));
    state.set_snooze_writer(store.snooze_writer());
    let settings = settings("https://dashboard.example");
    let cookies = settings.sign_in.clone().expect("sign-in is on").cookies;
    (router(state.clone(), settings), state, cookie(&cookies, 60))
}

async fn post(router: &Router, path: &str, headers: &[(&str, &str)], form: &str) -> TestResponse {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Body::from(form.to_owned()))
        .expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 10_000_000).await.expect("a whole body");
    TestResponse {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(body.to_vec()).expect("text"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_snoozes_a_problem_and_ends_the_snooze() {
    let dir = tempfile::tempdir().expect("a directory");
    let (router, state, session) = with_a_problem(dir.path()).await;
    let own = [("sec-fetch-site", "same-origin"), ("cookie", &*session)];
    let page = ask(&router, Request::get("/").header("cookie", &session)).await;
    assert!(
        page.text.contains("action=\"/problems/snooze\""),
        "{}",
        page.text
    );
    assert!(page.text.contains(PROBLEM), "{}", page.text);

    let snoozed = post(&router, "/problems/snooze", &own, FORM).await;
    assert_eq!(snoozed.status, StatusCode::SEE_OTHER, "{}", snoozed.text);
    assert_eq!(snoozed.header(header::LOCATION), "/");
    let snoozes = &state.ledger().snoozes;
    assert_eq!(snoozes.len(), 1);
    assert_eq!(
        (&*snoozes[0].problem, &*snoozes[0].reader),
        (PROBLEM, "Ada <Lovelace>")
    );
    let page = ask(&router, Request::get("/").header("cookie", &session)).await;
    assert!(
        page.text.contains("waits for &lt;release&gt;"),
        "{}",
        page.text
    );
    assert!(page.text.contains("1 snoozed"), "{}", page.text);

    let ended = post(&router, "/problems/unsnooze", &own, FORM).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert!(state.ledger().snoozes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_snoozes_a_problem_and_every_attempt_is_logged() {
    let dir = tempfile::tempdir().expect("a directory");
    let (router, state, session) = with_a_problem(dir.path()).await;
    let site = |site| [("sec-fetch-site", site), ("cookie", &*session)];
    let (lines, _) = lines(async || {
        for (headers, form, status) in [
            (&site("cross-site")[..], FORM, 403),
            (&[("cookie", &*session)], FORM, 403),
            (
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("authorization", "Bearer secret"),
                ],
                FORM,
                403,
            ),
            (&[("sec-fetch-site", "same-origin")], FORM, 401),
            (
                &site("same-origin"),
                "problem=episode%3Aother&reason=a&until=7d",
                400,
            ),
            (&site("same-origin"), &FORM.replace("7d", "8d"), 400),
            (
                &site("same-origin"),
                &FORM.replace("waits+for+%3Crelease%3E", "+"),
                400,
            ),
            (
                &site("same-origin"),
                &FORM.replace("waits", &"x".repeat(501)),
                400,
            ),
            (&site("same-origin"), "nonsense", 400),
        ] {
            for path in ["/problems/snooze", "/problems/unsnooze"] {
                if path.ends_with("unsnooze") && status == 400 {
                    continue;
                }
                let response = post(&router, path, headers, form).await;
                assert_eq!(
                    response.status.as_u16(),
                    status,
                    "{path} {headers:?} {form}"
                );
            }
        }
        let own = site("same-origin");
        post(&router, "/problems/snooze", &own, FORM).await;
    })
    .await;
    assert_eq!(state.ledger().snoozes.len(), 1, "only the last one");
    let of_snoozes = |line: &&Value| line["action"] == "snooze";
    let said: Vec<String> = lines
        .iter()
        .filter(of_snoozes)
        .map(|line| format!("{} {} {}", line["outcome"], line["reason"], line["subject"]))
        .collect();
    assert!(said[0].contains("asked by another site"), "{said:?}");
    assert!(
        said.iter().any(|line| line.contains("no reader")),
        "{said:?}"
    );
    let last = said.last().expect("a line");
    assert!(last.contains("done") && last.contains(PROBLEM), "{said:?}");
}

#[tokio::test]
async fn without_sign_in_there_is_nothing_to_post_to() {
    let state = AppState::default();
    let builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    state.swap(builder.finish("v1".to_owned(), Some(60_000), Security::default()));
    let router = router(state, http::Settings::default());
    let own = [("sec-fetch-site", "same-origin")];
    let response = post(&router, "/problems/snooze", &own, FORM).await;
    assert!(
        [404, 405].contains(&response.status.as_u16()),
        "{}",
        response.status
    );
    let page = ask(&router, Request::get("/")).await;
    assert!(page.status.is_success() && !page.text.contains("/problems/snooze"));
}
