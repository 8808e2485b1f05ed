//! The security facts of all repositories, as figures read them.

use crate::server::model::{RepositoryFacts, Suppression};

/// The facts of every repository, sorted by name.
#[derive(Debug, Default)]
pub struct Security {
    /// When the facts were last brought in, Unix ms; none where there are none.
    pub as_of_ms: Option<i64>,
    pub repositories: Vec<RepositoryFacts>,
}

impl Security {
    pub fn is_empty(&self) -> bool {
        self.repositories.is_empty()
    }

    /// The memory that the facts take, about: the texts that figures do not read are left out.
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
