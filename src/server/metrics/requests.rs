//! HTTP requests, by route and not by path: a client can choose any path.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::Durations;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Default)]
pub struct Requests {
    answered: Family<Answered, Counter>,
    durations: Durations<Route>,
    in_flight: Gauge,
    sent_bytes: Counter,
    event_streams: Gauge,
}

impl Requests {
    /// Counts a request as in flight while the guard is held.
    pub fn begin(&self) -> Held {
        Held::of(&self.in_flight)
    }

    /// Counts an event stream as open while the guard is held.
    pub fn open_stream(&self) -> Held {
        Held::of(&self.event_streams)
    }

    pub fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let route = route.to_owned();
        let by_route = Route {
            route: route.clone(),
        };
        self.durations.observe(&by_route, took);
        let answered = Answered {
            method,
            route,
            status,
        };
        self.answered.get_or_create(&answered).inc();
    }

    pub fn sent(&self, bytes: u64) {
        self.sent_bytes.inc_by(bytes);
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Answered requests", self.answered.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to the start of the response",
            Unit::Seconds,
            self.durations.0.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests whose response has not started",
            self.in_flight.clone(),
        );
        registry.register_with_unit(
            "http_response_body",
            "Size of response bodies, as sent",
            Unit::Bytes,
            self.sent_bytes.clone(),
        );
        registry.register(
            "event_streams",
            "Open pages that receive updates",
            self.event_streams.clone(),
        );
    }
}

/// A guard that increments a gauge and decrements it when dropped.
pub struct Held(Gauge);

impl Held {
    fn of(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}
