//! What every request passes before anything is done for it, and every answer after: one layer, since
//! each costs every request something.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::{
    Settings, client,
    headers::{self, Caching},
    queue::{self, Queue},
};

#[derive(Clone)]
pub struct Door(Arc<Rules>);

struct Rules {
    settings: Arc<Settings>,
    queue: Queue,
}

impl Door {
    pub fn new(settings: Arc<Settings>) -> Self {
        let queue = Queue::new(&settings.limits);
        Self(Arc::new(Rules { settings, queue }))
    }
}

/// Finds out who asks, for everything that comes after; refuses what is no address or what there is no
/// room for; and tells what holds for every answer.
pub async fn pass(State(Door(rules)): State<Door>, mut request: Request, next: Next) -> Response {
    let client = client::identify(&rules.settings, &request);
    let caching = Caching::of(request.uri().path());
    request.extensions_mut().insert(client);
    let mut response = match headers::refusal(request.uri(), rules.settings.limits.address) {
        Some(refusal) => refusal,
        None => match rules.queue.admit(&mut request, client.address).await {
            Some(_admission) => next.run(request).await,
            None => queue::busy(),
        },
    };
    let status = response.status();
    caching.tell(status, response.headers_mut());
    headers::secure(response.headers_mut(), client.https);
    response
}
