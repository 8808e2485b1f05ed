//! Shared parts of failure rates by the values of an attribute, with their intervals.
//!
//! Reads `result` and the attribute. A build counts if it ended with a verdict.

use std::cmp::Ordering;

use plotly::{
    Bar, Plot,
    common::{ErrorData, ErrorType, Marker, Orientation},
    layout::Axis,
};

use super::{Column, Context, Marks, Opens, Points, Rows, Values, opens, ranking, theme, words};
use crate::{
    selection::Selection,
    server::{
        attributes::{self, UNKNOWN, select},
        significance::{self, Rate},
        snapshot::Snapshot,
        statistics::{percent, to_two_decimals},
    },
};

/// The failure rates of the values of an attribute: those whose rate is certainly the highest come first.
pub fn rows(
    snapshot: &Snapshot,
    selection: &Selection,
    id: &'static str,
    title: &'static str,
) -> Rows {
    let attribute = attributes::find(id).expect("a figure names an attribute");
    let values = (attribute.read)(snapshot);
    let results = &snapshot.builds.result;
    let unknown = values.labels().len();
    let mut counts = vec![Rate { part: 0, whole: 0 }; unknown + 1];
    select(snapshot, selection).each(|build| {
        if results[build].is_decided() {
            let rate = &mut counts[values.number(build).unwrap_or(unknown)];
            rate.whole += 1;
            rate.part += u64::from(results[build].is_failed());
        }
    });
    let labels = values
        .labels()
        .iter()
        .map(|label| &**label)
        .chain([UNKNOWN]);
    let mut found: Vec<(&str, Rate)> = labels
        .zip(counts)
        .filter(|(_, rate)| rate.whole > 0)
        .collect();
    let builds = found.iter().map(|(_, rate)| rate.whole).sum();
    let low = |rate: &Rate| rate.interval().map_or(0.0, |interval| interval.low);
    ranking::keep_first(&mut found, |(name, rate), (other, others)| {
        let by_rate = low(others).total_cmp(&low(rate));
        let by_builds = by_rate.then(others.whole.cmp(&rate.whole));
        by_builds.then_with(|| name.cmp(other))
    });
    let count =
        |of: fn(&Rate) -> u64| Values::Count(found.iter().map(|(_, rate)| of(rate)).collect());
    let bound = |of: fn(significance::Interval) -> f64| {
        let bounds = found.iter().map(|(_, rate)| rate.interval().map(of));
        let bounds = bounds.map(|bound| bound.map(|share| to_two_decimals(100.0 * share)));
        Values::Percent(bounds.collect())
    };
    let names = found.iter().map(|(name, _)| (*name).to_owned()).collect();
    let percents = found
        .iter()
        .map(|(_, rate)| percent(rate.part, rate.whole))
        .collect();
    Rows {
        columns: vec![
            Column::new(id, title, Values::Text(names)),
            Column::new("failed", "Failed", count(|rate| rate.part)),
            Column::new("decided", "Decided", count(|rate| rate.whole)),
            Column::new(
                "failure_percent",
                "Failure percent",
                Values::Percent(percents),
            ),
            Column::new("low", "At least (%)", bound(|interval| interval.low)),
            Column::new("high", "At most (%)", bound(|interval| interval.high)),
        ],
        builds,
    }
}

/// A sentence about the first value: whether it fails clearly more often than all others together.
pub fn summary(rows: &Rows, context: &Context<'_>, id: &str) -> String {
    if rows.is_empty() {
        return words::no_builds(context);
    }
    let (failed, decided) = (rows.count("failed"), rows.count("decided"));
    let first = Rate {
        part: failed[0],
        whole: decided[0],
    };
    let others = Rate {
        part: failed[1..].iter().sum(),
        whole: decided[1..].iter().sum(),
    };
    let clear = match significance::compare(first, others) {
        Some(Ordering::Greater) => "clearly more often than the others",
        _ => "not clearly more often than the others",
    };
    let bound = |column: &str| words::percent(rows.percent(column)[0].unwrap_or(0.0));
    format!(
        "{} failed {clear}{} {}: {} of {} ({}, 95% interval {} to {}).",
        words::name(&rows.text(id)[0]),
        words::scope(context),
        words::window(context),
        words::thousands(failed[0]),
        words::counted(decided[0], "build", "builds"),
        bound("failure_percent"),
        bound("low"),
        bound("high"),
    )
}

pub fn plot(rows: &Rows, id: &str) -> Plot {
    let most = rows.percent("high").iter().flatten();
    let most = most.fold(1.0, |most: f64, high| most.max(*high));
    rates_plot(
        rows,
        id,
        "failure_percent",
        |row| {
            format!(
                "{} of {} failed",
                words::thousands(rows.count("failed")[row]),
                words::counted(rows.count("decided")[row], "build", "builds"),
            )
        },
        (theme::RED, most.min(100.0)),
    )
}

/// Bars of the percentages of a column, with the interval of the columns `low` and `high`: their colour, and the end of
/// the axis. `hover` tells the numbers of a row.
pub fn rates_plot(
    rows: &Rows,
    names: &str,
    percents: &str,
    hover: impl Fn(usize) -> String,
    (colour, most): (&'static str, f64),
) -> Plot {
    let names = rows.text(names);
    let shares = |column: &str| {
        rows.percent(column)
            .iter()
            .map(|share| share.unwrap_or(0.0))
    };
    let percents: Vec<f64> = shares(percents).collect();
    let above = shares("high")
        .zip(&percents)
        .map(|(high, share)| (high - share).max(0.0));
    let below = percents
        .iter()
        .zip(shares("low"))
        .map(|(share, low)| (share - low).max(0.0));
    let hovers = (0..rows.len()).map(|row| {
        format!(
            "<b>{}</b><br>{}",
            theme::hover_label(&names[row]),
            hover(row)
        )
    });
    let error = ErrorData::new(ErrorType::Data)
        .array(above.collect())
        .array_minus(below.collect())
        .symmetric(false)
        .color(theme::DARK_GREY)
        .thickness(1.5)
        .width(3);
    let bars = Bar::new(percents.clone(), ranking::positions(rows.len()))
        .orientation(Orientation::Horizontal)
        .error_x(error)
        .hover_text_array(hovers.collect())
        .hover_template("%{hovertext}<br>%{x:.1f}%<extra></extra>")
        .show_legend(false)
        .marker(Marker::new().color(colour));
    let mut plot = Plot::new();
    plot.add_trace(bars);
    let axis = Axis::new().range(vec![0.0, most]).tick_suffix("%");
    plot.set_layout(ranking::layout(names, axis));
    plot
}

pub fn opens(rows: &Rows, context: &Context<'_>, id: &str) -> Opens {
    let names = rows.text(id).iter();
    Opens {
        rows: names.map(|name| opens::one(id, name)).collect(),
        columns: vec![
            ("failed", opens::failed(context)),
            (
                "decided",
                opens::results(context, |result| result.is_decided()),
            ),
        ],
    }
}

pub fn marks(_: &Rows, _: &Context<'_>) -> Vec<Marks> {
    vec![Marks {
        column: "failed",
        points: Points::EveryRow,
    }]
}
