//! The cache of headlines. Old versions are evicted as the least recently used.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use moka::future::Cache;

use crate::{
    api::{Headline, HtmlFragment},
    base::Base,
    error::AppError,
    selection::Selection,
    server::{fragments, snapshot::Snapshot, tasks, views::headline},
};

/// Enough for several hundred filters.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// A headline, for programs and for pages.
pub struct CachedHeadline {
    pub headline: Headline,
    pub fragments: Vec<HtmlFragment>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    selection: Selection,
    version: Arc<str>,
}

#[derive(Clone)]
pub struct HeadlineCache {
    cache: Cache<Key, Arc<CachedHeadline>>,
    base: Base,
}

impl HeadlineCache {
    /// A cache of headlines whose links are under a base path.
    pub fn new(base: Base) -> Self {
        let size = |_: &Key, headline: &Arc<CachedHeadline>| {
            u32::try_from(headline.bytes()).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().max_capacity(MAX_BYTES).weigher(size);
        Self {
            cache: cache.build(),
            base,
        }
    }

    /// The headline for a selection, if it is cached for this version.
    pub async fn cached(
        &self,
        snapshot: &Snapshot,
        selection: Selection,
    ) -> Option<Arc<CachedHeadline>> {
        self.cache.get(&Key::of(snapshot, selection)).await
    }

    /// The headline for a selection, computed if it is not cached for this version.
    ///
    /// # Errors
    /// [`AppError::Internal`] if the computation fails; the log has the reason.
    pub async fn read(
        &self,
        snapshot: Arc<Snapshot>,
        selection: Selection,
    ) -> Result<Arc<CachedHeadline>, AppError> {
        let key = Key::of(&snapshot, selection.clone());
        let Self { cache, base } = self.clone();
        let compute = async move {
            let computed =
                tokio::task::spawn_blocking(move || compute(&snapshot, &selection, &base));
            computed.await.context("the computation panicked")
        };
        // The client may leave; the work is completed all the same and cached for the next.
        let read = async move { cache.try_get_with(key, compute).await };
        let read = tasks::run_to_completion(read).await;
        let read = read.unwrap_or_else(|error| Err(Arc::new(error.into())));
        read.map_err(|error: Arc<anyhow::Error>| {
            tracing::error!("cannot compute the headline: {error:#}");
            AppError::Internal
        })
    }
}

impl Key {
    fn of(snapshot: &Snapshot, selection: Selection) -> Self {
        Self {
            selection,
            version: Arc::clone(&snapshot.version),
        }
    }
}

impl CachedHeadline {
    /// The approximate memory use: the texts of the fragments repeat those of the headline.
    fn bytes(&self) -> usize {
        let texts = self
            .fragments
            .iter()
            .map(|fragment| fragment.html.len() + fragment.summary.len() + fragment.folded.len());
        size_of::<Self>() + 2 * texts.sum::<usize>()
    }
}

fn compute(snapshot: &Snapshot, selection: &Selection, base: &Base) -> Arc<CachedHeadline> {
    let headline = headline::headline(snapshot, selection);
    Arc::new(CachedHeadline {
        fragments: fragments::headline(&headline, selection, &snapshot.config.insight, base),
        headline,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        config::Config,
        snapshot::{SnapshotBuilder, security::Security},
    };

    fn snapshot(version: &str) -> Arc<Snapshot> {
        let builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
        let security = Security::default();
        Arc::new(builder.finish(version.to_owned(), None, security))
    }

    #[tokio::test]
    async fn a_headline_is_computed_once_for_each_filter_and_version() {
        let cache = HeadlineCache::new(Base::default());
        let (first, second) = (snapshot("v1"), snapshot("v2"));
        let week = Selection::default().with_days(7);
        assert!(cache.cached(&first, week.clone()).await.is_none());
        let read = async |snapshot: &Arc<Snapshot>, selection: &Selection| {
            let read = cache.read(Arc::clone(snapshot), selection.clone()).await;
            read.expect("a headline")
        };
        let headline = read(&first, &week).await;
        assert_eq!((headline.headline.days, headline.fragments.len()), (7, 3));
        assert!(Arc::ptr_eq(&headline, &read(&first, &week).await));
        let cached = cache.cached(&first, week.clone()).await;
        assert!(cached.is_some_and(|cached| Arc::ptr_eq(&cached, &headline)));
        assert!(!Arc::ptr_eq(&headline, &read(&second, &week).await));
        let other = read(&first, &Selection::default()).await;
        assert!(!Arc::ptr_eq(&headline, &other));
    }
}
