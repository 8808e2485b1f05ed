//! Failures by weekday and hour of the build's end, in the organisation's time zone.
//!
//! Reads `result` and `hour_of_week`. Each build counts once. A cell without decided builds has no row;
//! one with few is drawn fainter and smaller, because its percentage means little.

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values,
    hours::{self, HOURS, Hour, MIN_DECIDED},
    words,
};
use crate::server::{charts::Chart, model::WEEKDAYS};
use crate::{
    api::Width,
    selection::Selection,
    server::{attributes::select, snapshot::Snapshot},
};

pub const FIGURE: Figure = Figure {
    id: "heatmap",
    page: Page::Pipelines,
    topic: Topic::Times,
    width: Width::Full,
    height: 340,
    title: "When builds fail",
    help: "Each build whose latest event is in the window counts once, in the hour of that event (in \
           the organisation's time zone). The percentage is the share of failed and aborted builds \
           among those with a verdict: success, unstable, failure or aborted. Hours without such \
           builds are blank; small faint cells have fewer than 5.",
    rows,
    summary,
    chart,
    opens,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let columns = &snapshot.builds;
    let mut week = [Hour::default(); 7 * HOURS];
    select(snapshot, selection).each(|build| {
        week[usize::from(columns.hour_of_week[build])].count(columns.result[build]);
    });
    let cells = week.iter().enumerate().filter(|(_, hour)| hour.decided > 0);
    let cells: Vec<(usize, &Hour)> = cells.collect();
    let cells = || cells.iter().copied();
    let weekday = |index: usize| WEEKDAYS[index / HOURS].to_owned();
    let mut columns = vec![
        Column::new(
            "weekday",
            "Weekday",
            Values::Text(cells().map(|(index, _)| weekday(index)).collect()),
        ),
        Column::new(
            "hour",
            "Hour",
            Values::Count(cells().map(|(index, _)| (index % HOURS) as u64).collect()),
        ),
    ];
    columns.extend(hours::columns(cells().map(|(_, hour)| hour)));
    Rows {
        columns,
        builds: week.iter().map(|hour| hour.builds).sum(),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if let Some(reason) = hours::no_rows(rows, context) {
        return reason;
    }
    let (scope, window) = (words::scope(context), words::window(context));
    let decided = rows.count("decided");
    let percents = rows.percent("failure_percent");
    let worst = (0..rows.len())
        .filter(|&row| decided[row] >= MIN_DECIDED && percents[row] > Some(0.0))
        // The first of equal hours, so that the sentence is deterministic.
        .max_by(|&a, &b| {
            percents[a]
                .partial_cmp(&percents[b])
                .unwrap_or(std::cmp::Ordering::Equal)
                .then(b.cmp(&a))
        });
    match worst {
        Some(row) => format!(
            "Builds{scope} {window} failed most often on {} {}: {} of {} ({}).",
            rows.text("weekday")[row],
            words::hour(rows.count("hour")[row]),
            words::thousands(rows.count("failed")[row]),
            words::thousands(decided[row]),
            words::percent(percents[row].unwrap_or(0.0)),
        ),
        None => format!("No hour of the week stands out among builds{scope} {window}."),
    }
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let names = rows.text("weekday");
    hours::chart(
        rows,
        WEEKDAYS.map(|weekday| weekday[..3].to_owned()).into(),
        |row| WEEKDAYS.iter().position(|known| *known == names[row]),
        |row| names[row].clone(),
    )
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    hours::opens(rows, context, |row| {
        let weekday = rows.text("weekday")[row].to_lowercase();
        let hour = rows.count("hour")[row].to_string();
        [("weekday", weekday), ("hour", hour)].into_iter().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, plot, snapshot, snapshot_in, summary, table},
        *,
    };
    use crate::server::model::BuildResult::*;

    #[test]
    fn a_build_counts_once_in_the_local_hour_of_its_end() {
        let build = build("a", Failure, "2019-10-24T23:30:00Z");
        let filter = Selection::default();
        let utc = snapshot(std::slice::from_ref(&build));
        assert_eq!(
            table(&FIGURE, &utc, &filter),
            ["Thursday | 23 | 1 | 1 | 100"]
        );
        let london = snapshot_in("Europe/London", &[build]);
        assert_eq!(
            table(&FIGURE, &london, &filter),
            ["Friday | 0 | 1 | 1 | 100"]
        );
    }

    #[test]
    fn percent_is_of_decided_builds_and_a_cell_without_any_is_blank() {
        let snapshot = snapshot(&[
            build("a", Failure, "2019-10-25T09:10:00Z"),
            build("a", Unstable, "2019-10-25T09:20:00Z"),
            build("a", Unknown, "2019-10-25T09:30:00Z"),
            build("a", NotBuilt, "2019-10-25T10:00:00Z"),
        ]);
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(rows, ["Friday | 9 | 3 | 1 | 50"]);
        let plot = plot(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(plot["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(plot["data"][0]["z"][4][10], serde_json::Value::Null);
        assert_eq!(
            plot["layout"]["xaxis"]["ticktext"].as_array().map(Vec::len),
            Some(24)
        );
        assert_eq!(
            plot["layout"]["yaxis"]["ticktext"].as_array().map(Vec::len),
            Some(7)
        );
    }

    #[test]
    fn fewer_than_five_decided_builds_are_drawn_as_uncertain() {
        let mut builds = vec![build("a", Success, "2019-10-25T08:00:00Z"); 5];
        builds.extend(vec![build("a", Success, "2019-10-25T09:00:00Z"); 4]);
        builds.extend(vec![build("a", Unknown, "2019-10-25T09:00:00Z"); 5]);
        let plot = plot(&FIGURE, &snapshot(&builds), &Selection::default());
        let [certain, uncertain] = &plot["data"].as_array().expect("traces")[..] else {
            panic!("two traces")
        };
        assert_eq!(
            (&certain["z"][4][8], &uncertain["z"][4][9]),
            (&0.0.into(), &0.0.into())
        );
        assert!(certain["z"][4][9].is_null() && uncertain["z"][4][8].is_null());
        let opacity = uncertain["opacity"].as_f64().expect("an opacity");
        assert!(opacity < 1.0, "{opacity}");
    }

    #[test]
    fn the_sentence_names_the_worst_hour_that_is_certain() {
        let mut builds = vec![build("a", Failure, "2019-10-25T08:00:00Z"); 2];
        builds.extend(vec![build("a", Failure, "2019-10-24T23:00:00Z"); 3]);
        builds.extend(vec![build("a", Success, "2019-10-24T23:00:00Z"); 3]);
        assert_eq!(
            summary(&FIGURE, &snapshot(&builds), &Selection::default()),
            "Builds in the last 14 days failed most often on Thursday 23:00–24:00: 3 of 6 (50%)."
        );
        let running = snapshot(&[build("a", Unknown, "2019-10-25T08:00:00Z")]);
        assert_eq!(
            summary(&FIGURE, &running, &Selection::default()),
            "None of 1 build in the last 14 days has a result yet."
        );
    }
}
