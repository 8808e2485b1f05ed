//! The results of the builds of the last day, whatever the window of the page.

use super::{Context, Figure, Rows, build_status};
use crate::{filter::Filter, server::snapshot::Snapshot};

pub const FIGURE: Figure = Figure {
    id: "build_status_day",
    title: "Build results of the last day",
    help: "Every build that finished in the 24 hours before the data were brought in counts once, \
           by the result of its latest event. Failed means failure or aborted.",
    rows,
    summary,
    ..build_status::FIGURE
};

fn rows(snapshot: &Snapshot, filter: &Filter) -> Rows {
    (build_status::FIGURE.rows)(snapshot, &filter.with_days(1))
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    build_status::sentence(rows, context, 1)
}
