//! Replicas, one of which may be behind another.

use super::*;
use crate::server::http::Limits;

/// A replica that processes one request at a time, and refuses those that would have to wait.
fn replica() -> Router {
    let state = AppState::default();
    state.swap(snapshot("a-2-x"));
    let settings = Settings {
        shared_store: true,
        limits: Limits {
            running: 1,
            queue_timeout: Duration::ZERO,
            ..Limits::default()
        },
        ..Settings::default()
    };
    router(state, settings)
}

fn seen(uri: &str, version: &str) -> Request<Body> {
    let request = Request::get(uri).header(header::HOST, "localhost");
    let request = request.header(header::COOKIE, format!("rse-seen={version}"));
    request.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn a_made_up_version_does_not_keep_others_from_being_processed() {
    let replica = replica();
    let uris = ["/pipelines", "/api/headline", "/api/figure?id=heatmap"];
    let mut waiting = Vec::new();
    for uri in uris {
        let request = replica.clone().oneshot(seen(uri, "a-3-x"));
        let mut request = Box::pin(request);
        assert!(futures::poll!(&mut request).is_pending());
        waiting.push(request);
    }
    for uri in uris {
        assert_eq!(get(&replica, uri).await.status, StatusCode::OK, "{uri}");
    }
}

#[tokio::test]
async fn a_version_of_the_far_future_is_not_waited_for_and_is_corrected() {
    let replica = replica();
    for version in ["a-1000000-x", "a-9223372036854775807-x", "a-2-other"] {
        let answer = ask(&replica, seen("/api/headline", version)).await;
        assert_eq!(answer.status, StatusCode::OK, "{version}");
        let cookie = answer.header(header::SET_COOKIE);
        assert!(cookie.starts_with("rse-seen=a-2-x;"), "{cookie}");
    }
}
