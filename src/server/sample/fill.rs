//! Writes the sample to a store.

use anyhow::{Context as _, Result};

use super::{History, SampleOptions, epss, events, history, known_exploited};
use crate::server::{
    model::Event,
    store::{Ingested, Reference, Store},
};

/// The approximate number of events per day at scale 1.
const EVENTS_A_DAY: f64 = 1_600.0;
/// Large enough to keep transactions cheap, small enough for any memory.
const BATCH: usize = 20_000;

/// The counts of a written sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    pub events: Ingested,
    pub repositories: Ingested,
}

/// Returns the approximate number of events in the sample, for progress reports.
pub fn expected_events(options: &SampleOptions) -> u64 {
    (EVENTS_A_DAY * f64::from(options.days) * options.scale) as u64
}

/// Writes the sample to the store in batches of events; `progress` gets the number of events written
/// so far.
///
/// # Errors
/// If the store cannot be written to; earlier batches are kept, and filling again completes them.
pub async fn fill(
    store: &mut Store,
    options: &SampleOptions,
    mut progress: impl FnMut(u64),
) -> Result<Filled> {
    let mut filled = Filled::default();
    let mut written = 0;
    let mut left = events(options);
    let mut batch: Vec<Event> = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        batch.extend(left.by_ref().take(BATCH));
        if batch.is_empty() {
            break;
        }
        let counts = store.ingest(&batch).await;
        filled.events += counts.context("cannot write the sample's events")?;
        written += batch.len() as u64;
        progress(written);
    }
    filled.repositories = fill_security(store, options).await?;
    Ok(filled)
}

/// Writes the facts of every reading and the reports of scanners; returns the counts of the last reading.
///
/// # Errors
/// If the store cannot be written to.
pub async fn fill_security(store: &mut Store, options: &SampleOptions) -> Result<Ingested> {
    let history = history(options);
    let kev = known_exploited(options, &history).to_json();
    let put = store.put_reference(Reference::KnownExploited, options.as_of_ms, &kev);
    put.await
        .context("cannot write the sample's list of exploited vulnerabilities")?;
    let epss = epss(options, &history).to_json();
    let put = store.put_reference(Reference::Epss, options.as_of_ms, &epss);
    put.await.context("cannot write the sample's scores")?;
    let History { readings, reports } = history;
    let put = store.put_scan_reports(&reports).await;
    put.context("cannot write the sample's scan reports")?;
    let mut counts = Ingested::default();
    for (at_ms, facts) in &readings {
        let put = store.put_facts(facts, *at_ms).await;
        counts += put.context("cannot write the sample's security facts")?;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::server::config::Config;

    #[tokio::test]
    async fn a_filled_store_has_all_of_the_sample_and_filling_again_changes_nothing() {
        let options = SampleOptions {
            seed: 1,
            days: 16,
            scale: 1.0,
            as_of_ms: 1_572_023_700_000,
        };
        let config = Arc::new(Config::built_in());
        let dir = tempfile::tempdir().expect("a directory");
        let mut store = Store::open(dir.path(), &config).await.expect("a store");
        let mut reported = Vec::new();
        let filled = fill(&mut store, &options, |written| reported.push(written));
        let filled = filled.await.expect("a filled store");

        let all = events(&options).count() as u64;
        assert_eq!((filled.events.new, reported.last()), (all, Some(&all)));
        assert_eq!(reported[0], BATCH as u64);
        assert!(expected_events(&options).abs_diff(all) < all / 5, "{all}");
        let readings = history(&options).readings;
        let repositories = readings[0].1.len();
        assert_eq!(filled.repositories.new, repositories as u64);
        let snapshot = store.load(Arc::clone(&config)).await.expect("a snapshot");
        assert!(snapshot.builds.len() > 2500 && snapshot.builds_elsewhere > 100);
        assert_eq!(snapshot.security.repositories.len(), repositories);

        let again = fill(&mut store, &options, |_| ()).await;
        assert_eq!(again.expect("a filled store").events.unchanged, all);
        store.close().await;
    }
}
