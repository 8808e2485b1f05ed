//! Pages are rendered once, and to completion.

use futures::FutureExt as _;

use super::*;
use crate::server::{http::Limits, metrics::Metrics};

fn with(name: header::HeaderName, value: &str) -> Request<Body> {
    let request = Request::get("/pipelines").header(name, value);
    request.body(Body::empty()).expect("a request")
}

/// The number of figures requested, computed or not.
fn asked(metrics: &Metrics) -> u64 {
    metrics.figures.all_asked()
}

#[tokio::test]
async fn a_page_is_rendered_once_until_the_data_changes() {
    let state = loaded();
    let router = router(state.clone(), Settings::default());
    let first = get(&router, "/pipelines").await;
    let rendered = asked(state.metrics());
    let again = get(&router, "/pipelines").await;
    assert_eq!(asked(state.metrics()), rendered, "nothing was rendered");
    assert_eq!(again.body, first.body);

    let known = ask(
        &router,
        with(header::IF_NONE_MATCH, first.header(header::ETAG)),
    )
    .await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    assert_eq!(
        known.header(header::CONTENT_SECURITY_POLICY),
        first.header(header::CONTENT_SECURITY_POLICY),
        "a browser replaces the headers it has"
    );

    state.swap(snapshot("v2"));
    let other = get(&router, "/pipelines").await;
    assert!(asked(state.metrics()) > rendered);
    assert_ne!(other.header(header::ETAG), first.header(header::ETAG));
    assert!(other.text().contains("v2"));
}

#[tokio::test]
async fn requested_figures_are_computed_before_new_data_is_swapped_in() {
    let state = loaded();
    let router = router(state.clone(), Settings::default());
    let figure = "/api/figure?id=build_status";
    get(&router, figure).await;
    state.prepare(&snapshot("v2").into()).await;
    let computed = async || {
        let count = "figure_computation_duration_seconds_count{figure=\"build_status\"} 2\n";
        get(&router, "/metrics").await.text().contains(count)
    };
    assert!(computed().await, "computed for the new data");
    assert!(get(&router, figure).await.text().contains("v1"));
    state.swap(snapshot("v2"));
    assert!(get(&router, figure).await.text().contains("v2"));
    assert!(computed().await, "and not once more");
}

#[tokio::test]
async fn a_requested_page_is_rendered_again_for_new_data() {
    let state = loaded();
    let (router, renewal) = routes(state.clone(), Settings::default());
    let renewal = tokio::spawn(renewal);
    get(&router, "/pipelines").await;
    assert_eq!(asked(state.metrics()), 11);
    state.swap(snapshot("v2"));
    while asked(state.metrics()) < 22 {
        tokio::task::yield_now().await;
    }
    let page = get(&router, "/pipelines").await;
    assert!(page.text().contains("v2"));
    assert_eq!(asked(state.metrics()), 22, "the page was there already");
    state.stop();
    renewal.await.expect("it ends with the server");
}

#[tokio::test]
async fn each_address_and_each_filter_has_its_own_page() {
    let router = router(loaded(), Settings::default());
    let all = get(&router, "/pipelines").await;
    let nightly = get(&router, "/pipelines?type=nightly").await;
    assert_ne!(all.body, nightly.body);
    assert_eq!(
        get(&router, "/pipelines?type=nightly").await.body,
        nightly.body
    );
}

#[tokio::test]
async fn another_way_to_write_an_address_renders_nothing() {
    let state = loaded();
    let router = router(state.clone(), Settings::default());
    for n in 0..3 {
        for (uri, page) in [
            (format!("/pipelines?x={n}"), "/pipelines"),
            (
                format!("/pipelines?type=nightly&x={n}&days=7"),
                "/pipelines?days=7&type=nightly",
            ),
            (format!("/figures/heatma%70?{n}"), "/figures/heatmap"),
            (format!("/%70ipelines?{n}"), "/pipelines"),
        ] {
            let answer = get(&router, &uri).await;
            assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{uri}");
            assert_eq!(answer.header(header::LOCATION), page, "{uri}");
            assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{uri}");
        }
    }
    assert_eq!(asked(state.metrics()), 0);
}

#[tokio::test]
async fn a_page_after_the_last_leads_to_the_first() {
    let router = router(loaded(), Settings::default());
    let answer = get(&router, "/pipelines/list?days=7&page=999&sort=-failed").await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    let first = "/pipelines/list?days=7&sort=-failed";
    assert_eq!(answer.header(header::LOCATION), first);
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(get(&router, first).await.status, StatusCode::OK);
    let one = get(&router, "/pipelines/list?page=1").await;
    assert_eq!(one.status, StatusCode::OK);
}

#[tokio::test]
async fn a_pinned_page_says_so() {
    let router = router(loaded(), Settings::default());
    for page in ["/builds", "/pipelines", "/platform", "/figures/heatmap"] {
        let latest = get(&router, page).await;
        assert!(!latest.text().contains("pinned to"), "{page}");
        let pinned = get(&router, &format!("{page}?as_of=2019-10-20")).await;
        let notes = pinned.text().matches("This page is pinned to");
        assert_eq!(notes.count(), 1, "{page}");
    }
}

#[tokio::test]
async fn the_page_of_a_pipeline_has_its_short_name_and_the_whole_one_as_title() {
    let router = router(loaded(), Settings::default());
    let page = get(&router, "/pipeline?name=HMCTS_CMC%2Fclaim-store%2Fmaster").await;
    let (_, heading) = page.text().split_once("<h1").expect("a heading");
    let (heading, _) = heading.split_once("</h1>").expect("its end");
    for part in [
        "title=\"HMCTS_CMC/claim-store/master\"",
        ">claim-store<",
        "<span class=\"muted\">CMC</span>",
    ] {
        assert!(heading.contains(part), "{part}: {heading}");
    }
}

#[tokio::test]
async fn every_figure_is_requested_once_per_page() {
    let state = loaded();
    let router = router(state.clone(), Settings::default());
    let page = get(&router, "/pipelines").await;
    assert_eq!(page.text().matches("<article").count(), 11);
    assert_eq!(asked(state.metrics()), 11);
}

#[tokio::test]
async fn a_page_is_rendered_to_completion_after_its_client_leaves() {
    let state = loaded();
    let router = router(state.clone(), Settings::default());
    let request = with(header::HOST, "localhost");
    let mut answer = Box::pin(router.clone().oneshot(request));
    assert!(futures::poll!(&mut answer).is_pending());
    drop(answer);
    while asked(state.metrics()) < 11 {
        tokio::task::yield_now().await;
    }
    let page = get(&router, "/pipelines").await;
    assert_eq!(page.text().matches("<article").count(), 11);
    assert_eq!(asked(state.metrics()), 11, "the page was there already");
}

#[tokio::test]
async fn pages_hold_the_same_in_every_encoding() {
    let router = router(loaded(), Settings::default());
    let plain = get(&router, "/pipelines").await.body;
    let brotli = ask(&router, with(header::ACCEPT_ENCODING, "br")).await;
    assert_eq!(brotli.header(header::CONTENT_ENCODING), "br");
    let mut bytes = Vec::new();
    brotli::BrotliDecompress(&mut brotli.body.as_slice(), &mut bytes).expect("brotli");
    assert_eq!(bytes, plain);
}

#[tokio::test]
async fn cached_responses_do_not_wait_while_a_page_is_rendered() {
    let settings = Settings {
        limits: Limits {
            running: 1,
            ..Limits::default()
        },
        ..Settings::default()
    };
    let router = router(loaded(), settings);
    let cached = [
        "/api/figure?id=build_status",
        "/pipelines",
        "/api/headline?days=7",
        "/api/fragments?of=headline&days=7",
    ];
    for uri in cached {
        get(&router, uri).await;
    }
    let mut rendering = Box::pin(get(&router, "/security"));
    assert!(futures::poll!(&mut rendering).is_pending());
    for uri in cached {
        // Ready at once, while the rendering has the only permit.
        let answer = get(&router, uri).now_or_never();
        let status = answer.map(|answer| answer.status);
        assert_eq!(status, Some(StatusCode::OK), "{uri}");
    }
    assert_eq!(rendering.await.status, StatusCode::OK);
}
