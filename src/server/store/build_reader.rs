//! Reads one build, with its steps, for a page. Bounded in time and in number, so that requests cannot occupy the
//! connections that syncs and reloads need.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use tokio::{runtime::Handle, sync::Semaphore};

use super::{
    Build,
    engine::{Engine, Purpose, Transaction},
    keys::{self, BuildKey},
    names::NameTexts,
    tables::{BuildRow, columns},
};
use crate::server::model::System;

/// The longest wait for a build.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// The builds that are read at once.
const MAX_READS: usize = 2;
/// The tags of a database that may share a key, which is extremely unlikely for two.
const MAX_SHARED_KEYS: i64 = 4;

/// Reads builds of an open store.
#[derive(Clone)]
pub struct BuildReader {
    engine: Engine,
    /// Connections belong to the runtime that opened the store; pages are rendered on others.
    runtime: Handle,
    reads: Arc<Semaphore>,
}

/// The build to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedBuild {
    /// By the tag that its source gave.
    Tag(System, String),
    /// By job and number, for a build without a tag.
    Number(System, String, String),
    /// By its number in snapshots.
    Ordinal(u32),
}

/// A build as the store holds it.
pub struct StoredBuild {
    pub ordinal: u32,
    row: BuildRow,
    names: NameTexts,
}

/// A build's row with its number in snapshots.
#[derive(sqlx::FromRow)]
struct NumberedRow {
    ordinal: i64,
    #[sqlx(flatten)]
    row: BuildRow,
}

impl StoredBuild {
    /// Returns the identity of the build.
    ///
    /// # Errors
    /// If the store is damaged.
    pub fn key(&self) -> Result<BuildKey<'_>> {
        keys::build(&self.row.tag)
    }

    /// # Errors
    /// If the store is damaged.
    pub fn build(&self) -> Result<Build<'_>> {
        self.row.build(&self.names)
    }
}

impl BuildReader {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine,
            runtime: Handle::current(),
            reads: Arc::new(Semaphore::new(MAX_READS)),
        }
    }

    /// Reads a build; none if the store does not hold it.
    ///
    /// # Errors
    /// If the store cannot be read in time.
    pub async fn read(&self, wanted: WantedBuild) -> Result<Option<StoredBuild>> {
        let (engine, reads) = (self.engine.clone(), Arc::clone(&self.reads));
        let reading = self.runtime.spawn(async move {
            let read = async {
                let _permit = reads.acquire().await?;
                let mut transaction = engine.begin(Purpose::Read).await?;
                read(&mut transaction, &wanted).await
            };
            let read = tokio::time::timeout(MAX_WAIT, read).await;
            read.context("the store does not respond in time")?
        });
        reading.await.context("reading a build panicked")?
    }
}

async fn read(transaction: &mut Transaction, wanted: &WantedBuild) -> Result<Option<StoredBuild>> {
    let found = match wanted {
        WantedBuild::Tag(system, tag) => by_tag(transaction, &keys::of_tag(system, tag)).await?,
        WantedBuild::Number(system, job, number) => {
            by_tag(transaction, &keys::of_number(system, job, number)).await?
        }
        WantedBuild::Ordinal(ordinal) => {
            let condition = format!("{} = $1", self::ordinal(transaction));
            let sql = select(transaction, &condition);
            let ordinal = i64::from(*ordinal).into();
            transaction.optional(&sql, &[ordinal]).await?
        }
    };
    let Some(NumberedRow { ordinal, row }) = found else {
        return Ok(None);
    };
    let names = NameTexts::read_few(transaction, row.name_ids()?).await?;
    Ok(Some(StoredBuild {
        ordinal: ordinal.try_into().context("the store is damaged")?,
        row,
        names,
    }))
}

async fn by_tag(transaction: &mut Transaction, tag: &str) -> Result<Option<NumberedRow>> {
    match transaction {
        Transaction::Sqlite(_) => {
            let sql = select(transaction, "tag = $1");
            transaction.optional(&sql, &[tag.into()]).await
        }
        // The key follows from the tag; those that share it have the next ones.
        Transaction::Postgres(_) => {
            let sql = select(transaction, "id = $1 AND tag = $2");
            let first = keys::number(tag);
            for distance in 0..MAX_SHARED_KEYS {
                let id = first.wrapping_add(distance).into();
                let found = transaction.optional(&sql, &[id, tag.into()]).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        }
    }
}

/// Reads the addresses of the latest builds.
pub async fn addresses(transaction: &mut Transaction, most: u32) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT url FROM (SELECT url FROM builds ORDER BY {} DESC LIMIT $1) AS latest WHERE url IS NOT NULL",
        ordinal(transaction)
    );
    let urls: Vec<(String,)> = transaction.all(&sql, &[i64::from(most).into()]).await?;
    Ok(urls.into_iter().map(|(url,)| url).collect())
}

/// The column of a build's number in snapshots.
const fn ordinal(transaction: &Transaction) -> &'static str {
    match transaction {
        Transaction::Sqlite(_) => "id",
        Transaction::Postgres(_) => "ordinal",
    }
}

fn select(transaction: &Transaction, condition: &str) -> String {
    format!(
        "SELECT {} AS ordinal, {} FROM builds WHERE {condition}",
        ordinal(transaction),
        columns::<BuildRow>("")
    )
}
