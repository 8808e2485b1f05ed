//! The pages and the endpoints of one build and of one pipeline, with a store and without.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::Value;

use super::{get, loaded, snapshot};
use crate::server::{
    config::Config,
    http::{Settings, router},
    insight,
    model::{BuildResult, Event, System},
    state::AppState,
    store::Store,
};

const PAGE: &str = "/build?name=HMCTS_CMC%2Fclaim-store%2Fmaster&number=2";
const TAGGED: &str = "/build?tag=jenkins-HMCTS_CMC-claim-store-master-2";

/// An event of a build; positions are a minute apart.
fn event(build: u32, position: i64, step: &str, result: BuildResult) -> Event {
    let stage_ms = 1_571_961_600_000 + i64::from(build) * 600_000 + position * 60_000;
    Event {
        system: System::default(),
        id: Some(format!("{build}-{position}")),
        build_tag: Some(format!("jenkins-HMCTS_CMC-claim-store-master-{build}")),
        job_name: "HMCTS_CMC/claim-store/master".to_owned(),
        build_id: Some(build.to_string()),
        result,
        stage_ms,
        received_s: Some(stage_ms / 1000),
        scheduled_ms: Some(1_571_961_600_000 + i64::from(build) * 600_000),
        duration_ms: Some(position * 60_000),
        step: Some(step.to_owned()),
        branch: Some("master".to_owned()),
        build_url: Some("https://build.example/job/claim-store/2/".to_owned()),
        step_duration_ms: None,
        git_commit: Some("c0ffee00".repeat(5)),
        node_name: Some("node-1".to_owned()),
        correlation_id: None,
        codebase: crate::server::model::Codebase {
            git_url: Some("https://github.com/hmcts/cmc-claim-store.git".to_owned()),
            ..Default::default()
        },
        toolchain: crate::server::model::Toolchain::default(),
    }
}

/// A state with a store of two builds, of which the second failed at its test, and one of another branch.
async fn stored(dir: &std::path::Path) -> AppState {
    let config = Arc::new(Config::built_in());
    let mut store = Store::open(dir, &config).await.expect("a store");
    let mut events = Vec::new();
    for (build, result) in [(1, BuildResult::Success), (2, BuildResult::Failure)] {
        events.push(event(build, 1, "build", BuildResult::Success));
        events.push(event(build, 3, "test", result));
        events.push(event(build, 4, "Pipeline Failed", result));
    }
    events.push(Event {
        branch: Some("PR-7".to_owned()),
        job_name: "HMCTS_CMC/claim-store/PR-7".to_owned(),
        build_tag: Some("jenkins-HMCTS_CMC-claim-store-PR-7-1".to_owned()),
        ..event(3, 1, "build", BuildResult::Success)
    });
    store.ingest(&events).await.expect("ingested");
    let state = AppState::default();
    let snapshot = insight::load(&store, config).await;
    state.swap(snapshot.expect("a snapshot"));
    state.set_build_reader(store.build_reader());
    state
}

#[tokio::test]
async fn a_build_is_shown_with_its_steps_by_its_tag_and_by_its_number() {
    let dir = tempfile::tempdir().expect("a directory");
    let router = router(stored(dir.path()).await, Settings::default());
    for uri in [PAGE, TAGGED] {
        let page = get(&router, uri).await;
        assert_eq!(page.status, StatusCode::OK, "{uri}");
        for part in [
            "class=\"result result-failure\"",
            "class=\"time-line\"",
            "jenkins-HMCTS_CMC-claim-store-master-2",
            // No host of builds is allowed, so that this is no link.
            "<span class=\"address\">https://build.example/job/claim-store/2/</span>",
            "<a href=\"https://github.com/hmcts/cmc-claim-store/commit/c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00\" rel=\"noopener noreferrer\">",
            "of this commit",
            "failed first at <strong>test</strong>",
            "href=\"/build?name=HMCTS_CMC%2Fclaim-store%2Fmaster&amp;number=1\"",
        ] {
            assert!(page.text().contains(part), "{uri}: {part}\n{}", page.text());
        }
        assert!(!page.text().contains("cannot be read now"), "{uri}");
        assert!(!page.text().contains(" style="), "{uri}");
    }
    let other = get(&router, "/build?tag=jenkins-HMCTS_CMC-claim-store-PR-7-1").await;
    assert_eq!(other.status, StatusCode::OK);
    assert!(other.text().contains("PR-7"), "{}", other.text());
}

#[tokio::test]
async fn a_build_is_served_as_json() {
    let dir = tempfile::tempdir().expect("a directory");
    let router = router(stored(dir.path()).await, Settings::default());
    let answer = get(&router, &format!("/api{TAGGED}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let build: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(build["build"]["result"], "FAILURE");
    assert_eq!(build["complete"], true);
    assert_eq!(build["steps"][1]["name"], "test");
    assert_eq!(build["steps"][1]["result"], "FAILURE");
    assert_eq!(build["steps"][1]["ended_after_ms"], 180_000);
    assert_eq!(build["steps"][1]["at_most"], true);
    assert_eq!(build["step_count"], 2);
    assert_eq!(build["before"]["number"], "1");
    assert_eq!(build["after"], Value::Null);
    assert_eq!(build["same_commit"]["builds"], 2);
    assert_eq!(build["same_failure"]["builds"], 1);
    // The count of a selection is that of the list that it opens.
    for of in ["same_commit", "same_failure"] {
        let selection = build[of]["selection"].as_str().expect("a selection");
        let list = get(&router, &format!("/api/builds?{selection}")).await;
        let list: Value = serde_json::from_slice(&list.body).expect("JSON");
        assert_eq!(list["builds"], build[of]["builds"], "{of}: {selection}");
    }
    let by_number = get(&router, &format!("/api{PAGE}")).await;
    assert_eq!(by_number.body, answer.body);
}

#[tokio::test]
async fn without_the_store_a_build_is_shown_from_memory() {
    let router = router(loaded(), Settings::default());
    let page = get(&router, PAGE).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("The store cannot be read now"));
    assert!(page.text().contains("HMCTS_CMC/claim-store/master #2"));
    let unknown = get(&router, TAGGED).await;
    assert_eq!(unknown.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn an_unknown_build_is_not_found_and_the_kept_months_are_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = stored(dir.path()).await;
    let router = router(state.clone(), Settings::default());
    for (uri, words) in [
        ("/build", "The address names no build"),
        ("/build?name=x&number=1", "There is no build “x #1”"),
        ("/build?tag=nothing", "There is no build “nothing”"),
        ("/build?system=Sds&tag=a", "There is no build “a”"),
        (
            "/build?name=HMCTS_CMC%2Fclaim-store%2Fmaster&number=9",
            "There is no build",
        ),
    ] {
        for uri in [uri.to_owned(), format!("/api{uri}")] {
            let answer = get(&router, &uri).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{uri}");
            assert!(answer.text().contains(words), "{uri}: {}", answer.text());
            assert!(!answer.text().contains("keeps"), "{uri}");
        }
    }
    let mut config = Config::built_in();
    config.store.keep_months = 3;
    state.swap(crate::server::snapshot::Snapshot {
        config: Arc::new(config),
        ..snapshot("v2")
    });
    let answer = get(&router, "/api/build?tag=gone").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(
        answer.text().contains("This store keeps 3 months"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn an_address_of_a_build_has_one_form_and_refuses_other_parameters() {
    let router = router(loaded(), Settings::default());
    for (uri, target) in [
        ("/build?number=1&name=a%2Fb", "/build?name=a%2Fb&number=1"),
        ("/build?system=jenkins&tag=a&step=b", "/build?tag=a"),
        // What links carry stays.
        ("/build?tag=a&days=7", "/build?days=7&tag=a"),
        ("/build/?tag=a", "/build?tag=a"),
    ] {
        let answer = get(&router, uri).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{uri}");
        assert_eq!(answer.header("location"), target, "{uri}");
    }
    for uri in ["/api/build?days=7", "/api/build?tag=a&tag=b"] {
        let answer = get(&router, uri).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
    }
}

#[tokio::test]
async fn a_pipeline_is_shown_and_served_as_json() {
    let dir = tempfile::tempdir().expect("a directory");
    let router = router(stored(dir.path()).await, Settings::default());
    let uri = "/pipeline?name=HMCTS_CMC%2Fclaim-store%2Fmaster";
    let page = get(&router, uri).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "class=\"strip\"",
        "class=\"durations\"",
        "still red",
        "href=\"/build?name=HMCTS_CMC%2Fclaim-store%2Fmaster&amp;number=2\"",
        "https://build.example/job/claim-store/</span>",
        "List the builds of this pipeline",
    ] {
        assert!(page.text().contains(part), "{part}\n{}", page.text());
    }
    assert!(!page.text().contains(" style="));
    let answer = get(&router, &format!("/api{uri}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let found: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(
        (&found["state"], &found["streak"]),
        (&"red".into(), &1.into())
    );
    assert_eq!(found["since"]["number"], "2");
    assert_eq!(found["last_green"]["number"], "1");
    // The counts of numbers that open are those of the lists that they open.
    let test = found["steps"].as_array().expect("steps").iter();
    let mut test = test.filter(|step| step["name"] == "test");
    assert_eq!(test.next().expect("the step")["failed_first"], 1);
    let from = found["steps_from"].as_str().expect("an instant");
    let label = "HMCTS_CMC%2Fclaim-store%2Fmaster";
    let list = format!("/api/builds?failed_step=test&from={from}&pipeline={label}");
    let list: Value = serde_json::from_slice(&get(&router, &list).await.body).expect("JSON");
    assert_eq!(list["builds"], 1);
    let week = &found["weeks"][0];
    let list = format!(
        "/api/builds?from={}&to={}&known=duration&pipeline={label}&result=SUCCESS&result=UNSTABLE&result=FAILURE&result=ABORTED",
        week["from"].as_str().expect("a date"),
        week["to"].as_str().expect("a date"),
    );
    let list: Value = serde_json::from_slice(&get(&router, &list).await.body).expect("JSON");
    assert_eq!(list["builds"], week["builds"]);
}

#[tokio::test]
async fn an_unknown_pipeline_is_not_found() {
    let router = router(loaded(), Settings::default());
    for uri in [
        "/pipeline",
        "/pipeline?name=nothing",
        "/pipeline?name=a&system=sds",
    ] {
        for uri in [uri.to_owned(), format!("/api{uri}")] {
            let answer = get(&router, &uri).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{uri}");
            assert!(answer.text().contains("There is no pipeline"), "{uri}");
        }
    }
    let answer = get(&router, "/pipeline?system=jenkins&name=a&x=1").await;
    assert_eq!(answer.header("location"), "/pipeline?name=a");
    let answer = get(&router, "/api/pipeline?name=a&days=7").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
