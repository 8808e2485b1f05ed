//! The exclusive right of one process to sync a source.
//!
//! On one machine it is a lock file in the data directory, which the system releases with the process.
//! In a shared store it is a lease: a row that names its holder and an expiry, renewed as long as the
//! holder lives. Leases change hands only while nothing else writes, and a holder checks its lease
//! before each write, so a process that was paused for longer than its lease writes nothing more.

use std::{
    error::Error,
    fmt,
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};
use tokio::{sync::watch, task::JoinSet};

use super::{
    Store,
    engine::{Engine, Purpose, Transaction},
    location::holder,
};

/// Renewals of a lease before it would expire.
const RENEWALS: u32 = 4;

/// The right to sync a source, held until it is dropped; a lease that is not released then expires.
pub struct Claim {
    _lock: Option<File>,
    lost: watch::Receiver<bool>,
    _renewing: JoinSet<()>,
}

/// The lease that a store writes under.
#[derive(Clone, Debug)]
pub struct Lease {
    source: String,
    token: i64,
}

impl Claim {
    /// Resolves when the claim is lost.
    pub async fn lost(&mut self) {
        // Without renewals the claim cannot be lost.
        if self.lost.wait_for(|lost| *lost).await.is_err() {
            std::future::pending().await
        }
    }
}

impl Store {
    /// Claims a source; returns none if another process holds it. Later writes of this store succeed
    /// only as long as the claim holds.
    ///
    /// # Errors
    /// If the holder cannot be determined.
    pub async fn claim(&mut self, source: &str) -> Result<Option<Claim>> {
        let (sender, lost) = watch::channel(false);
        let mut renewing = JoinSet::new();
        let lock = if self.location.is_shared() {
            let Some(lease) = take(&self.engine, source, self.location.lease).await? else {
                return Ok(None);
            };
            renewing.spawn(renew(
                self.engine.clone(),
                lease.clone(),
                self.location.lease,
                sender,
            ));
            self.lease = Some(lease);
            None
        } else {
            let Some(lock) = lock(&self.location.data, source)? else {
                return Ok(None);
            };
            Some(lock)
        };
        Ok(Some(Claim {
            _lock: lock,
            lost,
            _renewing: renewing,
        }))
    }

    /// Releases a claim, so that other processes need not wait for its expiry.
    ///
    /// # Errors
    /// If the store cannot be written to.
    pub async fn release(&mut self, claim: Claim) -> Result<()> {
        drop(claim);
        let Some(Lease { source, token }) = self.lease.take() else {
            return Ok(());
        };
        let mut transaction = self.engine.begin(Purpose::Write).await?;
        let sql = "UPDATE leases SET until = clock_timestamp(), holder = '' \
                   WHERE source = $1 AND token = $2";
        let values = [source.as_str().into(), token.into()];
        transaction.execute(sql, &values).await?;
        transaction.commit().await
    }
}

/// The error of a write after the lease of its source was lost.
#[derive(Debug)]
pub struct LeaseLost(String);

impl fmt::Display for LeaseLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(source) = self;
        write!(
            f,
            "this process has lost the right to sync {source}; nothing more is written"
        )
    }
}

impl Error for LeaseLost {}

/// # Errors
/// [`LeaseLost`] if the lease no longer holds.
pub async fn check(transaction: &mut Transaction, lease: &Lease) -> Result<()> {
    let Lease { source, token } = lease;
    let sql = "SELECT token FROM leases \
               WHERE source = $1 AND token = $2 AND until > clock_timestamp()";
    let values = [source.as_str().into(), (*token).into()];
    let held: Option<(i64,)> = transaction.optional(sql, &values).await?;
    if held.is_none() {
        return Err(anyhow!(LeaseLost(source.clone())));
    }
    Ok(())
}

/// Takes a lease that is free or expired.
async fn take(engine: &Engine, source: &str, time: Duration) -> Result<Option<Lease>> {
    if is_held(engine, source).await? {
        return Ok(None);
    }
    disconnect(engine, source).await?;
    let mut transaction = engine.begin(Purpose::Write).await?;
    let sql = "INSERT INTO leases (source, holder, token, until) \
               VALUES ($1, $2, 1, clock_timestamp() + $3 * INTERVAL '1 millisecond') \
               ON CONFLICT (source) DO UPDATE SET holder = excluded.holder, \
               token = leases.token + 1, until = excluded.until \
               WHERE leases.until <= clock_timestamp() RETURNING token";
    let values = [source.into(), holder().into(), milliseconds(time).into()];
    let token: Option<(i64,)> = transaction.optional(sql, &values).await?;
    transaction.commit().await?;
    Ok(token.map(|(token,)| Lease {
        source: source.to_owned(),
        token,
    }))
}

/// Checks without waiting for any writer.
async fn is_held(engine: &Engine, source: &str) -> Result<bool> {
    let sql = "SELECT token FROM leases WHERE source = $1 AND until > clock_timestamp()";
    let mut transaction = engine.begin(Purpose::Read).await?;
    let held: Option<(i64,)> = transaction.optional(sql, &[source.into()]).await?;
    Ok(held.is_some())
}

/// Ends the connections of a holder whose lease has expired: if it was paused within a transaction,
/// it would block all others.
async fn disconnect(engine: &Engine, source: &str) -> Result<()> {
    let sql = "SELECT pg_terminate_backend(a.pid) FROM leases AS l \
               JOIN pg_stat_activity AS a ON a.application_name = l.holder \
               WHERE l.source = $1 AND l.until <= clock_timestamp() AND l.holder <> $2";
    let mut transaction = engine.begin(Purpose::Read).await?;
    let ended = transaction
        .execute(sql, &[source.into(), holder().into()])
        .await?;
    if ended > 0 {
        tracing::warn!(
            source,
            ended,
            "ended the connections of a process whose lease had expired"
        );
    }
    transaction.commit().await
}

/// Renews a lease until it is lost, then reports that.
async fn renew(engine: Engine, lease: Lease, time: Duration, lost: watch::Sender<bool>) {
    let Lease { source, token } = &lease;
    let sql = "UPDATE leases SET until = clock_timestamp() + $3 * INTERVAL '1 millisecond' \
               WHERE source = $1 AND token = $2 AND until > clock_timestamp()";
    let values = [
        source.as_str().into(),
        (*token).into(),
        milliseconds(time).into(),
    ];
    let mut renewed = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(time / RENEWALS).await;
        let began = tokio::time::Instant::now();
        let renewal = async {
            let mut transaction = engine.begin(Purpose::WriteAside).await?;
            let rows = transaction.execute(sql, &values).await?;
            transaction.commit().await?;
            anyhow::Ok(rows > 0)
        };
        match tokio::time::timeout(time, renewal).await {
            Ok(Ok(true)) => renewed = began,
            Ok(Ok(false)) => break,
            Ok(Err(error)) => tracing::debug!(source, "cannot renew the lease: {error:#}"),
            Err(_) => {}
        }
        if renewed.elapsed() >= time {
            break;
        }
    }
    tracing::warn!(source, "lost the lease");
    lost.send_replace(true);
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Keeps other processes from syncing the same source; the system releases the lock with the process.
fn lock(data: &Path, source: &str) -> Result<Option<File>> {
    std::fs::create_dir_all(data)
        .with_context(|| format!("cannot create the data directory {}", data.display()))?;
    let path = data.join(format!("{source}.lock"));
    let cannot = || format!("cannot write {}", path.display());
    let file = File::create(&path).with_context(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(anyhow!(error)).with_context(cannot),
    }
}
