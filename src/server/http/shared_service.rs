//! A service shared behind one pointer.
//!
//! Axum clones everything inside a layer for each request that passes the layer, so a dozen layers cost
//! quadratically. Inside this one, only the pointer is cloned, and the service once when it is called.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{extract::Request, response::Response};
use tower::{Service, ServiceExt as _, util::Oneshot};

pub struct SharedService<S>(Arc<S>);

impl<S> SharedService<S> {
    pub fn new(below: S) -> Self {
        Self(Arc::new(below))
    }
}

impl<S> Clone for SharedService<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Service<Request> for SharedService<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Oneshot<S, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        S::clone(&self.0).oneshot(request)
    }
}
