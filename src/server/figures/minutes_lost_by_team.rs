//! The minutes of reruns, lost and failed builds by team.

use super::{Context, Figure, Opens, Rows, minutes_lost};
use crate::{
    selection::Selection,
    server::{attributes::UNKNOWN, snapshot::Snapshot},
};

pub const FIGURE: Figure = Figure {
    id: "minutes_lost_by_team",
    title: "Minutes lost by team",
    help: "The minutes of builds that finished in the window without a use, by the team of their \
           repository: reruns of flaky failures, lost builds until their latest event, and failed \
           or aborted ones. Each minute counts once. Builds of unknown duration add no minutes. \
           Where agents have a price, the cost is that of their builds, by the whole minute. Shows \
           the 50 teams that lost most.",
    rows,
    summary,
    chart: |rows, _| minutes_lost::chart_by(rows, "team"),
    opens,
    ..minutes_lost::FIGURE
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    minutes_lost::rows_by(snapshot, selection, "team", "Team", |loss| {
        loss.team.clone().unwrap_or_else(|| UNKNOWN.to_owned())
    })
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    minutes_lost::summary_by(rows, context, "team", "by")
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    minutes_lost::opens_by(rows, context, "team", "team")
}
