//! The failure rate of each hour of each day. An incident shows as a column or a block of a day, not as a habit of a
//! weekday.
//!
//! Reads `result`, `day` and `hour_of_week`, the local date and hour of a build's end; hours without a decided build have
//! no row.

use std::collections::BTreeMap;

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values,
    hours::{self, HOURS, Hour, MIN_DECIDED},
    opens,
    rows::date_text,
    time_axis, words,
};
use crate::{
    api::Width,
    numbers,
    selection::Selection,
    server::{attributes::select, charts::Chart, snapshot::Snapshot},
};

/// The latest days of the chart; the table has all.
const MAX_DAYS: usize = 28;

pub const FIGURE: Figure = Figure {
    id: "failure_calendar",
    page: Page::Platform,
    topic: Topic::Times,
    width: Width::Full,
    height: 560,
    title: "When builds failed, day by day",
    help: "Builds that finished in the window, by date and hour of their latest event in the organisation's time \
           zone. The percentage is that of failed and aborted among the decided builds (success, unstable, failure, \
           aborted); hours with fewer than five of them are small and pale. The chart shows the latest 28 days.",
    rows,
    summary,
    chart,
    opens,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let columns = &snapshot.builds;
    let mut found: BTreeMap<(i32, usize), Hour> = BTreeMap::new();
    select(snapshot, selection).each(|build| {
        let hour = usize::from(columns.hour_of_week[build]) % HOURS;
        let hour = found.entry((columns.day[build], hour)).or_default();
        hour.count(columns.result[build]);
    });
    let builds = found.values().map(|hour| hour.builds).sum();
    found.retain(|_, hour| hour.decided > 0);
    let days = found.keys().map(|&(day, _)| day).collect();
    let hours_of_day = found.keys().map(|&(_, hour)| hour as u64).collect();
    let mut columns = vec![
        Column::new("date", "Date", Values::Date(days)),
        Column::new("hour", "Hour", Values::Count(hours_of_day)),
    ];
    columns.extend(hours::columns(found.values()));
    Rows { columns, builds }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if let Some(reason) = hours::no_rows(rows, context) {
        return reason;
    }
    let (scope, window) = (words::scope(context), words::window(context));
    let (failed, decided) = (rows.count("failed"), rows.count("decided"));
    let certain = (0..rows.len()).filter(|&row| decided[row] >= MIN_DECIDED && failed[row] > 0);
    // The first of equal hours.
    match certain.rev().max_by_key(|&row| failed[row]) {
        Some(row) => {
            let window = window
                .strip_prefix("in ")
                .map_or_else(|| window.clone(), |of_window| format!("of {of_window}"));
            format!(
                "The most failures{scope} in an hour {window}: {} of {}, on {}, {}.",
                words::thousands(failed[row]),
                words::counted(decided[row], "build", "builds"),
                numbers::date(&date_text(rows.date("date")[row])),
                words::hour(rows.count("hour")[row]),
            )
        }
        None => format!("No hour of a day stands out among builds{scope} {window}."),
    }
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let dates = rows.date("date");
    let last = dates.last().copied().unwrap_or_default();
    let first = dates.first().copied().unwrap_or_default();
    let first = first.max(last - (MAX_DAYS as i32 - 1));
    let days = (first..=last).map(words::day);
    hours::chart(
        rows,
        days.collect(),
        |row| usize::try_from(dates[row] - first).ok(),
        |row| format!("{},", words::day(dates[row])),
    )
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let window = context.window;
    hours::opens(rows, context, |row| {
        let day = rows.date("date")[row];
        let start_ms = time_axis::start_of_day_ms(day, context.time_zone).max(window.start_ms);
        let end_ms = time_axis::start_of_day_ms(day + 1, context.time_zone).min(window.end_ms);
        let hour = rows.count("hour")[row].to_string();
        opens::finished(start_ms, end_ms).with("hour", &hour)
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot_in, summary, table},
        *,
    };
    use crate::server::model::BuildResult::*;

    #[test]
    fn a_build_counts_once_in_the_local_hour_of_its_end() {
        let mut builds = vec![build("a", Failure, "2019-10-24T23:30:00Z"); 3];
        builds.extend(vec![build("a", Success, "2019-10-24T23:40:00Z"); 2]);
        builds.push(build("a", Unknown, "2019-10-25T09:30:00Z"));
        builds.push(build("a", Aborted, "2019-10-25T10:30:00Z"));
        let london = snapshot_in("Europe/London", &builds);
        assert_eq!(
            table(&FIGURE, &london, &Selection::default()),
            [
                "2019-10-25 | 0 | 5 | 3 | 60",
                "2019-10-25 | 11 | 1 | 1 | 100"
            ]
        );
        assert_eq!(
            summary(&FIGURE, &london, &Selection::default()),
            "The most failures in an hour of the last 14 days: 3 of 5 builds, on 25 Oct 2019, 00:00–01:00."
        );
        assert_eq!(
            summary(
                &FIGURE,
                &london,
                &Selection::default().with("from", "2019-10-24")
            ),
            "The most failures in an hour since 24 Oct 2019, 00:00 BST: 3 of 5 builds, on 25 Oct 2019, 00:00–01:00."
        );
    }
}
