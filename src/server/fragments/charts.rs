//! Small charts of builds that the server draws: the strip of the latest builds, and durations over time.

use maud::{Markup, html};

use super::{
    addresses,
    components::result_shape,
    duration, results,
    time_line::{tick, ticks},
};
use crate::{
    api::{BuildMark, PipelineDetails, WeekDurations},
    base::Base,
    markup::visible,
    numbers,
    server::{model::DAY_MS, snapshot::instant_ms},
};

/// A build's place in the strip, in its own units.
const CELL: usize = 12;
const BAR: u64 = 40;
const STRIP: u64 = 60;
/// The height of the chart of durations, in CSS pixels.
const HEIGHT: f64 = 220.0;

/// The latest builds: a shape and a bar each, whose height is the duration.
pub fn strip(details: &PipelineDetails, base: &Base) -> Markup {
    let longest = details.recent.iter().filter_map(|mark| mark.duration_ms);
    let longest = longest.max().unwrap_or(0).max(1);
    let width = details.recent.len().max(20) * CELL;
    html! {
        svg class="strip" viewBox=(format!("0 0 {width} {STRIP}")) role="group"
            aria-label="The latest builds, the latest on the right" {
            @for (index, mark) in details.recent.iter().enumerate() {
                @let result = results::result_of(&mark.result);
                @let x = index * CELL;
                @let height = mark.duration_ms.map_or(0, |ms| ms * BAR / longest).max(2);
                @let is_latest = index + 1 == details.recent.len();
                a href=(to(base, details, mark)) aria-label=(name(mark)) tabindex=[(!is_latest).then_some("-1")] {
                    title { (name(mark)) }
                    rect class="hit" x=(x) y="0" width=(CELL) height=(STRIP) {}
                    g class={ "mark " (results::class(result)) } {
                        (result_shape(result, x + CELL / 2, 8, 4))
                        rect x=(x + 2) y=(STRIP - height) width=(CELL - 4) height=(height) {}
                    }
                }
            }
        }
    }
}

/// Durations over time: each build a point, and p50 and p95 by week as lines.
pub fn durations(details: &PipelineDetails, base: &Base) -> Markup {
    let at = |text: &str| instant_ms(text, &jiff::tz::TimeZone::UTC);
    let weeks: Vec<(i64, &WeekDurations)> = details
        .weeks
        .iter()
        // A week stands at its middle.
        .filter_map(|week| Some((at(&week.from)? + DAY_MS * 7 / 2, week)))
        .collect();
    let points: Vec<(i64, u64, &BuildMark)> = details
        .points
        .iter()
        .filter_map(|mark| Some((at(&mark.finished_at)?, mark.duration_ms?, mark)))
        .collect();
    let times = weeks.iter().map(|(at_ms, _)| *at_ms);
    let times = times.chain(points.iter().map(|(at_ms, ..)| *at_ms));
    let (Some(first_ms), Some(last_ms)) = (times.clone().min(), times.max()) else {
        return html! { p class="empty" { "No duration is known." } };
    };
    let longest = points.iter().map(|(_, ms, _)| *ms as f64);
    let longest = longest.chain(weeks.iter().map(|(_, week)| week.p95_ms));
    let longest = longest.fold(1.0, f64::max);
    let span_ms = (last_ms - first_ms).max(1) as f64;
    // Of the width, so that points stay round and text keeps its size.
    let x = |at_ms: i64| format!("{:.2}%", 1.0 + 98.0 * (at_ms - first_ms) as f64 / span_ms);
    let y = |ms: f64| format!("{:.1}", 16.0 + (HEIGHT - 20.0) * (1.0 - ms / longest));
    html! {
        figure class="durations" {
            svg width="100%" height=(HEIGHT) role="group" aria-label="Durations of builds over time" {
                @for ms in ticks(longest as i64) {
                    line class="tick" x1="0" x2="100%" y1=(y(ms as f64)) y2=(y(ms as f64)) {}
                }
                @for (at_ms, ms, mark) in &points {
                    a href=(to(base, details, mark)) tabindex="-1" aria-label=(name(mark)) {
                        title { (name(mark)) }
                        circle class=(results::class(results::result_of(&mark.result))) cx=(x(*at_ms)) cy=(y(*ms as f64)) r="3" {}
                    }
                }
                @for pair in weeks.windows(2) {
                    @let [(at_a, a), (at_b, b)] = [pair[0], pair[1]];
                    line class="p95" x1=(x(at_a)) y1=(y(a.p95_ms)) x2=(x(at_b)) y2=(y(b.p95_ms)) {}
                    line class="p50" x1=(x(at_a)) y1=(y(a.p50_ms)) x2=(x(at_b)) y2=(y(b.p50_ms)) {}
                }
                @for ms in ticks(longest as i64) {
                    text class="tick-label" x="2" y=(y(ms as f64)) dy="-3" { (tick(ms)) }
                }
            }
            figcaption {
                span { (numbers::date(details.points.first().map_or("", |mark| mark.finished_at.get(..10).unwrap_or("")))) " to "
                    (numbers::date(details.points.last().map_or("", |mark| mark.finished_at.get(..10).unwrap_or("")))) }
                span { "Points: builds. Line: half of a week's builds took less; dashed: 95% of them." }
            }
        }
    }
}

fn to(base: &Base, details: &PipelineDetails, mark: &BuildMark) -> String {
    addresses::numbered_build(base, &details.system, &details.name, &mark.number)
}

fn name(mark: &BuildMark) -> String {
    let took = mark
        .duration_ms
        .map_or_else(String::new, |ms| format!(", {}", duration(ms)));
    format!(
        "#{}: {}{took}, {}",
        visible(&mark.number),
        results::label(&mark.result),
        visible(&numbers::instant(&mark.finished_at)),
    )
}
