//! SQLite finds a build by its tag; a new one gets the next number, so that it and its events are
//! appended to their tables.

use anyhow::Result;
use foldhash::HashMap;

use super::{BuildLocation, BuildLookup, LookupKey, Tagged, columns};
use crate::server::store::engine::{Transaction, Value};

pub async fn locate(
    transaction: &mut Transaction,
    builds: &[LookupKey<'_>],
) -> Result<Vec<BuildLookup>> {
    let columns = columns(transaction);
    let sql = format!("SELECT tag, {columns} FROM builds WHERE tag IN ({{}})");
    let tags: Vec<Value<'_>> = builds.iter().map(|build| (&*build.tag).into()).collect();
    let known: Vec<Tagged> = transaction.all_of(&sql, &tags).await?;
    let known: HashMap<String, BuildLocation> = known
        .into_iter()
        .map(|Tagged { tag, location }| (tag, location))
        .collect();
    let mut last = last(transaction).await?;
    let location = |build: &LookupKey<'_>| {
        let known = known.get(&*build.tag).copied();
        let location = known.unwrap_or_else(|| {
            last += 1;
            BuildLocation {
                id: last,
                ordinal: last,
                month: 0,
            }
        });
        BuildLookup {
            location,
            is_new: known.is_none(),
        }
    };
    Ok(builds.iter().map(location).collect())
}

pub async fn last(transaction: &mut Transaction) -> Result<i64> {
    let sql = "SELECT COALESCE(MAX(id), 0) FROM builds";
    let (last,): (i64,) = transaction.one(sql, &[]).await?;
    Ok(last)
}
