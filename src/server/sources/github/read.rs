//! Reads a batch of repositories by GraphQL or REST.

use futures::{StreamExt as _, stream};

use super::{
    client::Client,
    files::{FileRequest, Files},
    graphql,
    repositories::Repository,
    response::GithubFailure,
    rest,
};
use crate::server::{model::CoverageState, store::CachedResponse};

/// The number of repositories that are read at once without GraphQL.
const CONCURRENT: usize = 4;

/// The reason why a single repository could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadFailure {
    NoAccess(String),
    RateLimited,
    Failed(String),
}

impl ReadFailure {
    pub fn not_found() -> Self {
        Self::NoAccess("the token has no access to its files, or it no longer exists".to_owned())
    }

    /// # Errors
    /// The failure itself, if it does not concern this repository alone.
    pub fn of(failure: GithubFailure) -> Result<Self, GithubFailure> {
        match failure {
            failure if ends_the_sync(&failure) => Err(failure),
            GithubFailure::NotFound(_) => Ok(Self::not_found()),
            GithubFailure::Forbidden(message) => Ok(Self::NoAccess(message)),
            failure => Ok(Self::Failed(failure.to_string())),
        }
    }

    pub fn state(&self) -> CoverageState {
        match self {
            Self::NoAccess(_) => CoverageState::NoAccess,
            Self::RateLimited => CoverageState::RateLimited,
            Self::Failed(_) => CoverageState::Failed,
        }
    }

    pub fn reason(&self) -> String {
        match self {
            Self::NoAccess(why) | Self::Failed(why) => why.clone(),
            Self::RateLimited => "GitHub's rate limit was reached".to_owned(),
        }
    }
}

/// Returns true if other repositories would fail in the same way.
pub fn ends_the_sync(failure: &GithubFailure) -> bool {
    matches!(
        failure,
        GithubFailure::Limited { .. } | GithubFailure::Unauthorized | GithubFailure::Unreachable(_)
    )
}

/// The outcomes of a batch, in its order.
pub struct Outcomes {
    pub files: Vec<Result<Files, ReadFailure>>,
    /// Responses to cache.
    pub responses: Vec<CachedResponse>,
}

/// The API that repositories are read by.
pub enum ReadMode {
    Graphql,
    Rest,
}

impl ReadMode {
    /// Returns the number of repositories per batch.
    pub const fn batch(&self) -> usize {
        match self {
            Self::Graphql => 50,
            Self::Rest => 20,
        }
    }

    /// Returns the cache key of a repository, if it is cached at all.
    pub fn key(&self, client: &Client, repository: &Repository) -> Option<String> {
        match self {
            Self::Graphql => None,
            Self::Rest => Some(rest::key(client, repository)),
        }
    }

    /// Reads a batch; `known` has the cached response of each of its repositories.
    ///
    /// # Errors
    /// If further requests are pointless; the batch is read again by the next sync.
    pub async fn read(
        &self,
        client: &Client,
        wanted: &FileRequest,
        batch: &[Repository],
        known: &[Option<CachedResponse>],
    ) -> Result<Outcomes, GithubFailure> {
        if matches!(self, Self::Graphql) {
            let files = graphql::read(client, wanted, batch).await?;
            let responses = Vec::new();
            return Ok(Outcomes { files, responses });
        }
        let mut reads = Vec::new();
        for (repository, known) in batch.iter().zip(known) {
            reads.push(rest::read(client, wanted, repository, known.as_ref()));
        }
        let mut reads = stream::iter(reads).buffered(CONCURRENT);
        let (mut files, mut responses) = (Vec::new(), Vec::new());
        while let Some(outcome) = reads.next().await {
            match outcome? {
                Ok((read, response)) => {
                    files.push(Ok(read));
                    responses.extend(response);
                }
                Err(failure) => files.push(Err(failure)),
            }
        }
        Ok(Outcomes { files, responses })
    }
}
