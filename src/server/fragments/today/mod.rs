//! The start page: the verdict, what needs attention, what recovered, whether failures are shared, and the trend.

use maud::{Markup, html};

use super::{
    addresses,
    components::{Column, Tone, number, sparkline, table, verdict},
    fragment,
    problems::Shown,
    utc,
};
use crate::{
    api::{
        Change, Hour, HourCount, HourIncident, HourMatrix, HtmlFragment, ProjectHours, Today, View,
        WeekRate,
    },
    base::Base,
    markup::visible,
    numbers,
    selection::Selection,
    server::{
        figures::{opens, words},
        model::BuildResult,
        significance::{MIN_COUNT, Rate},
        snapshot::instant_ms,
        statistics::percent,
    },
};

pub fn fragments(today: &Today, base: &Base, can_snooze: bool, now_ms: i64) -> Vec<HtmlFragment> {
    let shown = Shown {
        list: &today.problems,
        base,
        can_snooze,
        now_ms,
        old: today.old,
    };
    vec![
        HtmlFragment {
            title: visible(&today.title).into_owned(),
            ..fragment("today-verdict", head(today, base))
        },
        fragment("problems", shown.problems()),
        fragment("problems resolved", shown.resolved()),
        fragment("today-hours", matrix(&today.hours, today, base)),
        fragment("today-trend", trend(today, base)),
    ]
}

fn judged(today: &Today) -> Markup {
    let tone = match (today.red, today.pipelines) {
        (0, 0) => Tone::Neutral,
        (0, _) => Tone::Good,
        _ => Tone::Bad,
    };
    verdict(tone, html! { (visible(&today.verdict)) })
}

fn head(today: &Today, base: &Base) -> Markup {
    let dormant = View::default().with("state", "dormant");
    html! {
        (judged(today))
        @if today.failures > 0 {
            p class="today-more" {
                a href=(addresses::selected(base, &today.failures_open)) {
                    "Show " (words::counted(today.failures, "failed build", "failed builds"))
                    " of " (today.recent_hours) " h"
                }
            }
        }
        @if today.dormant > 0 {
            p class="note" {
                a href=(addresses::pipelines(base, &selection(today), &dormant)) {
                    (words::counted(today.dormant, "dormant pipeline", "dormant pipelines"))
                }
                @if today.dormant == 1 { " is" } @else { " are" }
                " neither red nor good."
            }
        }
    }
}

/// The selection of the page.
fn selection(today: &Today) -> Selection {
    Selection::read(&today.problems.selection)
}

fn matrix(matrix: &HourMatrix, today: &Today, base: &Base) -> Markup {
    let note = html! {
        "Failed of all builds with a verdict, by project and hour. ▲ marks failures of an incident: more \
         pipelines failed anew at one step than chance explains. Hours with fewer than " (MIN_COUNT)
        " builds have no colour."
    };
    html! {
        h2 { "Is it us?" }
        @if matrix.projects.is_empty() {
            p class="empty" { "No build finished in the last " (matrix.hours.len()) " hours of the data." }
        } @else {
            (noted(note, matrix, today, base))
        }
    }
}

/// The table of a matrix below what is to know about it, and its incidents.
fn noted(note: Markup, matrix: &HourMatrix, today: &Today, base: &Base) -> Markup {
    let kind = Selection::default().with_build_type(selection(today).build_type());
    html! {
        p class="note" { (note) }
        div class="table-scroll" tabindex="0" role="region" aria-label="Failed builds by project and hour" {
            table class="table matrix" {
                caption class="visually-hidden" {
                    "Failed builds by project and hour, the last " (matrix.hours.len()) " hours of the data"
                }
                thead {
                    tr {
                        th rowspan="2" scope="col" { "Project" }
                        @for day in matrix.hours.chunk_by(|a, b| a.day == b.day) {
                            th scope="colgroup" colspan=(day.len()) { span class="day" { (visible(&day[0].day)) } }
                        }
                    }
                    tr {
                        @for hour in &matrix.hours {
                            th scope="col" { time datetime=(visible(&hour.from)) { (short(&hour.time)) } }
                        }
                    }
                }
                tbody { @for project in &matrix.projects { (row(project, &matrix.hours, &kind, base)) } }
            }
        }
        @if !matrix.incidents.is_empty() {
            ul class="incidents" { @for incident in &matrix.incidents { (shared(incident, base)) } }
        }
    }
}

/// `14` for `14:00`.
fn short(time: &str) -> &str {
    time.strip_suffix(":00").unwrap_or(time)
}

fn row(project: &ProjectHours, hours: &[Hour], kind: &Selection, base: &Base) -> Markup {
    let of_project = kind.with("project", &project.slug);
    html! {
        tr class=[project.selected.then_some("selected")] {
            th scope="row" aria-current=[project.selected.then_some("true")] { (visible(&project.project)) }
            @for (hour, count) in hours.iter().zip(&project.hours) { (cell(*count, hour, &of_project, base)) }
        }
    }
}

fn cell(count: HourCount, hour: &Hour, of_project: &Selection, base: &Base) -> Markup {
    if count.decided == 0 {
        return html! { td {} };
    }
    let of_hour: Selection = [("from", &*hour.from), ("to", &*hour.to)]
        .into_iter()
        .collect();
    let opens = decided(&of_project.narrowed(&of_hour));
    html! {
        td class=(shade(count)) {
            a href=(addresses::builds(base, &opens, &View::default())) {
                (count.failed) "/" (count.decided)
                @if count.shared { span class="shared" { "▲" span class="visually-hidden" { " shared" } } }
            }
        }
    }
}

/// Only builds with a verdict.
fn decided(selection: &Selection) -> Selection {
    let results = BuildResult::ALL.into_iter();
    let decided = results.filter(|result| result.is_decided());
    selection.with_values("result", decided.map(BuildResult::as_str))
}

/// The class of a cell: by its rate, unless its builds are too few for one.
fn shade(count: HourCount) -> &'static str {
    // No colour of text is easy to read on the shade 3 in both modes.
    const SHADES: [&str; 5] = ["rate-0", "rate-1", "rate-2", "rate-4", "rate-5"];
    if count.decided < MIN_COUNT {
        return if count.failed > 0 {
            "few failed"
        } else {
            "few"
        };
    }
    match 4 * count.failed / count.decided {
        0 if count.failed == 0 => SHADES[0],
        quarters => SHADES[(quarters as usize + 1).min(SHADES.len() - 1)],
    }
}

fn shared(incident: &HourIncident, base: &Base) -> Markup {
    html! {
        li {
            span aria-hidden="true" { "▲ " }
            (visible(&incident.title)) ", " (utc(&incident.from))
            @if incident.to != incident.from { " to " (utc(&incident.to)) }
            ": "
            a href=(addresses::selected(base, &incident.opens)) {
                (words::counted(incident.failures, "failure", "failures"))
            }
        }
    }
}

fn trend(today: &Today, base: &Base) -> Markup {
    let weeks = &today.weeks;
    let enough = |week: &WeekRate| week.failure_percent.filter(|_| week.decided >= MIN_COUNT);
    let values: Vec<Option<f64>> = weeks.iter().map(enough).collect();
    let known = || values.iter().flatten().copied();
    let label = match (known().next(), known().next_back()) {
        (Some(first), Some(last)) => format!(
            "Failure rate of 8 weeks, from {} to {}",
            words::percent(first),
            words::percent(last)
        ),
        _ => "Failure rate of 8 weeks".to_owned(),
    };
    let columns = [
        Column {
            label: "Week from",
            ..Column::default()
        },
        number("Failed"),
        number("Builds"),
        number("Failure rate"),
    ];
    let selection = selection(today);
    let rows: Vec<[Markup; 4]> = weeks
        .iter()
        .rev()
        .map(|week| week_row(week, &selection, base))
        .collect();
    html! {
        h2 { "Failure rate of 8 weeks" }
        @if weeks.iter().all(|week| week.decided == 0) {
            p class="empty" { "No build with a verdict." }
        } @else {
            p class={ "trend " (tone(today.change).class()) } { (sparkline(&label, &values)) " " (change(weeks, today.change)) }
            details {
                summary { "View as table" }
                (table("Failure rate by week", &columns, 0, &rows))
            }
        }
    }
}

fn week_row(week: &WeekRate, selection: &Selection, base: &Base) -> [Markup; 4] {
    let at = |text: &str| instant_ms(text, &jiff::tz::TimeZone::UTC).unwrap_or_default();
    let builds = decided(&selection.narrowed(&opens::finished(at(&week.from), at(&week.to))));
    let failed = builds.with_values("result", ["ABORTED", "FAILURE"]);
    let link = |count: u64, opens: &Selection| {
        html! {
            @if count == 0 { "0" } @else {
                a href=(addresses::builds(base, opens, &View::default())) { (words::thousands(count)) }
            }
        }
    };
    [
        html! { time datetime=(visible(&week.from)) { (numbers::date(week.from.get(..10).unwrap_or(&week.from))) } },
        link(week.failed, &failed),
        link(week.decided, &builds),
        html! {
            @match week.failure_percent.filter(|_| week.decided >= MIN_COUNT) {
                Some(share) => (words::percent(share)),
                None => "–",
            }
        },
    ]
}

fn tone(change: Change) -> Tone {
    match change {
        Change::Better => Tone::Good,
        Change::Worse => Tone::Bad,
        Change::Unclear => Tone::Neutral,
    }
}

/// `No clear change: 25 of 177 failed (14%) in the last 4 weeks, 20 of 160 (13%) in the 4 before.`
fn change(weeks: &[WeekRate], change: Change) -> String {
    let (before, now) = weeks.split_at(weeks.len() / 2);
    let verdict = match change {
        Change::Better => "▼ Fewer builds fail",
        Change::Worse => "▲ More builds fail",
        Change::Unclear => "No clear change",
    };
    format!(
        "{verdict}: {} in the last 4 weeks, {} in the 4 before.",
        rate(now),
        rate(before)
    )
}

/// `25 of 177 failed (14%)`; of few builds without a percentage.
fn rate(weeks: &[WeekRate]) -> String {
    let rate = Rate {
        part: weeks.iter().map(|week| week.failed).sum(),
        whole: weeks.iter().map(|week| week.decided).sum(),
    };
    let counts = format!(
        "{} of {} failed",
        words::thousands(rate.part),
        words::thousands(rate.whole)
    );
    match percent(rate.part, rate.whole).filter(|_| rate.whole >= MIN_COUNT) {
        Some(share) => format!("{counts} ({})", words::percent(share)),
        None => counts,
    }
}

mod wall;
pub use wall::{wall, wall_age, wall_pipelines};

#[cfg(test)]
mod tests;
