//! The pipelines of the sample: their names, steps and habits.

use std::collections::HashMap;

use super::{
    catalogue::{Catalogue, Flow, Folder, Shares, Step, ends_with_any},
    random::Random,
    repositories::Repository,
    shifts::{Shift, shift_some},
    world::World,
};
use crate::server::model::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The speed of a pipeline, in percent of the usual duration.
const SPEED: [u32; 2] = [85, 150];
/// The number of builds that a pipeline had before the sample begins.
const EARLIER_BUILDS: [u32; 2] = [40, 2400];
const ORGANISATION: &str = "https://github.com/hmcts";
/// Separates the random numbers of what a pipeline does from those of how it is built.
const KEY: u64 = 0x00f1_0e25;

/// A pipeline, the same on all days.
pub struct Pipeline {
    /// The job without its branch: `HMCTS_CMC/cmc-case-ledger`.
    pub job: String,
    pub branch: &'static str,
    /// Index in the sample's repositories.
    pub repository: usize,
    pub git_url: String,
    pub product: String,
    pub component: String,
    /// The pools that build it: indices in the catalogue with their relative frequencies.
    pub pools: Vec<(u8, u32)>,
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
    /// Its builds fail independently of each other.
    pub flaky: bool,
    /// It has none of the habits that the catalogue names.
    pub ordinary: bool,
    /// It publishes the checkout as a step.
    pub checks_out: bool,
    /// It runs some steps at the same time.
    pub parallel: bool,
    /// It does not publish the end of a build.
    pub silent: bool,
    /// It publishes a promotion before it deploys.
    pub promotes: bool,
    /// Its builds publish their end also if they are interrupted.
    pub ends_always: bool,
    /// The duration of its builds, in percent of before.
    pub duration_shift: Option<Shift>,
    /// Replaces `breaks` and `stays_broken` while more breaks than usual.
    pub failure_shift: Option<Shift>,
}

impl Pipeline {
    /// Returns what a build takes, in percent of the usual.
    pub fn takes_percent(&self, at_ms: i64) -> u32 {
        self.duration_shift.map_or(100, |shift| shift.at(at_ms))
    }

    /// Returns in how many of a thousand builds something breaks, if it is more than usual.
    pub fn breaks_more(&self, at_ms: i64) -> Option<u32> {
        let share = self.failure_shift?.at(at_ms);
        (share != self.breaks).then_some(share)
    }
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

/// Returns all pipelines: those of the catalogue `scale` times, or part of them for a scale below 1. Also
/// returns their repositories.
pub fn pipelines(world: &World, scale: f64) -> (Vec<Pipeline>, Vec<Repository>) {
    let (mut pipelines, mut repositories) = (Vec::new(), Vec::new());
    let mut indices: HashMap<String, usize> = HashMap::new();
    for (index, draft) in drafts(world.catalogue).enumerate() {
        // Integer parts of multiples spread the pipelines evenly for any scale.
        let before = (index as f64 * scale) as u64;
        let copies = ((index + 1) as f64 * scale) as u64 - before;
        for copy in 0..copies {
            let mut pipeline = draft.pipeline(world, index as u64, copy);
            pipeline.repository = *indices.entry(draft.name(copy)).or_insert_with(|| {
                repositories.push(Repository::new(world.seed, repositories.len()));
                repositories.len() - 1
            });
            repositories[pipeline.repository].merged |= !draft.nightly;
            pipelines.push(pipeline);
        }
    }
    shift_some(&mut pipelines, world);
    (pipelines, repositories)
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
    fn pipeline(&self, world: &World, index: u64, copy: u64) -> Pipeline {
        let catalogue = world.catalogue;
        let (habits, results) = (&catalogue.habits, &catalogue.results);
        let random = &mut Random::of(&[world.seed, index, copy]);
        let own = &mut Random::of(&[world.seed, index, copy, KEY]);
        let is_in = |names: &[String]| names.iter().any(|name| name == self.repository);
        let flaky = !self.nightly && is_in(&habits.flaky);
        let terse = !self.nightly && is_in(&habits.terse);
        let slow = !self.nightly && is_in(&habits.slow);
        let short_test = habits.short_tests.get(self.repository).copied();
        let broken = (!self.nightly).then(|| self.broken(world)).flatten();
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
        let name = self.name(copy);
        let (product, component) = name.split_once('-').unwrap_or((&name, &name));
        Pipeline {
            job: [self.folder_name(), "/", &name].concat(),
            branch: &self.folder.branch,
            repository: 0,
            git_url: format!("{ORGANISATION}/{name}.git"),
            product: product.to_owned(),
            component: component.to_owned(),
            pools: self.pools(catalogue),
            urls: self.folder.urls,
            terse,
            when: self.when(catalogue, random),
            flow,
            flow_elsewhere,
            earlier_builds: random.between(EARLIER_BUILDS),
            breaks,
            stays_broken,
            broken,
            flaky,
            ordinary: !flaky && !terse && !slow && short_test.is_none() && broken.is_none(),
            checks_out: own.per_thousand(habits.checkouts),
            parallel: own.per_thousand(habits.parallel),
            silent: own.per_thousand(habits.silent),
            promotes: own.per_thousand(habits.promotion.share),
            ends_always: !self.nightly && self.flow(catalogue).ends_always,
            duration_shift: None,
            failure_shift: None,
        }
    }

    fn folder_name(&self) -> &str {
        if self.nightly {
            &self.folder.nightly_name
        } else {
            &self.folder.name
        }
    }

    /// Returns the name of the repository.
    fn name(&self, copy: u64) -> String {
        match copy {
            0 => self.repository.to_owned(),
            _ => format!("{}-{}", self.repository, copy + 1),
        }
    }

    fn flow(&self, catalogue: &'static Catalogue) -> &'static Flow {
        let mut flows = catalogue.flows.iter();
        let named = flows.find(|flow| ends_with_any(self.repository, &flow.endings));
        named.unwrap_or(&catalogue.flows[0])
    }

    fn steps(&self, catalogue: &'static Catalogue) -> &'static [Step] {
        let elsewhere = &catalogue.flows_elsewhere;
        if !self.nightly {
            return &self.flow(catalogue).steps;
        }
        let tests = ends_with_any(self.repository, &elsewhere.nightly_tests_endings);
        if tests {
            &elsewhere.nightly_tests
        } else {
            &elsewhere.nightly
        }
    }

    fn pools(&self, catalogue: &'static Catalogue) -> Vec<(u8, u32)> {
        let shares: &Shares = match self.nightly {
            true => &catalogue.flows_elsewhere.nightly_pools,
            false => &self.flow(catalogue).pools,
        };
        let shares = shares.iter();
        let pools = shares.map(|(labels, &share)| {
            let index = u8::try_from(catalogue.pool(labels));
            (index.expect("few pools"), share)
        });
        pools.collect()
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

    fn broken(&self, world: &World) -> Option<(i64, &'static str)> {
        let habits = &world.catalogue.habits;
        let tuesday = &habits.broken_tuesday;
        if tuesday.repository == self.repository {
            return Some((world.calendar.last_tuesday_ms(), &tuesday.step));
        }
        let red = habits
            .red
            .iter()
            .find(|red| red.repository == self.repository)?;
        Some((world.calendar.as_of_ms - red.days * DAY_MS, &red.step))
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
