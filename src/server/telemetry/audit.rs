//! The audit log: who did what, from which client and with which outcome, as log lines of a target of
//! their own.
//!
//! A client must not fill the log, so events that repeat within a minute share one further line.

use std::{
    collections::HashMap,
    mem,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The target of all lines, for `RUST_LOG` and for collectors.
pub const TARGET: &str = "audit";
/// Someone without a session or a valid token.
pub const ANONYMOUS: &str = "anonymous";
/// The time in which repeated events share a line.
pub const FOLDED: Duration = Duration::from_secs(60);
/// Refusals that differ, within a minute. More are only counted.
const MAX_REFUSALS: usize = 200;
/// Characters of a reader's id.
const MAX_WHO: usize = 100;
/// Characters of the thing that was changed.
const MAX_SUBJECT: usize = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    SignIn,
    SignOut,
    Token,
    Request,
    Snooze,
    Unsnooze,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignOut => "sign-out",
            Self::Token => "token",
            Self::Request => "request",
            Self::Snooze => "snooze",
            Self::Unsnooze => "unsnooze",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Done,
    Refused { reason: &'static str },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AuditEvent {
    who: String,
    action: Action,
    client: Option<IpAddr>,
    outcome: Outcome,
    /// The thing that was changed.
    subject: Option<String>,
}

impl AuditEvent {
    pub fn new(who: &str, action: Action, client: Option<IpAddr>, outcome: Outcome) -> Self {
        Self {
            who: who.chars().take(MAX_WHO).collect(),
            action,
            client,
            outcome,
            subject: None,
        }
    }

    /// The event with the thing that was changed.
    #[must_use]
    pub fn about(self, subject: &str) -> Self {
        let subject = subject.chars().take(MAX_SUBJECT).collect();
        Self {
            subject: Some(subject),
            ..self
        }
    }

    /// Writes a line. `repeated`: how often the event has occurred since its last line, if that is known.
    pub fn write(&self, repeated: Option<u64>) {
        let (who, action) = (self.who.as_str(), self.action.as_str());
        let client = self
            .client
            .map_or_else(|| "unknown".to_owned(), |client| client.to_string());
        let subject = self.subject.as_deref();
        match self.outcome {
            Outcome::Done => {
                tracing::info!(target: TARGET, action, outcome = "done", who, client, subject, repeated);
            }
            Outcome::Refused { reason } => {
                tracing::warn!(target: TARGET, action, outcome = "refused", reason, who, client, subject, repeated);
            }
        }
    }
}

/// Writes the events of a server, each once a minute with their number.
#[derive(Default)]
pub struct AuditLog(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    /// The events of this minute that have a line, with the number of those that had none since.
    repeats: HashMap<AuditEvent, u64>,
    refusals: usize,
    unlisted: u64,
}

impl AuditLog {
    pub fn record(&self, event: AuditEvent) {
        let is_refused = event.outcome != Outcome::Done;
        let mut recent = self.recent();
        if let Some(repeated) = recent.repeats.get_mut(&event) {
            *repeated += 1;
            return;
        }
        if is_refused && recent.refusals == MAX_REFUSALS {
            recent.unlisted += 1;
            return;
        }
        recent.refusals += usize::from(is_refused);
        recent.repeats.insert(event.clone(), 0);
        drop(recent);
        event.write(None);
    }

    /// Writes what has been held back since the last call.
    pub fn write_repeated(&self) {
        let Recent {
            repeats, unlisted, ..
        } = mem::take(&mut *self.recent());
        for (event, repeated) in repeats {
            if repeated > 0 {
                event.write(Some(repeated));
            }
        }
        if unlisted > 0 {
            tracing::warn!(target: TARGET, outcome = "refused", unlisted, "too many different refusals");
        }
    }

    /// Writes what is held back again and again, without end.
    pub async fn keep_writing(&self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            self.write_repeated();
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server that stops loses nothing.
impl Drop for AuditLog {
    fn drop(&mut self) {
        self.write_repeated();
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::server::telemetry::testing::{Format, captured};

    const UNKNOWN: Outcome = Outcome::Refused { reason: "unknown" };

    fn client(number: u32) -> Option<IpAddr> {
        Some(IpAddr::V4(number.into()))
    }

    /// The lines that are written meanwhile.
    fn lines(work: impl FnOnce(&AuditLog)) -> Vec<serde_json::Value> {
        let (lines, written) = captured(Format::Json, "info");
        let subscriber = tracing_subscriber::registry().with(lines);
        tracing::subscriber::with_default(subscriber, || work(&AuditLog::default()));
        let text = written.text();
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("JSON")
    }

    #[test]
    fn a_line_says_who_did_what_from_where_and_with_which_outcome() {
        let lines = lines(|log| {
            log.record(AuditEvent::new(
                "7",
                Action::SignIn,
                client(1),
                Outcome::Done,
            ));
            log.record(AuditEvent::new(ANONYMOUS, Action::Token, None, UNKNOWN));
        });
        let [done, refused] = lines.as_slice() else {
            panic!("two lines: {lines:?}");
        };
        for (line, field, value) in [
            (done, "target", "audit"),
            (done, "level", "INFO"),
            (done, "action", "sign-in"),
            (done, "outcome", "done"),
            (done, "who", "7"),
            (done, "client", "0.0.0.1"),
            (refused, "level", "WARN"),
            (refused, "outcome", "refused"),
            (refused, "reason", "unknown"),
            (refused, "client", "unknown"),
        ] {
            assert_eq!(line[field], value, "{field}: {line}");
        }
    }

    #[test]
    fn repeated_events_have_one_further_line() {
        let event = || AuditEvent::new("a token", Action::Token, client(1), Outcome::Done);
        let lines = lines(|log| {
            for _ in 0..2 {
                for _ in 0..1000 {
                    log.record(event());
                }
                log.write_repeated();
            }
            log.write_repeated();
            log.record(event());
        });
        let repeated: Vec<_> = lines.iter().map(|line| line["repeated"].as_u64()).collect();
        assert_eq!(repeated, [None, Some(999), None, Some(999), None]);
    }

    #[test]
    fn refused_clients_write_few_lines_however_many_they_are() {
        let lines = lines(|log| {
            for number in 0..10_000 {
                log.record(AuditEvent::new(
                    ANONYMOUS,
                    Action::Token,
                    client(number),
                    UNKNOWN,
                ));
            }
            log.record(AuditEvent::new(
                "7",
                Action::SignIn,
                client(1),
                Outcome::Done,
            ));
        });
        assert_eq!(lines.len(), MAX_REFUSALS + 2);
        assert!(lines.iter().any(|line| line["who"] == "7"));
        let unlisted = lines.iter().find_map(|line| line["unlisted"].as_u64());
        assert_eq!(unlisted, Some(10_000 - MAX_REFUSALS as u64));
    }

    #[test]
    fn a_line_is_one_line_and_short_whatever_a_subject_holds() {
        for format in [Format::Text, Format::Json] {
            let (lines, written) = captured(format, "info");
            let subscriber = tracing_subscriber::registry().with(lines);
            let who = format!("7\nINFO audit: who=admin\u{1b}[2J{}", "x".repeat(10_000));
            tracing::subscriber::with_default(subscriber, || {
                AuditEvent::new(&who, Action::SignIn, None, Outcome::Done).write(None);
            });
            let text = written.text();
            assert_eq!(text.lines().count(), 1, "{text}");
            assert!(text.len() < 500 && !text.contains('\u{1b}'), "{text}");
        }
    }

    #[tokio::test]
    async fn repeats_are_written_while_the_server_runs() {
        let (lines, written) = captured(Format::Json, "info");
        let subscriber = tracing_subscriber::registry().with(lines);
        let _kept = tracing::subscriber::set_default(subscriber);
        let log = AuditLog::default();
        for _ in 0..3 {
            log.record(AuditEvent::new("7", Action::SignIn, None, Outcome::Done));
        }
        let until_written = async {
            while !written.text().contains("\"repeated\":2") {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = log.keep_writing(Duration::from_millis(1)) => unreachable!("it has no end"),
            () = until_written => {}
        }
        assert_eq!(written.text().lines().count(), 2);
    }
}
