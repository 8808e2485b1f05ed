//! Monotonic reads across replicas, one of which may be slightly behind another. A cookie holds the data
//! version that a client has seen; a replica with an older one waits for the newer, so that no client
//! goes back in time.

use std::{net::IpAddr, time::Duration};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use tokio::time::Instant;

use super::{ServerState, client::Client, fair_queue::FairQueue, limits::Limits, queue};
use crate::server::state::AppState;

/// `live.js` reads it as well.
const NAME: &str = "rse-seen";
/// Replicas catch up within this time.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// A replica is never so many changes behind: the store makes a few of them a second. A version further
/// ahead is made up.
const MAX_AHEAD: i64 = 1000;
/// Requests of one client that watch for newer data; its others wait for these.
const WATCHERS_PER_CLIENT: usize = 2;

/// A data version of a store; of two versions of one store, the greater change is the newer.
pub(super) struct StoreVersion<'a> {
    store: &'a str,
    change: i64,
}

impl<'a> StoreVersion<'a> {
    /// `1f0c-17-3a9b`: the store, its change, and the configuration, which does not matter here.
    pub(super) fn parse(version: &'a str) -> Option<Self> {
        let (store, rest) = version.split_once('-')?;
        let change = rest.split('-').next()?.parse().ok()?;
        Some(Self { store, change })
    }

    pub(super) fn is_newer_than(&self, shown: &str) -> bool {
        let shown = StoreVersion::parse(shown);
        shown.is_some_and(|shown| {
            let ahead = self.change.saturating_sub(shown.change);
            shown.store == self.store && (1..=MAX_AHEAD).contains(&ahead)
        })
    }
}

/// The requests that watch for newer data. They hold no permit to be processed.
#[derive(Clone)]
pub struct Watchers(FairQueue);

impl Watchers {
    pub fn new(limits: &Limits) -> Self {
        Self(FairQueue::new(limits.waiting, WATCHERS_PER_CLIENT))
    }

    /// Waits until the data is as new as what was seen; returns whether it can be shown.
    async fn wait(&self, state: &AppState, client: IpAddr, seen: &StoreVersion<'_>) -> bool {
        let watch = async {
            let _watcher = self.0.acquire(client).await;
            wait_for_newer(state, seen, MAX_WAIT).await
        };
        let is_behind = seen.is_newer_than(&state.version().unwrap_or_default());
        !is_behind || tokio::time::timeout(MAX_WAIT, watch).await.unwrap_or(false)
    }
}

pub async fn enforce(
    State((state, watchers)): State<(ServerState, Watchers)>,
    Extension(client): Extension<Client>,
    request: Request,
    next: Next,
) -> Response {
    let seen = seen(request.headers());
    if let Some(seen) = seen.as_deref().and_then(StoreVersion::parse)
        && !watchers.wait(&state.app, client.address, &seen).await
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

pub(super) fn seen(headers: &HeaderMap) -> Option<String> {
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

    use futures::poll;

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
        // Nobody has seen these: they are as far ahead as no replica is behind.
        let ahead = |change: i64| {
            let version = format!("a-{change}-x");
            StoreVersion::parse(&version).is_some_and(|seen| seen.is_newer_than("a-2-x"))
        };
        assert!(ahead(2 + MAX_AHEAD));
        assert!(!ahead(3 + MAX_AHEAD) && !ahead(i64::MAX) && !ahead(i64::MIN));
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

    #[tokio::test]
    async fn two_requests_of_a_client_watch_for_newer_data_and_its_others_wait_for_them() {
        let watchers = Watchers::new(&Limits::default());
        let state = state("a-2-x");
        let client = |last| IpAddr::from([192, 0, 2, last]);
        let seen = newer();
        let mut waiting = Vec::new();
        for _ in 0..250 {
            let mut request = Box::pin(watchers.wait(&state, client(1), &seen));
            assert!(poll!(&mut request).is_pending());
            waiting.push(request);
        }
        let mut other = Box::pin(watchers.wait(&state, client(2), &seen));
        assert!(poll!(&mut other).is_pending());
        assert_eq!(watchers.0.taken(), 3);
        state.swap(snapshot("a-3-x"));
        state.record_store_check(Instant::now());
        assert!(other.await);
        for request in waiting {
            assert!(request.await, "it has caught up for all of them");
        }
    }
}
