//! The steps of a build on a time line, parallel ones beside each other.

use maud::{Markup, html};

use super::{duration, results};
use crate::{api::BuildStep, markup::visible, server::model::MINUTE_MS};

/// The most lanes and steps that are drawn; the table lists all.
const MAX_LANES: usize = 16;
const MAX_DRAWN: usize = 200;
/// In CSS pixels.
const LANE: usize = 34;
const BAR: usize = 12;
const AXIS: usize = 20;
/// The most marks of the axis.
const MAX_TICKS: i64 = 6;
/// The distances between marks of the axis.
const TICKS_MS: [i64; 12] = [
    10_000,
    30_000,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    30 * MINUTE_MS,
    60 * MINUTE_MS,
    180 * MINUTE_MS,
    720 * MINUTE_MS,
    1_440 * MINUTE_MS,
    10_080 * MINUTE_MS,
];

/// A step with its place: ms since the start of the build, and its lane.
struct Placed<'a> {
    step: &'a BuildStep,
    start_ms: i64,
    end_ms: i64,
    lane: usize,
}

/// Draws the steps of a build; nothing if no duration is known.
pub fn time_line(steps: &[BuildStep]) -> Markup {
    let placed = placed(steps);
    let first_ms = placed.iter().map(|step| step.start_ms).min().unwrap_or(0);
    let first_ms = first_ms.min(0);
    let last_ms = placed.iter().map(|step| step.end_ms).max().unwrap_or(0);
    if last_ms <= first_ms {
        return html! {};
    }
    let span_ms = last_ms - first_ms;
    // Of the width, so that the text keeps its size.
    let percent = |ms: i64| format!("{:.2}%", 100.0 * ms as f64 / span_ms as f64);
    let lanes = placed.iter().map(|step| step.lane + 1).max().unwrap_or(0);
    let height = lanes * LANE;
    let at_most = placed.iter().any(|step| step.step.at_most);
    html! {
        figure class="time-line" {
            svg width="100%" height=(height + AXIS) role="img" aria-label="Steps over time; the table below has the same" {
                @for at_ms in ticks(last_ms) {
                    @let x = percent(at_ms - first_ms);
                    line class="tick" x1=(x) x2=(x) y1="0" y2=(height + 4) {}
                    text class="tick-label" x=(x) y=(height + 16) dx="3" { (tick(at_ms)) }
                }
                @for step in &placed {
                    // An SVG inside cuts off a name that is longer than its bar.
                    svg x=(percent(step.start_ms - first_ms)) y=(step.lane * LANE)
                        width=(percent((step.end_ms - step.start_ms).max(span_ms / 400))) height=(LANE) {
                        title { (title(step.step)) }
                        text class="step-name" x="2" y="15" { (visible(&step.step.name)) }
                        rect class={ (results::class(results::result_of(&step.step.result))) @if step.step.at_most { " at-most" } }
                            x="0" y="19" width="100%" height=(BAR) {}
                    }
                }
            }
            @if at_most {
                figcaption {
                    "Steps took at most as long as a pale bar: their durations are derived from the ends of other steps."
                }
            }
        }
    }
}

fn title(step: &BuildStep) -> String {
    let result = results::label(&step.result);
    let took = step.duration_ms.map_or_else(String::new, |ms| {
        let most = if step.at_most { "at most " } else { "" };
        format!(", {most}{}", duration(ms))
    });
    format!("{}: {}{took}", visible(&step.name), result.to_lowercase())
}

/// Places each step of a known duration in the first lane that is free when it starts.
fn placed(steps: &[BuildStep]) -> Vec<Placed<'_>> {
    let known = steps.iter().filter_map(|step| {
        let duration_ms = i64::try_from(step.duration_ms?).ok()?;
        let end_ms = step.ended_after_ms;
        Some((end_ms.saturating_sub(duration_ms), end_ms, step))
    });
    let mut known: Vec<_> = known.take(MAX_DRAWN).collect();
    known.sort_by_key(|&(start_ms, end_ms, _)| (start_ms, end_ms));
    let mut free_from: Vec<i64> = Vec::new();
    let place = |(start_ms, end_ms, step)| {
        let free = free_from.iter().position(|&from_ms| from_ms <= start_ms);
        let lane = free.unwrap_or(free_from.len());
        if lane == MAX_LANES {
            return None;
        }
        if lane == free_from.len() {
            free_from.push(end_ms);
        }
        free_from[lane] = end_ms;
        Some(Placed {
            step,
            start_ms,
            end_ms,
            lane,
        })
    };
    known.into_iter().filter_map(place).collect()
}

/// The marks of an axis from 0, without one whose text would not fit before the end.
pub(super) fn ticks(last_ms: i64) -> impl Iterator<Item = i64> {
    let distance = TICKS_MS
        .into_iter()
        .find(|distance| last_ms / distance < MAX_TICKS);
    let distance = distance.unwrap_or(last_ms.max(1));
    (0..MAX_TICKS)
        .map(move |number| number * distance)
        .take_while(move |at_ms| *at_ms < last_ms - last_ms / 10)
}

pub(super) fn tick(at_ms: i64) -> String {
    if at_ms == 0 {
        "0".to_owned()
    } else {
        duration(at_ms.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, end_s: i64, duration_s: Option<u64>) -> BuildStep {
        BuildStep {
            name: name.to_owned(),
            result: "SUCCESS".to_owned(),
            attempt: 1,
            ended_after_ms: end_s * 1000,
            duration_ms: duration_s.map(|seconds| seconds * 1000),
            at_most: true,
            ..BuildStep::default()
        }
    }

    #[test]
    fn parallel_steps_are_beside_each_other_and_others_in_one_lane() {
        let steps = [
            step("checkout", 10, Some(10)),
            step("test", 60, Some(50)),
            step("sonarscan", 40, Some(30)),
            step("unknown", 70, None),
            step("deploy", 90, Some(30)),
        ];
        let placed = placed(&steps);
        let lanes = placed.iter().map(|step| (&*step.step.name, step.lane));
        assert_eq!(
            lanes.collect::<Vec<_>>(),
            [
                ("checkout", 0),
                ("sonarscan", 0),
                ("test", 1),
                ("deploy", 0)
            ]
        );
    }

    #[test]
    fn lanes_marks_and_steps_are_bounded_whatever_the_data() {
        let same: Vec<BuildStep> = (0..5_000).map(|_| step("a", 10, Some(10))).collect();
        assert_eq!(placed(&same).len(), MAX_LANES);
        let row: Vec<BuildStep> = (0..5_000).map(|at| step("a", at, Some(1))).collect();
        assert_eq!(placed(&row).len(), MAX_DRAWN);
        for last_ms in [1, 9_999, 59_000, 3_599_999, 86_400_000 * 400, i64::MAX] {
            assert!((1..=6).contains(&ticks(last_ms).count()), "{last_ms}");
        }
        let odd = [
            step("a", i64::MIN / 1000, Some(u64::MAX / 1000)),
            step("b", i64::MIN / 2000, Some(1)),
        ];
        assert!(!time_line(&odd).into_string().contains("NaN"));
        assert_eq!(time_line(&[]).into_string(), "");
    }
}
