//! The failure rate of builds by release of the shared library, with its interval.

use super::{Context, Figure, Opens, Page, Rows, Topic, failure_rates, ranking};
use crate::{api::Width, selection::Selection, server::snapshot::Snapshot};

pub const FIGURE: Figure = Figure {
    id: "failure_rate_by_library",
    page: Page::Platform,
    topic: Topic::Environment,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Failure rate by library release",
    help: "Builds that finished in the window with success, unstable, failure or aborted, by the shared library of the pipeline and its version. A \
           line shows the 95% interval of the rate (Wilson): a few builds prove little. The values \
           whose rate is certainly high come first. The table has 50 at most. Builds without one are \
           unknown.",
    rows,
    summary,
    chart: |rows, _| failure_rates::chart(rows, ID),
    opens,
};

const ID: &str = "library";

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    failure_rates::rows(snapshot, selection, ID, "Library")
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    failure_rates::summary(rows, context, ID)
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    failure_rates::opens(rows, context, ID)
}
