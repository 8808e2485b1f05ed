//! Pipelines whose durations or failures change on some day.

use super::{
    calendar::Calendar,
    catalogue::Shifts,
    pipelines::{Pipeline, When},
    random::{Random, mix},
    world::World,
};

/// Separates the random numbers of the shifts from those of the pipelines.
const KEY: u64 = 0x0005_41f7;
/// The builds per weekday of a busy pipeline, in hundredths.
const BUSY: u32 = 120;
/// The times of shifts, as percentages of the sample's time.
const WHEN_PERCENT: [u32; 2] = [40, 75];

/// A number that is another one before or after an instant.
#[derive(Clone, Copy)]
pub struct Shift {
    pub at_ms: i64,
    pub before: u32,
    pub after: u32,
}

impl Shift {
    pub fn at(&self, at_ms: i64) -> u32 {
        if at_ms < self.at_ms {
            self.before
        } else {
            self.after
        }
    }
}

/// Shifts durations in some of the busy pipelines without other habits, and failures in others.
pub fn shift_some(pipelines: &mut [Pipeline], world: &World) {
    let (seed, habits) = (world.seed, &world.catalogue.habits);
    let busy = |pipeline: &Pipeline| matches!(pipeline.when, When::Merges(often) if often >= BUSY);
    let indices = 0..pipelines.len();
    let mut busy: Vec<usize> = indices
        .filter(|&index| pipelines[index].ordinary && busy(&pipelines[index]))
        .collect();
    busy.sort_unstable_by_key(|&index| mix(mix(seed ^ KEY) ^ index as u64));
    let count = |shifts: &Shifts| (busy.len() * shifts.share as usize / 1000).max(1);
    let (durations, failures) = (&habits.duration_shifts, &habits.failure_shifts);
    let (first, second) = (count(durations), count(failures));
    let mut random = Random::of(&[seed, KEY]);
    let mut up = random.percent(50);
    for (position, &index) in busy.iter().take(first + second).enumerate() {
        up = !up;
        let at_ms = draw_time(&world.calendar, &mut random);
        let pipeline = &mut pipelines[index];
        pipeline.ordinary = false;
        if position < first {
            let after = draw(durations, up, &mut random);
            let before = 100;
            pipeline.duration_shift = Some(Shift {
                at_ms,
                before,
                after,
            });
        } else {
            let (usual, more) = (pipeline.breaks, draw(failures, up, &mut random));
            let (before, after) = if up { (usual, more) } else { (more, usual) };
            pipeline.failure_shift = Some(Shift {
                at_ms,
                before,
                after,
            });
        }
    }
}

fn draw(shifts: &Shifts, up: bool, random: &mut Random) -> u32 {
    random.between(if up { shifts.up } else { shifts.down })
}

/// Draws an instant, in whole seconds.
fn draw_time(calendar: &Calendar, random: &mut Random) -> i64 {
    let days_ms = calendar.as_of_ms - calendar.begin_ms;
    let at_ms = calendar.begin_ms + days_ms / 100 * i64::from(random.between(WHEN_PERCENT));
    at_ms.div_euclid(1000) * 1000
}
