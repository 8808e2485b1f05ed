//! Results by day over the last 180 days, regardless of the page's window.
//!
//! Reads `result` and `day`, the local date of a build's end; days without builds have no row.

use super::weeks::WEEK_MS;
use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, rows::date_text, time_axis,
    words,
};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::server::model::BuildResult;
use crate::server::{significance::Rate, statistics::percent};
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
    topic: Topic::Times,
    width: Width::Full,
    height: 420,
    title: "Results over the last 180 days",
    help: "Each build whose latest event is of the last 180 days counts once, on the date of that \
           event (in the organisation's time zone). The window filter has no effect here. Other \
           means not built, lost, running or unknown. The chart has weeks: the failed share of the \
           decided builds with its 95% interval, and the results beneath.",
    rows,
    summary,
    chart,
    opens,
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
    let decided = days.iter().map(|(_, counts)| counts[..OTHER].iter().sum());
    let decided = Values::Count(decided.collect());
    let dates = days.iter().map(|&(day, _)| day).collect();
    Rows {
        columns: vec![
            Column::new("date", "Date", Values::Date(dates)),
            Column::new("SUCCESS", "Success", count(0)),
            Column::new("UNSTABLE", "Unstable", count(1)),
            Column::new("FAILURE", "Failure", count(2)),
            Column::new("ABORTED", "Aborted", count(3)),
            Column::new("other", "Other", count(OTHER)),
            Column::unlisted("decided", decided),
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

/// The failure rate by week with its interval, and the results beneath, failures at the base.
fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let weeks = weeks(rows);
    let window = context.window.last(DAYS);
    let day_ms = |day: i32| time_axis::start_of_day_ms(day, context.time_zone);
    let builds_of = |week: &Week| {
        let start_ms = day_ms(week.first_day).max(window.start_ms);
        let end_ms = day_ms(week.first_day + 7).min(window.end_ms);
        opens::finished(start_ms, end_ms)
    };
    let rate = |week: &Week| {
        let rate = week.rate();
        let percent = percent(rate.part, rate.whole);
        let interval = rate.interval();
        let middle_ms = i64::midpoint(day_ms(week.first_day), day_ms(week.first_day + 7));
        Mark::new(middle_ms as f64, percent)
            .interval(interval.map(|interval| (100.0 * interval.low, 100.0 * interval.high)))
            .opening_builds(builds_of(week))
            .hover(format!(
                "Week from {}\n{} of {} failed, {}",
                date_text(week.first_day),
                words::thousands(rate.part),
                words::counted(rate.whole, "build", "builds"),
                percent.map_or_else(|| "–".to_owned(), words::percent),
            ))
    };
    let of_result = |(index, column): (usize, &'static str)| {
        let mut results = BuildResult::ALL.into_iter();
        let result = results.find(|result| result.as_str() == column);
        let label = result.map_or("Other", words::result_label);
        let mark = |week: &Week| {
            let builds = words::counted(week.counts[index], "build", "builds");
            Mark::new(day_ms(week.first_day) as f64, week.counts[index] as f64)
                .opening_builds(builds_of(week))
                .hover(format!(
                    "Week from {}\n{builds}: {label}",
                    date_text(week.first_day)
                ))
        };
        let width = WEEK_MS as f64;
        Series::new(
            label,
            result.map_or(Colour::Other, Colour::of_result),
            Shape::Bars { width },
        )
        .opening(column)
        .with(weeks.iter().map(mark))
    };
    let rates = Series::new("", Colour::Failure, Shape::Line).opening("decided");
    let rates = Panel::new(
        Unit::Percent,
        "Failed",
        vec![rates.with(weeks.iter().map(rate))],
    );
    let results = STACKED.into_iter().enumerate().map(of_result);
    let results = results.filter(|series| series.marks.iter().any(|mark| mark.value > Some(0.0)));
    let results = Panel::new(Unit::Count, "Builds", results.collect()).stacked();
    let base = Base::Time {
        from_ms: weeks.first().map_or(0, |week| day_ms(week.first_day)),
        to_ms: weeks.last().map_or(0, |week| day_ms(week.first_day + 7)),
    };
    Plane::new(base, vec![rates, results]).into()
}

/// Seven days, with the builds by column of [`STACKED`].
#[derive(Default)]
struct Week {
    first_day: i32,
    counts: [u64; 5],
}

impl Week {
    /// Failed among decided builds.
    fn rate(&self) -> Rate {
        let [failed, aborted, unstable, success, _] = self.counts;
        Rate {
            part: failed + aborted,
            whole: failed + aborted + unstable + success,
        }
    }
}

/// Weeks of days, counted back from the last day with builds.
fn weeks(rows: &Rows) -> Vec<Week> {
    let days = rows.date("date");
    let Some(&last) = days.last() else {
        return Vec::new();
    };
    let columns = STACKED.map(|column| rows.count(column));
    let mut weeks: Vec<Week> = Vec::new();
    for (row, &day) in days.iter().enumerate() {
        let first_day = last - (last - day) / 7 * 7 - 6;
        if weeks.last().is_none_or(|week| week.first_day != first_day) {
            weeks.push(Week {
                first_day,
                ..Week::default()
            });
        }
        if let Some(week) = weeks.last_mut() {
            for (sum, column) in week.counts.iter_mut().zip(columns) {
                *sum += column[row];
            }
        }
    }
    weeks
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
    let decided = (
        "decided",
        opens::results(context, |result| result.is_decided()),
    );
    Opens {
        rows: rows.date("date").iter().map(row).collect(),
        columns: STACKED.into_iter().map(column).chain([decided]).collect(),
    }
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
            plot(&FIGURE, &snapshot, &filter)["layout"]["xaxis"]["range"][0],
            "2019-04-22 00:00"
        );
    }
}
