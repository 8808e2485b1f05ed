//! The steps of builds as columns, those of one build after those of another.

use std::ops::Range;

use super::columns::Column;
use crate::server::model::{BuildResult, StepDuration};

/// The duration of a step that has none.
const UNKNOWN: u32 = u32::MAX;
/// Bits of a step's flags: its result, whether its duration is stated, and its attempt.
const RESULT: u8 = 0b111;
const STATED: u8 = 0b1000;
const ATTEMPT_SHIFT: u32 = 4;
const LAST_ATTEMPT: u8 = 15;

/// A column of the steps of builds.
#[derive(Debug, Default)]
pub struct Steps {
    /// The end of each build's steps in the other columns.
    ends: Vec<u32>,
    /// Index in [`super::Snapshot::steps`].
    pub(super) name: Vec<u16>,
    /// The end of the step, in ms since its build's `started_ms`.
    end_ms: Vec<i32>,
    duration_ms: Vec<u32>,
    flags: Vec<u8>,
}

/// A step of a build in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// Index in [`super::Snapshot::steps`].
    pub name: u16,
    /// In ms since the start of the build, at most 24 days.
    pub end_ms: i32,
    pub result: BuildResult,
    /// At most 15.
    pub attempt: u8,
    pub duration: Option<StepDuration>,
}

impl StepRow {
    /// Makes a row of a step that ended so many ms after the start of its build.
    pub fn new(
        name: u16,
        end_ms: i64,
        result: BuildResult,
        attempt: u8,
        duration: Option<StepDuration>,
    ) -> Self {
        let latest = if end_ms < 0 { i32::MIN } else { i32::MAX };
        Self {
            name,
            end_ms: i32::try_from(end_ms).unwrap_or(latest),
            result,
            attempt,
            duration,
        }
    }
}

impl Steps {
    /// Adds the steps of the next build.
    pub fn push(&mut self, steps: impl Iterator<Item = StepRow>) {
        for step in steps {
            let known = step
                .duration
                .and_then(|duration| u32::try_from(duration.ms).ok());
            let stated = step.duration.is_some_and(|duration| duration.stated);
            self.name.push(step.name);
            self.end_ms.push(step.end_ms);
            self.duration_ms.push(known.unwrap_or(UNKNOWN));
            self.flags.push(
                step.result as u8
                    | if stated { STATED } else { 0 }
                    | step.attempt.min(LAST_ATTEMPT) << ATTEMPT_SHIFT,
            );
        }
        self.end_build();
    }

    /// Returns the steps of a build, in order of their ends.
    pub fn of(&self, build: usize) -> impl DoubleEndedIterator<Item = StepRow> + '_ {
        self.range(build).map(|step| {
            let flags = self.flags[step];
            let ms = self.duration_ms[step];
            let stated = flags & STATED != 0;
            StepRow {
                name: self.name[step],
                end_ms: self.end_ms[step],
                result: BuildResult::from_number(flags & RESULT),
                attempt: flags >> ATTEMPT_SHIFT,
                duration: (ms != UNKNOWN).then_some(StepDuration {
                    ms: ms.into(),
                    stated,
                }),
            }
        })
    }

    /// Returns the names of a build's steps, in order of their ends.
    pub fn names(&self, build: usize) -> &[u16] {
        &self.name[self.range(build)]
    }

    /// Calls `f` with the name and the known duration, in ms, of each of a build's steps.
    #[inline]
    pub fn durations(&self, build: usize, mut f: impl FnMut(u16, u32)) {
        let range = self.range(build);
        let durations = &self.duration_ms[range.clone()];
        for (&name, &ms) in self.name[range].iter().zip(durations) {
            if ms != UNKNOWN {
                f(name, ms);
            }
        }
    }

    /// Drops the steps of the first builds.
    pub fn drop_first(&mut self, builds: usize) {
        let Some(last) = builds.checked_sub(1) else {
            return;
        };
        let dropped = self.ends[last];
        if dropped == 0 {
            return;
        }
        for end in &mut self.ends {
            *end = end.saturating_sub(dropped);
        }
        self.name.drain(..dropped as usize);
        self.end_ms.drain(..dropped as usize);
        self.duration_ms.drain(..dropped as usize);
        self.flags.drain(..dropped as usize);
    }

    /// Returns the number of steps of all builds.
    pub fn len(&self) -> usize {
        self.name.len()
    }

    pub fn is_empty(&self) -> bool {
        self.name.is_empty()
    }

    fn range(&self, build: usize) -> Range<usize> {
        range(&self.ends, build)
    }

    fn end_build(&mut self) {
        let end = u32::try_from(self.name.len()).expect("fewer steps than u32::MAX");
        self.ends.push(end);
    }
}

impl Column for Steps {
    fn with_capacity(builds: usize) -> Self {
        Self {
            ends: Vec::with_capacity(builds),
            ..Self::default()
        }
    }

    fn append(&mut self, other: &Self, rows: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        let steps = other.range(rows.start).start..other.range(rows.end - 1).end;
        let before = self.name.len();
        self.name.extend_from_slice(&other.name[steps.clone()]);
        self.end_ms.extend_from_slice(&other.end_ms[steps.clone()]);
        self.duration_ms
            .extend_from_slice(&other.duration_ms[steps.clone()]);
        self.flags.extend_from_slice(&other.flags[steps.clone()]);
        let moved = |end: &u32| *end as usize - steps.start + before;
        let ends = other.ends[rows].iter().map(moved);
        let ends = ends.map(|end| u32::try_from(end).expect("fewer steps than u32::MAX"));
        self.ends.extend(ends);
    }

    fn ordered(self, order: &[u32]) -> Self {
        // Column by column, so that only one is in memory twice.
        Self {
            name: self::ordered(self.name, &self.ends, order),
            end_ms: self::ordered(self.end_ms, &self.ends, order),
            duration_ms: self::ordered(self.duration_ms, &self.ends, order),
            flags: self::ordered(self.flags, &self.ends, order),
            ends: ordered_ends(&self.ends, order),
        }
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.ends)
            + size_of_val(&*self.name)
            + size_of_val(&*self.end_ms)
            + size_of_val(&*self.duration_ms)
            + size_of_val(&*self.flags)
    }
}

/// Returns which steps are those of a build.
fn range(ends: &[u32], build: usize) -> Range<usize> {
    let start = build.checked_sub(1).map_or(0, |before| ends[before]);
    start as usize..ends[build] as usize
}

fn ordered<T: Copy>(steps: Vec<T>, ends: &[u32], order: &[u32]) -> Vec<T> {
    let mut ordered = Vec::with_capacity(steps.len());
    for &build in order {
        ordered.extend_from_slice(&steps[range(ends, build as usize)]);
    }
    ordered
}

fn ordered_ends(ends: &[u32], order: &[u32]) -> Vec<u32> {
    let mut end = 0;
    let steps = order.iter().map(|&build| range(ends, build as usize).len());
    let ends = steps.map(|steps| {
        end += steps;
        u32::try_from(end).expect("fewer steps than u32::MAX")
    });
    ends.collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn step(number: u16) -> StepRow {
        StepRow {
            name: number,
            end_ms: i32::from(number) - 7,
            result: BuildResult::OF_EVENTS[usize::from(number) % 6],
            attempt: u8::try_from(number % 15).expect("small") + 1,
            duration: (!number.is_multiple_of(3)).then_some(StepDuration {
                ms: number.into(),
                stated: number % 3 == 1,
            }),
        }
    }

    fn column(builds: &[Vec<u16>]) -> Steps {
        let mut steps = Steps::default();
        for build in builds {
            steps.push(build.iter().map(|&number| step(number)));
        }
        steps
    }

    fn read(steps: &Steps) -> Vec<Vec<u16>> {
        let build = |build| {
            let steps = steps.of(build).map(|known| {
                assert_eq!(known, step(known.name));
                known.name
            });
            steps.collect()
        };
        (0..steps.ends.len()).map(build).collect()
    }

    proptest! {
        #[test]
        fn steps_follow_their_builds(
            (builds, order) in vec(vec(0_u16..500, 0..5), 1..12).prop_flat_map(|builds| {
                let order: Vec<u32> = (0..).take(builds.len()).collect();
                (Just(builds), Just(order).prop_shuffle())
            }),
            dropped in 0_usize..12,
        ) {
            let ordered = column(&builds).ordered(&order);
            let expected: Vec<Vec<u16>> = order.iter().map(|&build| builds[build as usize].clone()).collect();
            prop_assert_eq!(&read(&ordered), &expected);

            let middle = builds.len() / 2;
            let mut spliced = Steps::default();
            spliced.append(&ordered, middle..builds.len());
            spliced.append(&ordered, 0..middle);
            let mut rotated = expected.clone();
            rotated.rotate_left(middle);
            prop_assert_eq!(read(&spliced), rotated);

            let dropped = dropped.min(builds.len());
            let mut kept = ordered;
            kept.drop_first(dropped);
            let mut expected = expected;
            expected[..dropped].iter_mut().for_each(Vec::clear);
            prop_assert_eq!(kept.len(), expected.iter().map(Vec::len).sum::<usize>());
            prop_assert_eq!(read(&kept), expected);
        }
    }
}
