//! How far a source has been read.

use super::Coverage;

/// Where a source has got to, written together with the events that it covers.
#[derive(Clone, Copy, Debug)]
pub struct Checkpoint<'a> {
    pub source: &'a str,
    pub feed: &'a str,
    /// In the source's own words; none leaves what is known.
    pub state: Option<&'a str>,
    /// What became of the feed, and when (Unix ms), where something is to be said about it.
    pub coverage: Option<(&'a Coverage, i64)>,
    /// Unix ms: from now on the data are as of then, whether or not events came.
    pub as_of_ms: Option<i64>,
}
