//! Builds by the time slot of their start, and the failed share of each slot.
//!
//! Reads `started_ms` and `result`. Each build counts once; slots without builds have no row.

use std::{collections::BTreeMap, ops::Range};

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, time_axis, words};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::server::model::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::{days_of, select_in},
        snapshot::{Snapshot, Window},
        statistics::percent,
    },
};

/// The most bars of the chart.
const MAX_BARS: i64 = 120;

pub const FIGURE: Figure = Figure {
    id: "timeline_short",
    page: Page::Pipelines,
    topic: Topic::Times,
    width: Width::Full,
    height: 420,
    title: "Builds over time",
    help: "Each build whose latest event is in the window counts once, in the time slot of its start. \
           Slots are 15 minutes for windows of up to 14 days, an hour for 28 days and 6 hours beyond, \
           aligned to UTC. The chart joins slots to at most 120 bars, failed and aborted builds at the \
           base, in the organisation's time zone. With compare=previous, dashed lines show the period of the \
           same length before, moved to this one.",
    rows,
    summary,
    chart,
    opens,
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

/// The slots with builds of a window, by their number since 1970. `later_ms` moves them: those of the period before
/// to where it is compared.
///
/// Generic over the length of a slot, because dividing by a constant takes a fifth of the time.
fn slots<const SLOT_MS: i64>(
    snapshot: &Snapshot,
    selection: &Selection,
    window: Window,
    later_ms: i64,
) -> Vec<(i64, Slot)> {
    let columns = &snapshot.builds;
    let last = (window.end_ms - 1 + later_ms).div_euclid(SLOT_MS);
    let first = last - i64::from(days_of(snapshot, window)) * DAY_MS / SLOT_MS;
    let mut inside = vec![Slot::default(); (last - first + 1) as usize];
    // Builds that took longer than the window, or had a wrong clock.
    let mut elsewhere: BTreeMap<i64, Slot> = BTreeMap::new();
    select_in(snapshot, selection, window).each(|build| {
        let number = (columns.started_ms[build] + later_ms).div_euclid(SLOT_MS);
        let index = usize::try_from(number - first).ok();
        let slot = match index.and_then(|index| inside.get_mut(index)) {
            Some(slot) => slot,
            None => elsewhere.entry(number).or_default(),
        };
        slot.builds += 1;
        slot.failed += u32::from(columns.result[build].is_failed());
    });
    let after = elsewhere.split_off(&first);
    let mut slots = Vec::with_capacity(inside.len());
    slots.extend(elsewhere);
    let inside = inside.into_iter().zip(first..);
    let inside = inside.filter(|(slot, _)| slot.builds > 0);
    slots.extend(inside.map(|(slot, number)| (number, slot)));
    slots.extend(after);
    slots
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let window = snapshot.window(selection);
    let slot_ms = slot_ms(days_of(snapshot, window));
    let slots_of = |window: Window, later_ms: i64| match slot_ms {
        QUARTER_MS => slots::<QUARTER_MS>(snapshot, selection, window, later_ms),
        HOUR_MS => slots::<HOUR_MS>(snapshot, selection, window, later_ms),
        _ => slots::<SIX_HOURS_MS>(snapshot, selection, window, later_ms),
    };
    let slots = slots_of(window, 0);
    if !selection.is_compared() || window.is_unlimited() {
        return rows_of(slot_ms, &slots);
    }
    let before = slots_of(window.before(), window.end_ms - window.start_ms);
    let mut both: BTreeMap<i64, (Slot, Slot)> = BTreeMap::new();
    for (number, slot) in slots {
        both.entry(number).or_default().0 = slot;
    }
    for (number, slot) in before {
        both.entry(number).or_default().1 = slot;
    }
    let slots = both.iter().map(|(&number, &(slot, _))| (number, slot));
    let mut rows = rows_of(slot_ms, &slots.collect::<Vec<_>>());
    let before = |of: fn(&Slot) -> u32| {
        let counts = both.values().map(|(_, before)| of(before).into());
        Values::Count(counts.collect())
    };
    rows.columns.extend([
        Column::new("builds_before", "Builds before", before(|slot| slot.builds)),
        Column::new("failed_before", "Failed before", before(|slot| slot.failed)),
    ]);
    rows
}

fn rows_of(slot_ms: i64, slots: &[(i64, Slot)]) -> Rows {
    let slots = || slots.iter();
    let starts = slots().map(|&(number, _)| number * slot_ms).collect();
    let percents = slots().map(|(_, slot)| percent(slot.failed.into(), slot.builds.into()));
    let counts = |of: fn(&Slot) -> u32| {
        let counts = slots().map(|(_, slot)| of(slot).into());
        Values::Count(counts.collect())
    };
    Rows {
        columns: vec![
            Column::new("slot_start", "Slot start", Values::Instant(starts)),
            Column::new("builds", "Builds", counts(|slot| slot.builds)),
            Column::new("failed", "Failed", counts(|slot| slot.failed)),
            Column::new(
                "failure_percent",
                "Failure percent",
                Values::Percent(percents.collect()),
            ),
            Column::unlisted("not_failed", counts(|slot| slot.builds - slot.failed)),
        ],
        builds: slots().map(|(_, slot)| u64::from(slot.builds)).sum(),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let counts = rows.count("builds");
    // The first of equal slots.
    let busiest = (0..rows.len()).rev().max_by_key(|&row| counts[row]);
    let Some(busiest) = busiest.filter(|_| rows.builds > 0) else {
        return words::no_builds(context);
    };
    let failed = rows.count("failed").iter().sum();
    let busiest_start = rows.instant("slot_start")[busiest];
    let before = before(rows).map(|(builds, failed)| {
        let builds = words::counted(builds.iter().sum(), "build", "builds");
        let failed = words::thousands(failed.iter().sum());
        format!(" The period before had {builds}, of which {failed} failed.")
    });
    format!(
        "{} of {}{} {} failed; the busiest {}, from {}, had {}.{}",
        words::thousands(failed),
        words::counted(rows.builds, "build", "builds"),
        words::scope(context),
        words::window(context),
        slot_in_words(context.days),
        time_axis::local_words(busiest_start, context.time_zone),
        words::thousands(counts[busiest]),
        before.unwrap_or_default(),
    )
}

/// The builds of the period before and those that failed, by row; none where they were not asked for.
fn before(rows: &Rows) -> Option<(&[u64], &[u64])> {
    let mut columns = rows.columns.iter();
    let is_compared = columns.any(|column| column.id == "builds_before");
    is_compared.then(|| (rows.count("builds_before"), rows.count("failed_before")))
}

const fn slot_in_words(days: u16) -> &'static str {
    match days {
        0..=14 => "15 minutes",
        15..=28 => "hour",
        _ => "6 hours",
    }
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let days = context.days;
    let slot_ms = slot_ms(days);
    let end_ms = (context.window.end_ms - 1).div_euclid(slot_ms) * slot_ms + slot_ms;
    let start_ms = end_ms - i64::from(days) * DAY_MS;
    let bucket_ms = bucket_ms(days);
    let starts = rows.instant("slot_start");
    let drawn = starts.partition_point(|&slot| slot < start_ms)
        ..starts.partition_point(|&slot| slot < end_ms);
    let buckets = joined(
        rows,
        drawn.clone(),
        bucket_ms,
        rows.count("builds"),
        rows.count("failed"),
    );
    let bars = |name: &str, colour: Colour, opens: &'static str, of: fn(&Slot) -> u32| {
        let mark = |&(first_ms, slot): &(i64, Slot)| {
            Mark::new(first_ms as f64, f64::from(of(&slot)))
                .opening_builds(opens::started(
                    context,
                    first_ms.max(start_ms),
                    end_ms.min(first_ms + bucket_ms),
                ))
                .hover(format!(
                    "{}\n{} of {} failed, {}",
                    time_axis::local_words(first_ms, context.time_zone),
                    words::thousands(slot.failed.into()),
                    words::counted(slot.builds.into(), "build", "builds"),
                    words::percent(
                        percent(slot.failed.into(), slot.builds.into()).unwrap_or_default()
                    ),
                ))
        };
        let width = bucket_ms as f64;
        Series::new(name, colour, Shape::Bars { width })
            .opening(opens)
            .with(buckets.iter().map(mark))
    };
    let mut series = vec![
        bars("Failed", Colour::Failure, "failed", |slot| slot.failed),
        bars("Not failed", Colour::Success, "not_failed", |slot| {
            slot.builds - slot.failed
        }),
    ];
    let from_ms = start_ms.div_euclid(bucket_ms) * bucket_ms;
    if let Some((builds, failed)) = before(rows) {
        let buckets = joined(rows, drawn, bucket_ms, builds, failed);
        let known: BTreeMap<i64, Slot> = buckets.into_iter().collect();
        let bars = (from_ms..end_ms).step_by(usize::try_from(bucket_ms).unwrap_or(usize::MAX));
        let bars = bars.map(|first_ms| {
            let slot = known.get(&first_ms).copied().unwrap_or_default();
            let range = first_ms.max(start_ms)..end_ms.min(first_ms + bucket_ms);
            (first_ms + bucket_ms / 2, slot, opens_before(context, range))
        });
        let bars: Vec<(i64, Slot, Selection)> = bars.collect();
        series.extend([
            ghost("Failed before", "failed", &bars, |slot| slot.failed),
            ghost("Builds before", "builds", &bars, |slot| slot.builds),
        ]);
    }
    let panel = Panel::new(Unit::Count, "Builds", series);
    let base = Base::Time {
        from_ms,
        to_ms: end_ms,
    };
    Plane::new(base, vec![panel.stacked()]).into()
}

/// The sums of the drawn slots with builds, by bar.
fn joined(
    rows: &Rows,
    drawn: Range<usize>,
    bucket_ms: i64,
    builds: &[u64],
    failed: &[u64],
) -> Vec<(i64, Slot)> {
    let starts = rows.instant("slot_start");
    let mut buckets: Vec<(i64, Slot)> = Vec::new();
    for row in drawn.filter(|&row| builds[row] > 0) {
        let start_ms = starts[row].div_euclid(bucket_ms) * bucket_ms;
        if buckets
            .last()
            .is_none_or(|(last_ms, _)| *last_ms != start_ms)
        {
            buckets.push((start_ms, Slot::default()));
        }
        if let Some((_, slot)) = buckets.last_mut() {
            slot.builds += builds[row] as u32;
            slot.failed += failed[row] as u32;
        }
    }
    buckets
}

/// A line through the middles of all bars, of the period before; 0 where nothing was built.
fn ghost(
    name: &'static str,
    opens: &'static str,
    bars: &[(i64, Slot, Selection)],
    of: fn(&Slot) -> u32,
) -> Series {
    let mark = |(middle_ms, slot, opened): &(i64, Slot, Selection)| {
        let count = of(slot);
        let hover = format!("{name}: {}", words::thousands(count.into()));
        Mark::new(*middle_ms as f64, f64::from(count))
            .opening_builds(opened.clone())
            .hover(hover)
    };
    Series::new(name, Colour::Across, Shape::Dashed)
        .opening(opens)
        .with(bars.iter().map(mark))
}

/// The builds of the period before that stand in a part of this one.
fn opens_before(context: &Context<'_>, part_ms: Range<i64>) -> Selection {
    let window = context.window;
    let length_ms = window.end_ms - window.start_ms;
    let before = window.before();
    let finished = opens::finished(before.start_ms, before.end_ms);
    let (first_ms, end_ms) = (part_ms.start - length_ms, part_ms.end - length_ms);
    finished.narrowed(&opens::started(context, first_ms, end_ms))
}

/// The time of a bar: the shortest with which a window has at most [`MAX_BARS`], so that each can be hit.
fn bucket_ms(days: u16) -> i64 {
    const MULTIPLES: [i64; 14] = [
        1, 2, 4, 8, 12, 24, 48, 96, 192, 672, 1344, 2688, 5376, 21504,
    ];
    let range_ms = i64::from(days) * DAY_MS;
    let times = MULTIPLES.map(|multiple| multiple * QUARTER_MS);
    let fits = times
        .into_iter()
        .find(|&bucket_ms| range_ms <= MAX_BARS * bucket_ms);
    fits.unwrap_or(8 * 21504 * QUARTER_MS)
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
            (
                "not_failed",
                opens::results(context, |result| !result.is_failed()),
            ),
        ],
    }
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
    fn the_period_before_stands_where_it_would_be_now() {
        let snapshot = snapshot(&[
            build("a", Failure, "2019-10-11T09:05:00Z"),
            build("a", Success, "2019-10-11T09:10:00Z"),
            build("a", Success, "2019-10-24T09:00:00Z"),
            build("a", Success, "2019-10-25T09:05:00Z"),
            // Two periods ago.
            build("a", Success, "2019-09-25T09:05:00Z"),
        ]);
        let compared = Selection::default().with("compare", "previous");
        assert_eq!(
            table(&FIGURE, &snapshot, &compared),
            [
                "2019-10-24T08:45:00Z | 1 | 0 | 0 | 0 | 0",
                "2019-10-25T08:45:00Z | 1 | 0 | 0 | 2 | 1",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &compared),
            "0 of 2 builds in the last 14 days failed; the busiest 15 minutes, from Thu 24 Oct 2019, 08:45, had 1. \
             The period before had 2 builds, of which 1 failed."
        );
        let plot = plot(&FIGURE, &snapshot, &compared);
        let ghost = &plot["data"][3];
        assert_eq!(ghost["name"], "Builds before");
        let values = ghost["y"].as_array().expect("values");
        assert_eq!(
            values.len(),
            plot["data"][2]["y"].as_array().expect("values").len()
        );
        assert!(values.len() <= 1 + MAX_BARS as usize);
        let known: Vec<_> = values.iter().filter(|value| **value != 0.0).collect();
        assert_eq!(known, [&serde_json::json!(2.0)]);
        // Without a start there is no period before.
        let endless = compared.with("to", "2019-10-25");
        assert_eq!(
            table(&FIGURE, &snapshot, &endless)[0].matches('|').count(),
            3
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
    fn the_chart_has_the_window_in_few_bars_of_local_time() {
        let snapshot = snapshot_in(
            "Europe/London",
            &[build("a", Success, "2019-10-25T11:00:00Z")],
        );
        let plot = |days| plot(&FIGURE, &snapshot, &Selection::default().with_days(days));
        let range = |days| plot(days)["layout"]["xaxis"]["range"].clone();
        let fortnight = serde_json::json!(["2019-10-11 13:00", "2019-10-25 13:15"]);
        assert_eq!(range(14), fortnight);
        // Three hours: 112 bars.
        assert_eq!(plot(14)["data"][1]["x"][0], "2019-10-25 10:00");
        for days in [1, 7, 14, 28, 90, 180, 3650] {
            let bars = i64::from(days) * DAY_MS / bucket_ms(days);
            assert!(bars <= MAX_BARS, "{days}: {bars}");
        }
    }
}
