//! Reference data: the ends of support of runtimes, the vulnerabilities that are known to be exploited, and
//! the probabilities of exploitation. Files are imported; addresses are synced, in the background and without
//! noise: without them the dashboard works with what it has.

mod client;
mod end_of_life;
mod epss;
#[cfg(any(test, fuzzing))]
pub mod fuzz_targets;
mod import;
mod known_exploited;
mod list;

pub use end_of_life::EndOfLifeSource;
pub use import::{Imported, import};
pub use list::ListSource;

use anyhow::{Context as _, Result};
use jiff::{civil::Date, tz::TimeZone};

use crate::server::{
    model::{Epss, KnownExploited},
    sources::SyncReport,
    store::{Ingested, Reference},
};

/// The names in commands, in the store, and of the settings of the lists.
pub const END_OF_LIFE: &str = "eol";
pub const KNOWN_EXPLOITED: &str = "kev";
pub const EPSS: &str = "epss";

/// The largest file, and the largest content of a compressed one.
const MAX_BYTES: u64 = 64 << 20;

/// A list in the form of the store.
struct Table {
    as_of: Date,
    /// The number of CVEs.
    entries: u64,
    json: String,
}

/// Reads a list as its publisher writes it.
///
/// # Errors
/// It has another form or is too large.
fn table(reference: Reference, text: &str) -> Result<Table> {
    Ok(match reference {
        Reference::KnownExploited => {
            let list: KnownExploited = known_exploited::parse(text)?;
            Table {
                as_of: list.as_of,
                entries: list.vulnerabilities.len() as u64,
                json: list.to_json(),
            }
        }
        Reference::Epss => {
            let list: Epss = epss::parse(text)?;
            Table {
                as_of: list.as_of,
                entries: list.scores.len() as u64,
                json: list.to_json(),
            }
        }
        Reference::EndOfLife => {
            let table = crate::server::model::EndOfLife::from_toml(text)?;
            Table {
                as_of: table.as_of,
                entries: table.products.len() as u64,
                json: table.to_json(),
            }
        }
    })
}

/// The report of a sync that read so many entries.
fn report(read: u64, changed: bool) -> SyncReport {
    let changed = u64::from(changed);
    SyncReport {
        read,
        ingested: Ingested {
            replaced: changed,
            unchanged: 1 - changed,
            ..Ingested::default()
        },
        requests_left: None,
    }
}

/// The start of a day in UTC, Unix ms.
fn at_ms(day: Date) -> Result<i64> {
    let start = day.to_zoned_datetime(TimeZone::UTC);
    let start = start.context("an impossible date")?;
    Ok(start.timestamp().as_millisecond())
}
