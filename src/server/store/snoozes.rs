//! Snoozed problems. They change without a sync and belong to the ledger, so that all replicas and open pages see them
//! at once.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use tokio::{runtime::Handle, sync::Semaphore};

use super::{
    engine::{Engine, Purpose, Transaction},
    ledger::{self, Ledger},
    meta,
};
use crate::server::model::{
    Snooze, SnoozeEnd,
    text::{MAX_NOTE, cut},
};

/// The longest wait for the store.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// The snoozes that a store holds; those that have ended are deleted first.
const MAX_SNOOZES: i64 = 1_000;

/// Writes the snoozes of an open store.
#[derive(Clone)]
pub struct SnoozeWriter {
    engine: Engine,
    /// Connections belong to the runtime that opened the store.
    runtime: Handle,
    one: Arc<Semaphore>,
}

impl SnoozeWriter {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine,
            runtime: Handle::current(),
            one: Arc::new(Semaphore::new(1)),
        }
    }

    /// Snoozes a problem, or changes its snooze.
    ///
    /// # Errors
    /// The store cannot be written to in time, or holds too many.
    pub async fn snooze(&self, snooze: Snooze) -> Result<()> {
        self.write(Change::Put(snooze)).await.map(drop)
    }

    /// Ends a snooze; returns whether there was one.
    ///
    /// # Errors
    /// The store cannot be written to in time.
    pub async fn end(&self, problem: &str) -> Result<bool> {
        self.write(Change::Delete(problem.to_owned())).await
    }

    /// Reads the ledger, with the snoozes.
    ///
    /// # Errors
    /// The store cannot be read in time.
    pub async fn ledger(&self) -> Result<Ledger> {
        let engine = self.engine.clone();
        let reading = async move {
            let mut transaction = engine.begin(Purpose::Read).await?;
            ledger::load(&mut transaction).await
        };
        let reading = self.runtime.spawn(tokio::time::timeout(MAX_WAIT, reading));
        let read = reading.await.context("reading the ledger panicked")?;
        read.context("the store does not respond in time")?
    }

    async fn write(&self, change: Change) -> Result<bool> {
        let (engine, one) = (self.engine.clone(), Arc::clone(&self.one));
        let writing = async move {
            let _permit = one.acquire().await?;
            let mut transaction = engine.begin(Purpose::Write).await?;
            let changed = change.apply(&mut transaction).await?;
            meta::count(&mut transaction, meta::LEDGER).await?;
            transaction.commit().await?;
            Ok(changed)
        };
        let writing = self.runtime.spawn(tokio::time::timeout(MAX_WAIT, writing));
        let written = writing.await.context("writing a snooze panicked")?;
        written.context("the store does not respond in time")?
    }
}

enum Change {
    Put(Snooze),
    /// By problem.
    Delete(String),
}

impl Change {
    async fn apply(self, transaction: &mut Transaction) -> Result<bool> {
        match self {
            Self::Put(snooze) => put(transaction, &snooze).await.map(|()| true),
            Self::Delete(problem) => {
                let sql = "DELETE FROM snoozes WHERE problem = $1";
                let deleted = transaction.execute(sql, &[problem.as_str().into()]).await?;
                Ok(deleted > 0)
            }
        }
    }
}

async fn put(transaction: &mut Transaction, snooze: &Snooze) -> Result<()> {
    let ended = "DELETE FROM snoozes WHERE until_ms IS NOT NULL AND until_ms <= $1";
    transaction.execute(ended, &[snooze.at_ms.into()]).await?;
    let others = "SELECT COUNT(*) FROM snoozes WHERE problem <> $1";
    let problem = snooze.problem.as_str();
    let (others,): (i64,) = transaction.one(others, &[problem.into()]).await?;
    if others >= MAX_SNOOZES {
        bail!("{MAX_SNOOZES} problems are snoozed already; end some of them first");
    }
    let (until_ms, failures) = match snooze.end {
        SnoozeEnd::At(until_ms) => (Some(until_ms), None),
        SnoozeEnd::Failures(failures) => (None, Some(failures)),
    };
    let sql = "INSERT INTO snoozes (problem, reason, until_ms, failures, reader, at_ms) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (problem) DO UPDATE SET \
               reason = excluded.reason, until_ms = excluded.until_ms, failures = excluded.failures, \
               reader = excluded.reader, at_ms = excluded.at_ms";
    let (reason, reader) = (cut(&snooze.reason, MAX_NOTE), cut(&snooze.reader, MAX_NOTE));
    let values = [
        problem.into(),
        (&*reason).into(),
        until_ms.into(),
        failures.into(),
        (&*reader).into(),
        snooze.at_ms.into(),
    ];
    transaction.execute(sql, &values).await?;
    Ok(())
}

/// Reads all snoozes, the latest first.
pub async fn load(transaction: &mut Transaction) -> Result<Vec<Snooze>> {
    let sql = "SELECT problem, reason, until_ms, failures, reader, at_ms FROM snoozes \
               ORDER BY at_ms DESC, problem";
    type Row = (String, String, Option<i64>, Option<i64>, String, i64);
    let rows: Vec<Row> = transaction.all(sql, &[]).await?;
    let snoozes = rows
        .into_iter()
        .map(|(problem, reason, until_ms, failures, reader, at_ms)| {
            let end = match (until_ms, failures) {
                (Some(until_ms), _) => SnoozeEnd::At(until_ms),
                (None, Some(failures)) => SnoozeEnd::Failures(failures),
                (None, None) => bail!("the store is damaged: a snooze has no end"),
            };
            Ok(Snooze {
                problem,
                reason,
                end,
                reader,
                at_ms,
            })
        });
    snoozes.collect()
}
