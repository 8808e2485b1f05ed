//! Exports events, builds, steps and figures as NDJSON or CSV.
//!
//! Exported events have the fields of the CI system's documents, so that importing them restores the
//! same store.

mod builds;
mod table;

use std::io::Write;

use anyhow::Result;
pub use builds::{builds, steps};
use jiff::Timestamp;
pub use table::Table;
use table::object;

use crate::server::{model::Event, sources::jenkins};
use crate::{
    api::{Cell, ColumnInfo},
    server::store::Store,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    Ndjson,
    Csv,
}

/// Writes all events, ordered by build tag and id.
///
/// # Errors
/// The store cannot be read, or `out` cannot be written.
pub async fn events(store: &Store, format: Format, out: &mut impl Write) -> Result<()> {
    let mut table = Table::new(format, &jenkins::FIELDS, out)?;
    store
        .each_event(&mut |event| table.row(&event_cells(event)))
        .await?;
    table.finish()
}

/// Writes one event as a line of NDJSON.
///
/// # Errors
/// `out` cannot be written.
pub fn write_event(out: &mut impl Write, event: &Event) -> Result<()> {
    object(out, &jenkins::FIELDS, &event_cells(event))
}

/// Writes a table with the ids of its columns as field names.
///
/// # Errors
/// `out` cannot be written.
pub fn rows(
    columns: &[ColumnInfo],
    rows: &[Vec<Cell>],
    format: Format,
    out: &mut impl Write,
) -> Result<()> {
    let names: Vec<&str> = columns.iter().map(|column| column.id.as_str()).collect();
    let mut table = Table::new(format, &names, out)?;
    for row in rows {
        table.row(row)?;
    }
    table.finish()
}

fn event_cells(event: &Event) -> [Cell; jenkins::FIELDS.len()] {
    let (codebase, toolchain) = (&event.codebase, &event.toolchain);
    [
        text(event.id.as_deref()),
        text(event.build_tag.as_deref()),
        text(Some(&event.job_name)),
        text(event.build_id.as_deref()),
        text(Some(event.result.as_str())),
        instant(Some(event.stage_ms)),
        number(event.received_s),
        instant(event.scheduled_ms),
        number(event.duration_ms),
        text(event.step.as_deref()),
        text(event.branch.as_deref()),
        text(event.build_url.as_deref()),
        text(event.git_commit.as_deref()),
        text(codebase.git_url.as_deref()),
        text(event.node_name.as_deref()),
        text(toolchain.node_labels.as_deref()),
        text(toolchain.shared_library_name.as_deref()),
        text(toolchain.shared_library_version.as_deref()),
        text(codebase.product.as_deref()),
        text(codebase.component.as_deref()),
        text(event.correlation_id.as_deref()),
        text(Some(event.system.as_str())),
        number(event.step_duration_ms),
    ]
}

fn text(text: Option<&str>) -> Cell {
    text.map_or(Cell::Missing, |text| Cell::Text(text.to_owned()))
}

fn number(number: Option<i64>) -> Cell {
    number.map_or(Cell::Missing, Cell::Count)
}

fn instant(at_ms: Option<i64>) -> Cell {
    let at = at_ms.and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok());
    at.map_or(Cell::Missing, |at| Cell::Text(at.to_string()))
}
