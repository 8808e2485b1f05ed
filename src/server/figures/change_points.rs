//! Pipelines whose durations or failure rates changed, with the builds before and after.
//!
//! Reads the change points of the insight. One counts if its first build after the change is in the selection. The
//! builds before and after may lie outside of its range, but meet its other conditions.

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, change_conditions, ranking, words,
};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select,
        model::MINUTE_MS,
        snapshot::{
            Snapshot,
            change_points::{ChangePoint, Level, Measure},
        },
        statistics::to_two_decimals,
    },
};

/// The values of the column `side`.
const SIDES: [&str; 2] = ["before", "after"];
const COLOURS: [Colour; 2] = [Colour::Ghost, Colour::Neutral];

pub const FIGURE: Figure = Figure {
    id: "change_points",
    page: Page::Platform,
    topic: Topic::Recovery,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Change points",
    help: "Pipelines whose builds became faster or slower, or failed more or less often, with the builds before and \
           after: the 50 latest changes in the window. Durations are those of good builds; a change is one that a \
           t-test finds (E-divisive, as Apache Otava has it). Failure rates are those of decided builds; a change is \
           one that makes the results more likely by far (as LUCI Analysis has it). Only the latest builds of each \
           pipeline are searched. A change next to another one need not be its effect.",
    rows,
    summary,
    chart,
    opens,
};

/// Two rows for each change, before and after; the latest change first.
fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let selected = select(snapshot, selection);
    let known = snapshot.insight.change_points.iter();
    let chosen = known.filter(|point| selected.contains(point.row as usize));
    let mut chosen: Vec<&ChangePoint> = chosen.collect();
    ranking::keep_first(&mut chosen, |a, b| {
        (b.row, a.measure).cmp(&(a.row, b.measure))
    });
    let levels = chosen.iter().flat_map(|&point| {
        let levels = SIDES.into_iter().zip([&point.before, &point.after]);
        levels.map(move |(side, level)| (point, side, level))
    });
    let levels: Vec<(&ChangePoint, &str, &Level)> = levels.collect();
    let measured = levels.iter();
    let measured =
        measured.map(|(point, _, level)| measured_level(snapshot, selection, point, level));
    let (builds, values): (Vec<u64>, Vec<f64>) = measured.unzip();
    let pipelines = levels.iter().map(|(point, ..)| {
        let pipeline = &snapshot.pipelines[point.pipeline as usize];
        pipeline.label.to_string()
    });
    let measures = levels
        .iter()
        .map(|(point, ..)| point.measure.as_str().to_owned());
    let sides = levels.iter().map(|(_, side, _)| (*side).to_owned());
    let finished = |row: u32| snapshot.builds.finished_ms[row as usize];
    let first = levels.iter().map(|(.., level)| finished(level.first_row));
    let last = levels.iter().map(|(.., level)| finished(level.last_row));
    Rows {
        columns: vec![
            Column::new("pipeline", "Pipeline", Values::Text(pipelines.collect())),
            Column::new("measure", "Measure", Values::Text(measures.collect())),
            Column::new("side", "Side", Values::Text(sides.collect())),
            Column::new(
                "first_build",
                "First build",
                Values::Instant(first.collect()),
            ),
            Column::new("last_build", "Last build", Values::Instant(last.collect())),
            Column::new("value", "Minutes or %", Values::Number(values)),
            Column::new("builds", "Builds", Values::Count(builds.clone())),
        ],
        builds: builds.iter().sum(),
    }
}

/// The builds of a level that meet the conditions of the page, and their mean minutes or the percentage of failed ones.
fn measured_level(
    snapshot: &Snapshot,
    page: &Selection,
    point: &ChangePoint,
    level: &Level,
) -> (u64, f64) {
    let (count, value) = if page.further_keys().is_empty() && !page.has("as_of") {
        (level.builds.into(), level.value)
    } else {
        let conditions = change_conditions::of_level(snapshot, point, level);
        let (mut count, mut sum) = (0, 0.0);
        let builds = &snapshot.builds;
        select(snapshot, &page.narrowed(&conditions)).each(|build| {
            count += 1;
            sum += match point.measure {
                Measure::Duration => f64::from(builds.duration_ms[build]),
                Measure::FailureRate => f64::from(u8::from(builds.result[build].is_failed())),
            };
        });
        (count, if count == 0 { 0.0 } else { sum / count as f64 })
    };
    let factor = match point.measure {
        Measure::Duration => 1.0 / MINUTE_MS as f64,
        Measure::FailureRate => 100.0,
    };
    (count, to_two_decimals(value * factor))
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let window = words::window(context);
    let scope = words::scope(context);
    if rows.is_empty() {
        return match context.as_of_ms {
            None => words::no_builds(context),
            Some(_) => format!("Neither durations nor failure rates{scope} changed {window}."),
        };
    }
    let count = |measure: Measure| {
        let of_it = rows.text("measure").iter();
        let of_it = of_it.filter(|known| *known == measure.as_str());
        of_it.count() as u64 / 2
    };
    let [durations, rates] = Measure::ALL.map(count);
    format!(
        "{} and {}{scope} {window}; the latest is of {}: from {} to {}.",
        words::counted(durations, "change of durations", "changes of durations"),
        words::counted(rates, "of failure rates", "of failure rates"),
        words::name(&rows.text("pipeline")[0]),
        in_words(rows, 0),
        in_words(rows, 1),
    )
}

/// `12.5 minutes`, `4% failed`.
fn in_words(rows: &Rows, row: usize) -> String {
    let value = rows.number("value")[row];
    if rows.text("measure")[row] == Measure::Duration.as_str() {
        format!("{value} minutes")
    } else {
        format!("{} failed", words::percent(value))
    }
}

/// The traces: for each a measure, a side and its rows.
fn traces(rows: &Rows) -> Vec<(Measure, usize, Vec<usize>)> {
    let of_trace = |measure: Measure, side: usize| {
        let is_drawn = |row: &usize| {
            rows.text("measure")[*row] == measure.as_str() && rows.text("side")[*row] == SIDES[side]
        };
        (measure, side, (0..rows.len()).filter(is_drawn).collect())
    };
    let traces = Measure::ALL
        .into_iter()
        .flat_map(|measure| [of_trace(measure, 0), of_trace(measure, 1)]);
    traces
        .filter(|(.., drawn): &(_, _, Vec<usize>)| !drawn.is_empty())
        .collect()
}

/// Durations and failure rates side by side, each before and after a change.
fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let all = rows.text("pipeline");
    let names = all.iter().step_by(2).cloned().collect::<Vec<_>>();
    let mark = |&row: &usize| {
        Mark::new((row / 2) as f64, rows.number("value")[row])
            .opening(row)
            .hover(format!(
                "{}\n{}: {}\n{}",
                all[row],
                rows.text("side")[row],
                in_words(rows, row),
                words::counted(rows.count("builds")[row], "build", "builds"),
            ))
    };
    let traces = traces(rows);
    let series = |measure: Measure| {
        let traces = traces.iter().filter(move |(known, ..)| *known == measure);
        let series = traces.map(|(_, side, drawn)| {
            let drawn = drawn.iter().filter(|&&row| row / 2 < MAX_NAMES);
            Series::bars(SIDES[*side], COLOURS[*side])
                .opening("builds")
                .with(drawn.map(mark))
        });
        series.collect()
    };
    let panels = vec![
        Panel::new(Unit::Number, "Minutes", series(Measure::Duration)),
        Panel::new(Unit::Percent, "Failed", series(Measure::FailureRate)),
    ];
    Plane::new(Base::names(&names), panels).into()
}

fn opens(rows: &Rows, _: &Context<'_>) -> Opens {
    let row = |row: usize| {
        let (first, last) = (
            rows.instant("first_build")[row],
            rows.instant("last_build")[row],
        );
        let measure = if rows.text("measure")[row] == Measure::Duration.as_str() {
            Measure::Duration
        } else {
            Measure::FailureRate
        };
        change_conditions::of_series(&rows.text("pipeline")[row], measure, (first, last))
    };
    Opens {
        rows: (0..rows.len()).map(row).collect(),
        columns: vec![("builds", Selection::default())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{AS_OF, at, build, snapshot, summary, table},
        model::{
            BuildResult::{Failure, Success},
            HOUR_MS,
        },
        snapshot::BuildRecord,
    };

    /// Builds an hour apart: slower after 40 hours, failing from the 70th on.
    fn changing() -> Snapshot {
        let builds = (0..90_i64).map(|hour| BuildRecord {
            finished_ms: at(AS_OF) - (89 - hour) * HOUR_MS,
            duration_ms: Some(if hour < 40 { 600_000 } else { 1_200_000 } + hour % 7 * 1000),
            ..build("a", if hour < 70 { Success } else { Failure }, AS_OF)
        });
        snapshot(&builds.collect::<Vec<_>>())
    }

    #[test]
    fn each_change_has_a_row_before_and_one_after() {
        assert_eq!(
            table(&FIGURE, &changing(), &Selection::default()),
            [
                "a | failure_rate | before | 2019-10-21T19:00:00Z | 2019-10-24T16:00:00Z | 0 | 70",
                "a | failure_rate | after | 2019-10-24T17:00:00Z | 2019-10-25T12:00:00Z | 100 | 20",
                "a | duration | before | 2019-10-21T19:00:00Z | 2019-10-23T10:00:00Z | 10.05 | 40",
                "a | duration | after | 2019-10-23T11:00:00Z | 2019-10-24T16:00:00Z | 20.05 | 30",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &changing(), &Selection::default()),
            "1 change of durations and 1 of failure rates in the last 14 days; the latest is of a: from 0% failed to 100% failed."
        );
    }

    #[test]
    fn a_change_counts_by_its_first_build_after_it() {
        let day = Selection::default().with_days(1);
        assert_eq!(table(&FIGURE, &changing(), &day).len(), 2);
        let none = Selection::default().with("to", "2019-10-23T11:00:00Z");
        assert_eq!(
            summary(&FIGURE, &changing(), &none),
            "Neither durations nor failure rates changed before 23 Oct 2019, 11:00 UTC."
        );
    }

    #[test]
    fn other_conditions_of_the_page_hold_for_the_builds_too() {
        let hour = Selection::default().with_values("hour", ["11", "17"]);
        assert_eq!(
            table(&FIGURE, &changing(), &hour),
            [
                "a | failure_rate | before | 2019-10-21T19:00:00Z | 2019-10-24T16:00:00Z | 0 | 5",
                "a | failure_rate | after | 2019-10-24T17:00:00Z | 2019-10-25T12:00:00Z | 100 | 2",
                "a | duration | before | 2019-10-21T19:00:00Z | 2019-10-23T10:00:00Z | 10.03 | 2",
                "a | duration | after | 2019-10-23T11:00:00Z | 2019-10-24T16:00:00Z | 20.06 | 3",
            ]
        );
    }
}
