//! A transaction of either engine, and the statements that run on both.

use anyhow::{Result, anyhow};
use futures::stream::BoxStream;
use sqlx::{
    Arguments as _, Database, Encode, FromRow, Postgres, Sqlite, Type, postgres::PgRow,
    sqlite::SqliteRow,
};

use super::{postgres, sqlite};

/// The number of values per statement.
const VALUES_PER_STATEMENT: usize = 500;

/// A transaction; rolled back if dropped without [`Transaction::commit`].
pub enum Transaction {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

/// A value for a placeholder of a statement: `$1`, `$2` and so on.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Number(Option<i64>),
    Text(Option<&'a str>),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

/// Returns placeholders for a list of values in a statement: `$1, $2, $3`.
pub fn list(values: usize) -> String {
    let numbers: Vec<String> = (1..=values).map(|number| format!("${number}")).collect();
    numbers.join(", ")
}

/// A type that rows of either engine can be read as.
pub trait Record:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Record for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

fn arguments<'q, DB>(values: &[Value<'q>]) -> Result<DB::Arguments<'q>>
where
    DB: Database,
    Option<i64>: Encode<'q, DB> + Type<DB>,
    Option<&'q str>: Encode<'q, DB> + Type<DB>,
{
    let mut arguments = DB::Arguments::default();
    for value in values {
        let added = match *value {
            Value::Number(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
        };
        added.map_err(|error| anyhow!("cannot encode a value: {error}"))?;
    }
    Ok(arguments)
}

/// Runs an expression on the connection of either engine, which `Db` names.
macro_rules! dispatch {
    ($transaction:expr, |$connection:ident| $run:expr) => {
        match $transaction {
            Transaction::Sqlite(transaction) => {
                type Db = Sqlite;
                let $connection = &mut **transaction;
                $run
            }
            Transaction::Postgres(transaction) => {
                type Db = Postgres;
                let $connection = &mut **transaction;
                $run
            }
        }
    };
}

impl Transaction {
    /// Runs a statement; returns the number of affected rows.
    pub async fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64> {
        Ok(dispatch!(self, |connection| {
            let query = sqlx::query_with(sql, arguments::<Db>(values)?);
            query.execute(connection).await?.rows_affected()
        }))
    }

    pub async fn all<T: Record>(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<T>> {
        Ok(dispatch!(self, |connection| {
            let query = sqlx::query_as_with(sql, arguments::<Db>(values)?);
            query.fetch_all(connection).await?
        }))
    }

    /// Reads all rows of a statement whose `{}` is a list of values, in several queries if needed.
    pub async fn all_of<T: Record>(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        for chunk in values.chunks(VALUES_PER_STATEMENT) {
            let sql = sql.replace("{}", &list(chunk.len()));
            rows.extend(self.all(&sql, chunk).await?);
        }
        Ok(rows)
    }

    pub async fn optional<T: Record>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Option<T>> {
        Ok(dispatch!(self, |connection| {
            let query = sqlx::query_as_with(sql, arguments::<Db>(values)?);
            query.fetch_optional(connection).await?
        }))
    }

    pub async fn one<T: Record>(&mut self, sql: &str, values: &[Value<'_>]) -> Result<T> {
        Ok(dispatch!(self, |connection| {
            let query = sqlx::query_as_with(sql, arguments::<Db>(values)?);
            query.fetch_one(connection).await?
        }))
    }

    /// Streams the rows of a statement.
    pub fn each<'s, T: Record + 's>(
        &'s mut self,
        sql: &'s str,
        values: &[Value<'s>],
    ) -> Result<BoxStream<'s, sqlx::Result<T>>> {
        Ok(dispatch!(self, |connection| {
            sqlx::query_as_with(sql, arguments::<Db>(values)?).fetch(connection)
        }))
    }

    /// Notifies the store's listeners when the transaction commits. Listeners of a file poll it
    /// instead.
    pub async fn notify(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction) => postgres::notify(transaction).await,
        }
    }

    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    pub async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await?,
            Self::Postgres(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }
}
