//! Limits on what one client, and all clients together, may use of the server.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::server::environment::Environment;

const MAX_CONNECTIONS: &str = "RSE_MAX_CONNECTIONS";

/// The defaults suit an organisation on one small machine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections in total. A client may hold at most half of them, unless it is a trusted proxy, and
    /// no more than are free.
    pub connections: usize,
    /// Connections beside these, on which health checks are answered and other requests refused.
    pub reserved_connections: usize,
    /// Event streams in total; a client may hold at most a quarter of them. Each is a connection, and some
    /// connections must remain for other requests.
    pub event_streams: usize,
    /// Requests that are processed at the same time. More would only share the processor, and each needs
    /// memory.
    pub running: usize,
    /// Requests that wait in the queue.
    pub waiting: usize,
    /// The longest time that a request waits in the queue.
    pub queue_timeout: Duration,
    /// The longest time that a client may take to send a request, or stay idle between two requests.
    pub request_timeout: Duration,
    /// The longest time that a client may take to send its first request while connections are scarce.
    pub scarce_request_timeout: Duration,
    /// The longest time that a client may go without reading any of its response.
    pub write_timeout: Duration,
    /// The longest time that a response may take.
    pub response_timeout: Duration,
    /// The longest time that open requests may take after the server was asked to stop.
    pub shutdown_timeout: Duration,
    /// Bytes of a request's first line and headers.
    pub header: usize,
    /// Bytes of a request's body; no endpoint needs a larger one.
    pub body: usize,
    /// Bytes of a path and its query: longer than any link of the dashboard.
    pub address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let limits = Self {
            connections: 0,
            reserved_connections: 0,
            event_streams: 0,
            running: 4 * cores,
            waiting: 0,
            queue_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(30),
            scarce_request_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            response_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(4),
            header: 32 * 1024,
            body: 16 * 1024,
            address: 4096,
        };
        limits.with_connections(1000)
    }
}

impl Limits {
    /// # Errors
    /// The variable with the wrong value.
    pub fn of(environment: &Environment) -> Result<Self> {
        let Some(text) = environment.text(&[MAX_CONNECTIONS]) else {
            return Ok(Self::default());
        };
        let connections = text
            .parse()
            .ok()
            .filter(|most| (10..=100_000).contains(most));
        let connections = connections.with_context(|| {
            format!("{MAX_CONNECTIONS}: “{text}” is not a whole number from 10 to 100000")
        })?;
        Ok(Self::default().with_connections(connections))
    }

    /// The limits for so many connections.
    #[must_use]
    pub fn with_connections(self, connections: usize) -> Self {
        Self {
            connections,
            reserved_connections: (connections / 20).clamp(8, 100),
            event_streams: connections * 3 / 4,
            waiting: connections / 2,
            ..self
        }
    }

    /// Connections of one client that is not a trusted proxy.
    pub fn connections_per_client(&self) -> usize {
        self.connections.div_ceil(2)
    }

    /// Requests of one client, running or waiting; clients behind a proxy count one by one.
    pub fn requests_per_client(&self) -> usize {
        (self.running + self.waiting).div_ceil(2)
    }

    /// Requests of one client that are processed at the same time: others share the processor with these.
    pub fn running_per_client(&self) -> usize {
        self.running.div_ceil(2)
    }

    pub fn event_streams_per_client(&self) -> usize {
        self.event_streams.div_ceil(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(connections: &str) -> Result<Limits> {
        let variables = [(MAX_CONNECTIONS.to_owned(), connections.to_owned())];
        Limits::of(&variables.into_iter().collect())
    }

    #[test]
    fn event_streams_leave_connections_for_pages() {
        let limits = limits("10").expect("a number");
        assert!(limits.event_streams < limits.connections);
        assert!(limits.event_streams_per_client() >= 1 && limits.connections_per_client() >= 1);
    }

    #[test]
    fn a_wrong_number_is_reported_with_its_variable() {
        for text in ["9", "-1", "many", "100001"] {
            let error = limits(text).expect_err("a wrong number");
            assert!(error.to_string().starts_with(MAX_CONNECTIONS), "{error}");
        }
    }
}
