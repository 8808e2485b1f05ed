//! The cache of single builds. Addresses of builds are free text, so they share a small part of the memory.

use std::sync::Arc;

use moka::future::Cache;

use crate::api::{BuildDetails, View};

/// A page and the API ask for a build several times at once.
const MAX_BUILDS: u64 = 200;

#[derive(PartialEq, Eq, Hash)]
struct Key {
    version: Arc<str>,
    address: View,
}

#[derive(Clone)]
pub struct BuildCache(Cache<Key, Arc<BuildDetails>>);

impl Default for BuildCache {
    fn default() -> Self {
        Self(Cache::new(MAX_BUILDS))
    }
}

impl BuildCache {
    pub async fn get(&self, version: &Arc<str>, address: &View) -> Option<Arc<BuildDetails>> {
        let (version, address) = (Arc::clone(version), address.clone());
        self.0.get(&Key { version, address }).await
    }

    pub async fn insert(&self, version: &Arc<str>, address: &View, build: Arc<BuildDetails>) {
        let (version, address) = (Arc::clone(version), address.clone());
        self.0.insert(Key { version, address }, build).await;
    }
}
