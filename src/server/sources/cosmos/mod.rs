//! Build events from Azure Cosmos DB, through the official SDK.
//!
//! Each container is read in windows of `_ts`, the time at which the service wrote a document: first the
//! past, newest day first, then only new documents. Reports of scans (`cve-reports`) are read after the events; a
//! database may be without them.

mod account;
mod check;
mod cursor;
mod entra;
mod failure;
mod query;
mod query_pages;
mod rejected_documents;
mod reports;
mod retry;
mod sync;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use async_trait::async_trait;
use azure_data_cosmos::{ContainerClient, CosmosClient, CosmosError};
use jiff::Timestamp;
use tokio::{sync::OnceCell, time::sleep};

use crate::server::config::{Systems, cosmos::Settings};
use account::{Account, Feed};
use failure::{CosmosFailure, FailureKind};
use query::EventQuery;
use reports::ReportSync;
use retry::Retries;
use sync::{FeedError, FeedSync, Scope};

use super::{CheckResult, Run, Source, SourceError, SyncReport};
use crate::server::{
    config::Config,
    environment::Environment,
    model::{Checkpoint, Coverage},
    store::Store,
};

pub const NAME: &str = "cosmos";

pub struct Cosmos {
    settings: Settings,
    account: Account,
    query: Arc<EventQuery>,
    systems: Systems,
    /// The branches whose reports of scans are read.
    report_branches: Vec<String>,
    /// Opened on first use and kept: it caches the account's regions and partitions.
    client: OnceCell<CosmosClient>,
}

impl Cosmos {
    /// `None` when the environment names no account.
    ///
    /// # Errors
    /// The configuration is incomplete or wrong.
    pub fn configured(config: &Config, environment: &Environment) -> Result<Option<Self>> {
        let Some(account) = Account::configured(environment)? else {
            return Ok(None);
        };
        config.sources.cosmos.validate()?;
        Ok(Some(Self {
            settings: config.sources.cosmos.clone(),
            account,
            query: Arc::new(EventQuery::of(config)),
            systems: config.systems.clone(),
            report_branches: config.default_branches.clone(),
            client: OnceCell::new(),
        }))
    }

    async fn client(&self) -> Result<&CosmosClient, CosmosError> {
        let open = || with_retries(|| self.account.connect());
        self.client.get_or_try_init(open).await
    }

    async fn container(
        &self,
        client: &CosmosClient,
        feed: &Feed,
    ) -> Result<ContainerClient, CosmosError> {
        let database = client.database_client(&feed.database);
        with_retries(|| database.container_client(&feed.container, None)).await
    }

    async fn read(
        &self,
        feed: &Feed,
        scope: Scope,
        store: &mut Store,
        run: &Run<'_>,
        report: &mut SyncReport,
    ) -> Result<(), FeedError> {
        let client = self.client().await.map_err(FeedError::Service)?;
        let container = self.container(client, feed).await;
        let sync = FeedSync {
            feed,
            container: container.map_err(FeedError::Service)?,
            query: Arc::clone(&self.query),
            system: self.systems.of_database(&feed.database),
            first_days: self.settings.first_days,
            scope,
            store,
            run,
        };
        sync.run(report).await
    }

    async fn read_reports(
        &self,
        feed: &Feed,
        store: &mut Store,
        run: &Run<'_>,
        report: &mut SyncReport,
    ) -> Result<(), FeedError> {
        let client = self.client().await.map_err(FeedError::Service)?;
        let container = self.container(client, feed).await;
        let sync = ReportSync {
            item: feed.to_string(),
            container: container.map_err(FeedError::Service)?,
            branches: &self.report_branches,
            first_days: self.settings.first_days,
            store,
            run,
        };
        sync.run(report).await
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

    async fn sync(&self, store: &mut Store, run: &Run<'_>) -> Result<SyncReport, SourceError> {
        let Account {
            feeds,
            report_feeds,
            ..
        } = &self.account;
        let items = feeds.iter().chain(report_feeds).map(Feed::to_string);
        let items: Vec<String> = items.collect();
        store.retire_others(NAME, &items, run.started_ms).await?;
        let mut report = SyncReport::default();
        let mut failures: Vec<(Feed, CosmosFailure)> = Vec::new();
        let newest = feeds.iter().map(|feed| (feed, Scope::Newest));
        let newest = newest.filter(|_| feeds.len() > 1);
        for (feed, scope) in newest.chain(feeds.iter().map(|feed| (feed, Scope::All))) {
            if failures.iter().any(|(failed, _)| failed == feed) {
                continue;
            }
            match self.read(feed, scope, store, run, &mut report).await {
                Ok(()) => {}
                Err(FeedError::Store(error)) => return Err(error.into()),
                Err(FeedError::Service(error)) => {
                    let failure = CosmosFailure::of(&error, self.account.credentials(), Some(feed));
                    note(store, feed, &failure, run).await?;
                    failures.push((feed.clone(), failure));
                }
            }
        }
        for feed in report_feeds {
            // Its database is gone, or the account asks for a pause.
            let failed = |(failed, _): &(Feed, CosmosFailure)| failed.database == feed.database;
            if failures.iter().any(failed) {
                continue;
            }
            match self.read_reports(feed, store, run, &mut report).await {
                Ok(()) => {}
                Err(FeedError::Store(error)) => return Err(error.into()),
                Err(FeedError::Service(error)) => {
                    let failure = CosmosFailure::of(&error, self.account.credentials(), Some(feed));
                    match failure.kind {
                        FailureKind::NoContainer => reports::note_missing(store, feed, run).await?,
                        // Events do not suffer from it; the coverage has the reason.
                        FailureKind::NoAccess => note(store, feed, &failure, run).await?,
                        FailureKind::RateLimited(_) | FailureKind::Other => {
                            note(store, feed, &failure, run).await?;
                            failures.push((feed.clone(), failure));
                        }
                    }
                }
            }
        }
        if failures.is_empty() {
            Ok(report)
        } else {
            Err(CosmosFailure::of_all(&failures))
        }
    }

    async fn check(&self) -> Vec<CheckResult> {
        check::check(self, Timestamp::now().as_second()).await
    }
}

/// Records why a container was not read.
async fn note(
    store: &mut Store,
    feed: &Feed,
    failure: &CosmosFailure,
    run: &Run<'_>,
) -> Result<()> {
    let item = feed.to_string();
    let coverage = Coverage {
        item: item.clone(),
        state: failure.state(),
        reason: Some(failure.reason()),
    };
    let checkpoint = Checkpoint {
        source: NAME,
        feed: &item,
        state: None,
        coverage: Some((&coverage, run.started_ms)),
        as_of_ms: None,
    };
    store.ingest_from(&[], &checkpoint).await?;
    Ok(())
}

/// Retries until it succeeds, the error is permanent, or the retries are used up.
async fn with_retries<T, F: Future<Output = Result<T, CosmosError>>>(
    attempt: impl Fn() -> F,
) -> Result<T, CosmosError> {
    let mut retries = Retries::default();
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => match retries.after(&error) {
                Some(wait) => sleep(wait).await,
                None => return Err(error),
            },
        }
    }
}
