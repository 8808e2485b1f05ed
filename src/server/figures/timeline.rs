//! Results by day over the last 180 days, regardless of the page's window.
//!
//! Reads `result` and `day`, the local date of a build's end; days without builds have no row.

use plotly::{
    Bar, Plot,
    common::{Anchor, Marker, Orientation, TextPosition},
    layout::{Axis, BarMode, BarNorm, HoverMode, Legend, Margin, SelectorStep, TraceOrder},
};

use super::{
    Column, Context, Figure, Marks, Opens, Page, Points, Rows, Values, opens, rows::date_text,
    theme, time_axis, words,
};
use crate::server::model::BuildResult;
use crate::{
    api::Width,
    selection::Selection,
    server::{attributes::select_in, snapshot::Snapshot},
};

const DAYS: u16 = 180;
/// The columns in the order of the chart: failures are at the bottom, where shares are easiest to compare.
const STACKED: [&str; 5] = ["FAILURE", "ABORTED", "UNSTABLE", "SUCCESS", "other"];
/// The column of results without a column of their own, which have greater numbers.
const OTHER: usize = 4;

pub const FIGURE: Figure = Figure {
    id: "timeline",
    page: Page::Pipelines,
    width: Width::Full,
    height: 420,
    title: "Results over the last 180 days",
    help: "Each build whose latest event is of the last 180 days counts once, on the date of that \
           event (in the organisation's time zone). The window filter has no effect here. Other \
           means not built, lost, running or unknown.",
    rows,
    summary,
    plot,
    opens,
    marks,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let columns = &snapshot.builds;
    let window = snapshot.window(selection).last(DAYS);
    let selected = select_in(snapshot, selection, window);
    // Builds are sorted by instant, so their dates ascend.
    let first = selected.iter().next();
    let first = first.map_or(0, |build| columns.day[build]);
    let mut days: Vec<[u64; 5]> = Vec::with_capacity(usize::from(DAYS) + 2);
    selected.each(|build| {
        let day = usize::try_from(columns.day[build] - first).unwrap_or(0);
        if day >= days.len() {
            days.resize(day + 1, [0; 5]);
        }
        days[day][(columns.result[build] as usize).min(OTHER)] += 1;
    });
    let days: Vec<(i32, [u64; 5])> = (first..)
        .zip(days)
        .filter(|(_, counts)| counts.iter().any(|&count| count > 0))
        .collect();
    let count = |of: usize| Values::Count(days.iter().map(|(_, counts)| counts[of]).collect());
    let dates = days.iter().map(|&(day, _)| day).collect();
    Rows {
        columns: vec![
            Column::new("date", "Date", Values::Date(dates)),
            Column::new("SUCCESS", "Success", count(0)),
            Column::new("UNSTABLE", "Unstable", count(1)),
            Column::new("FAILURE", "Failure", count(2)),
            Column::new("ABORTED", "Aborted", count(3)),
            Column::new("other", "Other", count(OTHER)),
        ],
        builds: days.iter().flat_map(|(_, counts)| counts).sum(),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let context = &context.within(context.window.last(DAYS));
    if rows.is_empty() {
        return words::no_builds(context);
    }
    let sum = |column| rows.count(column).iter().sum::<u64>();
    let failed = sum("FAILURE") + sum("ABORTED");
    format!(
        "{} of {}{} failed {} ({}); builds finished on {}.",
        words::thousands(failed),
        words::counted(rows.builds, "build", "builds"),
        words::scope(context),
        words::window(context),
        words::percent(100.0 * failed as f64 / rows.builds as f64),
        words::counted(rows.len() as u64, "day", "days"),
    )
}

fn plot(rows: &Rows, _: &Context<'_>) -> Plot {
    let dates: Vec<String> = rows
        .date("date")
        .iter()
        .map(|&day| date_text(day))
        .collect();
    let mut plot = Plot::new();
    for column in STACKED {
        let mut results = BuildResult::ALL.into_iter();
        let result = results.find(|result| result.as_str() == column);
        let label = result.map_or("Other", theme::result_label);
        let colour = result.map_or(theme::OTHER, theme::result_colour);
        let counts = rows.count(column);
        if counts.iter().all(|&count| count == 0) {
            continue;
        }
        let bars = Bar::new(dates.clone(), counts.to_vec())
            .name(label)
            .text_array(counts.iter().map(u64::to_string).collect())
            .text_position(TextPosition::None)
            .hover_template("%{text}, %{y:.0f}%")
            .marker(Marker::new().color(colour));
        plot.add_trace(bars);
    }
    plot.set_layout(
        theme::layout()
            .margin(Margin::new().left(48).right(8).top(92).bottom(24))
            .bar_mode(BarMode::Stack)
            .bar_norm(BarNorm::Percent)
            .bar_gap(0.08)
            .hover_mode(HoverMode::XUnified)
            .show_legend(true)
            .legend(
                Legend::new()
                    .orientation(Orientation::Horizontal)
                    .x(1.0)
                    .x_anchor(Anchor::Right)
                    // Above the buttons, so that both fit on a phone.
                    .y(1.16)
                    .y_anchor(Anchor::Bottom)
                    .trace_order(TraceOrder::Normal),
            )
            .x_axis(
                time_axis::sliding(vec![time_axis::last(1, SelectorStep::Month, "1m")])
                    .hover_format("%a %-d %b %Y"),
            )
            .y_axis(
                Axis::new()
                    .range(vec![0, 100])
                    .tick_suffix("%")
                    .fixed_range(true),
            ),
    );
    plot
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let window = context.window.last(DAYS);
    let row = |&day: &i32| {
        let start_ms = time_axis::start_of_day_ms(day, context.time_zone).max(window.start_ms);
        let end_ms = time_axis::start_of_day_ms(day + 1, context.time_zone).min(window.end_ms);
        opens::finished(start_ms, end_ms)
    };
    // The results of a column; “other” has those that no column is named after.
    let column = |column: &'static str| {
        let wanted = |result: BuildResult| match column {
            "other" => result as usize >= OTHER,
            name => result.as_str() == name,
        };
        (column, opens::results(context, wanted))
    };
    Opens {
        rows: rows.date("date").iter().map(row).collect(),
        columns: STACKED.map(column).into(),
    }
}

fn marks(rows: &Rows, _: &Context<'_>) -> Vec<Marks> {
    let drawn = STACKED.into_iter();
    let drawn = drawn.filter(|column| rows.count(column).iter().any(|&count| count > 0));
    let marks = drawn.map(|column| Marks {
        column,
        points: Points::EveryRow,
    });
    marks.collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, plot, snapshot, snapshot_in, summary, table},
        *,
    };
    use crate::server::model::BuildResult::*;

    #[test]
    fn results_per_local_day_today_and_the_unknown_included() {
        let builds = [
            build("a", Success, "2019-10-24T23:30:00Z"),
            build("a", Unknown, "2019-10-25T11:00:00Z"),
            build("a", NotBuilt, "2019-10-25T12:00:00Z"),
            build("a", Failure, "2019-10-20T12:00:00Z"),
            build("a", Aborted, "2019-10-20T12:00:00Z"),
            build("a", Unstable, "2019-10-20T12:00:00Z"),
        ];
        assert_eq!(
            table(&FIGURE, &snapshot(&builds), &Selection::default()),
            [
                "2019-10-20 | 0 | 1 | 1 | 1 | 0",
                "2019-10-24 | 1 | 0 | 0 | 0 | 0",
                "2019-10-25 | 0 | 0 | 0 | 0 | 2"
            ]
        );
        assert_eq!(
            table(
                &FIGURE,
                &snapshot_in("Europe/London", &builds),
                &Selection::default()
            ),
            [
                "2019-10-20 | 0 | 1 | 1 | 1 | 0",
                "2019-10-25 | 1 | 0 | 0 | 0 | 2"
            ]
        );
    }

    #[test]
    fn the_window_is_always_of_180_days() {
        let snapshot = snapshot(&[
            build("a", Failure, "2019-04-28T12:00:00Z"),
            build("a", Failure, "2019-04-28T12:00:01Z"),
        ]);
        let filter = Selection::default().with_days(1);
        let rows = table(&FIGURE, &snapshot, &filter);
        assert_eq!(rows, ["2019-04-28 | 0 | 0 | 1 | 0 | 0"]);
        assert_eq!(
            summary(&FIGURE, &snapshot, &filter),
            "1 of 1 build failed in the last 180 days (100%); builds finished on 1 day."
        );
        assert_eq!(
            plot(&FIGURE, &snapshot, &filter)["data"][0]["x"][0],
            "2019-04-28"
        );
    }
}
