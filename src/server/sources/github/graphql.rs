//! Reads many repositories with one GraphQL request.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    client::Client,
    files::{FileRequest, FileText, Files, MAX_BYTES},
    read::{ReadFailure, ends_the_sync},
    repositories::Repository,
    response::{GithubFailure, is_limit},
    rest,
};

/// After this many consecutive failures, the size of the requests is not the cause.
const MAX_FAILURES: usize = 6;

const NO_GRAPHQL: &str = "this server does not offer GraphQL; set sources.github.graphql = false in \
                          dashboard.toml, or correct GITHUB_API_URL";

/// The fields that say whether the default branch is protected. Only administrators are told that it is not.
const PROTECTION: &str = "viewerCanAdminister defaultBranchRef{branchProtectionRule{id} \
                          refUpdateRule{pattern} rules(first:1){totalCount}} ";

/// One repository and the files to read from it.
#[derive(Clone)]
pub(super) struct Part<'a> {
    /// The index of the repository in the batch.
    pub index: usize,
    pub repository: &'a Repository,
    pub files: Vec<String>,
    /// The folders to list; the root has an empty name.
    pub folders: Vec<String>,
}

/// Reads a batch; the outcomes are in its order.
///
/// # Errors
/// If further requests are pointless.
pub async fn read(
    client: &Client,
    wanted: &FileRequest,
    batch: &[Repository],
) -> Result<Vec<Result<Files, ReadFailure>>, GithubFailure> {
    let root = [String::new()];
    let parts = batch.iter().enumerate().map(|(index, repository)| Part {
        index,
        repository,
        files: wanted.files.clone(),
        folders: root.iter().chain(&wanted.folders).cloned().collect(),
    });
    let mut outcomes = fetch(client, parts.collect()).await?;
    // The entries of the folders are known only now.
    let mut parts = Vec::new();
    for (&index, outcome) in &outcomes {
        let more = outcome.as_ref().map(|files| files.more(wanted));
        let more = more.unwrap_or_default();
        if !more.is_empty() {
            parts.push(Part {
                index,
                repository: &batch[index],
                files: more,
                folders: Vec::new(),
            });
        }
    }
    for (index, more) in fetch(client, parts).await? {
        let files = outcomes
            .get_mut(&index)
            .and_then(|known| known.as_mut().ok());
        match (files, more) {
            (Some(files), Ok(more)) => files.texts.extend(more.texts),
            (_, Err(failure)) => {
                outcomes.insert(index, Err(failure));
            }
            (None, Ok(_)) => {}
        }
    }
    for (&index, outcome) in &mut outcomes {
        if let Ok(files) = outcome
            && let Err(failure) = complete(client, &batch[index], files).await
        {
            *outcome = Err(ReadFailure::of(failure)?);
        }
    }
    Ok(outcomes.into_values().collect())
}

/// Reads files whole that GraphQL truncated.
async fn complete(
    client: &Client,
    repository: &Repository,
    files: &mut Files,
) -> Result<(), GithubFailure> {
    for (path, text) in &mut files.texts {
        if *text == FileText::Truncated {
            *text = rest::text(client, repository, path).await?;
        }
    }
    Ok(())
}

/// Requests parts. Failed ones are requested again in smaller queries, because the query may have
/// been too large.
async fn fetch(
    client: &Client,
    parts: Vec<Part<'_>>,
) -> Result<BTreeMap<usize, Result<Files, ReadFailure>>, GithubFailure> {
    let mut outcomes = BTreeMap::new();
    let mut open = vec![parts];
    let mut failures = 0;
    while let Some(parts) = open.pop() {
        if parts.is_empty() {
            continue;
        }
        let response = match client.graphql(&query(&parts)).await {
            Ok(response) => response,
            Err(GithubFailure::NotFound(_)) => {
                return Err(GithubFailure::Refused(NO_GRAPHQL.to_owned()));
            }
            // A refusal of the whole query would apply to every other.
            Err(failure @ GithubFailure::Forbidden(_)) => return Err(failure),
            Err(failure) if ends_the_sync(&failure) => return Err(failure),
            Err(failure) => json!({ "errors": [{ "message": failure.to_string() }] }),
        };
        let unread = unread_settings(&response);
        let (asked, mut again) = (parts.len(), Vec::new());
        let mut failed = false;
        let outcomes_of_parts = parts.into_iter().zip(outcomes_of(&response, asked));
        for (place, (part, outcome)) in outcomes_of_parts.enumerate() {
            let outcome = outcome.map(|repository| {
                let mut files = files(&part, repository);
                if unread.contains(format!("r{place}").as_str()) {
                    files.protected = files.protected.filter(|&protected| protected);
                }
                files
            });
            let fails = matches!(outcome, Err(ReadFailure::Failed(_)));
            failed |= fails;
            if fails && asked > 1 && failures < MAX_FAILURES {
                again.push(part);
            } else {
                outcomes.insert(part.index, outcome);
            }
        }
        failures = if failed { failures + 1 } else { 0 };
        // If some parts succeeded, the failed ones are already fewer.
        if again.len() == asked {
            open.push(again.split_off(asked / 2));
        }
        open.push(again);
    }
    Ok(outcomes)
}

/// Returns GitHub's message if a query failed as a whole, or with an error without a path: then any
/// null field may be null for that reason.
fn failed_whole(response: &Value) -> Option<String> {
    let errors = response["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let error = match response["data"].is_object() {
        true => errors.iter().find(|error| !error["path"][0].is_string())?,
        false => errors.first().unwrap_or(&Value::Null),
    };
    let message = error["message"].as_str();
    Some(short(message.unwrap_or("GitHub returned no data")))
}

fn short(message: &str) -> String {
    message.chars().take(200).collect()
}

/// Builds the query. Names are passed only as variables, so that none can change its meaning.
fn query(parts: &[Part<'_>]) -> Value {
    let mut variables = Map::new();
    let mut expressions: BTreeMap<String, usize> = BTreeMap::new();
    let mut body = String::new();
    let mut expression = |path: &str| {
        let count = expressions.len();
        *expressions.entry(format!("HEAD:{path}")).or_insert(count)
    };
    for (index, part) in parts.iter().enumerate() {
        let _ = write!(
            body,
            "r{index}:repository(owner:$o{index},name:$n{index}){{isEmpty "
        );
        // Once for each repository.
        if !part.folders.is_empty() {
            body.push_str(PROTECTION);
        }
        for (number, path) in part.files.iter().enumerate() {
            let variable = expression(path);
            let _ = write!(
                body,
                "f{number}:object(expression:$p{variable}){{... on Blob{{text byteSize isBinary isTruncated}}}}"
            );
        }
        for (number, folder) in part.folders.iter().enumerate() {
            let variable = expression(folder);
            let _ = write!(
                body,
                "d{number}:object(expression:$p{variable}){{... on Tree{{entries{{name type}}}}}}"
            );
        }
        body.push('}');
        variables.insert(
            format!("o{index}"),
            part.repository.owner.login.clone().into(),
        );
        variables.insert(format!("n{index}"), part.repository.name.clone().into());
    }
    for (expression, index) in expressions {
        variables.insert(format!("p{index}"), expression.into());
    }
    let declared: Vec<String> = variables
        .keys()
        .map(|name| format!("${name}:String!"))
        .collect();
    let query = format!("query({}){{{body}}}", declared.join(","));
    json!({ "query": query, "variables": variables })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    text: Option<String>,
    byte_size: Option<u64>,
    is_binary: Option<bool>,
    #[serde(default)]
    is_truncated: bool,
}

/// Returns the outcome for each repository of a query, in its order.
pub(super) fn outcomes_of(
    response: &Value,
    asked: usize,
) -> Vec<Result<&Map<String, Value>, ReadFailure>> {
    if let Some(message) = failed_whole(response) {
        return vec![Err(ReadFailure::Failed(message)); asked];
    }
    let mut errors: BTreeMap<&str, ReadFailure> = BTreeMap::new();
    for error in response["errors"].as_array().into_iter().flatten() {
        // Settings are read only where the token may.
        if let Some(alias) = error["path"][0].as_str()
            && !is_of_settings(error)
        {
            errors.entry(alias).or_insert_with(|| read_failure(error));
        }
    }
    let outcomes = (0..asked).map(|index| {
        let alias = format!("r{index}");
        match (errors.remove(alias.as_str()), &response["data"][&alias]) {
            (Some(failure), _) => Err(failure),
            (None, Value::Object(repository)) => Ok(repository),
            (None, _) => Err(ReadFailure::not_found()),
        }
    });
    outcomes.collect()
}

fn is_of_settings(error: &Value) -> bool {
    error["path"][1] == "defaultBranchRef"
}

/// Returns the aliases of the repositories whose settings were refused.
fn unread_settings(response: &Value) -> HashSet<&str> {
    let errors = response["errors"].as_array().into_iter().flatten();
    errors
        .filter(|error| is_of_settings(error))
        .filter_map(|error| error["path"][0].as_str())
        .collect()
}

/// Returns whether the default branch is protected; none if the token may not know.
fn protected(repository: &Map<String, Value>) -> Option<bool> {
    let branch = repository.get("defaultBranchRef")?.as_object()?;
    let is_set = |name| branch.get(name).is_some_and(Value::is_object);
    let rules = branch
        .get("rules")
        .and_then(|rules| rules["totalCount"].as_u64());
    if is_set("branchProtectionRule") || is_set("refUpdateRule") || rules > Some(0) {
        return Some(true);
    }
    (repository.get("viewerCanAdminister")? == true).then_some(false)
}

fn read_failure(error: &Value) -> ReadFailure {
    let message = short(error["message"].as_str().unwrap_or_default());
    match error["type"].as_str().unwrap_or_default() {
        "NOT_FOUND" => ReadFailure::not_found(),
        "FORBIDDEN" | "INSUFFICIENT_SCOPES" => ReadFailure::NoAccess(message),
        _ if is_limit(error) => ReadFailure::RateLimited,
        _ => ReadFailure::Failed(message),
    }
}

pub(super) fn files(part: &Part<'_>, repository: &Map<String, Value>) -> Files {
    let mut files = Files {
        empty: repository.get("isEmpty").and_then(Value::as_bool) == Some(true),
        protected: protected(repository),
        ..Files::default()
    };
    for (number, path) in part.files.iter().enumerate() {
        let object = repository.get(&format!("f{number}"));
        // Objects that are not files lack these fields.
        let blob = object.and_then(|object| Blob::deserialize(object).ok());
        if let Some(text) = blob.and_then(text) {
            files.texts.insert(path.clone(), text);
        }
    }
    for (number, folder) in part.folders.iter().enumerate() {
        let object = repository.get(&format!("d{number}"));
        let entries = object.and_then(|object| object["entries"].as_array());
        for entry in entries.into_iter().flatten() {
            let Some(name) = entry["name"].as_str() else {
                continue;
            };
            let path = match folder.as_str() {
                "" => name.to_owned(),
                folder => format!("{folder}/{name}"),
            };
            files.entries.insert(path);
        }
    }
    files
}

fn text(blob: Blob) -> Option<FileText> {
    let bytes = blob.byte_size?;
    Some(match blob.text {
        _ if bytes > MAX_BYTES => FileText::TooLarge,
        _ if blob.is_binary == Some(true) => FileText::Binary,
        _ if blob.is_truncated => FileText::Truncated,
        Some(text) => FileText::Whole(text),
        None => FileText::Binary,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_administrators_are_told_that_a_branch_is_not_protected() {
        let none = json!({ "branchProtectionRule": null, "refUpdateRule": null, "rules": { "totalCount": 0 } });
        let by_rules = json!({ "branchProtectionRule": null, "rules": { "totalCount": 2 } });
        let by_branch = json!({ "branchProtectionRule": { "id": "x" }, "rules": null });
        for (admin, branch, expected) in [
            (true, &none, Some(false)),
            (false, &none, None),
            (false, &by_rules, Some(true)),
            (false, &by_branch, Some(true)),
            (true, &Value::Null, None),
        ] {
            let repository = json!({ "viewerCanAdminister": admin, "defaultBranchRef": branch });
            let repository = repository.as_object().expect("an object");
            assert_eq!(protected(repository), expected, "{repository:?}");
        }
    }

    #[test]
    fn refused_settings_do_not_fail_a_repository() {
        let error = json!({ "type": "FORBIDDEN", "message": "no", "path": ["r0", "defaultBranchRef", "rules"] });
        let response = json!({ "data": { "r0": { "isEmpty": false } }, "errors": [error] });
        assert!(outcomes_of(&response, 1)[0].is_ok());
        assert!(unread_settings(&response).contains("r0"));
    }

    #[test]
    fn an_error_without_a_path_fails_the_whole_query() {
        let read = json!({ "isEmpty": false, "f0": { "text": "x" } });
        let cut = json!({ "isEmpty": false, "f0": null });
        let without_path = [
            json!({ "message": "timed out" }),
            json!({ "message": "timed out", "path": null }),
            json!({ "message": "timed out", "path": [] }),
        ];
        for error in without_path {
            for second in [&cut, &Value::Null] {
                let with_path = json!({ "type": "NOT_FOUND", "path": ["r1"] });
                let response =
                    json!({ "data": { "r0": read, "r1": second }, "errors": [with_path, error] });
                let failed = Err(ReadFailure::Failed("timed out".to_owned()));
                assert_eq!(
                    outcomes_of(&response, 2),
                    [failed.clone(), failed],
                    "{response}"
                );
            }
        }
        let with_path = json!({ "type": "NOT_FOUND", "path": ["r1"] });
        let response = json!({ "data": { "r0": cut, "r1": null }, "errors": [with_path] });
        let first = cut.as_object().expect("an object");
        assert_eq!(
            outcomes_of(&response, 2),
            [Ok(first), Err(ReadFailure::not_found())]
        );
    }
}
