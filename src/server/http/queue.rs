//! A bounded queue in front of the work: what cannot be answered soon is refused at once, so that
//! a rush neither takes all memory nor makes everybody wait.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    client_quota::{ClientQuota, QuotaPermit},
    limits::Limits,
};

/// Answered at any time: an orchestrator must not take a busy server for a broken one, an event
/// stream would keep its place for hours, and who signs in waits for somebody else's server.
const WITHOUT_WAITING: [&str; 6] = [
    "/health/live",
    "/health/ready",
    "/metrics",
    "/api/live",
    "/sign-in",
    "/sign-in/callback",
];

/// The right to be worked on, which lasts as long as something holds it.
pub type Turn = Arc<OwnedSemaphorePermit>;

#[derive(Clone)]
pub struct Queue {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    shares: ClientQuota,
    limits: Arc<Limits>,
}

impl Queue {
    pub fn new(limits: &Limits) -> Self {
        Self {
            running: Arc::new(Semaphore::new(limits.running)),
            waiting: Arc::new(Semaphore::new(limits.waiting)),
            shares: ClientQuota::new(limits.running + limits.waiting),
            limits: limits.clone().into(),
        }
    }

    /// Waits for a turn; none where too many wait already, or it takes too long.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(turn) = Arc::clone(&self.running).try_acquire_owned() {
            return Some(turn);
        }
        let _place = self.waiting.try_acquire().ok()?;
        let turn = Arc::clone(&self.running).acquire_owned();
        tokio::time::timeout(self.limits.longest_wait, turn)
            .await
            .ok()?
            .ok()
    }
}

/// What a request holds of the queue while it is worked on.
pub struct Admission {
    _share: Option<QuotaPermit>,
}

impl Queue {
    /// Lets requests through one after the other; none where there is no room for it.
    pub async fn admit(&self, request: &mut Request, client: IpAddr) -> Option<Admission> {
        if WITHOUT_WAITING.contains(&request.uri().path()) {
            return Some(Admission { _share: None });
        }
        // Behind a proxy all connections are the proxy's: here its clients are told apart.
        let share = self.shares.take(client, self.limits.requests_of_one())?;
        let turn = self.turn().await?;
        request.extensions_mut().insert::<Turn>(turn.into());
        Some(Admission {
            _share: Some(share),
        })
    }
}

/// Says that the client may come again soon.
pub fn busy() -> Response {
    let message = "The server is busy; please try again in a moment.\n";
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, message).into_response();
    let soon = HeaderValue::from_static("5");
    response.headers_mut().insert(header::RETRY_AFTER, soon);
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn queue(running: usize, waiting: usize, longest_wait: Duration) -> Queue {
        Queue::new(&Limits {
            running,
            waiting,
            longest_wait,
            ..Limits::default()
        })
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_refused_at_once() {
        let queue = queue(1, 1, Duration::from_secs(600));
        let running = queue.turn().await.expect("nobody is before");
        let waits = tokio::spawn({
            let queue = queue.clone();
            async move { queue.turn().await.is_some() }
        });
        while queue.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(queue.turn().await.is_none(), "there is no place left");
        drop(running);
        assert!(waits.await.expect("it does not panic"));
    }

    #[tokio::test]
    async fn who_waits_too_long_is_refused() {
        let queue = queue(1, 1, Duration::ZERO);
        let _running = queue.turn().await.expect("nobody is before");
        assert!(queue.turn().await.is_none());
        assert_eq!(
            queue.waiting.available_permits(),
            1,
            "the place is free again"
        );
    }
}
