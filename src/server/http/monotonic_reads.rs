//! Monotonic reads across replicas, one of which may be slightly behind another. A cookie holds the data
//! version that a client has seen; a replica with an older one waits for the newer, so that no client
//! goes back in time.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use tokio::time::Instant;

use super::{ServerState, queue};
use crate::server::state::AppState;

/// `live.js` reads it as well.
const NAME: &str = "rse-seen";
/// Replicas catch up within this time.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// A data version of a store; of two versions of one store, the greater change is the newer.
struct StoreVersion<'a> {
    store: &'a str,
    change: i64,
}

impl<'a> StoreVersion<'a> {
    /// `1f0c-17-3a9b`: the store, its change, and the configuration, which does not matter here.
    fn parse(version: &'a str) -> Option<Self> {
        let (store, rest) = version.split_once('-')?;
        let change = rest.split('-').next()?.parse().ok()?;
        Some(Self { store, change })
    }

    fn is_newer_than(&self, shown: &str) -> bool {
        let shown = StoreVersion::parse(shown);
        shown.is_some_and(|shown| shown.store == self.store && shown.change < self.change)
    }
}

pub async fn enforce(State(state): State<ServerState>, request: Request, next: Next) -> Response {
    let seen = seen(request.headers());
    if let Some(seen) = seen.as_deref().and_then(StoreVersion::parse)
        && !wait_for_newer(&state.app, &seen, MAX_WAIT).await
    {
        return queue::busy();
    }
    let mut response = next.run(request).await;
    // The response shows data no newer than the current version.
    let shown = state
        .app
        .version()
        .filter(|shown| seen.as_deref() != Some(&**shown));
    if let Some(shown) = shown
        && let Ok(cookie) = HeaderValue::from_str(&cookie(&state, &shown).to_string())
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn seen(headers: &HeaderMap) -> Option<String> {
    let cookies = CookieJar::from_headers(headers);
    Some(cookies.get(NAME)?.value().to_owned())
}

fn cookie(state: &ServerState, version: &str) -> Cookie<'static> {
    let path = state.settings.base_path();
    let path = if path.is_empty() { "/" } else { path };
    Cookie::build((NAME, version.to_owned()))
        .path(path.to_owned())
        .same_site(SameSite::Lax)
        .secure(state.settings.is_https())
        .build()
}

/// Waits until the data is as new as what was seen. Returns whether it can be shown, which includes a
/// store that holds nothing newer (restored from a backup) or cannot be reached.
async fn wait_for_newer(state: &AppState, seen: &StoreVersion<'_>, max_wait: Duration) -> bool {
    let is_behind = || {
        state
            .version()
            .is_some_and(|shown| seen.is_newer_than(&shown))
    };
    let began = Instant::now();
    let mut checks = state.store_checks();
    while is_behind() {
        let checked = *checks.borrow_and_update();
        if checked.is_some_and(|checked| checked > began) || state.is_store_lost() {
            return true;
        }
        let next = tokio::time::timeout_at(began + max_wait, checks.changed());
        if !matches!(next.await, Ok(Ok(()))) {
            return state.is_store_lost();
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::server::{
        config::Config,
        snapshot::{Snapshot, SnapshotBuilder, security::Security},
    };

    const LONG: Duration = Duration::from_secs(60);

    fn snapshot(version: &str) -> Snapshot {
        let builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
        builder.finish(version.to_owned(), None, Security::default())
    }

    fn state(version: &str) -> AppState {
        let state = AppState::default();
        state.swap(snapshot(version));
        state
    }

    fn newer<'a>() -> StoreVersion<'a> {
        StoreVersion::parse("a-3-x").expect("a version")
    }

    #[test]
    fn only_versions_of_the_same_store_are_compared() {
        assert!(newer().is_newer_than("a-2-x"));
        assert!(newer().is_newer_than("a-2-other"));
        for shown in ["a-3-x", "a-10-x", "b-2-x", ""] {
            assert!(!newer().is_newer_than(shown), "{shown}");
        }
        for nonsense in ["", "a", "a-", "a-b-c"] {
            assert!(StoreVersion::parse(nonsense).is_none(), "{nonsense}");
        }
    }

    #[tokio::test]
    async fn a_response_waits_until_its_replica_has_caught_up() {
        let state = state("a-2-x");
        let late = state.clone();
        let waiting = tokio::spawn(async move { wait_for_newer(&late, &newer(), LONG).await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        let began = Instant::now();
        state.swap(snapshot("a-3-x"));
        state.record_store_check(began);
        assert!(waiting.await.expect("no panic"));
    }

    #[tokio::test]
    async fn a_replica_that_stays_behind_is_busy_unless_its_store_has_nothing_newer() {
        let short = Duration::from_millis(1);
        assert!(!wait_for_newer(&state("a-2-x"), &newer(), short).await);
        let lost = state("a-2-x");
        lost.store_lost();
        assert!(wait_for_newer(&lost, &newer(), LONG).await);
        // A check that began later and found nothing: the store was restored from a backup.
        let restored = state("a-2-x");
        let later = restored.clone();
        let waiting = tokio::spawn(async move { wait_for_newer(&later, &newer(), LONG).await });
        tokio::task::yield_now().await;
        restored.record_store_check(Instant::now() + Duration::from_millis(1));
        assert!(waiting.await.expect("no panic"));
    }
}
