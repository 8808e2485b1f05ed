//! The ends of support from endoflife.date, or from a mirror of its API (version 1).

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use async_trait::async_trait;
use jiff::{Timestamp, tz::TimeZone};
use reqwest::Url;

use super::{
    END_OF_LIFE,
    client::{self, Client},
    report,
};
use crate::server::{
    config::{Config, reference::check_interval},
    environment::Environment,
    model::{EndOfLife, Product},
    sources::{CheckResult, Run, Source, SourceError, SyncReport},
    store::{Reference, Store},
};

const ADDRESS: &str = "https://endoflife.date/";
const VARIABLE: &str = "ENDOFLIFE_URL";
/// The largest description of one product.
const MAX_PRODUCT: u64 = 4 << 20;

pub struct EndOfLifeSource {
    base: Url,
    every: Duration,
    client: Client,
}

impl EndOfLifeSource {
    /// None if the configuration turns it off.
    ///
    /// # Errors
    /// The configuration or the address is wrong.
    pub fn configured(config: &Config, environment: &Environment) -> Result<Option<Self>> {
        let settings = &config.sources.end_of_life;
        if !settings.enabled {
            return Ok(None);
        }
        let address = environment.text(&[VARIABLE]);
        let base = client::address(VARIABLE, address.as_deref().unwrap_or(ADDRESS))?;
        Ok(Some(Self {
            every: check_interval("end-of-life", settings.every)?,
            client: Client::new(&base, "endoflife.date")?,
            base,
        }))
    }

    fn url(&self, product: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(["api", "v1", "products", product]);
        }
        url
    }

    async fn product(&self, id: &str) -> Result<Option<Product>, SourceError> {
        let text = self.client.text(self.url(id), MAX_PRODUCT).await?;
        let Some(text) = text else {
            return Ok(None);
        };
        let parse = tokio::task::spawn_blocking(move || Product::from_api(&text));
        let product = parse.await.context("the parsing thread failed")?;
        let product = product.with_context(|| format!("endoflife.date describes {id} wrongly"))?;
        // A product without cycles would make every version unknown.
        Ok((!product.cycles.is_empty()).then_some(product))
    }
}

#[async_trait]
impl Source for EndOfLifeSource {
    fn name(&self) -> &'static str {
        END_OF_LIFE
    }

    fn every(&self) -> Duration {
        self.every
    }

    fn is_reference(&self) -> bool {
        true
    }

    /// Renews the table product by product; a product that is not there keeps its dates.
    async fn sync(&self, store: &mut Store, run: &Run<'_>) -> Result<SyncReport, SourceError> {
        let stored = store.reference(Reference::EndOfLife).await?;
        let stored = stored.and_then(|(_, text)| EndOfLife::from_json(&text).ok());
        let built_in = EndOfLife::built_in();
        let mut table = stored
            .filter(|stored| stored.as_of >= built_in.as_of)
            .unwrap_or_else(|| built_in.clone());
        let total = built_in.products.len() as u64;
        let mut read = 0;
        for id in built_in.products.keys() {
            if let Some(product) = self.product(id).await? {
                table.products.insert(id.clone(), product);
                read += 1;
            }
            (run.progress)(read, Some(total), "products");
        }
        if read == 0 {
            return Err(anyhow!("endoflife.date has none of the products").into());
        }
        let now = Timestamp::from_millisecond(run.started_ms).context("an impossible time")?;
        table.as_of = TimeZone::UTC.to_datetime(now).date();
        let text = table.to_json();
        let kept = store.put_reference(Reference::EndOfLife, run.started_ms, &text);
        Ok(report(read, kept.await?))
    }

    async fn check(&self) -> Vec<CheckResult> {
        let host = self.base.host_str().unwrap_or_default();
        let days = self.every.as_secs() / 86_400;
        vec![CheckResult::good(format!(
            "ends of support are renewed from {host} every {days} days where it can be reached; \
             those built in are of {}",
            EndOfLife::built_in().as_of
        ))]
    }
}
