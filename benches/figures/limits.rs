//! For each figure of builds, a loop over the same columns that does only the arithmetic for the
//! default filter: a lower bound for the time that the figure takes.

use std::ops::Range;

use rse_dashboard::server::{
    model::{BuildResult, DAY_MS, MINUTE_MS},
    snapshot::{NO_TEST, Snapshot, UNKNOWN_DURATION, UNKNOWN_STEP},
};

/// The loop for a figure; returns a count, so that the compiler removes nothing.
type Limit = fn(&Snapshot) -> u64;

/// Returns the loop of a figure of builds; none for other figures.
pub fn of(figure: &str) -> Option<Limit> {
    Some(match figure {
        "build_status_day" => |snapshot| results(snapshot, 1),
        "build_status" => |snapshot| results(snapshot, 14),
        "nightly_vs_non_nightly" => by_type,
        "heatmap" => by_hour,
        "timeline_short" => by_slot,
        "most_failing" => by_pipeline,
        "failing_steps" => by_step,
        "lengthy_pipelines" => durations,
        "shortest_functional_tests" => tests,
        "duration" => bins,
        "timeline" => by_day,
        _ => return None,
    })
}

fn window(snapshot: &Snapshot, days: i64) -> Range<usize> {
    let end = snapshot.as_of_ms.unwrap_or(0);
    let finished = &snapshot.builds.finished_ms;
    finished.partition_point(|&at| at <= end - days * DAY_MS)
        ..finished.partition_point(|&at| at <= end)
}

fn results(snapshot: &Snapshot, days: i64) -> u64 {
    let mut counts = [0_u64; BuildResult::ALL.len()];
    for &result in &snapshot.builds.result[window(snapshot, days)] {
        counts[result as usize] += 1;
    }
    counts.iter().fold(0, |hash, count| hash * 31 + count)
}

fn by_type(snapshot: &Snapshot) -> u64 {
    let mut counts = [[0_u64; BuildResult::ALL.len()]; 2];
    let window = window(snapshot, 14);
    let columns = &snapshot.builds;
    let pairs = columns.nightly[window.clone()].iter();
    for (&nightly, &result) in pairs.zip(&columns.result[window]) {
        counts[usize::from(nightly)][result as usize] += 1;
    }
    counts.iter().flatten().sum()
}

fn by_hour(snapshot: &Snapshot) -> u64 {
    let mut counts = [[0_u64; 2]; 168];
    let window = window(snapshot, 14);
    let columns = &snapshot.builds;
    let pairs = columns.hour_of_week[window.clone()].iter();
    for (&hour, &result) in pairs.zip(&columns.result[window]) {
        let count = &mut counts[usize::from(hour)];
        count[0] += u64::from((result as u8) < 4);
        count[1] += u64::from(result.is_failed());
    }
    counts.iter().flatten().sum()
}

fn by_slot(snapshot: &Snapshot) -> u64 {
    const SLOT_MS: i64 = 15 * MINUTE_MS;
    let last = snapshot.as_of_ms.unwrap_or(0).div_euclid(SLOT_MS);
    let first = last - 14 * DAY_MS / SLOT_MS;
    let mut counts = vec![[0_u64; 2]; 14 * 96 + 1];
    let mut elsewhere = 0;
    let window = window(snapshot, 14);
    let columns = &snapshot.builds;
    let pairs = columns.started_ms[window.clone()].iter();
    for (&started, &result) in pairs.zip(&columns.result[window]) {
        let slot = usize::try_from(started.div_euclid(SLOT_MS) - first);
        match slot.ok().and_then(|slot| counts.get_mut(slot)) {
            Some(count) => {
                count[0] += 1;
                count[1] += u64::from(result.is_failed());
            }
            None => elsewhere += 1,
        }
    }
    counts.iter().flatten().sum::<u64>() + elsewhere
}

fn by_pipeline(snapshot: &Snapshot) -> u64 {
    let mut counts = vec![[0_u64; 3]; snapshot.pipelines.len()];
    let window = window(snapshot, 14);
    let columns = &snapshot.builds;
    let pairs = columns.pipeline[window.clone()].iter();
    for (&pipeline, &result) in pairs.zip(&columns.result[window]) {
        let count = &mut counts[pipeline as usize];
        count[0] += 1;
        count[1] += u64::from(result == BuildResult::Failure);
        count[2] += u64::from(result == BuildResult::Aborted);
    }
    counts.sort_unstable_by_key(|count| std::cmp::Reverse(count[1] + count[2]));
    counts.iter().take(50).map(|count| count[1]).sum()
}

fn by_step(snapshot: &Snapshot) -> u64 {
    let mut counts = vec![0_u64; snapshot.steps.len() + 1];
    let window = window(snapshot, 14);
    let columns = &snapshot.builds;
    let pairs = columns.failing_step[window.clone()].iter();
    for (&step, &result) in pairs.zip(&columns.result[window]) {
        if result == BuildResult::Failure {
            let step = if step == UNKNOWN_STEP {
                counts.len() - 1
            } else {
                step as usize
            };
            counts[step] += 1;
        }
    }
    counts.sort_unstable();
    counts.iter().sum()
}

fn durations(snapshot: &Snapshot) -> u64 {
    let mut by_pipeline = vec![Vec::new(); snapshot.pipelines.len()];
    let columns = &snapshot.builds;
    for build in window(snapshot, 14) {
        let took = columns.duration_ms[build];
        if columns.result[build] == BuildResult::Success && took != UNKNOWN_DURATION {
            by_pipeline[columns.pipeline[build] as usize].push(took);
        }
    }
    by_pipeline.retain(|all| !all.is_empty());
    let mean = |all: &Vec<u32>| all.iter().map(|&ms| u64::from(ms)).sum::<u64>() / all.len() as u64;
    by_pipeline.sort_by_cached_key(|all| std::cmp::Reverse(mean(all)));
    let slowest = by_pipeline.iter_mut().take(50).map(|all| {
        let (half, most) = (all.len() / 2, all.len() * 95 / 100);
        let median = *all.select_nth_unstable(half).1;
        u64::from(median) + u64::from(*all.select_nth_unstable(most).1)
    });
    slowest.sum()
}

fn tests(snapshot: &Snapshot) -> u64 {
    let mut latest = vec![NO_TEST; snapshot.pipelines.len()];
    let columns = &snapshot.builds;
    for build in window(snapshot, 14) {
        let took = columns.functional_test_ms[build];
        if took != NO_TEST {
            latest[columns.pipeline[build] as usize] = took;
        }
    }
    latest.retain(|&took| 0 < took && took < 500_000);
    latest.sort_unstable();
    latest
        .iter()
        .take(10)
        .map(|&took| took.unsigned_abs())
        .sum()
}

fn bins(snapshot: &Snapshot) -> u64 {
    let mut counts: Vec<[u64; 4]> = Vec::new();
    let window = window(snapshot, 14);
    let columns = &snapshot.builds;
    let pairs = columns.duration_ms[window.clone()].iter();
    for (&took, &result) in pairs.zip(&columns.result[window]) {
        if took == UNKNOWN_DURATION || result as u8 > 3 {
            continue;
        }
        let bin = (took / 30_000) as usize;
        if bin >= counts.len() {
            counts.resize(bin + 1, [0; 4]);
        }
        counts[bin][result as usize] += 1;
    }
    counts.iter().flatten().sum()
}

fn by_day(snapshot: &Snapshot) -> u64 {
    let window = window(snapshot, 180);
    let columns = &snapshot.builds;
    let days = &columns.day[window.clone()];
    let first = days.first().copied().unwrap_or(0);
    let mut counts = vec![[0_u64; BuildResult::ALL.len()]; 182];
    for (&day, &result) in days.iter().zip(&columns.result[window]) {
        let day = usize::try_from(day - first).unwrap_or(0).min(181);
        counts[day][result as usize] += 1;
    }
    counts.iter().flatten().sum()
}
