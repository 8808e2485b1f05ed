//! Builds by the time slot of their start, and the failed share of each slot.
//!
//! Reads `started_ms` and `result`. Each build counts once; slots without builds have no row.

use std::{collections::BTreeMap, ops::Range};

use plotly::{
    Bar, Plot, Scatter,
    common::{HoverInfo, Marker, Mode, TextPosition},
    layout::{Axis, Margin, RangeMode, SelectorStep},
};

use super::{
    Column, Context, Figure, Marks, Opens, Page, Points, Rows, Values, opens, theme,
    time_axis::{self, local_minute},
    words,
};
use crate::server::model::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::{days_of, select},
        snapshot::Snapshot,
        statistics::percent,
    },
};

/// The days that are visible before the slider is moved.
const DAYS_IN_VIEW: u16 = 7;
/// The most slots that are drawn before the window, and after it.
const MAX_OUTSIDE: usize = 500;

pub const FIGURE: Figure = Figure {
    id: "timeline_short",
    page: Page::Pipelines,
    width: Width::Full,
    height: 420,
    title: "Builds over time",
    help: "Each build whose latest event is in the window counts once, in the time slot of its start. \
           Slots are 15 minutes for windows of up to 14 days, an hour for 28 days and 6 hours beyond, \
           aligned to UTC. The height of a bar is the number of builds, its colour the share that \
           failed or was aborted. The chart uses the organisation's time zone and opens on the last \
           7 days.",
    rows,
    summary,
    plot,
    opens,
    marks,
};

/// Narrow integers, so that more slots fit the CPU cache.
#[derive(Clone, Copy, Default)]
struct Slot {
    builds: u32,
    failed: u32,
}

const QUARTER_MS: i64 = 15 * MINUTE_MS;
const SIX_HOURS_MS: i64 = 6 * HOUR_MS;

/// The length of a slot in a window of `days`.
const fn slot_ms(days: u16) -> i64 {
    match days {
        0..=14 => QUARTER_MS,
        15..=28 => HOUR_MS,
        _ => SIX_HOURS_MS,
    }
}

/// The slots with builds, by their number since 1970.
///
/// Generic over the length of a slot, because dividing by a constant takes a fifth of the time.
fn slots<const SLOT_MS: i64>(snapshot: &Snapshot, selection: &Selection) -> Vec<(i64, Slot)> {
    let columns = &snapshot.builds;
    let range = snapshot.window(selection);
    let last = (range.end_ms - 1).div_euclid(SLOT_MS);
    let first = last - i64::from(days_of(snapshot, range)) * DAY_MS / SLOT_MS;
    let mut window = vec![Slot::default(); (last - first + 1) as usize];
    // Builds that took longer than the window, or had a wrong clock.
    let mut elsewhere: BTreeMap<i64, Slot> = BTreeMap::new();
    select(snapshot, selection).each(|build| {
        let number = columns.started_ms[build].div_euclid(SLOT_MS);
        let inside = usize::try_from(number - first).ok();
        let slot = match inside.and_then(|index| window.get_mut(index)) {
            Some(slot) => slot,
            None => elsewhere.entry(number).or_default(),
        };
        slot.builds += 1;
        slot.failed += u32::from(columns.result[build].is_failed());
    });
    let after = elsewhere.split_off(&first);
    let mut slots = Vec::with_capacity(window.len());
    slots.extend(elsewhere);
    let inside = window.into_iter().zip(first..);
    let inside = inside.filter(|(slot, _)| slot.builds > 0);
    slots.extend(inside.map(|(slot, number)| (number, slot)));
    slots.extend(after);
    slots
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let slot_ms = slot_ms(days_of(snapshot, snapshot.window(selection)));
    let slots = match slot_ms {
        QUARTER_MS => slots::<QUARTER_MS>(snapshot, selection),
        HOUR_MS => slots::<HOUR_MS>(snapshot, selection),
        _ => slots::<SIX_HOURS_MS>(snapshot, selection),
    };
    let slots = || slots.iter();
    let starts = slots().map(|&(number, _)| number * slot_ms).collect();
    let percents = slots().map(|(_, slot)| percent(slot.failed.into(), slot.builds.into()));
    Rows {
        columns: vec![
            Column::new("slot_start", "Slot start", Values::Instant(starts)),
            Column::new(
                "builds",
                "Builds",
                Values::Count(slots().map(|(_, slot)| slot.builds.into()).collect()),
            ),
            Column::new(
                "failed",
                "Failed",
                Values::Count(slots().map(|(_, slot)| slot.failed.into()).collect()),
            ),
            Column::new(
                "failure_percent",
                "Failure percent",
                Values::Percent(percents.collect()),
            ),
        ],
        builds: slots().map(|(_, slot)| u64::from(slot.builds)).sum(),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let counts = rows.count("builds");
    // The first of equal slots.
    let Some(busiest) = (0..rows.len()).rev().max_by_key(|&row| counts[row]) else {
        return words::no_builds(context);
    };
    let failed = rows.count("failed").iter().sum();
    let busiest_start = rows.instant("slot_start")[busiest];
    format!(
        "{} of {}{} {} failed; the busiest {}, from {}, had {}.",
        words::thousands(failed),
        words::counted(rows.builds, "build", "builds"),
        words::scope(context),
        words::window(context),
        slot_in_words(context.days),
        time_axis::local_words(busiest_start, context.time_zone),
        words::thousands(counts[busiest]),
    )
}

const fn slot_in_words(days: u16) -> &'static str {
    match days {
        0..=14 => "15 minutes",
        15..=28 => "hour",
        _ => "6 hours",
    }
}

fn plot(rows: &Rows, context: &Context<'_>) -> Plot {
    let days = context.days;
    let slot_ms = slot_ms(days);
    let local = |at_ms: i64| local_minute(at_ms, context.time_zone);
    let end = (context.window.end_ms - 1).div_euclid(slot_ms) * slot_ms + slot_ms;
    let starts = rows.instant("slot_start");
    let drawn = drawn_rows(rows, context);
    let starts = &starts[drawn.clone()];
    let percents = rows.percent("failure_percent")[drawn.clone()].iter();
    let failed = rows.count("failed")[drawn.clone()].iter();
    let percents: Vec<f64> = percents.map(|percent| percent.unwrap_or(0.0)).collect();
    let colours = percents
        .iter()
        .map(|&percent| theme::failure_colour(percent));
    let bars = Bar::new(
        starts.iter().map(|&start| local(start)).collect(),
        rows.count("builds")[drawn].to_vec(),
    )
    .offset(0.0)
    .width(slot_ms as f64)
    .text_array(failed.map(u64::to_string).collect())
    .text_position(TextPosition::None)
    .hover_text_array(
        percents
            .iter()
            // Rounds like the formatting of decimals, which is slower.
            .map(|percent| (percent.round_ties_even() as u8).to_string())
            .collect(),
    )
    .hover_template(
        "<b>%{x|%a %-d %b %Y, %H:%M}</b><br>\
         %{text} of %{y} builds failed, %{hovertext}%<extra></extra>",
    )
    .show_legend(false)
    .marker(Marker::new().color(colours.collect::<theme::Colours>()));
    let mut plot = Plot::new();
    plot.add_trace(bars);
    plot.add_trace(colour_key());
    let in_view = i64::from(days.min(DAYS_IN_VIEW)) * DAY_MS;
    plot.set_layout(
        theme::layout()
            .margin(Margin::new().left(48).right(8).top(96).bottom(24))
            .x_axis(
                time_axis::sliding(vec![
                    time_axis::last(7, SelectorStep::Day, "7d"),
                    time_axis::last(3, SelectorStep::Day, "3d"),
                    time_axis::last(1, SelectorStep::Day, "1d"),
                    time_axis::last(6, SelectorStep::Hour, "6h"),
                ])
                .range(vec![local(end - in_view), local(end)]),
            )
            .y_axis(
                Axis::new()
                    .title(theme::axis_title("Builds"))
                    .range_mode(RangeMode::ToZero)
                    .fixed_range(true),
            ),
    );
    plot
}

fn drawn_rows(rows: &Rows, context: &Context<'_>) -> Range<usize> {
    let slot_ms = slot_ms(context.days);
    let end = (context.window.end_ms - 1).div_euclid(slot_ms) * slot_ms + slot_ms;
    let start = end - i64::from(context.days) * DAY_MS;
    drawn(rows.instant("slot_start"), start, end)
}

/// The slots from `start` to `end`, and some around them.
fn drawn(starts: &[i64], start: i64, end: i64) -> Range<usize> {
    let before = starts.partition_point(|&slot| slot < start);
    let after = starts.partition_point(|&slot| slot < end);
    before.saturating_sub(MAX_OUTSIDE)..(after + MAX_OUTSIDE).min(starts.len())
}

/// The colour bar, on a trace without points: the bars have colours instead of numbers on a scale, about
/// which plotly.js would warn.
fn colour_key() -> Box<Scatter<Option<u8>, Option<u8>>> {
    Scatter::new(vec![None], vec![None])
        .mode(Mode::Markers)
        .hover_info(HoverInfo::Skip)
        .show_legend(false)
        .marker(
            Marker::new()
                .color_array(vec![0_u8])
                .color_scale(theme::failure_scale())
                .cmin(0.0)
                .cmax(100.0)
                .show_scale(true)
                // Above the buttons, so that both fit on a phone.
                .color_bar(theme::failure_bar().y(1.12)),
        )
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let slot_ms = slot_ms(context.days);
    let starts = rows.instant("slot_start").iter();
    Opens {
        rows: starts
            .map(|&start| opens::started(context, start, start + slot_ms))
            .collect(),
        columns: vec![
            ("builds", Selection::default()),
            ("failed", opens::failed(context)),
        ],
    }
}

fn marks(rows: &Rows, context: &Context<'_>) -> Vec<Marks> {
    vec![Marks {
        column: "builds",
        points: Points::Rows(drawn_rows(rows, context).map(Some).collect()),
    }]
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{at, build, plot, snapshot, snapshot_in, summary, table},
        *,
    };
    use crate::server::{model::BuildResult::*, snapshot::BuildRecord};

    #[test]
    fn a_build_counts_in_the_slot_of_its_start_and_empty_slots_have_no_row() {
        let started = |text| BuildRecord {
            started_ms: at(text),
            ..build("a", Aborted, "2019-10-25T11:00:00Z")
        };
        let snapshot = snapshot(&[
            started("2019-10-25T08:59:59Z"),
            started("2019-10-25T08:45:00Z"),
            started("2019-10-25T09:00:00Z"),
            build("a", Success, "2019-10-25T09:20:00Z"),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "2019-10-25T08:45:00Z | 2 | 2 | 100",
                "2019-10-25T09:00:00Z | 2 | 1 | 50"
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "3 of 4 builds in the last 14 days failed; the busiest 15 minutes, \
             from Fri 25 Oct 2019, 08:45, had 2."
        );
    }

    #[test]
    fn slots_grow_with_the_window() {
        let snapshot = snapshot(&[build("a", Success, "2019-10-25T11:00:00Z")]);
        for (days, start) in [(1, "10:45"), (14, "10:45"), (28, "10:00"), (90, "06:00")] {
            let rows = table(&FIGURE, &snapshot, &Selection::default().with_days(days));
            assert_eq!(rows, [format!("2019-10-25T{start}:00Z | 1 | 0 | 0")]);
        }
    }

    #[test]
    fn builds_started_before_the_window_or_after_as_of_are_kept_in_order() {
        let finished = "2019-10-25T11:00:00Z";
        let started = |text| BuildRecord {
            started_ms: at(text),
            ..build("a", Success, finished)
        };
        let snapshot = snapshot(&[
            started("2030-01-01T00:00:00Z"),
            started(finished),
            started("1969-12-31T23:59:00Z"),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "1969-12-31T23:45:00Z | 1 | 0 | 0",
                "2019-10-25T11:00:00Z | 1 | 0 | 0",
                "2030-01-01T00:00:00Z | 1 | 0 | 0"
            ]
        );
    }

    #[test]
    fn the_chart_opens_on_the_last_seven_days_of_local_time() {
        let snapshot = snapshot_in(
            "Europe/London",
            &[build("a", Success, "2019-10-25T11:00:00Z")],
        );
        let range = |days| {
            let filter = Selection::default().with_days(days);
            plot(&FIGURE, &snapshot, &filter)["layout"]["xaxis"]["range"].clone()
        };
        let seven = serde_json::json!(["2019-10-18 13:15", "2019-10-25 13:15"]);
        assert_eq!(range(14), seven);
        assert_eq!(range(1)[0], "2019-10-24 13:15");
        let plot = plot(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(plot["data"][0]["x"][0], "2019-10-25 11:45");
        let buttons = plot["layout"]["xaxis"]["rangeselector"]["buttons"].as_array();
        let labels = buttons
            .expect("buttons")
            .iter()
            .map(|button| &button["label"]);
        assert_eq!(labels.collect::<Vec<_>>(), ["all", "7d", "3d", "1d", "6h"]);
    }
}
