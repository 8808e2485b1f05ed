//! Pipelines with flaky failures, and the share of their commits that have one.
//!
//! Reads flaky failures, classes and commits of the 14 days before the end of the window, however long it is.

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, failure_rates,
    most_failing::pipelines, opens, ranking, words,
};
use crate::server::charts::{Chart, Colour};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select_in,
        insight::flakiness::{Flakiness, by_pipeline},
        snapshot::{Class, Snapshot, Window},
        statistics::{percent, to_two_decimals},
    },
};

pub const FIGURE: Figure = Figure {
    id: "flaky_pipelines",
    page: Page::Platform,
    topic: Topic::Causes,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Flaky pipelines",
    help: "A failure is flaky if a good build of the same pipeline and commit finished within 24 hours \
           after it. The rate is the share of the commits with at least two completed builds that \
           have a flaky failure, over 14 days, with its 95% interval (Wilson). A pipeline with two of \
           them is flaky while the latest flaky failure is less than 7 days old. Builds counts the failures of \
           the class flaky: those that are neither a member of an incident nor failed with their \
           agent. Pipelines without known commits are not listed. The table has the 50 pipelines with the \
           most flaked commits.",
    rows,
    summary,
    chart,
    opens,
};

/// The days of the rate, with the same end as the window.
fn days_of_rate(snapshot: &Snapshot, selection: &Selection) -> Window {
    let days = snapshot.config.insight.flake_rate_days;
    snapshot.window(selection).last(days)
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let window = days_of_rate(snapshot, selection);
    let selected = select_in(snapshot, selection, window);
    let columns = &snapshot.builds;
    let mut builds = vec![0_u64; snapshot.pipelines.len()];
    let mut repeated = 0;
    selected.each(|build| {
        let flaky = snapshot.insight.classes[build] == Class::Flaky;
        builds[columns.pipeline[build] as usize] += u64::from(flaky);
    });
    let known = by_pipeline(snapshot, &selected, window.end_ms);
    let mut found: Vec<(&str, Flakiness, u64)> = Vec::new();
    for ((pipeline, known), builds) in snapshot.pipelines.iter().zip(known).zip(builds) {
        repeated += u64::from(known.repeated);
        if known.flaked > 0 {
            found.push((&pipeline.label, known, builds));
        }
    }
    ranking::keep_first(&mut found, |(name, known, _), (other, others, _)| {
        let by_number = others.flaked.cmp(&known.flaked);
        by_number.then_with(|| name.cmp(other))
    });
    let count =
        |of: fn(&(&str, Flakiness, u64)) -> u64| Values::Count(found.iter().map(of).collect());
    let bound = |high: bool| {
        let bounds = found.iter().map(|(_, known, _)| {
            let interval = known.rate().interval()?;
            let share = if high { interval.high } else { interval.low };
            Some(to_two_decimals(100.0 * share))
        });
        Values::Percent(bounds.collect())
    };
    let names = found.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let percents = found
        .iter()
        .map(|(_, known, _)| percent(known.flaked.into(), known.repeated.into()));
    let latest = found.iter().map(|(_, known, _)| {
        let latest = known.latest.map(|row| columns.finished_ms[row as usize]);
        latest.unwrap_or_default()
    });
    let flaky = found
        .iter()
        .map(|(_, known, _)| if known.flaky { "yes" } else { "no" }.to_owned());
    Rows {
        columns: vec![
            Column::new("pipeline", "Pipeline", Values::Text(names)),
            Column::new(
                "flaked",
                "Flaked commits",
                count(|(_, known, _)| known.flaked.into()),
            ),
            Column::new(
                "repeated",
                "Repeated commits",
                count(|(_, known, _)| known.repeated.into()),
            ),
            Column::new(
                "flake_percent",
                "Flake rate (%)",
                Values::Percent(percents.collect()),
            ),
            Column::new("low", "At least (%)", bound(false)),
            Column::new("high", "At most (%)", bound(true)),
            Column::new("builds", "Builds", count(|&(_, _, builds)| builds)),
            Column::new("latest", "Latest", Values::Instant(latest.collect())),
            Column::new("flaky", "Flaky now", Values::Text(flaky.collect())),
        ],
        builds: repeated,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let days = context.config.insight.flake_rate_days;
    let context = &context.within(context.window.last(days));
    if context.as_of_ms.is_none() {
        return words::no_builds(context);
    }
    let (scope, window) = (words::scope(context), words::window(context));
    let commits = words::counted(rows.builds, "repeated commit", "repeated commits");
    if rows.is_empty() {
        return format!("None of {commits}{scope} had a flaky failure {window}.");
    }
    let now = rows
        .text("flaky")
        .iter()
        .filter(|flaky| *flaky == "yes")
        .count();
    format!(
        "{} of {commits}{scope} {window} had a flaky failure; {} flaky now. {} has the most: {} of {}.",
        words::thousands(rows.count("flaked").iter().sum()),
        match now {
            1 => "1 pipeline is".to_owned(),
            now => format!("{} pipelines are", words::thousands(now as u64)),
        },
        words::name(&rows.text("pipeline")[0]),
        words::thousands(rows.count("flaked")[0]),
        words::counted(rows.count("repeated")[0], "commit", "commits"),
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let hover = |row: usize| {
        format!(
            "{} of {} flaked",
            words::thousands(rows.count("flaked")[row]),
            words::counted(rows.count("repeated")[row], "commit", "commits"),
        )
    };
    let look = (Colour::Unstable, 100.0);
    let counts = ("flaked", "repeated");
    failure_rates::rates_chart(
        rows,
        "pipeline",
        ("flake_percent", "builds"),
        counts,
        hover,
        look,
    )
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let days = context.config.insight.flake_rate_days;
    let window = context.window.last(days);
    // Not by the number of days: a usual range is none.
    let within = opens::finished(window.start_ms, window.end_ms);
    let flaky = within.with("class", Class::Flaky.as_str());
    Opens {
        rows: pipelines(rows),
        columns: vec![("builds", flaky)],
    }
}
