//! All builds of a selection as a file, newest first.

use std::io::Write;

use anyhow::Result;

use super::build_list::summaries;
use crate::{
    api::{BuildSummary, Cell},
    selection::Selection,
    server::{
        attributes::select,
        export::{Format, Table},
        figures::words,
        snapshot::Snapshot,
    },
};

/// Builds that are in memory at once.
const CHUNK: usize = 2000;
/// The most characters of the selection in the name of a file.
const MAX_NAME: usize = 80;

type Column = (&'static str, fn(&BuildSummary) -> Cell);

const COLUMNS: &[Column] = &[
    ("system", |build| text(Some(&build.system))),
    ("name", |build| text(Some(&build.name))),
    ("number", |build| text(Some(&build.number))),
    ("project", |build| text(Some(&build.project))),
    ("result", |build| text(Some(&build.result))),
    ("started_at", |build| text(Some(&build.started_at))),
    ("finished_at", |build| text(Some(&build.finished_at))),
    ("duration_ms", |build| {
        let ms = build.duration_ms.and_then(|ms| i64::try_from(ms).ok());
        ms.map_or(Cell::Missing, Cell::Count)
    }),
    ("failed_step", |build| text(build.failed_step.as_ref())),
    ("class", |build| text(build.class.as_ref())),
    ("domain", |build| text(build.domain.as_ref())),
    ("incident", |build| text(build.incident.as_ref())),
    ("commit", |build| text(build.commit.as_ref())),
    ("repository", |build| text(build.repository.as_ref())),
    ("team", |build| text(build.team.as_ref())),
    ("agent", |build| text(build.agent.as_ref())),
    ("node", |build| text(build.node.as_ref())),
    ("library", |build| text(build.library.as_ref())),
    ("product", |build| text(build.product.as_ref())),
    ("component", |build| text(build.component.as_ref())),
];

fn text(text: Option<&String>) -> Cell {
    text.map_or(Cell::Missing, |text| Cell::Text(text.clone()))
}

/// Writes the builds of a selection whose values were checked.
///
/// # Errors
/// `out` cannot be written.
pub fn write(
    snapshot: &Snapshot,
    selection: &Selection,
    format: Format,
    out: &mut impl Write,
) -> Result<()> {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let mut table = Table::new(format, &names, out)?;
    let mut builds: Vec<usize> = select(snapshot, selection).iter().collect();
    builds.reverse();
    for some in builds.chunks(CHUNK) {
        for build in summaries(snapshot, some) {
            let cells = COLUMNS.iter().map(|(_, cell)| cell(&build));
            table.row(&cells.collect::<Vec<_>>())?;
        }
    }
    table.finish()
}

/// The name of the file: what it holds, the selection and the date of the data.
pub fn name(snapshot: &Snapshot, selection: &Selection, format: Format) -> String {
    let extension = match format {
        Format::Csv => "csv",
        Format::Ndjson => "ndjson",
    };
    file_name(
        "builds",
        selection,
        &words::instant(snapshot.as_of_ms),
        extension,
    )
}

/// The name of a file: what it holds, of which selection, and the date of the data.
pub fn file_name(what: &str, selection: &Selection, as_of: &str, extension: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let selection: String = selection
        .encoded()
        .chars()
        .map(plain)
        .take(MAX_NAME)
        .collect();
    let date = as_of.get(..10).unwrap_or("no-data");
    let parts = [what, &selection, date];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}.{extension}", parts.join("-"))
}
