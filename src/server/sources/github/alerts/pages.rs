//! The pages of a list of alerts. Unchanged pages are not sent again.

use std::collections::HashSet;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{
    super::{Github, NAME, client::Client, response::GithubFailure},
    list::{Alert, List},
};
use crate::server::{
    sources::SourceError,
    store::{CachedResponse, Store},
};

/// The maximum page size of GitHub.
const PER_PAGE: usize = 100;
/// The most pages of a list that are read.
pub const MAX_PAGES: usize = 100;

/// All alerts of a list.
pub struct Pages {
    pub alerts: Vec<Alert>,
    /// Every page was read.
    pub complete: bool,
}

/// The cached content of a page.
#[derive(Serialize, Deserialize)]
struct Page {
    alerts: Vec<Alert>,
    /// The page may have a successor that it did not have before.
    full: bool,
    next: Option<String>,
}

/// Reads all pages; the inner error is that of the list.
pub async fn read(
    github: &Github,
    store: &mut Store,
    list: List,
    used: &mut HashSet<String>,
) -> Result<Result<Pages, GithubFailure>, SourceError> {
    let mut alerts = Vec::new();
    let mut next = Some(first(github, list));
    for _ in 0..MAX_PAGES {
        let Some(url) = next.take() else {
            break;
        };
        if !used.insert(url.to_string()) {
            break;
        }
        match page(&github.client, store, list, url).await? {
            Ok(page) => {
                alerts.extend(page.alerts);
                next = page.next.and_then(|next| next.parse().ok());
            }
            Err(failure) => return Ok(Err(failure)),
        }
    }
    let complete = next.is_none();
    Ok(Ok(Pages { alerts, complete }))
}

fn first(github: &Github, list: List) -> Url {
    let organisation = &github.settings.organisation;
    let mut url = github
        .client
        .url(&["orgs", organisation, list.scanner(), "alerts"]);
    let mut query = url.query_pairs_mut();
    query
        .append_pair("state", "open")
        .append_pair("per_page", &PER_PAGE.to_string());
    if list == List::SecretScanning {
        query.append_pair("hide_secret", "true");
    }
    drop(query);
    url
}

async fn page(
    client: &Client,
    store: &mut Store,
    list: List,
    url: Url,
) -> Result<Result<Page, GithubFailure>, SourceError> {
    let key = url.to_string();
    let known = store.cached_response(NAME, &key).await?;
    let known = known.and_then(|response| {
        let page: Page = serde_json::from_str(&response.body).ok()?;
        Some((response.etag, page))
    });
    let etag = known.as_ref().map(|(etag, _)| etag.as_str());
    let mut reply = match client.get(url.clone(), etag).await {
        Ok(reply) => reply,
        Err(failure) => return Ok(Err(failure)),
    };
    if let Some((_, page)) = known.filter(|_| reply.unchanged) {
        if page.next.is_some() || !page.full {
            return Ok(Ok(page));
        }
        reply = match client.get(url, None).await {
            Ok(reply) => reply,
            Err(failure) => return Ok(Err(failure)),
        };
    }
    let (body, next) = (reply.body, reply.next);
    // A page of a hundred alerts has megabytes.
    let parsed = tokio::task::spawn_blocking(move || list.parse(&body)).await;
    let Ok(Ok((alerts, count))) = parsed else {
        let what = format!("the response is not a list of {}", list.label());
        return Ok(Err(GithubFailure::Refused(what)));
    };
    let page = Page {
        alerts,
        full: count >= PER_PAGE,
        next,
    };
    if let Some(etag) = reply.etag {
        let body = serde_json::to_string(&page).expect("a page has nothing that JSON cannot hold");
        let response = CachedResponse { key, etag, body };
        store.keep_responses(NAME, &[response]).await?;
    }
    Ok(Ok(page))
}
