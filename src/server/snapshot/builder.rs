//! Builds the columns from the store's rows, in any order.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use super::{
    BuildResult, Builds, DAY_MS, NO_TEST, Pipeline, Snapshot, UNKNOWN_DURATION, UNKNOWN_STEP,
    security::Security,
};
use crate::server::config::Config;

/// One build as the store holds it.
#[derive(Clone, Debug)]
pub struct BuildRecord<'a> {
    pub job_name: &'a str,
    pub build_id: &'a str,
    pub branch: Option<&'a str>,
    pub result: BuildResult,
    pub nightly: bool,
    pub started_ms: i64,
    pub finished_ms: i64,
    pub duration_ms: Option<i64>,
    pub failing_step: Option<&'a str>,
    /// From the end of the smoke test to the end of the functional test.
    pub functional_test_ms: Option<i64>,
}

pub struct SnapshotBuilder {
    config: Arc<Config>,
    builds: Builds,
    pipelines: Interner,
    steps: Interner,
    build_ids: Interner,
    builds_elsewhere: u64,
}

#[derive(Default)]
struct Interner {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Interner {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = u32::try_from(self.names.len()).expect("fewer names than u32::MAX");
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }
}

impl SnapshotBuilder {
    pub fn new(config: Arc<Config>) -> Self {
        Self {
            config,
            builds: Builds::default(),
            pipelines: Interner::default(),
            steps: Interner::default(),
            build_ids: Interner::default(),
            builds_elsewhere: 0,
        }
    }

    /// Adds a build; one of another branch than the default ones is only counted.
    pub fn push(&mut self, build: &BuildRecord<'_>) {
        let default_branches = &self.config.default_branches;
        if let Some(branch) = build.branch
            && !default_branches.iter().any(|known| known == branch)
        {
            self.builds_elsewhere += 1;
            return;
        }
        let columns = &mut self.builds;
        columns.finished_ms.push(build.finished_ms);
        columns.started_ms.push(build.started_ms);
        let duration = build.duration_ms.and_then(|ms| u32::try_from(ms).ok());
        columns
            .duration_ms
            .push(duration.unwrap_or(UNKNOWN_DURATION));
        columns.pipeline.push(self.pipelines.number(build.job_name));
        columns.result.push(build.result);
        columns.nightly.push(build.nightly);
        let step = build.failing_step.map(|name| self.steps.number(name));
        columns.failing_step.push(step.unwrap_or(UNKNOWN_STEP));
        let test = build.functional_test_ms;
        columns.functional_test_ms.push(test.unwrap_or(NO_TEST));
        columns.build_id.push(self.build_ids.number(build.build_id));
    }

    /// Sorts the columns and adds those that follow from others.
    pub fn finish(self, version: String, as_of_ms: Option<i64>, security: Security) -> Snapshot {
        let pipelines: Vec<Pipeline> = self
            .pipelines
            .names
            .into_iter()
            .map(|name| Pipeline {
                project: self.config.project_of(&name),
                name,
            })
            .collect();
        let mut builds = sorted(self.builds, &pipelines, &self.build_ids.names);
        let mut clock = LocalClock::new(&self.config);
        for &at in &builds.finished_ms {
            let (hour_of_week, day) = clock.read(at);
            builds.hour_of_week.push(hour_of_week);
            builds.day.push(day);
        }
        Snapshot {
            version,
            config: self.config,
            sample: false,
            as_of_ms,
            builds,
            pipelines,
            steps: self.steps.names,
            build_ids: self.build_ids.names,
            builds_elsewhere: self.builds_elsewhere,
            security,
        }
    }
}

/// Sorts by `finished_ms`, then by pipeline and build id, so that any order of input gives the same.
fn sorted(builds: Builds, pipelines: &[Pipeline], build_ids: &[Arc<str>]) -> Builds {
    let mut order: Vec<u32> = (0..builds.len())
        .map(|build| u32::try_from(build).expect("fewer builds than u32::MAX"))
        .collect();
    let names = |build: usize| {
        let pipeline = &pipelines[builds.pipeline[build] as usize].name;
        (pipeline, &build_ids[builds.build_id[build] as usize])
    };
    order.sort_unstable_by(|&a, &b| {
        let (a, b) = (a as usize, b as usize);
        let by_time = builds.finished_ms[a].cmp(&builds.finished_ms[b]);
        by_time.then_with(|| names(a).cmp(&names(b)))
    });
    fn pick<T: Copy>(column: &[T], order: &[u32]) -> Vec<T> {
        order.iter().map(|&build| column[build as usize]).collect()
    }
    Builds {
        finished_ms: pick(&builds.finished_ms, &order),
        started_ms: pick(&builds.started_ms, &order),
        duration_ms: pick(&builds.duration_ms, &order),
        pipeline: pick(&builds.pipeline, &order),
        result: pick(&builds.result, &order),
        nightly: pick(&builds.nightly, &order),
        failing_step: pick(&builds.failing_step, &order),
        functional_test_ms: pick(&builds.functional_test_ms, &order),
        build_id: pick(&builds.build_id, &order),
        hour_of_week: Vec::with_capacity(order.len()),
        day: Vec::with_capacity(order.len()),
    }
}

/// Turns ascending instants into local hours and dates; asks the time zone only once per stretch
/// between two changes of its offset, which is most of the cost.
struct LocalClock<'a> {
    config: &'a Config,
    offset_ms: i64,
    /// The offset holds before this instant.
    until_ms: i64,
}

impl<'a> LocalClock<'a> {
    fn new(config: &'a Config) -> Self {
        Self {
            config,
            offset_ms: 0,
            until_ms: i64::MIN,
        }
    }

    fn read(&mut self, at_ms: i64) -> (u8, i32) {
        if at_ms >= self.until_ms {
            let zone = &self.config.time_zone;
            let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX);
            self.offset_ms = i64::from(zone.to_offset(at).seconds()) * 1000;
            let change = zone.following(at).next();
            self.until_ms = change.map_or(i64::MAX, |change| change.timestamp().as_millisecond());
        }
        let local_ms = at_ms + self.offset_ms;
        let day = local_ms.div_euclid(DAY_MS);
        let hour = local_ms.rem_euclid(DAY_MS) / super::HOUR_MS;
        // 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
        let weekday = (day + 3).rem_euclid(7);
        let hour_of_week = u8::try_from(weekday * 24 + hour).expect("168 hours a week");
        (hour_of_week, i32::try_from(day).unwrap_or(i32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        let instant: Timestamp = text.parse().expect("an instant");
        instant.as_millisecond()
    }

    #[test]
    fn local_hours_follow_daylight_saving() {
        let mut config = Config::built_in();
        config.time_zone = jiff::tz::TimeZone::get("Europe/London").expect("a zone");
        let mut clock = LocalClock::new(&config);
        // Sunday 2019-10-27: clocks go back from 02:00 to 01:00 local time at 01:00 UTC.
        assert_eq!(clock.read(at("2019-10-26T23:30:00Z")).0, 6 * 24);
        assert_eq!(clock.read(at("2019-10-27T00:30:00Z")).0, 6 * 24 + 1);
        assert_eq!(clock.read(at("2019-10-27T01:30:00Z")).0, 6 * 24 + 1);
        assert_eq!(clock.read(at("2019-10-28T09:00:00Z")), (9, 18_197));
    }
}
