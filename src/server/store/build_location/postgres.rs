//! PostgreSQL finds a build by a key derived from its tag: the key alone determines the node of a
//! distributed database that holds the build and its events. Both are in the partition of the
//! build's month, which is created with its first build.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use jiff::{Timestamp, tz::TimeZone};
use sqlx::PgConnection;

use super::{BuildLocation, BuildLookup, LookupKey, Tagged};
use crate::server::store::{engine::Transaction, keys, meta};

/// Earlier timestamps come from a wrong clock.
const FIRST_YEAR: i32 = 2000;
const LAST_YEAR: i32 = 2199;

/// The locations of known builds and the keys of new ones, by their index in a list.
#[derive(Default)]
pub struct Found {
    known: HashMap<usize, BuildLocation>,
    new: HashMap<usize, i64>,
}

pub async fn locate(
    transaction: &mut Transaction,
    builds: &[LookupKey<'_>],
    Found { known, new }: Found,
) -> Result<Vec<BuildLookup>> {
    let mut last = last(transaction).await?;
    let months: HashSet<i32> = new
        .keys()
        .map(|&build| month(builds[build].first_ms))
        .collect();
    for month in months {
        make_partition(transaction, month).await?;
    }
    let located = builds.iter().enumerate().map(|(number, build)| {
        if let Some(&location) = known.get(&number) {
            let is_new = false;
            return BuildLookup { location, is_new };
        }
        last += 1;
        BuildLookup {
            location: BuildLocation {
                id: new[&number],
                ordinal: last,
                month: month(build.first_ms),
            },
            is_new: true,
        }
    });
    let located: Vec<BuildLookup> = located.collect();
    if !new.is_empty() {
        meta::write(transaction, meta::LAST_BUILD, &last.to_string()).await?;
    }
    Ok(located)
}

pub async fn last(transaction: &mut Transaction) -> Result<i64> {
    let last = meta::number(transaction, meta::LAST_BUILD).await?;
    Ok(last.unwrap_or(0))
}

/// Looks up builds. If two tags have the same key, which is extremely unlikely, the later one gets the
/// next key.
pub async fn find(connection: &mut PgConnection, builds: &[LookupKey<'_>]) -> Result<Found> {
    let sql = "SELECT tag, id, ordinal, month FROM builds WHERE id = ANY($1)";
    let Found { mut known, mut new } = Found::default();
    let mut taken = HashSet::new();
    let mut left: Vec<(usize, i64)> = builds
        .iter()
        .map(|build| keys::number(&build.tag))
        .enumerate()
        .collect();
    while !left.is_empty() {
        let ids: Vec<i64> = left.iter().map(|&(_, id)| id).collect();
        let rows = sqlx::query_as(sql).bind(ids);
        let rows: Vec<Tagged> = rows.fetch_all(&mut *connection).await?;
        let rows: HashMap<i64, Tagged> =
            rows.into_iter().map(|row| (row.location.id, row)).collect();
        left.retain_mut(|(number, id)| {
            match rows.get(id) {
                Some(row) if row.tag == builds[*number].tag => {
                    known.insert(*number, row.location);
                    return false;
                }
                None if taken.insert(*id) => {
                    new.insert(*number, *id);
                    return false;
                }
                _ => *id = id.wrapping_add(1),
            }
            true
        });
    }
    Ok(Found { known, new })
}

/// Returns the month of an instant in Unix ms, counted from year 0.
pub fn month(at_ms: i64) -> i32 {
    let year_and_month = Timestamp::from_millisecond(at_ms).map(|at| {
        let date = TimeZone::UTC.to_datetime(at);
        (i32::from(date.year()), i32::from(date.month()))
    });
    let (year, month) = year_and_month.unwrap_or((FIRST_YEAR, 1));
    (year * 12 + month - 1).clamp(FIRST_YEAR * 12, LAST_YEAR * 12 + 11)
}

/// Creates a partition and attaches it afterwards, so that readers are not blocked.
async fn make_partition(transaction: &mut Transaction, month: i32) -> Result<()> {
    for table in ["builds", "events"] {
        let name = partition(table, month);
        let known: Option<(String,)> = transaction
            .optional(
                "SELECT CAST(c.relname AS TEXT) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid \
                 WHERE i.inhparent = CAST(CAST($1 AS TEXT) AS REGCLASS) AND c.relname = $2",
                &[table.into(), name.as_str().into()],
            )
            .await?;
        if known.is_some() {
            continue;
        }
        let create = format!("CREATE TABLE {name} (LIKE {table} INCLUDING ALL)");
        transaction.execute(&create, &[]).await?;
        let until = month + 1;
        let attach = format!(
            "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({month}) TO ({until})"
        );
        transaction.execute(&attach, &[]).await?;
    }
    Ok(())
}

/// Returns the name of a month's partition of a table: `events_2026_11`.
pub fn partition(table: &str, month: i32) -> String {
    format!(
        "{table}_{:04}_{:02}",
        month.div_euclid(12),
        month.rem_euclid(12) + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_counted_from_year_0_and_clamped() {
        let of = |text: &str| {
            let at: Timestamp = text.parse().expect("an instant");
            partition("events", month(at.as_millisecond()))
        };
        assert_eq!(of("2026-11-30T23:59:59.999Z"), "events_2026_11");
        assert_eq!(of("2026-12-01T00:00:00Z"), "events_2026_12");
        assert_eq!(of("1970-01-01T00:00:00Z"), "events_2000_01");
        assert_eq!(of("9999-01-01T00:00:00Z"), "events_2199_12");
        assert_eq!(partition("builds", month(i64::MAX)), "builds_2000_01");
    }
}
