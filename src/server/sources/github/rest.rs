//! Reads a repository file by file, for servers without GraphQL. As long as the entries of its root
//! are unchanged, so is everything else, and nothing more is requested.

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{
    client::Client,
    files::{FileRequest, FileText, Files, MAX_BYTES},
    read::ReadFailure,
    repositories::Repository,
    response::GithubFailure,
};
use crate::server::store::CachedResponse;

/// The cached content of a repository.
#[derive(Serialize, Deserialize)]
struct CachedRepository {
    wanted: FileRequest,
    files: Files,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
}

/// Returns the cache key of a repository: the URL of its root.
pub fn key(client: &Client, repository: &Repository) -> String {
    contents(client, repository, "").to_string()
}

/// Reads a repository; returns its files and, if they are new, a response to cache.
///
/// # Errors
/// If it could not be read.
pub async fn read(
    client: &Client,
    wanted: &FileRequest,
    repository: &Repository,
    known: Option<&CachedResponse>,
) -> Result<Result<(Files, Option<CachedResponse>), ReadFailure>, GithubFailure> {
    let known = known.and_then(|response| {
        let known: CachedRepository = serde_json::from_str(&response.body).ok()?;
        (known.wanted == *wanted).then_some((response.etag.as_str(), known.files))
    });
    let url = contents(client, repository, "");
    let reply = match client.get(url, known.as_ref().map(|(etag, _)| *etag)).await {
        Ok(reply) => reply,
        // Without a commit, GitHub has no root to list.
        Err(GithubFailure::NotFound(message)) if message.contains("is empty") => {
            let files = Files {
                empty: true,
                ..Files::default()
            };
            return Ok(Ok((files, None)));
        }
        Err(failure) => return ReadFailure::of(failure).map(Err),
    };
    if let Some((_, files)) = known.filter(|_| reply.unchanged) {
        return Ok(Ok((files, None)));
    }
    let mut files = Files::default();
    let outcome = fill(client, wanted, repository, &reply.body, &mut files).await;
    if let Err(failure) = outcome {
        return ReadFailure::of(failure).map(Err);
    }
    let response = reply.etag.map(|etag| CachedResponse {
        key: key(client, repository),
        etag,
        body: serde_json::to_string(&CachedRepository {
            wanted: wanted.clone(),
            files: files.clone(),
        })
        .expect("files have nothing that JSON cannot hold"),
    });
    Ok(Ok((files, response)))
}

async fn fill(
    client: &Client,
    wanted: &FileRequest,
    repository: &Repository,
    root: &[u8],
    files: &mut Files,
) -> Result<(), GithubFailure> {
    let entries = |body: &[u8]| {
        let entries: Option<Vec<Entry>> = serde_json::from_slice(body).ok();
        entries.into_iter().flatten().map(|entry| entry.name)
    };
    files.entries.extend(entries(root));
    for folder in &wanted.folders {
        if !files.entries.contains(folder) {
            continue;
        }
        match client.get(contents(client, repository, folder), None).await {
            Ok(reply) => {
                let paths = entries(&reply.body).map(|name| format!("{folder}/{name}"));
                files.entries.extend(paths);
            }
            Err(GithubFailure::NotFound(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    let paths = wanted.files.iter().cloned().chain(files.more(wanted));
    for path in paths.collect::<Vec<_>>() {
        let first = path.split('/').next().unwrap_or_default();
        if !files.entries.contains(first) {
            continue;
        }
        match text(client, repository, &path).await {
            Ok(text) => {
                files.texts.insert(path, text);
            }
            Err(GithubFailure::NotFound(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// Reads a file of the default branch.
pub async fn text(
    client: &Client,
    repository: &Repository,
    path: &str,
) -> Result<FileText, GithubFailure> {
    match client
        .raw(contents(client, repository, path), MAX_BYTES)
        .await
    {
        Ok(bytes) => Ok(FileText::of_bytes(bytes)),
        Err(GithubFailure::TooLarge) => Ok(FileText::TooLarge),
        Err(failure) => Err(failure),
    }
}

fn contents(client: &Client, repository: &Repository, path: &str) -> Url {
    let mut segments = vec![
        "repos",
        &repository.owner.login,
        &repository.name,
        "contents",
    ];
    segments.extend(path.split('/'));
    client.url(&segments)
}
