//! The results of the builds in the window.
//!
//! Reads `result`. A build counts once, by its latest event.

use plotly::{
    Pie, Plot,
    common::{Marker, Orientation, Position},
    layout::Legend,
};

use super::{Column, Context, Figure, Page, Rows, Values, rows::percent, theme, words};
use crate::{
    api::Width,
    filter::Filter,
    server::snapshot::{BuildResult, Snapshot},
};

pub const FIGURE: Figure = Figure {
    id: "build_status",
    page: Page::Pipelines,
    width: Width::Third,
    height: 300,
    title: "Build results",
    help: "Every build that finished in the window counts once, by the result of its latest event. \
           Failed means failure or aborted. Unknown is mostly a running build.",
    rows,
    summary,
    plot,
};

fn rows(snapshot: &Snapshot, filter: &Filter) -> Rows {
    let mut counts = [0_u64; BuildResult::ALL.len()];
    for build in snapshot.select(filter).iter() {
        counts[snapshot.builds.result[build] as usize] += 1;
    }
    let builds = counts.iter().sum();
    let results = BuildResult::ALL.map(|result| result.as_str().to_owned());
    let results = if builds == 0 {
        Vec::new()
    } else {
        results.to_vec()
    };
    let counts = counts[..results.len()].to_vec();
    let percents = counts.iter().map(|&count| percent(count, builds)).collect();
    Rows {
        columns: vec![
            Column::new("result", "Result", Values::Text(results)),
            Column::new("builds", "Builds", Values::Count(counts)),
            Column::new("percent", "Percent", Values::Percent(percents)),
        ],
        builds,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    sentence(rows, context, context.filter.days)
}

/// `31 of 214 builds failed in the last 14 days, 14 %.`
pub fn sentence(rows: &Rows, context: &Context<'_>, days: u16) -> String {
    if rows.is_empty() {
        return words::no_builds(context, days);
    }
    let counts = rows.count("builds");
    let failed = BuildResult::ALL
        .into_iter()
        .filter(|result| result.is_failed());
    let failed: u64 = failed.map(|result| counts[result as usize]).sum();
    format!(
        "{} of {}{} failed {}, {}.",
        words::thousands(failed),
        words::counted(rows.builds, "build", "builds"),
        words::scope(context),
        words::window(days),
        words::percent(100.0 * failed as f64 / rows.builds as f64),
    )
}

pub fn plot(rows: &Rows, _: &Context<'_>) -> Plot {
    let labels = BuildResult::ALL.map(|result| theme::result_label(result).to_owned());
    let colours = BuildResult::ALL.map(theme::result_colour);
    let pie = Pie::new(rows.count("builds").to_vec())
        .labels(labels.to_vec())
        .sort(false)
        .direction(plotly::traces::pie::PieDirection::Clockwise)
        .text_position(Position::Inside)
        .hover_template("%{label}: %{value:,} builds, %{percent}<extra></extra>")
        .marker(Marker::new().color_array(colours.to_vec()));
    let mut plot = Plot::new();
    plot.add_trace(pie);
    plot.set_layout(theme::layout().legend(Legend::new().orientation(Orientation::Horizontal)));
    plot
}
