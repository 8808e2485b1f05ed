//! Sources of data. They may use the store, and nothing that is built on it.

mod cause;
pub mod cosmos;
pub mod error;
mod fields;
pub mod file;
pub mod github;
mod http_client;
pub mod jenkins;
mod position;
pub mod reference;
mod rejection;
pub mod scan;
pub mod suppressions;
mod xml;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use async_trait::async_trait;

pub use cause::Cause;
pub use error::SourceError;

use super::{
    config::Config,
    environment::Environment,
    store::{Ingested, Store},
};

/// A system that is synced on a schedule or by the `sync` command.
#[async_trait]
pub trait Source: Send + Sync {
    /// The name in commands and in the store.
    fn name(&self) -> &'static str;

    /// The interval between two syncs.
    fn every(&self) -> Duration;

    /// Writes new data to the store, in transactions that each leave it consistent. A sync that is
    /// stopped at any point is completed by the next one.
    async fn sync(&self, store: &mut Store, run: &Run<'_>) -> Result<SyncReport, SourceError>;

    /// Returns whether it provides reference data: data that the dashboard has without it, if older. Its failures are
    /// no news.
    fn is_reference(&self) -> bool {
        false
    }

    /// Checks access, for `doctor`. Writes nothing.
    async fn check(&self) -> Vec<CheckResult>;
}

/// The kind of data that a source provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataKind {
    Events,
    Security,
}

impl DataKind {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Events => "Build events",
            Self::Security => "Security facts",
        }
    }
}

/// The parameters of a sync.
pub struct Run<'a> {
    /// The start of the sync, Unix ms.
    pub started_ms: i64,
    /// The instant from which to read everything again, Unix ms; none reads new data only.
    pub since_ms: Option<i64>,
    /// A callback for progress: items done, items in total (if known), and their name.
    pub progress: &'a (dyn Fn(u64, Option<u64>, &str) + Send + Sync),
}

/// The outcome of a successful sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// The number of items read, including known ones.
    pub read: u64,
    pub ingested: Ingested,
    /// The requests left in the source's current rate-limit period, if it says so.
    pub requests_left: Option<u64>,
}

/// A result of `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    pub good: bool,
    /// The finding, for the operator.
    pub what: String,
    /// The remedy; empty if nothing is wrong.
    pub remedy: String,
}

impl CheckResult {
    pub fn good(what: impl Into<String>) -> Self {
        Self {
            good: true,
            what: what.into(),
            remedy: String::new(),
        }
    }

    pub fn bad(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            good: false,
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

/// The description of a source, configured or not.
#[derive(Clone, Copy, Debug)]
pub struct SourceInfo {
    /// The name in commands and in the store.
    pub name: &'static str,
    /// The name for readers.
    pub label: &'static str,
    /// None for reference data.
    pub kind: Option<DataKind>,
    /// The noun for its items, singular and plural.
    pub unit: (&'static str, &'static str),
}

/// All sources.
pub const ALL: [SourceInfo; 5] = [
    SourceInfo {
        name: cosmos::NAME,
        label: "Azure Cosmos DB",
        kind: Some(DataKind::Events),
        unit: ("container", "containers"),
    },
    SourceInfo {
        name: github::NAME,
        label: "GitHub",
        kind: Some(DataKind::Security),
        unit: ("repository", "repositories"),
    },
    SourceInfo {
        name: reference::END_OF_LIFE,
        label: "endoflife.date",
        kind: None,
        unit: ("product", "products"),
    },
    SourceInfo {
        name: reference::KNOWN_EXPLOITED,
        label: "Known exploited vulnerabilities",
        kind: None,
        unit: ("list", "lists"),
    },
    SourceInfo {
        name: reference::EPSS,
        label: "EPSS",
        kind: None,
        unit: ("list", "lists"),
    },
];

/// Returns true if coverage of `part` belongs to a source: that of `github-alerts` to `github`.
pub fn is_part(part: &str, source: &str) -> bool {
    part.strip_prefix(source)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The configured sources.
#[derive(Default)]
pub struct Sources {
    pub sources: Vec<Arc<dyn Source>>,
    /// Sources of reference data. They do not count where it matters whether anything is configured.
    pub reference: Vec<Arc<dyn Source>>,
    /// Sources with an incomplete or invalid configuration. They do not affect the others.
    pub faults: Vec<ConfigError>,
}

/// An incomplete or invalid configuration of a source.
#[derive(Debug)]
pub struct ConfigError {
    /// The source's name.
    pub source: &'static str,
    /// The error; it names the variable or the field.
    pub error: anyhow::Error,
}

impl Sources {
    /// Creates the sources that the configuration and the environment give access to.
    pub fn from_config(config: &Config, environment: &Environment) -> Self {
        let mut configured = Self::default();
        let cosmos = cosmos::Cosmos::configured(config, environment);
        configured.add(cosmos::NAME, cosmos);
        let github = github::Github::configured(config, environment);
        configured.add(github::NAME, github);
        let end_of_life = reference::EndOfLifeSource::configured(config, environment);
        configured.add(reference::END_OF_LIFE, end_of_life);
        let known_exploited = reference::ListSource::known_exploited(config);
        configured.add(reference::KNOWN_EXPLOITED, known_exploited);
        let epss = reference::ListSource::epss(config);
        configured.add(reference::EPSS, epss);
        configured
    }

    fn add<S: Source + 'static>(&mut self, name: &'static str, source: Result<Option<S>>) {
        match source {
            Ok(Some(source)) if source.is_reference() => self.reference.push(Arc::new(source)),
            Ok(Some(source)) => self.sources.push(Arc::new(source)),
            Ok(None) => {}
            Err(error) => self.faults.push(ConfigError {
                source: name,
                error,
            }),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.faults.is_empty()
    }

    /// The sources to sync in the background: reference data only beside other sources, since a dashboard of
    /// files and samples asks nobody.
    pub fn scheduled(&self) -> Vec<Arc<dyn Source>> {
        let reference = self.reference.iter().filter(|_| !self.sources.is_empty());
        self.sources.iter().chain(reference).cloned().collect()
    }

    /// The names of all sources of builds and facts, including those with an invalid configuration.
    pub fn names(&self) -> Vec<&'static str> {
        let sources = self.sources.iter().map(|source| source.name());
        let faulty = self.faults.iter().map(|fault| fault.source);
        sources.chain(faulty).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_source_have_its_name_and_more() {
        assert!(is_part("github", "github") && is_part("github-alerts", "github"));
        assert!(!is_part("github", "github-alerts") && !is_part("githubs", "github"));
    }
}
