//! Where data come from. Sources know the store and nothing to the right of it.

pub mod cosmos;
pub mod error;
mod fields;
pub mod file;
pub mod github;
pub mod jenkins;
mod rejection;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use async_trait::async_trait;

pub use error::SourceError;

use super::{
    config::Config,
    environment::Environment,
    store::{Ingested, Store},
};

/// A place that data are collected from on a schedule, or when `sync` asks for it.
#[async_trait]
pub trait Source: Send + Sync {
    /// Its name in commands and in the store.
    fn name(&self) -> &'static str;

    /// How long after one sync the next begins.
    fn every(&self) -> Duration;

    /// Collects what is new and writes it to the store, in transactions that each leave it
    /// consistent. Being ended at any moment loses nothing that the next call does not bring.
    async fn sync(&self, store: &mut Store, run: &Run<'_>) -> Result<SyncReport, SourceError>;

    /// Tries whether it can be read, for `doctor`. Writes nothing.
    async fn check(&self) -> Vec<CheckResult>;
}

/// The data that a source brings.
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

/// What a source is told of the sync that it runs in.
pub struct Run<'a> {
    /// Unix ms.
    pub started_ms: i64,
    /// Where the reader asked for it: the instant (Unix ms) from which on everything is read again.
    pub since_ms: Option<i64>,
    /// Is told how far the sync is: done, in all (if known), and of what.
    pub progress: &'a (dyn Fn(u64, Option<u64>, &str) + Send + Sync),
}

/// What a sync brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// What was read, whether or not it was known.
    pub read: u64,
    pub ingested: Ingested,
    /// Requests that the source still grants in its current period, where it says so.
    pub requests_left: Option<u64>,
}

/// One thing that `doctor` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    pub good: bool,
    pub what: String,
    /// What mends it; empty where nothing is wrong.
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

/// What a source is called and brings, whether or not it is configured.
#[derive(Clone, Copy, Debug)]
pub struct SourceInfo {
    /// In commands and in the store.
    pub name: &'static str,
    /// For readers.
    pub label: &'static str,
    pub kind: DataKind,
    /// What it covers: one and many.
    pub unit: (&'static str, &'static str),
}

/// Every source that there is.
pub const ALL: [SourceInfo; 2] = [
    SourceInfo {
        name: cosmos::NAME,
        label: "Azure Cosmos DB",
        kind: DataKind::Events,
        unit: ("container", "containers"),
    },
    SourceInfo {
        name: github::NAME,
        label: "GitHub",
        kind: DataKind::Security,
        unit: ("repository", "repositories"),
    },
];

/// The sources that the configuration and the environment give access to.
#[derive(Default)]
pub struct Sources {
    pub sources: Vec<Arc<dyn Source>>,
    /// Those that are configured by half or wrongly, which harms no other.
    pub faults: Vec<ConfigError>,
}

/// A source that is configured by half or wrongly.
#[derive(Debug)]
pub struct ConfigError {
    /// Its name.
    pub source: &'static str,
    /// Names the variable or the field.
    pub error: anyhow::Error,
}

impl Sources {
    pub fn by(config: &Config, environment: &Environment) -> Self {
        let mut configured = Self::default();
        let cosmos = cosmos::Cosmos::configured(config, environment);
        configured.add(cosmos::NAME, cosmos);
        let github = github::Github::configured(config, environment);
        configured.add(github::NAME, github);
        configured
    }

    fn add<S: Source + 'static>(&mut self, name: &'static str, source: Result<Option<S>>) {
        match source {
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

    /// The names of all of them, whether or not they can be read.
    pub fn names(&self) -> Vec<&'static str> {
        let sources = self.sources.iter().map(|source| source.name());
        let faulty = self.faults.iter().map(|fault| fault.source);
        sources.chain(faulty).collect()
    }
}
