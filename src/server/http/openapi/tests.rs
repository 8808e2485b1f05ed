//! The description matches the routes.

use std::collections::BTreeSet;

use axum::{Router, body::Body, http::Request};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{
    selection::{BuildType, DAYS},
    server::{
        http::{
            Settings, router,
            tests::{get, loaded},
        },
        state::AppState,
    },
};

async fn description(router: &Router) -> Value {
    let answer = get(router, "/api/openapi.json").await;
    assert_eq!(answer.status.as_u16(), 200);
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// The address of an operation with the first value of each required parameter, the examples of others, and an
/// unknown value for `changed`.
fn address(path: &str, operation: &Value, changed: Option<&str>) -> String {
    let mut path = path.to_owned();
    let mut query = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().expect("a name");
        let value = match (changed == Some(name), &parameter["required"]) {
            (true, _) => "nothing-of-this-name",
            (false, Value::Bool(true)) => parameter["schema"]["enum"][0].as_str().expect("a value"),
            _ => match parameter["example"].as_str() {
                Some(example) => example,
                None => continue,
            },
        };
        if parameter["in"] == "path" {
            path = path.replace(&format!("{{{name}}}"), value);
        } else {
            query.push(format!("{name}={value}"));
        }
    }
    format!("{path}?{}", query.join("&"))
}

/// The schema of a value of a parameter, which may be given more than once.
fn values(parameter: &Value) -> &Value {
    let schema = &parameter["schema"];
    if schema["items"].is_object() {
        &schema["items"]
    } else {
        schema
    }
}

#[tokio::test]
async fn every_route_for_programs_is_described() {
    let description = description(&router(loaded(), Settings::default())).await;
    let described = description["paths"].as_object().expect("paths").keys();
    let described: BTreeSet<&str> = described.map(String::as_str).collect();
    // Axum does not list its routes, so they are read from the source.
    let routes = include_str!("../mod.rs").split(".route(\"").skip(1);
    let routes = routes.filter_map(|rest| rest.split_once('"').map(|(route, _)| route));
    let routes: BTreeSet<&str> = routes
        .filter(|route| route.starts_with("/api/") || route.starts_with("/health/"))
        .filter(|route| !["/api/", "/api/{*rest}"].contains(route))
        .chain([
            "/metrics",
            "/figures/{id}.csv",
            "/figures/{id}.svg",
            "/builds.csv",
            "/builds.ndjson",
            "/week.md",
        ])
        .collect();
    assert!(routes.len() > 10, "{routes:?}");
    assert_eq!(described, routes);
}

#[tokio::test]
async fn every_operation_responds_as_described() {
    let router = router(loaded(), Settings::default());
    let description = description(&router).await;
    let mut with_headers = 0;
    for (path, item) in description["paths"].as_object().expect("paths") {
        let operation = &item["get"];
        let uri = address(path, operation, None);
        let request = Request::get(&uri)
            .header("host", "localhost")
            .body(Body::empty())
            .expect("a request");
        // Of an event stream, only the head is awaited.
        let response = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "{uri}");
        let kind = response.headers()["content-type"].to_str().expect("text");
        let kind = kind.split(';').next().expect("a type");
        let described = &operation["responses"]["200"];
        assert!(described["content"][kind].is_object(), "{uri}: {kind}");
        for name in described["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            assert!(response.headers().contains_key(name), "{uri}: {name}");
            with_headers += 1;
        }

        let request = Request::put(&uri)
            .header("host", "localhost")
            .body(Body::empty())
            .expect("a request");
        let refused = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(refused.status().as_u16(), 405, "{uri}");
        assert_eq!(refused.headers()["allow"], "GET,HEAD", "{uri}");
    }
    assert_eq!(
        with_headers, 19,
        "fifteen ETags and four names of files are described"
    );
}

#[tokio::test]
async fn an_undescribed_value_is_refused_with_a_described_status() {
    let router = router(loaded(), Settings::default());
    let description = description(&router).await;
    let mut refused = 0;
    for (path, item) in description["paths"].as_object().expect("paths") {
        let operation = &item["get"];
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().expect("a name");
            let values = values(parameter);
            if values["enum"].is_null() && values["pattern"].is_null() {
                continue;
            }
            let uri = address(path, operation, Some(name));
            let answer = get(&router, &uri).await;
            let status = answer.status.as_u16();
            assert!([400, 404].contains(&status), "{uri}: {status}");
            assert!(
                operation["responses"][status.to_string()].is_object(),
                "{uri}: {status}"
            );
            refused += 1;
        }
    }
    assert_eq!(refused, 460);
}

#[tokio::test]
async fn an_undescribed_parameter_is_refused_by_its_name_with_the_known_ones() {
    let router = router(loaded(), Settings::default());
    let description = description(&router).await;
    let mut refused = 0;
    for (path, item) in description["paths"].as_object().expect("paths") {
        if path.starts_with("/health/") || path == "/metrics" {
            continue;
        }
        let operation = &item["get"];
        let uri = address(path, operation, None);
        let answer = get(&router, &format!("{uri}&colour=red")).await;
        assert_eq!(answer.status.as_u16(), 400, "{uri}");
        assert!(operation["responses"]["400"].is_object(), "{uri}");
        let error: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(error["error"], "unknown_parameter", "{uri}");
        assert_eq!(error["parameter"], "colour", "{uri}");
        let described = operation["parameters"].as_array().into_iter().flatten();
        let described = described.filter(|parameter| parameter["in"] == "query");
        let described: Vec<&Value> = described.map(|parameter| &parameter["name"]).collect();
        let known = error["known"].as_array().expect("a list");
        assert_eq!(known.iter().collect::<Vec<_>>(), described, "{uri}");
        refused += 1;
    }
    assert_eq!(refused, 28);
}

#[tokio::test]
async fn every_filter_value_is_accepted_and_every_figure_is_listed() {
    let router = router(loaded(), Settings::default());
    let description = description(&router).await;
    let parameters = &description["paths"]["/api/headline"]["get"]["parameters"];
    let mut accepted = 0;
    for parameter in parameters.as_array().expect("parameters") {
        let name = parameter["name"].as_str().expect("a name");
        for value in values(parameter)["enum"].as_array().into_iter().flatten() {
            let value = value.as_str().expect("text");
            let answer = get(&router, &format!("/api/headline?{name}={value}")).await;
            assert_eq!(answer.status.as_u16(), 200, "{name}={value}");
            accepted += 1;
        }
    }
    assert!(accepted > DAYS.len() + BuildType::EVERY.len(), "{accepted}");
    let figures = &description["paths"]["/api/figure"]["get"]["parameters"][0]["schema"]["enum"];
    assert_eq!(figures.as_array().map(Vec::len), Some(42));
}

#[tokio::test]
async fn without_data_a_project_is_described_by_its_form() {
    let description = description(&router(AppState::default(), Settings::default())).await;
    let parameters = &description["paths"]["/api/headline"]["get"]["parameters"];
    let parameters = parameters.as_array().expect("parameters");
    let project = parameters.iter().find(|known| known["name"] == "project");
    let project = values(project.expect("a project"));
    assert_eq!(project["pattern"], "^[a-z0-9-]*$");
    assert_eq!(description["openapi"], "3.1.0");
}
