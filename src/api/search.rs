//! The wire types of the search.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The results of a text, in the order of kinds and, within a kind, the best match first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchResults {
    /// The text, without spaces around it.
    pub query: String,
    /// The results for readers: `12 results for “claim”.`
    pub summary: String,
    /// The version of the data.
    pub version: String,
    /// At most 10 of each kind.
    pub results: Vec<SearchResult>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchResult {
    /// `pipeline`, `build`, `project`, `team`, `repository`, `figure` or `page`.
    pub kind: String,
    pub title: String,
    /// A line about it: the project and state of a pipeline, the result and end of a build.
    pub detail: String,
    /// The address of its page, with the base path.
    pub address: String,
}
