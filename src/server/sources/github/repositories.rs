//! Lists the repositories of an organisation by page. Unchanged pages are not sent again.

use std::collections::HashSet;

use anyhow::anyhow;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{client::Client, response::GithubFailure};
use crate::server::{
    sources::SourceError,
    store::{CachedResponse, Store},
};

/// The maximum page size of GitHub.
const PER_PAGE: usize = 100;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    pub owner: Owner,
    pub name: String,
    #[serde(default)]
    pub fork: bool,
    #[serde(default)]
    pub archived: bool,
    /// Its address for readers.
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default)]
    pub default_branch: Option<String>,
    #[serde(default)]
    pub pushed_at: Option<String>,
    #[serde(default)]
    pub topics: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub login: String,
}

/// The number of the fields of a repository that are read. A cached page with another number is not used.
const FIELDS: u32 = 8;

/// The cached content of a page.
#[derive(Serialize, Deserialize)]
struct RepositoryPage {
    #[serde(default)]
    fields: u32,
    repositories: Vec<Repository>,
    next: Option<String>,
}

/// Lists the repositories that the token can see. Adds the requested URLs to `used`.
pub async fn list(
    client: &Client,
    store: &mut Store,
    organisation: &str,
    used: &mut HashSet<String>,
) -> Result<Vec<Repository>, SourceError> {
    for kind in ["orgs", "users"] {
        let url = first(client, kind, organisation);
        if let Some(repositories) = pages(client, store, url, used).await? {
            return Ok(repositories);
        }
    }
    Err(SourceError::Other(anyhow!(
        "sources.github.organisation: this token can see neither an organisation nor a user \
         “{organisation}”; correct the name in dashboard.toml, or use a token that may see it"
    )))
}

/// Returns the URL of the first page. The oldest come first, so that new repositories do not move the
/// others between pages.
fn first(client: &Client, owner: &str, organisation: &str) -> Url {
    let mut url = client.url(&[owner, organisation, "repos"]);
    url.query_pairs_mut()
        .append_pair("per_page", &PER_PAGE.to_string())
        .append_pair("type", "all")
        .append_pair("sort", "created")
        .append_pair("direction", "asc");
    url
}

/// Reads all pages; none if there is no owner of that name.
async fn pages(
    client: &Client,
    store: &mut Store,
    first: Url,
    used: &mut HashSet<String>,
) -> Result<Option<Vec<Repository>>, SourceError> {
    let mut repositories: Vec<Repository> = Vec::new();
    let mut names = HashSet::new();
    let mut next = Some(first);
    while let Some(url) = next.take() {
        let key = url.to_string();
        if !used.insert(key.clone()) {
            break;
        }
        let Some(page) = page(client, store, url, &key).await? else {
            return Ok(None);
        };
        // A page may repeat repositories that moved on from the previous one.
        let fresh = page.repositories.into_iter();
        repositories.extend(fresh.filter(|repository| names.insert(repository.name.clone())));
        next = page.next.and_then(|next| next.parse().ok());
    }
    Ok(Some(repositories))
}

async fn page(
    client: &Client,
    store: &mut Store,
    url: Url,
    key: &str,
) -> Result<Option<RepositoryPage>, SourceError> {
    let known = store.cached_response(super::NAME, key).await?;
    let known = known.and_then(|response| {
        let page: RepositoryPage = serde_json::from_str(&response.body).ok()?;
        (page.fields == FIELDS).then_some((response.etag, page))
    });
    let etag = known.as_ref().map(|(etag, _)| etag.as_str());
    let mut reply = match client.get(url.clone(), etag).await {
        Ok(reply) => reply,
        Err(GithubFailure::NotFound(_)) => return Ok(None),
        Err(failure) => return Err(failure.into()),
    };
    if let Some((_, page)) = known.filter(|_| reply.unchanged) {
        // A full last page may have a successor although it has not changed itself.
        if page.next.is_some() || page.repositories.len() < PER_PAGE {
            return Ok(Some(page));
        }
        reply = client.get(url, None).await?;
    }
    let Ok(repositories) = serde_json::from_slice(&reply.body) else {
        let what = "the response is not a list of repositories; check that GITHUB_API_URL is the URL of GitHub's API";
        return Err(GithubFailure::Refused(what.to_owned()).into());
    };
    let page = RepositoryPage {
        fields: FIELDS,
        repositories,
        next: reply.next,
    };
    if let Some(etag) = reply.etag {
        let response = CachedResponse {
            key: key.to_owned(),
            etag,
            body: serde_json::to_string(&page).expect("a page has nothing that JSON cannot hold"),
        };
        store.keep_responses(super::NAME, &[response]).await?;
    }
    Ok(Some(page))
}
