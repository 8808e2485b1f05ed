//! What one client, and all together, may take of the server.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::server::environment::Environment;

const MAX_CONNECTIONS: &str = "RSE_MAX_CONNECTIONS";

/// The defaults hold for an organisation on one small machine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections in all. A client has at most half of them, unless it is a trusted proxy.
    pub connections: usize,
    /// Event streams in all; a client has at most a quarter of them. Each is a connection, and
    /// pages that wait must leave some for pages that ask.
    pub event_streams: usize,
    /// Requests that are worked on at the same time. More would only share the processor, and
    /// each takes memory.
    pub running: usize,
    /// Requests that wait for their turn.
    pub waiting: usize,
    /// How long a request waits for its turn.
    pub longest_wait: Duration,
    /// How long a client may take to say what it wants, and may say nothing between two requests.
    pub slowest_request: Duration,
    /// How long a client may take no byte of its answer.
    pub slowest_reader: Duration,
    /// How long an answer may take.
    pub longest_answer: Duration,
    /// How long running answers may take once the server was asked to stop.
    pub longest_stop: Duration,
    /// Bytes of a request's first line and headers.
    pub header: usize,
    /// Bytes of a request's body: nothing that is asked of this server has a larger one.
    pub body: usize,
    /// Bytes of a path and its query: longer than any link of the dashboard.
    pub address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self::for_connections(1000)
    }
}

impl Limits {
    /// # Errors
    /// Names the variable that is wrong.
    pub fn of(environment: &Environment) -> Result<Self> {
        let Some(text) = environment.text(&[MAX_CONNECTIONS]) else {
            return Ok(Self::default());
        };
        let connections = text
            .parse()
            .ok()
            .filter(|most| (10..=100_000).contains(most));
        let connections = connections.with_context(|| {
            format!("{MAX_CONNECTIONS}: “{text}” is no whole number from 10 to 100000")
        })?;
        Ok(Self::for_connections(connections))
    }

    fn for_connections(connections: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            connections,
            event_streams: connections * 3 / 4,
            running: 4 * cores,
            waiting: connections / 2,
            longest_wait: Duration::from_secs(15),
            slowest_request: Duration::from_secs(30),
            slowest_reader: Duration::from_secs(30),
            longest_answer: Duration::from_secs(30),
            longest_stop: Duration::from_secs(4),
            header: 32 * 1024,
            body: 16 * 1024,
            address: 4096,
        }
    }

    /// Of connections, for a client that is no trusted proxy.
    pub fn connections_of_one(&self) -> usize {
        self.connections.div_ceil(2)
    }

    /// Of requests that run or wait; a proxy's clients count for themselves.
    pub fn requests_of_one(&self) -> usize {
        (self.running + self.waiting).div_ceil(2)
    }

    pub fn event_streams_of_one(&self) -> usize {
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
        assert!(limits.event_streams_of_one() >= 1 && limits.connections_of_one() >= 1);
    }

    #[test]
    fn a_wrong_number_is_named_with_its_variable() {
        for text in ["9", "-1", "many", "100001"] {
            let error = limits(text).expect_err("a wrong number");
            assert!(error.to_string().starts_with(MAX_CONNECTIONS), "{error}");
        }
    }
}
