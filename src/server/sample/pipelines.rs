//! The pipelines of the sample: their names, steps and habits.

use super::{
    calendar::Calendar,
    catalogue::{Catalogue, Folder, Step, ends_with_any},
    random::Random,
};
use crate::server::model::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The speed of a pipeline, in percent of the usual duration.
const SPEED: [u32; 2] = [85, 150];
/// The number of builds that a pipeline had before the sample begins.
const EARLIER_BUILDS: [u32; 2] = [40, 2400];

/// A pipeline, the same on all days.
pub struct Pipeline {
    /// The job without its branch: `HMCTS_CMC/cmc-case-ledger`.
    pub job: String,
    pub branch: &'static str,
    /// Its events carry the build's URL.
    pub urls: bool,
    /// Its events lack the fields that an old CI system does not report.
    pub terse: bool,
    pub when: When,
    pub flow: Vec<PlannedStep>,
    /// The steps on other branches; empty if it is not built there.
    pub flow_elsewhere: Vec<PlannedStep>,
    pub earlier_builds: u32,
    /// In how many of a thousand builds something breaks, or is still broken.
    pub breaks: u32,
    pub stays_broken: u32,
    /// If every build fails: since when, and at which step.
    pub broken: Option<(i64, &'static str)>,
    /// It has none of the habits that the catalogue names.
    pub ordinary: bool,
}

pub enum When {
    /// Every day at this time, in ms.
    Nightly(i64),
    /// On every merge: builds per weekday, in hundredths.
    Merges(u32),
}

pub struct PlannedStep {
    pub name: &'static str,
    pub seconds: u32,
    pub breaks: u32,
}

/// A pipeline of the catalogue, before its details are drawn.
struct Draft {
    folder: &'static Folder,
    repository: &'static str,
    nightly: bool,
}

/// Returns all pipelines: those of the catalogue `scale` times, or part of them for a scale below 1.
pub fn pipelines(
    catalogue: &'static Catalogue,
    calendar: &Calendar,
    seed: u64,
    scale: f64,
) -> Vec<Pipeline> {
    let mut pipelines = Vec::new();
    for (index, draft) in drafts(catalogue).enumerate() {
        // Integer parts of multiples spread the pipelines evenly for any scale.
        let before = (index as f64 * scale) as u64;
        let copies = ((index + 1) as f64 * scale) as u64 - before;
        for copy in 0..copies {
            let mut random = Random::of(&[seed, index as u64, copy]);
            pipelines.push(draft.pipeline(catalogue, calendar, copy, &mut random));
        }
    }
    pipelines
}

fn drafts(catalogue: &'static Catalogue) -> impl Iterator<Item = Draft> {
    catalogue.folders.iter().flat_map(|folder| {
        let draft = |nightly| {
            move |repository: &'static String| Draft {
                folder,
                repository,
                nightly,
            }
        };
        let merged = folder.repositories.iter().map(draft(false));
        merged.chain(folder.nightly.iter().map(draft(true)))
    })
}

impl Draft {
    fn pipeline(
        &self,
        catalogue: &'static Catalogue,
        calendar: &Calendar,
        copy: u64,
        random: &mut Random,
    ) -> Pipeline {
        let (habits, results) = (&catalogue.habits, &catalogue.results);
        let is_in = |names: &[String]| names.iter().any(|name| name == self.repository);
        let flaky = !self.nightly && is_in(&habits.flaky);
        let terse = !self.nightly && is_in(&habits.terse);
        let slow = !self.nightly && is_in(&habits.slow);
        let short_test = habits.short_tests.get(self.repository).copied();
        let broken = (!self.nightly)
            .then(|| self.broken(catalogue, calendar))
            .flatten();
        let speed = random.between(SPEED) * if slow { habits.slow_percent } else { 100 } / 100;
        let must = broken.map(|(_, step)| step);
        let mut flow = plan(self.steps(catalogue), must, speed, random);
        if let Some(seconds) = short_test {
            let tests = flow
                .iter_mut()
                .filter(|step| step.name == habits.tested_step);
            tests.for_each(|step| step.seconds = seconds);
        }
        let flow_elsewhere = if self.nightly || terse {
            Vec::new()
        } else {
            plan(&catalogue.flows_elsewhere.branch, None, speed, random)
        };
        let (breaks, stays_broken) = match (flaky, self.nightly) {
            // A flaky failure is as likely after a failure as before.
            (true, _) => (habits.flaky_breaks, habits.flaky_breaks),
            (false, true) => (random.between(results.nightly_breaks), results.stays_broken),
            (false, false) => (random.between(results.breaks), results.stays_broken),
        };
        Pipeline {
            job: self.job(copy),
            branch: &self.folder.branch,
            urls: self.folder.urls,
            terse,
            when: self.when(catalogue, random),
            flow,
            flow_elsewhere,
            earlier_builds: random.between(EARLIER_BUILDS),
            breaks,
            stays_broken,
            broken,
            ordinary: !flaky && !terse && !slow && short_test.is_none() && broken.is_none(),
        }
    }

    fn job(&self, copy: u64) -> String {
        let folder = if self.nightly {
            &self.folder.nightly_name
        } else {
            &self.folder.name
        };
        match copy {
            0 => format!("{folder}/{}", self.repository),
            _ => format!("{folder}/{}-{}", self.repository, copy + 1),
        }
    }

    fn steps(&self, catalogue: &'static Catalogue) -> &'static [Step] {
        let elsewhere = &catalogue.flows_elsewhere;
        if self.nightly {
            let tests = ends_with_any(self.repository, &elsewhere.nightly_tests_endings);
            return if tests {
                &elsewhere.nightly_tests
            } else {
                &elsewhere.nightly
            };
        }
        let mut flows = catalogue.flows.iter();
        let named = flows.find(|flow| ends_with_any(self.repository, &flow.endings));
        &named.unwrap_or(&catalogue.flows[0]).steps
    }

    fn when(&self, catalogue: &Catalogue, random: &mut Random) -> When {
        let when = &catalogue.when;
        if !self.nightly {
            return When::Merges(random.between(when.builds_per_weekday));
        }
        let hour = random.weighted(when.nightly_hours.iter().copied());
        let minute = 5 * random.below(12);
        When::Nightly(hour as i64 * HOUR_MS + i64::from(minute) * MINUTE_MS)
    }

    fn broken(
        &self,
        catalogue: &'static Catalogue,
        calendar: &Calendar,
    ) -> Option<(i64, &'static str)> {
        let habits = &catalogue.habits;
        let tuesday = &habits.broken_tuesday;
        if tuesday.repository == self.repository {
            return Some((calendar.last_tuesday_ms(), &tuesday.step));
        }
        let red = habits
            .red
            .iter()
            .find(|red| red.repository == self.repository)?;
        Some((calendar.as_of_ms - red.days * DAY_MS, &red.step))
    }
}

/// Draws the steps of a pipeline; `must` names one that is always included.
fn plan(
    steps: &'static [Step],
    must: Option<&str>,
    speed: u32,
    random: &mut Random,
) -> Vec<PlannedStep> {
    let mut planned: Vec<PlannedStep> = Vec::with_capacity(steps.len());
    for step in steps {
        let has = |name: &str| planned.iter().any(|step| step.name == name);
        let possible = step.needs.as_deref().is_none_or(has);
        let chosen = random.per_thousand(step.share) || must == Some(step.name.as_str());
        if possible && chosen {
            planned.push(PlannedStep {
                name: &step.name,
                seconds: step.seconds * speed / 100,
                breaks: step.breaks,
            });
        }
    }
    planned
}
