//! A bounded queue in front of the handlers. Requests that cannot be answered soon are refused at once,
//! so that a rush neither uses up memory nor delays everyone.

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

/// Answered without waiting: an orchestrator must not take a busy server for a broken one, an event
/// stream would hold its permit for hours, and a sign-in waits for another server.
const UNQUEUED: [&str; 6] = [
    "/health/live",
    "/health/ready",
    "/metrics",
    "/api/live",
    "/sign-in",
    "/sign-in/callback",
];

/// The permit to be processed, which lasts as long as something holds it.
pub type ProcessingPermit = Arc<OwnedSemaphorePermit>;

#[derive(Clone)]
pub struct Queue {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    quota: ClientQuota,
    limits: Arc<Limits>,
}

impl Queue {
    pub fn new(limits: &Limits) -> Self {
        Self {
            running: Arc::new(Semaphore::new(limits.running)),
            waiting: Arc::new(Semaphore::new(limits.waiting)),
            quota: ClientQuota::new(limits.running + limits.waiting),
            limits: limits.clone().into(),
        }
    }

    /// Waits for a permit; `None` when too many requests wait already, or the wait takes too long.
    async fn acquire(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Some(permit);
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        let permit = Arc::clone(&self.running).acquire_owned();
        tokio::time::timeout(self.limits.queue_timeout, permit)
            .await
            .ok()?
            .ok()
    }
}

/// The quota that a request uses while it is processed.
pub struct Admission {
    _quota_permit: Option<QuotaPermit>,
}

impl Queue {
    /// Admits requests in turn; `None` when the queue has no room.
    pub async fn admit(&self, request: &mut Request, client: IpAddr) -> Option<Admission> {
        if UNQUEUED.contains(&request.uri().path()) {
            return Some(Admission {
                _quota_permit: None,
            });
        }
        // All connections of a proxy have one address: here its clients are told apart.
        let quota_permit = self.quota.take(client, self.limits.requests_per_client())?;
        let permit = self.acquire().await?;
        request
            .extensions_mut()
            .insert::<ProcessingPermit>(permit.into());
        Some(Admission {
            _quota_permit: Some(quota_permit),
        })
    }
}

/// Asks the client to retry soon.
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

    fn queue(running: usize, waiting: usize, queue_timeout: Duration) -> Queue {
        Queue::new(&Limits {
            running,
            waiting,
            queue_timeout,
            ..Limits::default()
        })
    }

    #[tokio::test]
    async fn a_request_is_refused_at_once_when_the_queue_is_full() {
        let queue = queue(1, 1, Duration::from_secs(600));
        let running = queue.acquire().await.expect("the queue is empty");
        let waiter = tokio::spawn({
            let queue = queue.clone();
            async move { queue.acquire().await.is_some() }
        });
        while queue.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(queue.acquire().await.is_none(), "the queue is full");
        drop(running);
        assert!(waiter.await.expect("no panic"));
    }

    #[tokio::test]
    async fn a_request_that_waits_too_long_is_refused() {
        let queue = queue(1, 1, Duration::ZERO);
        let _running = queue.acquire().await.expect("the queue is empty");
        assert!(queue.acquire().await.is_none());
        assert_eq!(
            queue.waiting.available_permits(),
            1,
            "the place is free again"
        );
    }
}
