//! A list that is downloaded as one file: the KEV catalogue, or EPSS scores.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use async_trait::async_trait;
use reqwest::Url;

use super::{
    EPSS, KNOWN_EXPLOITED, MAX_BYTES, at_ms,
    client::{self, Client},
    report, table,
};
use crate::server::{
    config::{Config, reference::check_interval},
    sources::{CheckResult, Run, Source, SourceError, SyncReport},
    store::{Reference, Store},
};

pub struct ListSource {
    name: &'static str,
    reference: Reference,
    url: Url,
    every: Duration,
    client: Client,
}

impl ListSource {
    /// The KEV catalogue; none without an address.
    ///
    /// # Errors
    /// The configuration is wrong.
    pub fn known_exploited(config: &Config) -> Result<Option<Self>> {
        let reference = Reference::KnownExploited;
        Self::configured(KNOWN_EXPLOITED, reference, &config.sources.kev)
    }

    /// EPSS scores; none without an address.
    ///
    /// # Errors
    /// The configuration is wrong.
    pub fn epss(config: &Config) -> Result<Option<Self>> {
        Self::configured(EPSS, Reference::Epss, &config.sources.epss)
    }

    fn configured(
        name: &'static str,
        reference: Reference,
        settings: &crate::server::config::reference::List,
    ) -> Result<Option<Self>> {
        let Some(url) = &settings.url else {
            return Ok(None);
        };
        let url = client::address(&format!("sources.{name}.url"), url)?;
        Ok(Some(Self {
            name,
            reference,
            every: check_interval(name, settings.every)?,
            client: Client::new(&url, "the server of the list")?,
            url,
        }))
    }
}

#[async_trait]
impl Source for ListSource {
    fn name(&self) -> &'static str {
        self.name
    }

    fn every(&self) -> Duration {
        self.every
    }

    fn is_reference(&self) -> bool {
        true
    }

    async fn sync(&self, store: &mut Store, _: &Run<'_>) -> Result<SyncReport, SourceError> {
        let text = self.client.text(self.url.clone(), MAX_BYTES).await?;
        let text = text.ok_or_else(|| anyhow!("there is no list at sources.{}.url", self.name))?;
        let reference = self.reference;
        let read = tokio::task::spawn_blocking(move || table(reference, &text));
        let list = read.await.context("the parsing thread failed")??;
        let kept = store.put_reference(reference, at_ms(list.as_of)?, &list.json);
        Ok(report(list.entries, kept.await?))
    }

    async fn check(&self) -> Vec<CheckResult> {
        let host = self.url.host_str().unwrap_or_default();
        vec![CheckResult::good(format!(
            "renewed from {host} where it can be reached"
        ))]
    }
}
