//! The writing side of a sync: writes the events of one container to the store, and with the last events
//! of each window the cursor.

use anyhow::Result;
use azure_data_cosmos::{ContainerClient, CosmosError};
use jiff::Timestamp;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    NAME,
    account::Feed,
    cursor::Cursor,
    query::EventQuery,
    query_pages::{Message, QueryPage, Reader},
};
use crate::server::{
    model::{Checkpoint, Coverage, CoverageState, DAY_MS, Event, System},
    sources::{Run, SyncReport},
    store::Store,
};

/// Large enough that few builds span two transactions, small enough for memory.
const EVENTS_PER_TRANSACTION: usize = 20_000;

pub struct FeedSync<'a> {
    pub feed: &'a Feed,
    pub container: ContainerClient,
    pub query: std::sync::Arc<EventQuery>,
    pub system: System,
    pub first_days: u16,
    pub scope: Scope,
    pub store: &'a mut Store,
    pub run: &'a Run<'a>,
}

/// The part of the unread windows to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The newest day, unless it is all: no container's past comes before another's present.
    Newest,
    All,
}

/// The reason why a container was not read completely.
pub enum FeedError {
    Service(CosmosError),
    Store(anyhow::Error),
}

impl From<anyhow::Error> for FeedError {
    fn from(error: anyhow::Error) -> Self {
        Self::Store(error)
    }
}

impl FeedSync<'_> {
    /// Reads the windows that are not settled yet, newest first.
    ///
    /// # Errors
    /// The service or the store failed; events written before are kept and not read again.
    pub async fn run(self, report: &mut SyncReport) -> Result<(), FeedError> {
        let item = self.feed.to_string();
        let kept = self.store.cursor(NAME, &item).await?;
        let mut cursor = Cursor::of(kept.as_deref(), &self.query.fingerprint());
        let now = self.run.started_ms;
        let mut earliest = (now - i64::from(self.first_days) * DAY_MS).div_euclid(1000);
        if let Some(since_ms) = self.run.since_ms {
            let since = since_ms.div_euclid(1000);
            cursor.forget_from(since);
            earliest = earliest.min(since);
        }
        let mut windows = cursor.windows(earliest, now.div_euclid(1000));
        if self.scope == Scope::Newest {
            if windows.len() == 1 || self.run.since_ms.is_some() {
                return Ok(());
            }
            windows.truncate(1);
        }
        let (sender, messages) = mpsc::channel(1);
        let reader = Reader {
            container: self.container,
            query: self.query,
            system: self.system,
            windows,
            now: Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX),
            messages: sender,
        };
        // The reader ends when this set is dropped with the future.
        let mut reading = JoinSet::new();
        reading.spawn(reader.run());
        let mut writer = Writer {
            item,
            cursor,
            store: self.store,
            run: self.run,
            pending: Vec::new(),
            done: 0,
        };
        writer.take(messages, report).await?;
        match reading.join_next().await {
            Some(Ok(Ok(()))) if self.scope == Scope::Newest => Ok(()),
            Some(Ok(Ok(()))) => Ok(writer.finish().await?),
            Some(Ok(Err(error))) => Err(FeedError::Service(error)),
            Some(Err(_)) | None => {
                Err(FeedError::Store(anyhow::anyhow!("the reading task failed")))
            }
        }
    }
}

struct Writer<'a> {
    item: String,
    cursor: Cursor,
    store: &'a mut Store,
    run: &'a Run<'a>,
    /// Events of the current window.
    pending: Vec<Event>,
    done: u64,
}

impl Writer<'_> {
    async fn take(
        &mut self,
        mut messages: mpsc::Receiver<Message>,
        report: &mut SyncReport,
    ) -> Result<()> {
        let mut newest = None;
        while let Some(message) = messages.recv().await {
            match message {
                Message::QueryPage(page) => {
                    newest = newest.max(
                        page.events
                            .iter()
                            .filter_map(|event| event.received_s)
                            .max(),
                    );
                    report.read += (page.events.len() + page.rejected.len()) as u64;
                    self.add(page);
                    if self.pending.len() >= EVENTS_PER_TRANSACTION {
                        self.write(None, report).await?;
                    }
                }
                Message::End(window) => {
                    self.cursor.settle(window, newest.take());
                    let state = self.cursor.to_text();
                    self.write(Some(&state), report).await?;
                }
            }
        }
        // Events of an incomplete window are kept as well. The window is not settled and will be read
        // again.
        if !self.pending.is_empty() {
            self.write(None, report).await?;
        }
        Ok(())
    }

    fn add(&mut self, page: QueryPage) {
        for rejected in page.rejected {
            self.cursor.unreadable.add(rejected);
        }
        for event in &page.events {
            if let Some(id) = &event.id {
                self.cursor.unreadable.remove(id);
            }
        }
        if self.pending.is_empty() {
            self.pending = page.events;
        } else {
            self.pending.extend(page.events);
        }
    }

    async fn write(&mut self, state: Option<&str>, report: &mut SyncReport) -> Result<()> {
        let checkpoint = Checkpoint {
            source: NAME,
            feed: &self.item,
            state,
            coverage: None,
            as_of_ms: None,
        };
        report.ingested += self.store.ingest_from(&self.pending, &checkpoint).await?;
        self.done += self.pending.len() as u64;
        self.pending.clear();
        let of = format!("events of {}", self.item);
        (self.run.progress)(self.done, None, &of);
        Ok(())
    }

    /// Records that the container was read completely: its data is as of this sync.
    async fn finish(self) -> Result<()> {
        let summary = self.cursor.unreadable.summary();
        let coverage = Coverage {
            item: self.item.clone(),
            state: match summary {
                None => CoverageState::Read,
                Some(_) => CoverageState::Partial,
            },
            reason: summary,
        };
        let state = self.cursor.to_text();
        let checkpoint = Checkpoint {
            source: NAME,
            feed: &self.item,
            state: Some(&state),
            coverage: Some((&coverage, self.run.started_ms)),
            as_of_ms: Some(self.run.started_ms),
        };
        self.store.ingest_from(&[], &checkpoint).await?;
        Ok(())
    }
}
