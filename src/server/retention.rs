//! Retention: drops builds older than `store.keep_months`, at start, once a day and after each sync.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    config::Config,
    store::{Location, Store},
};

const EVERY: Duration = Duration::from_hours(24);

/// Drops builds older than the first kept month. A failure is logged; the next run tries again.
pub async fn apply(store: &mut Store, config: &Config) {
    let months = config.store.keep_months;
    if months == 0 {
        return;
    }
    match store.keep_months(months, Timestamp::now()).await {
        Ok(true) => tracing::info!(months, "dropped builds older than the first kept month"),
        Ok(false) => {}
        Err(error) => {
            tracing::warn!("cannot drop builds older than {months} months; retrying: {error:#}");
        }
    }
}

/// Applies retention now and once a day, until dropped. A server that only imports files has no syncs
/// that would do so.
pub async fn apply_daily(location: Location, config: Arc<Config>) {
    if config.store.keep_months == 0 {
        return;
    }
    loop {
        match Store::open(&location, &config).await {
            Ok(mut store) => {
                apply(&mut store, &config).await;
                store.close().await;
            }
            Err(error) => {
                tracing::warn!("cannot open the store for retention; retrying: {error:#}")
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}
