//! The commits of a repository, which its pipelines share.

use super::random::mix;

/// The number of commits that are kept: more than a repository has on a day.
const KEPT: usize = 16;

pub struct Repository {
    key: u64,
    count: u64,
    /// The latest commits with their times, oldest first.
    commits: Vec<(i64, u64)>,
    /// Its pipelines include one that builds every merge.
    pub merged: bool,
}

impl Repository {
    pub fn new(seed: u64, index: usize) -> Self {
        Self {
            key: mix(mix(seed) ^ index as u64),
            count: 0,
            commits: Vec::with_capacity(KEPT),
            merged: false,
        }
    }

    /// Adds a commit.
    pub fn commit(&mut self, at_ms: i64) -> u64 {
        if self.commits.len() == KEPT {
            self.commits.drain(..KEPT / 2);
        }
        self.count += 1;
        let commit = self.numbered(self.count);
        self.commits.push((at_ms, commit));
        commit
    }

    /// Returns the latest commit of an instant.
    pub fn latest(&self, at_ms: i64) -> u64 {
        let before = self.commits.iter().filter(|commit| commit.0 <= at_ms);
        before
            .max_by_key(|commit| commit.0)
            .map_or_else(|| self.numbered(0), |commit| commit.1)
    }

    fn numbered(&self, number: u64) -> u64 {
        mix(self.key.wrapping_add(number))
    }
}
