//! Fuzz targets of GitHub's responses and of the files of repositories.

use std::collections::BTreeSet;

use reqwest::header::{HeaderMap, HeaderValue, LINK, RETRY_AFTER};
use serde_json::Value;

use super::{
    alerts::{
        list::List,
        reports::{Reported, reports},
    },
    build_files, checks, dockerfile,
    facts::facts,
    files::{DOCKERFILE, FileRequest, FileText, Files, NVMRC, PACKAGE},
    graphql::{self, Part},
    maven,
    repositories::Repository,
    response::{self, Attempt, Expected, GithubFailure},
    runtimes,
};
use crate::server::{fuzz_target::Target, model::RepositoryFacts};

pub const TARGETS: &[Target] = &[
    ("github_response", github_response),
    ("github_graphql", github_graphql),
    ("github_alerts", github_alerts),
    ("package_json", package_json),
    ("nvmrc", nvmrc),
    ("gradle", gradle),
    ("pom_xml", pom_xml),
    ("dockerfile", dockerfile),
    ("runtimes", runtimes),
    ("codeowners", codeowners),
];

/// The maximum length of a version.
const MAX_VERSION: usize = 40;
/// Reasons for readers hold only the beginning of a text from outside.
const MAX_REASON: usize = 400;

/// The first line is the `Link` header, the second one `Retry-After`, the rest the body.
fn github_response(data: &[u8]) {
    let mut parts = data.splitn(3, |&byte| byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in [LINK, RETRY_AFTER] {
        if let Ok(value) = HeaderValue::from_bytes(parts.next().unwrap_or_default()) {
            headers.insert(name, value);
        }
    }
    let body = parts.next().unwrap_or_default().to_vec();
    for expected in [Expected::Json, Expected::Graphql] {
        match response::interpret_json(expected, headers.clone(), body.clone()) {
            Attempt::Done(reply) => {
                assert!(reply.next.is_none_or(|next| next.len() <= data.len()));
                assert_eq!(reply.body, body);
            }
            Attempt::Limited(wait) => assert!(wait.is_none_or(|wait| wait.as_secs() <= 86_400)),
            Attempt::Transient(failure) | Attempt::Failed(failure) => is_short(&failure),
        }
    }
    is_short(&GithubFailure::Forbidden(response::message(&body)));
}

fn is_short(failure: &GithubFailure) {
    let said = failure.to_string();
    assert!(said.chars().count() <= MAX_REASON, "{said}");
}

/// The response to a query for three repositories: one outcome for each, in which every text is that of a
/// requested file.
fn github_graphql(data: &[u8]) {
    let Ok(response) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let wanted = FileRequest::new(&["suppressions.xml".to_owned()]);
    let part = Part {
        index: 0,
        repository: &Repository::default(),
        files: wanted.files.clone(),
        folders: wanted
            .folders
            .iter()
            .cloned()
            .chain([String::new()])
            .collect(),
    };
    let outcomes = graphql::outcomes_of(&response, 3);
    assert_eq!(outcomes.len(), 3);
    for repository in outcomes.into_iter().flatten() {
        let files = graphql::files(&part, repository);
        assert!(files.texts.keys().all(|path| wanted.files.contains(path)));
        let _ = facts_of(&files);
    }
}

/// A page of each list of alerts: reports are bounded, and name repositories that exist.
fn github_alerts(data: &[u8]) {
    for list in List::ALL {
        let Ok((alerts, count)) = list.parse(data) else {
            continue;
        };
        assert!(alerts.len() <= count);
        let repositories = BTreeSet::from(["ccd-api"]);
        for report in reports(list, alerts, &repositories, &mut Reported::default(), 1) {
            assert_eq!(report.repository, "ccd-api");
            for finding in &report.findings {
                assert!(!finding.id.is_empty() && finding.id.chars().count() <= MAX_VERSION);
                assert!(finding.package.chars().count() <= 300);
            }
        }
    }
}

fn package_json(data: &[u8]) {
    if let Some(text) = text(data) {
        if let Ok(package) = build_files::package(text) {
            let _ = checks::checks(&[".snyk".to_owned()].into(), Some(&package));
        }
        check_version(facts_of_file(PACKAGE, text).node_version);
    }
}

fn nvmrc(data: &[u8]) {
    if let Some(text) = text(data) {
        check_version(build_files::nvmrc(text).map(|(version, _)| version));
        check_version(facts_of_file(NVMRC, text).node_version);
    }
}

fn gradle(data: &[u8]) {
    if let Some(text) = text(data) {
        check_version(build_files::gradle(text).map(|(version, _)| version));
        check_version(facts_of_file("build.gradle", text).java_version);
    }
}

fn pom_xml(data: &[u8]) {
    if let Some(text) = text(data) {
        let version = maven::pom(text).ok().flatten();
        check_version(version.map(|(version, _)| version));
        check_version(facts_of_file("pom.xml", text).java_version);
    }
}

/// Arguments that repeat each other make no image long, and a stage is based on an earlier one.
fn dockerfile(data: &[u8]) {
    let Some(text) = text(data) else {
        return;
    };
    let stages = dockerfile::parse(text);
    assert!(stages.len() <= dockerfile::MAX_STAGES);
    for (index, stage) in stages.iter().enumerate() {
        assert!(stage.stage.is_none_or(|base| base < index));
        let image = stage.image.as_deref().unwrap_or_default();
        assert!(image.len() <= dockerfile::MAX_NAME, "{}", image.len());
        assert!(dockerfile::root(&stages, index).is_none_or(|root| root.stage.is_none()));
    }
    let facts = facts_of_file(DOCKERFILE, text);
    check_version(facts.node_version);
    check_version(facts.java_version);
}

/// The first line is the path of a file that states a runtime, the rest its text.
fn runtimes(data: &[u8]) {
    if let Some((path, text)) = text(data).and_then(|text| text.split_once('\n')) {
        let facts = facts_of_file(path, text);
        let lines = text.lines().count().max(1);
        for runtime in facts.runtimes.expect("read") {
            assert!(runtime.line as usize <= lines, "{runtime:?}");
            assert!(!runtime.product.is_empty() && !runtime.version.is_empty());
            check_version(Some(runtime.version));
        }
    }
}

/// Owners are words of the file.
fn codeowners(data: &[u8]) {
    if let Some(text) = text(data) {
        let owners = facts_of_file("CODEOWNERS", text).about.owners;
        let owners = owners.expect("read");
        let is_word = |owner: &String| !owner.contains(char::is_whitespace);
        assert!(owners.iter().all(is_word), "{owners:?}");
        assert!(owners.iter().all(|owner| owner.chars().count() <= 300));
    }
}

/// The text of a file, as it is read.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

fn facts_of_file(path: &str, text: &str) -> RepositoryFacts {
    let mut files = Files::default();
    let whole = FileText::Whole(text.to_owned());
    files.texts.insert(path.to_owned(), whole);
    files.entries.insert(path.to_owned());
    facts_of(&files)
}

fn facts_of(files: &Files) -> RepositoryFacts {
    let (facts, coverage) = facts(
        &Repository::default(),
        files,
        &["suppressions.xml".to_owned()],
    );
    let reason = coverage.reason.unwrap_or_default();
    assert!(reason.chars().count() <= MAX_REASON, "{reason}");
    check_version(facts.node_version.clone());
    check_version(facts.java_version.clone());
    facts
}

fn check_version(version: Option<String>) {
    let version = version.unwrap_or_else(|| runtimes::UNKNOWN.to_owned());
    assert!(version.chars().count() <= MAX_VERSION, "{version}");
}
