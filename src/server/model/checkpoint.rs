//! The progress of a source.

use super::Coverage;

/// The position up to which a feed has been read, committed in one transaction with its events.
///
/// `None` leaves the stored value unchanged.
#[derive(Clone, Copy, Debug)]
pub struct Checkpoint<'a> {
    /// The source's name: `cosmos`.
    pub source: &'a str,
    /// The part of the source that has a position of its own, such as a container.
    pub feed: &'a str,
    /// The position, in a format that only the source reads.
    pub state: Option<&'a str>,
    /// The feed's coverage, and the time of the attempt (Unix ms).
    pub coverage: Option<(&'a Coverage, i64)>,
    /// The new age of the data (Unix ms), also when no events arrived.
    pub as_of_ms: Option<i64>,
}
