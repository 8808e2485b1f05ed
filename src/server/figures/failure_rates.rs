//! Shared parts of failure rates by the values of an attribute, with their intervals.
//!
//! Reads `result` and the attribute. A build counts if it ended with a verdict.

use std::cmp::Ordering;

use super::{Column, Context, Opens, Rows, Values, opens, ranking, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    selection::Selection,
    server::{
        attributes::{self, UNKNOWN, select},
        significance::{self, MIN_COUNT, Rate},
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
    let mut counts = vec![Rate::default(); unknown + 1];
    select(snapshot, selection).each(|build| {
        counts[values.number(build).unwrap_or(unknown)].count(results[build]);
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

pub fn chart(rows: &Rows, id: &str) -> Chart {
    let most = rows.percent("high").iter().flatten();
    let most = most.fold(1.0, |most: f64, high| most.max(*high));
    rates_chart(
        rows,
        id,
        ("failure_percent", "failed"),
        ("failed", "decided"),
        |row| {
            format!(
                "{} of {} failed",
                words::thousands(rows.count("failed")[row]),
                words::counted(rows.count("decided")[row], "build", "builds"),
            )
        },
        (Colour::Failure, most.min(100.0)),
    )
}

/// Bars of the percentages of a column, with the interval of the columns `low` and `high`, their colour, and the end of
/// the axis. A percentage of few is neither coloured nor labelled: its part and whole, of two columns, are. `hover`
/// tells the numbers of a row.
pub fn rates_chart(
    rows: &Rows,
    names: &str,
    (percents, opens): (&str, &'static str),
    (parts, wholes): (&str, &str),
    hover: impl Fn(usize) -> String,
    (colour, most): (Colour, f64),
) -> Chart {
    let names = rows.text(names);
    let percents = rows.percent(percents);
    let (lows, highs) = (rows.percent("low"), rows.percent("high"));
    let (parts, wholes) = (rows.count(parts), rows.count(wholes));
    let mark = |row: usize| {
        let percent = percents[row].map_or_else(|| "–".to_owned(), words::percent);
        let mark = Mark::of_row(row, percents[row])
            .interval(lows[row].zip(highs[row]))
            .hover(format!("{}\n{}, {percent}", names[row], hover(row)));
        if wholes[row] < MIN_COUNT {
            let counts = format!("{} of {}", parts[row], wholes[row]);
            mark.label(counts).colour(Colour::Neutral)
        } else {
            mark.label(percent)
        }
    };
    let bars = Series::bars("", colour).opening(opens);
    let bars = bars.with((0..rows.len().min(MAX_NAMES)).map(mark));
    let panel = Panel::new(Unit::Percent, "", vec![bars]).up_to(most);
    Plane::new(Base::names(names), vec![panel]).into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{AS_OF, build, snapshot},
        model::BuildResult::{Failure, Success},
        snapshot::{BuildDetails, BuildRecord},
    };

    #[test]
    fn percentages_of_few_are_counts_without_colour() {
        let on = |node, result| BuildRecord {
            details: BuildDetails {
                node: Some(node),
                ..BuildDetails::default()
            },
            ..build("a", result, AS_OF)
        };
        let mut builds = vec![on("few", Failure); 4];
        builds.extend([on("many", Failure), on("many", Failure)]);
        builds.extend([
            on("many", Success),
            on("many", Success),
            on("many", Success),
        ]);
        let rows = rows(&snapshot(&builds), &Selection::default(), "node", "Node");
        assert_eq!(rows.text("node"), ["few", "many"]);
        let Chart::Plane(plane) = chart(&rows, "node") else {
            panic!("bars");
        };
        let marks = &plane.panels[0].series[0].marks;
        let looks: Vec<_> = marks
            .iter()
            .map(|mark| (&*mark.label, mark.colour))
            .collect();
        assert_eq!(looks, [("4 of 4", Some(Colour::Neutral)), ("40%", None)]);
    }
}
