//! Reads a batch of repositories in one way or the other.

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

/// Repositories read at a time without GraphQL.
const CONCURRENT: usize = 4;

/// Why one repository could not be read, while others can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadFailure {
    NoAccess(String),
    RateLimited,
    Failed(String),
}

impl ReadFailure {
    pub fn not_found() -> Self {
        Self::NoAccess("the token may not read its files, or it is gone".to_owned())
    }

    /// # Errors
    /// The failure itself, where it is not one of this repository alone.
    pub fn of(failure: GithubFailure) -> Result<Self, GithubFailure> {
        match failure {
            failure if ends_the_sync(&failure) => Err(failure),
            GithubFailure::NotFound(_) => Ok(Self::not_found()),
            GithubFailure::Forbidden(words) => Ok(Self::NoAccess(words)),
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
            Self::RateLimited => "GitHub's limit of requests was met".to_owned(),
        }
    }
}

/// Whether other repositories would fail the same way.
pub fn ends_the_sync(failure: &GithubFailure) -> bool {
    matches!(
        failure,
        GithubFailure::Limited { .. } | GithubFailure::Unauthorized | GithubFailure::Unreachable(_)
    )
}

/// What became of the repositories of a batch, in its order.
pub struct Outcomes {
    pub files: Vec<Result<Files, ReadFailure>>,
    /// To be remembered.
    pub responses: Vec<CachedResponse>,
}

/// How repositories are read.
pub enum ReadMode {
    Graphql,
    Rest,
}

impl ReadMode {
    /// How many repositories make a batch.
    pub const fn batch(&self) -> usize {
        match self {
            Self::Graphql => 50,
            Self::Rest => 20,
        }
    }

    /// Where what is remembered of a repository is, if anything ever is.
    pub fn key(&self, client: &Client, repository: &Repository) -> Option<String> {
        match self {
            Self::Graphql => None,
            Self::Rest => Some(rest::key(client, repository)),
        }
    }

    /// Reads a batch; `known` has what is remembered of each of its repositories.
    ///
    /// # Errors
    /// Where going on makes no sense; what was read of the batch is read again the next time.
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
