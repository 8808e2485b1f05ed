//! A bounded queue in front of the handlers. Requests that cannot be answered soon are refused at once,
//! so that a rush neither uses up memory nor delays everyone.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{
    client_quota::{ClientQuota, QuotaPermit},
    fair_queue::{FairQueue, Permit},
    limits::Limits,
};

/// Answered without waiting: an orchestrator must not take a busy server for a broken one, and an event
/// stream would hold its permit for hours.
const UNQUEUED: [&str; 4] = ["/health/live", "/health/ready", "/metrics", "/api/live"];
/// These wait for another server.
const SIGN_IN: [&str; 2] = ["/sign-in", "/sign-in/callback"];
const MAX_SIGN_INS: usize = 100;
const SIGN_INS_PER_CLIENT: usize = 10;

#[derive(Clone)]
pub struct Queue {
    running: FairQueue,
    requests: ClientQuota,
    sign_ins: ClientQuota,
    limits: Arc<Limits>,
}

impl Queue {
    pub fn new(limits: &Limits) -> Self {
        Self {
            running: FairQueue::new(limits.running, limits.running_per_client()),
            requests: ClientQuota::new(limits.running + limits.waiting),
            sign_ins: ClientQuota::new(MAX_SIGN_INS),
            limits: limits.clone().into(),
        }
    }

    /// Admits a request; `None` when there are too many already, of this client or of all.
    pub fn admit(&self, request: &mut Request, client: IpAddr) -> Option<Admission> {
        let path = request.uri().path();
        let quota_permit = if SIGN_IN.contains(&path) {
            Some(self.sign_ins.take(client, SIGN_INS_PER_CLIENT)?)
        } else if UNQUEUED.contains(&path) {
            None
        } else {
            // All connections of a proxy have one address: here its clients are told apart.
            let max = self.limits.requests_per_client();
            Some(self.requests.take(client, max)?)
        };
        request.extensions_mut().insert(Turn {
            queue: self.clone(),
            client,
        });
        Some(Admission {
            _quota_permit: quota_permit,
        })
    }
}

/// The quota that a request uses while it is processed.
pub struct Admission {
    _quota_permit: Option<QuotaPermit>,
}

/// The right to wait for a permit. A handler takes it when it has to compute something: cached responses
/// do not wait.
#[derive(Clone)]
pub struct Turn {
    queue: Queue,
    client: IpAddr,
}

impl Turn {
    /// The turn of a request.
    pub fn of(request: &Request) -> Option<Self> {
        request.extensions().get().cloned()
    }

    /// Waits for a permit, which lasts until it is dropped; `None` when that takes too long.
    pub async fn wait(self) -> Option<Permit> {
        let permit = self.queue.running.acquire(self.client);
        let permit = tokio::time::timeout(self.queue.limits.queue_timeout, permit).await;
        permit.ok()
    }
}

/// Processes requests in turn.
pub async fn process_in_turn(
    Extension(turn): Extension<Turn>,
    request: Request,
    next: Next,
) -> Response {
    match turn.wait().await {
        Some(_permit) => next.run(request).await,
        None => busy(),
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
    use std::{net::Ipv4Addr, time::Duration};

    use axum::body::Body;

    use super::*;

    const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    fn queue(running: usize, waiting: usize, queue_timeout: Duration) -> Queue {
        Queue::new(&Limits {
            running,
            waiting,
            queue_timeout,
            ..Limits::default()
        })
    }

    fn admit(queue: &Queue, path: &str, client: IpAddr) -> Option<(Turn, Admission)> {
        let request = Request::get(path).body(Body::empty());
        let mut request = request.expect("a request");
        let admission = queue.admit(&mut request, client)?;
        Some((Turn::of(&request).expect("a turn"), admission))
    }

    #[test]
    fn a_request_is_refused_at_once_when_the_queue_is_full() {
        let queue = queue(1, 3, Duration::ZERO);
        let held = [admit(&queue, "/", ONE), admit(&queue, "/", ONE)];
        assert!(held.iter().all(Option::is_some));
        assert!(admit(&queue, "/", ONE).is_none(), "one client has its part");
        assert!(admit(&queue, "/health/live", ONE).is_some());
        let others = admit(&queue, "/", OTHER);
        assert!(others.is_some(), "and leaves some to others");
        drop((held, others));
        assert!(admit(&queue, "/", ONE).is_some());
    }

    #[test]
    fn one_client_leaves_sign_ins_to_others() {
        let queue = queue(1, 3, Duration::ZERO);
        let sign_in = |client| admit(&queue, "/sign-in/callback", client);
        let held: Vec<_> = std::iter::from_fn(|| sign_in(ONE)).take(50).collect();
        assert_eq!(held.len(), SIGN_INS_PER_CLIENT);
        assert!(sign_in(OTHER).is_some() && admit(&queue, "/", ONE).is_some());
    }

    #[tokio::test]
    async fn a_request_that_waits_too_long_is_refused() {
        let queue = queue(1, 3, Duration::ZERO);
        let (first, _first) = admit(&queue, "/", ONE).expect("room");
        let (second, _second) = admit(&queue, "/", OTHER).expect("room");
        let running = first.wait().await;
        assert!(running.is_some());
        assert!(second.clone().wait().await.is_none());
        drop(running);
        assert!(second.wait().await.is_some());
    }
}
