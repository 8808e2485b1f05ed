//! One local week of a selection's pipelines against the four weeks before.

use std::cmp::{Ordering, Reverse};

use jiff::{
    ToSpan as _,
    civil::{Date, ISOWeekDate, Weekday},
};

use super::problems::{incident_title, members_of};
use crate::{
    api::{Change, SlowerPipeline, View, WeekIncident, WeekNumbers, WeekPipeline, WeekReport},
    error::AppError,
    selection::Selection,
    server::{
        attributes::select,
        figures::words,
        insight::{
            self,
            time_to_green::{RedTimes, TimeToGreen, time_to_green},
        },
        model::BuildResult,
        significance::{self, Rate},
        snapshot::{
            Episode, Incident, Snapshot, UNKNOWN_DURATION, UNKNOWN_STEP,
            change_points::{ChangePoint, Measure},
            instant_ms,
        },
        statistics::{Resample, Resampled, percent},
    },
};

/// The pipelines and incidents that a list has.
const MAX_LISTED: usize = 500;
/// The weeks that a week is compared with.
const WEEKS_BEFORE: i64 = 4;

/// Checks the parameters of the page.
///
/// # Errors
/// [`AppError::UnknownValue`] for text that is no week.
pub fn check(view: &View) -> Result<(), AppError> {
    view.get("week")
        .map_or(Ok(()), |week| monday(week).map(drop))
}

/// The Monday of a week: `2019-W43`. Other years would not be printed as they are read.
fn monday(week: &str) -> Result<Date, AppError> {
    let read = || {
        let (year, number) = week.split_once("-W")?;
        let digits = |text: &str, length| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(year, 4) || !digits(number, 2) {
            return None;
        }
        let year = year
            .parse()
            .ok()
            .filter(|year| (1970..9000).contains(year))?;
        ISOWeekDate::new(year, number.parse().ok()?, Weekday::Monday).ok()
    };
    let known = || AppError::unknown_value("week", week, vec!["2019-W43".to_owned()]);
    read().map(Date::from).ok_or_else(known)
}

/// `2019-W43`.
fn week_name(monday: Date) -> String {
    let week = monday.iso_week_date();
    format!("{}-W{:02}", week.year(), week.week())
}

/// A span of time: Unix ms, the end excluded.
#[derive(Clone, Copy)]
struct Span {
    start_ms: i64,
    end_ms: i64,
}

impl Span {
    const fn has(self, at_ms: i64) -> bool {
        self.start_ms <= at_ms && at_ms < self.end_ms
    }
}

/// Reports a week of a selection whose values were checked: the given one, otherwise the last that is complete. The
/// range of the selection does not matter.
///
/// # Errors
/// [`AppError::UnknownValue`] for text that is no week.
pub fn week(
    snapshot: &Snapshot,
    selection: &Selection,
    view: &View,
) -> Result<WeekReport, AppError> {
    let zone = &snapshot.config.time_zone;
    let as_of_ms = snapshot.as_of_ms.unwrap_or_default();
    let today = jiff::Timestamp::from_millisecond(as_of_ms).unwrap_or_default();
    let today = zone.to_datetime(today).date();
    let since_monday = i64::from(today.weekday().to_monday_zero_offset());
    let current = today.saturating_sub(since_monday.days());
    let first = match view.get("week") {
        Some(week) => monday(week)?,
        None => current.saturating_sub(7.days()),
    };
    let start = |weeks: i64| {
        let date = first.saturating_add((7 * weeks).days());
        (
            date,
            instant_ms(&date.to_string(), zone).unwrap_or_default(),
        )
    };
    let (next, end_ms) = start(1);
    let (before, _) = start(-WEEKS_BEFORE);
    let (_, start_ms) = start(0);
    let span = Span { start_ms, end_ms };
    let unlimited = selection.without("days").without("as_of");
    let between = |from: Date, to: Date| {
        unlimited
            .with("from", &from.to_string())
            .with("to", &to.to_string())
    };
    let in_week = between(first, next);
    let episodes = Episodes::of(snapshot, selection);
    let now = Measured::of(snapshot, &in_week);
    let earlier = Measured::of(snapshot, &between(before, first));

    let (newly_red, fixed, recovered) = episodes.turned(snapshot, span);
    let slower = slower(snapshot, &episodes.is_chosen, span);
    let incidents = incidents(snapshot, &episodes.is_chosen, span);
    let numbers = now.numbers();
    let title = title(first);
    Ok(WeekReport {
        week: week_name(first),
        summary: sentence(
            snapshot,
            selection,
            &title,
            &numbers,
            newly_red.len(),
            fixed.len(),
        ),
        title,
        from: words::instant(Some(start_ms)),
        to: words::instant(Some(end_ms)),
        complete: end_ms <= as_of_ms,
        previous: week_name(first.saturating_sub(7.days())),
        next: (next <= current).then(|| week_name(next)),
        selection: in_week.encoded(),
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
        failed_change: change(significance::compare(now.failed, earlier.failed)),
        time_to_green_change: change(significance::compare_medians(&now.red, &earlier.red)),
        duration_change: change(compared(&now.durations, &earlier.durations)),
        numbers,
        before: earlier.numbers(),
        newly_red_count: newly_red.len() as u64,
        newly_red: newly_red.into_iter().take(MAX_LISTED).collect(),
        fixed_count: fixed.len() as u64,
        fixed: fixed.into_iter().take(MAX_LISTED).collect(),
        recovered,
        slower_count: slower.len() as u64,
        slower: slower.into_iter().take(MAX_LISTED).collect(),
        incident_count: incidents.len() as u64,
        incidents: incidents.into_iter().take(MAX_LISTED).collect(),
    })
}

/// Less is better, of rates and of times.
const fn change(ordering: Option<Ordering>) -> Change {
    match ordering {
        Some(Ordering::Less) => Change::Better,
        Some(Ordering::Greater) => Change::Worse,
        _ => Change::Unclear,
    }
}

fn compared(a: &Option<Resampled>, b: &Option<Resampled>) -> Option<Ordering> {
    significance::compare_medians(a.as_ref()?, b.as_ref()?)
}

/// The measures of a span of time.
struct Measured {
    builds: u64,
    failed: Rate,
    /// The durations of passed builds, in ms.
    durations: Option<Resampled>,
    /// The red episodes that began.
    time_to_green: TimeToGreen,
    red: RedTimes,
}

impl Measured {
    fn of(snapshot: &Snapshot, selection: &Selection) -> Self {
        let builds = &snapshot.builds;
        let selected = select(snapshot, selection);
        let mut failed = Rate::default();
        let mut durations = Vec::new();
        selected.each(|build| {
            failed.count(builds.result[build]);
            let duration_ms = builds.duration_ms[build];
            if builds.result[build] == BuildResult::Success && duration_ms != UNKNOWN_DURATION {
                durations.push(duration_ms);
            }
        });
        // As the figure of the time to green has them.
        let began = || {
            let episodes = snapshot.insight.episodes.iter();
            episodes.filter(|known| selected.contains(known.opened as usize))
        };
        Self {
            builds: selected.count(),
            failed,
            durations: Resampled::new(durations),
            time_to_green: time_to_green(snapshot, began()),
            red: RedTimes::new(snapshot, began()),
        }
    }

    fn numbers(&self) -> WeekNumbers {
        let (durations, red) = (self.durations.as_ref(), &self.time_to_green);
        WeekNumbers {
            builds: self.builds,
            decided: self.failed.whole,
            failed: self.failed.part,
            failed_percent: percent(self.failed.part, self.failed.whole),
            episodes: red.n as u64,
            still_red: (red.open + red.dormant) as u64,
            time_to_green_ms: red.median_ms.and_then(|ms| u64::try_from(ms).ok()),
            timed: durations.map_or(0, |known| known.count() as u64),
            duration_ms: durations.map(|known| known.median().round() as u64),
        }
    }
}

/// The red episodes of a selection's pipelines.
struct Episodes<'a> {
    /// By pipeline: it is of the selection.
    is_chosen: Vec<bool>,
    episodes: Vec<&'a Episode>,
}

impl<'a> Episodes<'a> {
    fn of(snapshot: &'a Snapshot, selection: &Selection) -> Self {
        let is_chosen = insight::chosen_pipelines(snapshot, selection);
        let episodes = snapshot.insight.episodes.iter();
        let episodes = episodes
            .filter(|known| is_chosen[known.pipeline as usize])
            .collect();
        Self {
            is_chosen,
            episodes,
        }
    }

    /// The pipelines that turned red in a span and stayed red, those that turned green and had been red before, and how
    /// many times one did both.
    fn turned(
        &self,
        snapshot: &Snapshot,
        span: Span,
    ) -> (Vec<WeekPipeline>, Vec<WeekPipeline>, u64) {
        let finished = |row: u32| snapshot.builds.finished_ms[row as usize];
        let (mut red, mut fixed, mut recovered) = (Vec::new(), Vec::new(), 0);
        for known in &self.episodes {
            let opened = !known.at_least && span.has(finished(known.opened));
            let closed = known.closed.filter(|row| span.has(finished(*row)));
            match (opened, closed) {
                (true, Some(_)) => recovered += 1,
                (true, None) => red.push((known.opened, *known)),
                (false, Some(row)) => fixed.push((row, *known)),
                (false, None) => {}
            }
        }
        let described = |mut turned: Vec<(u32, &Episode)>, is_fixed: bool| {
            turned.sort_by_key(|(row, _)| *row);
            turned
                .into_iter()
                .map(|(row, known)| turned_pipeline(snapshot, known, row, is_fixed))
                .collect()
        };
        (described(red, false), described(fixed, true), recovered)
    }
}

fn turned_pipeline(
    snapshot: &Snapshot,
    episode: &Episode,
    row: u32,
    is_fixed: bool,
) -> WeekPipeline {
    let pipeline = &snapshot.pipelines[episode.pipeline as usize];
    let step = snapshot.builds.failing_step[episode.opened as usize];
    let red_ms = u64::try_from(episode.red_ms(snapshot)).unwrap_or_default();
    WeekPipeline {
        system: pipeline.system.as_str().to_owned(),
        name: pipeline.name.to_string(),
        short_name: pipeline.short.to_string(),
        project: snapshot.project_label(pipeline).to_owned(),
        at: words::instant(Some(snapshot.builds.finished_ms[row as usize])),
        red_ms: is_fixed.then_some(red_ms),
        step: (step != UNKNOWN_STEP).then(|| snapshot.step_label(step).to_owned()),
    }
}

/// The pipelines that became slower in a span, the greatest growth first.
fn slower(snapshot: &Snapshot, is_chosen: &[bool], span: Span) -> Vec<SlowerPipeline> {
    let points = snapshot.insight.change_points.iter().filter(|point| {
        let is_slower =
            point.measure == Measure::Duration && point.after.value > point.before.value;
        let at_ms = snapshot.builds.finished_ms[point.row as usize];
        is_slower && is_chosen[point.pipeline as usize] && span.has(at_ms)
    });
    let mut points: Vec<&ChangePoint> = points.collect();
    let growth = |point: &ChangePoint| point.after.value / point.before.value.max(1.0);
    points.sort_by(|a, b| growth(b).total_cmp(&growth(a)).then(a.row.cmp(&b.row)));
    let described = points.into_iter().map(|point| {
        let pipeline = &snapshot.pipelines[point.pipeline as usize];
        SlowerPipeline {
            system: pipeline.system.as_str().to_owned(),
            name: pipeline.name.to_string(),
            short_name: pipeline.short.to_string(),
            project: snapshot.project_label(pipeline).to_owned(),
            at: words::instant(Some(snapshot.builds.finished_ms[point.row as usize])),
            before_ms: point.before.value.round() as u64,
            after_ms: point.after.value.round() as u64,
        }
    });
    described.collect()
}

/// The incidents of chosen pipelines that began in a span, most failures first.
fn incidents(snapshot: &Snapshot, is_chosen: &[bool], span: Span) -> Vec<WeekIncident> {
    let known = snapshot.insight.incidents.iter().filter(|known| {
        let pipeline = |row: &u32| snapshot.builds.pipeline[*row as usize] as usize;
        span.has(known.from_ms) && known.members.iter().any(|row| is_chosen[pipeline(row)])
    });
    let mut known: Vec<&Incident> = known.collect();
    known.sort_by_key(|known| (Reverse(known.members.len()), known.from_ms));
    let described = known.into_iter().map(|known| WeekIncident {
        id: snapshot.incident_id(known),
        title: incident_title(snapshot, known),
        from: words::instant(Some(known.from_ms)),
        failures: known.members.len() as u64,
        opens: members_of(snapshot, known),
    });
    described.collect()
}

/// `Week 43, 21–27 Oct 2019`.
fn title(monday: Date) -> String {
    let sunday = monday.saturating_add(6.days());
    let first = if (monday.year(), monday.month()) == (sunday.year(), sunday.month()) {
        monday.strftime("%-d").to_string()
    } else if monday.year() == sunday.year() {
        monday.strftime("%-d %b").to_string()
    } else {
        monday.strftime("%-d %b %Y").to_string()
    };
    let separator = if first.contains(' ') { " – " } else { "–" };
    let number = monday.iso_week_date().week();
    format!(
        "Week {number}, {first}{separator}{}",
        sunday.strftime("%-d %b %Y")
    )
}

fn sentence(
    snapshot: &Snapshot,
    selection: &Selection,
    title: &str,
    numbers: &WeekNumbers,
    red: usize,
    fixed: usize,
) -> String {
    if snapshot.as_of_ms.is_none() {
        return words::NO_EVENTS.to_owned();
    }
    let project = snapshot.projects_in_words(selection);
    let unlimited = selection.without("days").without("from").without("to");
    let scope = words::scope_of(&unlimited, project.as_deref());
    if numbers.builds == 0 {
        return format!("{title}: no builds{scope} finished.");
    }
    let failed = match numbers.failed_percent {
        Some(failed) => format!(
            "{} of {} failed",
            words::percent(failed),
            words::counted(numbers.decided, "decided build", "decided builds"),
        ),
        None => "none of them decided".to_owned(),
    };
    let pipelines = |count: usize| words::counted(count as u64, "pipeline", "pipelines");
    format!(
        "{title}: {}{scope}, {failed}. {} turned red and {} still red at its end; {} turned green.",
        words::counted(numbers.builds, "build", "builds"),
        pipelines(red),
        words::verb(red as u64, "was", "were"),
        pipelines(fixed),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{build, snapshot},
        model::BuildResult::{Failure, NotBuilt, Success},
        snapshot::BuildRecord,
    };

    fn timed(
        job: &'static str,
        result: BuildResult,
        at: &str,
        minutes: i64,
    ) -> BuildRecord<'static> {
        BuildRecord {
            duration_ms: Some(minutes * 60_000),
            ..build(job, result, at)
        }
    }

    /// The data ends on Friday 25 October 2019.
    fn data() -> Snapshot {
        snapshot(&[
            timed("_CMC/a/master", Success, "2019-10-13T23:59:59Z", 9),
            timed("_CMC/a/master", Failure, "2019-10-14T00:00:00Z", 1),
            timed("_CMC/a/master", NotBuilt, "2019-10-14T01:00:00Z", 1),
            timed("_CMC/b/master", Success, "2019-10-10T12:00:00Z", 5),
            timed("_CMC/b/master", Failure, "2019-10-12T12:00:00Z", 1),
            timed("_CMC/b/master", Success, "2019-10-15T12:00:00Z", 7),
            timed("_CMC/c/master", Success, "2019-10-15T00:00:00Z", 3),
            timed("_CMC/c/master", Failure, "2019-10-15T01:00:00Z", 1),
            timed("_CMC/c/master", Success, "2019-10-15T02:00:00Z", 3),
            timed("_DIV/d/master", Success, "2019-10-20T23:59:59Z", 4),
            timed("_DIV/d/master", Success, "2019-10-21T00:00:00Z", 4),
        ])
    }

    fn report(query: &str, week: &str) -> WeekReport {
        let selection = Selection::parse(query).expect("a selection");
        let view = View::default().with("week", week);
        super::week(&data(), &selection, &view).expect("a week")
    }

    #[test]
    fn the_last_complete_week_is_reported_from_monday_to_sunday() {
        let week = report("days=1", "");
        assert_eq!(
            (&*week.week, &*week.title),
            ("2019-W42", "Week 42, 14–20 Oct 2019")
        );
        assert_eq!(
            (&*week.from, &*week.to),
            ("2019-10-14T00:00:00Z", "2019-10-21T00:00:00Z")
        );
        assert_eq!(
            (&*week.previous, week.next.as_deref(), week.complete),
            ("2019-W41", Some("2019-W43"), true)
        );
        assert_eq!(
            (
                week.numbers.builds,
                week.numbers.decided,
                week.numbers.failed
            ),
            (7, 6, 2)
        );
        assert_eq!(week.numbers.duration_ms, Some(3 * 60_000 + 30_000));
        // a since Monday, c for an hour; b was red before.
        assert_eq!((week.numbers.episodes, week.numbers.still_red), (2, 1));
        assert_eq!(week.numbers.time_to_green_ms, Some(3_600_000));
        assert_eq!(
            (week.before.episodes, week.before.time_to_green_ms),
            (1, Some(3 * 86_400_000))
        );
        let names = |known: &[WeekPipeline]| {
            known
                .iter()
                .map(|known| known.short_name.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (names(&week.newly_red), names(&week.fixed), week.recovered),
            (vec!["a".to_owned()], vec!["b".to_owned()], 1)
        );
        assert_eq!(week.fixed[0].red_ms, Some(3 * 86_400_000));
        assert_eq!(week.selection, "from=2019-10-14&to=2019-10-21");
        assert_eq!(week.failed_change, Change::Unclear);
        let words = "Week 42, 14–20 Oct 2019: 7 builds, 33% of 6 decided builds failed. 1 pipeline turned red and was still red at its end; 1 pipeline turned green.";
        assert_eq!(week.summary, words);
    }

    #[test]
    fn other_weeks_and_projects_can_be_reported() {
        let week = report("project=div", "2019-W43");
        assert_eq!(
            (
                week.numbers.builds,
                week.before.builds,
                week.complete,
                week.next
            ),
            (1, 1, false, None)
        );
        assert!(week.newly_red.is_empty());
        let empty = report("", "2030-W01");
        assert_eq!(
            (&*empty.title, empty.numbers.builds),
            ("Week 1, 31 Dec 2029 – 6 Jan 2030", 0)
        );
        for wrong in [
            "2019-W54", "2019-W00", "2019-43", "x", "19-W01", "9999-W52", "2019-W1",
        ] {
            assert!(
                check(&View::default().with("week", wrong)).is_err(),
                "{wrong}"
            );
        }
    }
}
