//! The security facts that figures read.

use crate::server::model::{RepositoryFacts, Suppression};

/// The facts of every repository, sorted by name.
#[derive(Debug, Default)]
pub struct Security {
    /// The time of the last sync or import of facts, Unix ms; none without facts.
    pub as_of_ms: Option<i64>,
    pub repositories: Vec<RepositoryFacts>,
}

impl Security {
    pub fn is_empty(&self) -> bool {
        self.repositories.is_empty()
    }

    /// The approximate memory of the facts in bytes, without the texts that no figure reads.
    pub fn bytes(&self) -> usize {
        let suppression = |known: &Suppression| {
            size_of_val(known) + known.cve.len() + known.until.as_ref().map_or(0, String::len)
        };
        let facts = self.repositories.iter().map(|facts| {
            let suppressions: usize = facts.suppressions.iter().map(suppression).sum();
            size_of_val(facts) + facts.repository.len() + suppressions
        });
        facts.sum()
    }
}
