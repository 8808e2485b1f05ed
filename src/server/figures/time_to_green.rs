//! The survival curve of red episodes: the time that pipelines stay red.
//!
//! Reads the episodes of the insight. An episode counts if its first failed build is in the selection and the data holds
//! a good build before it. Open ones are censored: they last at least until the time of the data, of dormant pipelines
//! until the last build.

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::{Selected, select},
        insight::time_to_green::curve,
        model::HOUR_MS,
        snapshot::{Episode, Snapshot, instant_ms},
        statistics::to_two_decimals,
    },
};
use foldhash::HashMap;

/// More points than this only make the chart slow; of more episodes, only some are drawn.
const MAX_POINTS: usize = 400;
/// The values of the column `state`.
const CLOSED: &str = "green again";
const OPEN: &str = "still red";

pub const FIGURE: Figure = Figure {
    id: "time_to_green",
    page: Page::Platform,
    topic: Topic::Recovery,
    width: Width::Full,
    height: 340,
    title: "Time to green",
    help: "The share of red episodes that are still red so long after their first failed build, by the estimate of \
           Kaplan and Meier. An episode begins with the first failed build after a good one and counts if that build is \
           in the window. One that is still red is censored (a cross): it counts as red for as long as it is known to \
           be. Episodes that began before the data does are left out. Each point opens the first failed build.",
    rows,
    summary,
    chart,
    opens,
};

/// One row per episode, the shortest first.
fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let selected = select(snapshot, selection);
    let mut episodes = lengths(snapshot, selection, &selected);
    // As the curve has them: at equal times, those that close come before those that are censored.
    episodes.sort_by_key(|&(episode, ms, closed)| (ms, !closed, episode.opened));
    let mut times: Vec<(i64, bool)> = episodes
        .iter()
        .map(|&(_, ms, closed)| (ms, closed))
        .collect();
    let curve = curve(&mut times);
    let still_red: HashMap<i64, f64> = curve
        .into_iter()
        .map(|step| (step.time_ms, step.still_red))
        .collect();
    let rows = || episodes.iter().copied();
    let opened = rows().map(|(episode, ..)| snapshot.builds.finished_ms[episode.opened as usize]);
    let pipelines = rows().map(|(episode, ..)| {
        let pipeline = &snapshot.pipelines[episode.pipeline as usize];
        pipeline.label.to_string()
    });
    let states = rows().map(|(_, _, closed)| if closed { CLOSED } else { OPEN }.to_owned());
    let hours = rows().map(|(_, ms, _)| to_two_decimals(ms as f64 / HOUR_MS as f64));
    let shares = rows().map(|(_, ms, _)| to_two_decimals(100.0 * still_red[&ms]));
    Rows {
        columns: vec![
            Column::new(
                "opened",
                "First failed build",
                Values::Instant(opened.collect()),
            ),
            Column::new("pipeline", "Pipeline", Values::Text(pipelines.collect())),
            Column::new("state", "State", Values::Text(states.collect())),
            Column::new("hours", "Red for (h)", Values::Number(hours.collect())),
            Column::new(
                "still_red_percent",
                "Still red after that (%)",
                Values::Number(shares.collect()),
            ),
        ],
        builds: episodes.len() as u64,
    }
}

/// The episodes whose first failed build is selected, each with its length and whether it closed.
fn lengths<'a>(
    snapshot: &'a Snapshot,
    selection: &Selection,
    selected: &Selected<'_>,
) -> Vec<(&'a Episode, i64, bool)> {
    let as_of = selection.value("as_of");
    let as_of = as_of.and_then(|at| instant_ms(at, &snapshot.config.time_zone));
    let finished = &snapshot.builds.finished_ms;
    let episodes = snapshot.insight.episodes.iter();
    let chosen =
        episodes.filter(|known| !known.at_least && selected.contains(known.opened as usize));
    chosen
        .map(|known| {
            let red_ms = known.red_ms(snapshot);
            // On a page as of an instant, what came later is not known yet.
            let seen_ms = as_of.map_or(red_ms, |at| at - finished[known.opened as usize]);
            (
                known,
                red_ms.min(seen_ms),
                known.closed.is_some() && red_ms <= seen_ms,
            )
        })
        .collect()
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let window = words::window(context);
    let scope = words::scope(context);
    if rows.is_empty() {
        return match context.as_of_ms {
            None => words::no_builds(context),
            Some(_) => format!("No red episode{scope} began {window}."),
        };
    }
    let shares = rows.number("still_red_percent").iter();
    let reached = |most: f64| {
        let first = shares.clone().position(|&share| share <= most);
        first.map(|row| words::duration((rows.number("hours")[row] * 3_600_000.0).round() as u64))
    };
    let open = rows.text("state").iter().filter(|state| *state == OPEN);
    let open = match open.count() {
        0 => String::new(),
        count => format!(", {count} of them still red"),
    };
    let episodes = words::counted(rows.len() as u64, "red episode", "red episodes");
    let times = match (reached(50.0), reached(10.0)) {
        (Some(half), Some(most)) => format!("half are green again after {half}, 90% after {most}"),
        (Some(half), None) => format!("half are green again after {half}, 90% is not reached"),
        _ => "half are not green again yet".to_owned(),
    };
    format!("Of {episodes}{scope} that began {window}{open}, {times}.")
}

/// The rows that are drawn: all, or some of many.
fn drawn(rows: &Rows) -> Vec<usize> {
    let every = rows.len().div_ceil(MAX_POINTS).max(1);
    let last = rows.len().saturating_sub(1);
    (0..rows.len())
        .filter(|row| (last - row).is_multiple_of(every))
        .collect()
}

/// Of these, the rows of episodes that are still red.
fn censored(rows: &Rows) -> Vec<usize> {
    let states = rows.text("state");
    let open = drawn(rows).into_iter().filter(|&row| states[row] == OPEN);
    open.collect()
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let (hours, shares) = (rows.number("hours"), rows.number("still_red_percent"));
    let (names, states) = (rows.text("pipeline"), rows.text("state"));
    let mark = |row: usize| {
        Mark::new(hours[row], shares[row])
            .opening(row)
            .hover(format!(
                "{}\n{} after {} h\n{}% of all are red for longer",
                names[row], states[row], hours[row], shares[row],
            ))
    };
    let (drawn, censored) = (drawn(rows), censored(rows));
    let last = hours.iter().copied().fold(1.0, f64::max);
    let panel = Panel::new(
        Unit::Percent,
        "Still red",
        vec![
            Series::new("Still red", Colour::Failure, Shape::Steps)
                .opening("opened")
                .with(drawn.into_iter().map(mark)),
            Series::new(
                "Red at the end of the data",
                Colour::Aborted,
                Shape::Crosses,
            )
            .opening("opened")
            .with(censored.into_iter().map(mark)),
        ],
    );
    let base = Base::Numbers {
        title: "Hours since the first failed build",
        from: 0.0,
        to: last,
    };
    Plane::new(base, vec![panel.up_to(102.0)]).into()
}

fn opens(rows: &Rows, _: &Context<'_>) -> Opens {
    let builds = rows.instant("opened").iter().zip(rows.text("pipeline"));
    let row = |(&at_ms, pipeline): (&i64, &String)| {
        opens::finished(at_ms, at_ms + 1).narrowed(&opens::one("pipeline", pipeline))
    };
    Opens {
        rows: builds.map(row).collect(),
        columns: vec![("opened", Selection::default())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{AS_OF, at, build, snapshot, summary, table},
        model::BuildResult::{self, Failure, Success},
        snapshot::BuildRecord,
    };

    fn hours_ago(job: &str, result: BuildResult, hours: i64) -> BuildRecord<'_> {
        BuildRecord {
            finished_ms: at(AS_OF) - hours * HOUR_MS,
            ..build(job, result, AS_OF)
        }
    }

    fn three() -> Snapshot {
        snapshot(&[
            hours_ago("a", Success, 20),
            hours_ago("a", Failure, 16),
            hours_ago("a", Failure, 15),
            hours_ago("a", Success, 14),
            hours_ago("b", Success, 20),
            hours_ago("b", Failure, 3),
            hours_ago("c", Success, 400),
            hours_ago("c", Failure, 300),
            hours_ago("c", Success, 290),
            // Red since the data begins.
            hours_ago("d", Failure, 30),
            hours_ago("d", Success, 20),
        ])
    }

    #[test]
    fn each_episode_has_its_length_and_its_place_on_the_curve() {
        let rows = table(&FIGURE, &three(), &Selection::default());
        assert_eq!(
            rows,
            [
                "2019-10-24T20:00:00Z | a | green again | 2 | 66.67",
                "2019-10-25T09:00:00Z | b | still red | 3 | 66.67",
                "2019-10-13T00:00:00Z | c | green again | 10 | 0",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &three(), &Selection::default()),
            "Of 3 red episodes that began in the last 14 days, 1 of them still red, half are green again after 10 h, 90% after 10 h."
        );
        let day = Selection::default().with_days(1);
        assert_eq!(
            summary(&FIGURE, &three(), &day),
            "Of 2 red episodes that began in the last day, 1 of them still red, half are green again after 2 h, 90% is not reached."
        );
    }

    #[test]
    fn on_a_page_as_of_an_instant_later_builds_are_not_known() {
        let before = Selection::default().with("as_of", "2019-10-24T21:00:00Z");
        let rows = table(&FIGURE, &three(), &before);
        assert_eq!(
            rows,
            [
                "2019-10-24T20:00:00Z | a | still red | 1 | 100",
                "2019-10-13T00:00:00Z | c | green again | 10 | 0",
            ]
        );
    }

    #[test]
    fn no_episode_is_said_to_be_none() {
        let green = snapshot(&[hours_ago("a", Success, 1)]);
        assert_eq!(
            summary(&FIGURE, &green, &Selection::default()),
            "No red episode began in the last 14 days."
        );
    }
}
