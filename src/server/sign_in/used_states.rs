//! The states of sign-ins that have come back. A provider may accept a code twice, or a reader's browser
//! may send it twice; this process accepts it once.

use moka::future::Cache;

use super::routes::PENDING;

/// A state that is forgotten sooner has another protection: the provider accepts its code once.
const MAX_STATES: u64 = 10_000;

pub struct UsedStates(Cache<String, ()>);

impl Default for UsedStates {
    fn default() -> Self {
        let lasts = PENDING.unsigned_abs();
        Self(
            Cache::builder()
                .max_capacity(MAX_STATES)
                .time_to_live(lasts)
                .build(),
        )
    }
}

impl UsedStates {
    pub async fn is_first_use(&self, state: &str) -> bool {
        let entry = self.0.entry_by_ref(state).or_insert(());
        entry.await.is_fresh()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_state_is_used_once() {
        let used = UsedStates::default();
        assert!(used.is_first_use("a").await && used.is_first_use("b").await);
        assert!(!used.is_first_use("a").await && !used.is_first_use("b").await);
    }
}
