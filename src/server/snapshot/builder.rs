//! Builds the columns from the store's rows, in any order: from all of them, or from those that changed.

use std::{cmp::Ordering, ops::Range, sync::Arc};

use super::{
    Builds, Insight, NO_TEST, Origin, Pipeline, STEP_DAYS, Snapshot, StepRow, UNKNOWN_DURATION,
    clock::LocalClock,
    columns::Piece,
    commit_number,
    names::{FewNames, Names, Number as _},
    security::Security,
    short_names, truth,
};
use crate::server::{
    config::Config,
    model::{BuildResult, Codebase, DAY_MS, System, Toolchain, text::short_name},
};

/// A build whose names have numbers of the builder.
#[derive(Clone, Copy, Debug)]
pub struct NumberedBuild<'a> {
    /// The number of the build in the store.
    pub stored: u32,
    pub pipeline: u32,
    pub build_id: &'a str,
    /// The result of the latest event.
    pub latest_result: BuildResult,
    pub nightly: bool,
    pub started_ms: i64,
    pub finished_ms: i64,
    pub duration_ms: Option<i64>,
    pub failing_step: Option<u16>,
    /// From the end of the smoke test to the end of the functional test.
    pub functional_test_ms: Option<i64>,
    pub ended: bool,
    pub start_delay_ms: Option<i64>,
    pub git_commit: Option<&'a str>,
    pub node: Option<u16>,
    pub codebase: u32,
    pub toolchain: u32,
}

/// Separates the name and the system of a pipeline in its key; neither holds it.
const SEPARATOR: char = '\0';

pub struct SnapshotBuilder {
    config: Arc<Config>,
    /// The snapshot that the rows update, if any.
    previous: Option<Arc<Snapshot>>,
    builds: Builds,
    /// Names and systems.
    pipelines: Names<str>,
    steps: FewNames,
    nodes: FewNames,
    codebases: Names<Codebase>,
    toolchains: Names<Toolchain>,
    /// The store's numbers of builds on other branches.
    other_branches: Vec<u32>,
    /// The store's greatest number of a build.
    last: u32,
}

impl SnapshotBuilder {
    pub fn new(config: Arc<Config>) -> Self {
        Self::with_capacity(config, 0)
    }

    /// Creates a builder for about this many builds.
    pub fn with_capacity(config: Arc<Config>, builds: usize) -> Self {
        Self {
            config,
            previous: None,
            builds: Builds::with_capacity(builds),
            pipelines: Names::default(),
            steps: FewNames::default(),
            nodes: FewNames::default(),
            codebases: Names::default(),
            toolchains: Names::default(),
            other_branches: Vec::new(),
            last: 0,
        }
    }

    /// Creates a builder that receives only what is new or changed since a snapshot of the same store.
    pub fn after(previous: Arc<Snapshot>) -> Self {
        let pipelines = previous.pipelines.iter();
        let mut builder = Self::new(Arc::clone(&previous.config));
        builder.pipelines = pipelines
            .map(|known| key(&known.name, &known.system).into())
            .collect();
        builder.steps = FewNames(previous.steps.iter().map(Arc::clone).collect());
        builder.nodes = FewNames(previous.nodes.iter().map(Arc::clone).collect());
        builder.codebases = previous.codebases.iter().map(Arc::clone).collect();
        builder.toolchains = previous.toolchains.iter().map(Arc::clone).collect();
        builder.last = previous.origin.last_build;
        builder.previous = Some(previous);
        builder
    }

    pub const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Returns the greatest number of a build in the store so far.
    pub const fn last(&self) -> u32 {
        self.last
    }

    /// Returns whether builds of a branch count; others are only counted.
    pub fn is_default_branch(&self, branch: &str) -> bool {
        let known = &self.config.default_branches;
        known.iter().any(|known| known == branch)
    }

    pub fn pipeline(&mut self, job_name: &str, system: &System) -> u32 {
        let key = key(&short_name(job_name), system);
        u32::from_usize(self.pipelines.number(&key, |key| key.into()))
    }

    pub fn step(&mut self, name: &str) -> u16 {
        self.steps.number(&short_name(name))
    }

    pub fn node(&mut self, name: &str) -> u16 {
        self.nodes.number(&short_name(name))
    }

    pub fn codebase(&mut self, codebase: &Codebase) -> u32 {
        let own = |known: &Codebase| Arc::new(known.clone());
        u32::from_usize(self.codebases.number(codebase, own))
    }

    pub fn toolchain(&mut self, toolchain: &Toolchain) -> u32 {
        let own = |known: &Toolchain| Arc::new(known.clone());
        u32::from_usize(self.toolchains.number(toolchain, own))
    }

    /// Counts a build on another branch, by its number in the store.
    pub fn push_elsewhere(&mut self, stored: u32) {
        self.last = self.last.max(stored);
        self.other_branches.push(stored);
    }

    /// Adds or replaces a build of a default branch.
    pub fn push(&mut self, build: &NumberedBuild<'_>, steps: impl Iterator<Item = StepRow>) {
        let known = |ms: Option<i64>| {
            let known = ms.and_then(|ms| u32::try_from(ms).ok());
            known.unwrap_or(UNKNOWN_DURATION)
        };
        self.last = self.last.max(build.stored);
        let columns = &mut self.builds;
        columns.stored.push(build.stored);
        columns.finished_ms.push(build.finished_ms);
        columns.started_ms.push(build.started_ms);
        columns.duration_ms.push(known(build.duration_ms));
        columns.pipeline.push(build.pipeline);
        columns.latest_result.push(build.latest_result);
        columns.nightly.push(build.nightly);
        let step = build.failing_step;
        columns.failing_step.push(step.unwrap_or(FewNames::UNKNOWN));
        let test = build.functional_test_ms;
        columns.functional_test_ms.push(test.unwrap_or(NO_TEST));
        columns.build_id.push(&short_name(build.build_id));
        columns.ended.push(build.ended);
        columns.start_delay_ms.push(known(build.start_delay_ms));
        let commit = build.git_commit.map_or(0, commit_number);
        columns.commit.push(commit);
        columns.node.push(build.node.unwrap_or(FewNames::UNKNOWN));
        columns.codebase.push(build.codebase);
        columns.toolchain.push(build.toolchain);
        columns.steps.push(steps);
    }

    /// Returns the snapshot that this one builds on.
    pub fn previous(&self) -> Option<&Snapshot> {
        self.previous.as_deref()
    }

    /// Sorts the columns, merges them with the previous snapshot, and adds the derived ones.
    pub fn finish(
        mut self,
        version: String,
        as_of_ms: Option<i64>,
        security: impl Into<Arc<Security>>,
    ) -> Snapshot {
        let new = self.sorted();
        let mut builds_elsewhere = self.other_branches.len() as u64;
        let mut builds = match &self.previous {
            None => new,
            Some(previous) => {
                let (pieces, moved) = self.pieces(previous, &new);
                builds_elsewhere += previous.builds_elsewhere - moved;
                previous.builds.spliced(&new, &pieces)
            }
        };
        if let Some(as_of_ms) = as_of_ms {
            let first_ms = as_of_ms - i64::from(STEP_DAYS) * DAY_MS;
            let earlier = builds.finished_ms.partition_point(|&at| at <= first_ms);
            builds.steps.drop_first(earlier);
        }
        let known = self.previous.as_ref();
        let known = known.map_or(&[][..], |previous| &previous.pipelines);
        let pipelines = self.pipelines.sort_used(&mut [&mut builds.pipeline]);
        let pipelines = pipelines.into_iter().map(|(key, number)| {
            let (name, system) = key.split_once(SEPARATOR).unwrap_or((&*key, ""));
            let project = match known.get(number) {
                Some(known) => known.project,
                None => self.config.project_of(name),
            };
            let system = System::new(system).unwrap_or_default();
            Pipeline::new(name.into(), system, project)
        });
        let mut pipelines: Vec<Pipeline> = pipelines.collect();
        Pipeline::tell_apart(&mut pipelines);
        short_names::set(&mut pipelines, &self.config);
        truth::decide(
            &mut builds,
            &mut pipelines,
            as_of_ms,
            self.config.rules.ends,
        );
        let steps = &mut [&mut builds.failing_step[..], &mut builds.steps.name[..]];
        let steps = self.steps.0.sort_used(steps).into_iter();
        let nodes = self
            .nodes
            .0
            .sort_used(&mut [&mut builds.node[..]])
            .into_iter();
        let codebases = &mut [&mut builds.codebase[..]];
        let codebases = self.codebases.sort_used(codebases).into_iter();
        let toolchains = &mut [&mut builds.toolchain[..]];
        let toolchains = self.toolchains.sort_used(toolchains).into_iter();
        Snapshot {
            version: version.into(),
            origin: Origin {
                last_build: self.last,
                ..Origin::default()
            },
            sample: false,
            as_of_ms,
            builds,
            pipelines,
            steps: steps.map(|(name, _)| name).collect(),
            nodes: nodes.map(|(name, _)| name).collect(),
            codebases: codebases.map(|(codebase, _)| codebase).collect(),
            toolchains: toolchains.map(|(toolchain, _)| toolchain).collect(),
            builds_elsewhere,
            security: security.into(),
            insight: Insight::default(),
            config: self.config,
        }
    }

    /// Returns the added rows in order, with all columns.
    fn sorted(&mut self) -> Builds {
        let builds = std::mem::take(&mut self.builds);
        let mut order: Vec<u32> = (0..builds.len())
            .map(|build| u32::try_from(build).expect("fewer builds than u32::MAX"))
            .collect();
        // Builds arrive roughly in the order of their ends, which a stable sort benefits from.
        order.sort_by(|&a, &b| self.compare((&builds, a as usize), (&builds, b as usize)));
        let mut builds = builds.ordered(&order);
        let mut clock = LocalClock::new(&self.config);
        let local = builds.finished_ms.iter().map(|&at| clock.read(at));
        (builds.hour_of_week, builds.day) = local.unzip();
        // Until they are decided.
        builds.result.clone_from(&builds.latest_result);
        builds
    }

    /// Compares two rows by their end, then by pipeline and start, then by everything else, so that any order
    /// of input gives the same result.
    fn compare(&self, (of_a, a): (&Builds, usize), (of_b, b): (&Builds, usize)) -> Ordering {
        let pipeline =
            |of: &Builds, build: usize| self.pipelines.get(of.pipeline[build].to_usize());
        let rest = |of: &Builds, build: usize| {
            (
                of.latest_result[build] as u8,
                of.nightly[build],
                of.duration_ms[build],
                self.steps.0.get(of.failing_step[build].to_usize()),
                of.functional_test_ms[build],
                of.stored[build],
            )
        };
        of_a.finished_ms[a]
            .cmp(&of_b.finished_ms[b])
            .then_with(|| pipeline(of_a, a).cmp(&pipeline(of_b, b)))
            .then_with(|| of_a.started_ms[a].cmp(&of_b.started_ms[b]))
            .then_with(|| of_a.build_id.get(a).cmp(&of_b.build_id.get(b)))
            .then_with(|| rest(of_a, a).cmp(&rest(of_b, b)))
    }

    /// Returns the order of unchanged and new rows, and how many of the changed builds were on other
    /// branches before.
    fn pieces(&self, previous: &Snapshot, new: &Builds) -> (Vec<Piece>, u64) {
        let mut changed = vec![false; previous.origin.last_build as usize + 1];
        let mut known = 0;
        for &stored in new.stored.iter().chain(&self.other_branches) {
            if let Some(changed) = changed.get_mut(stored as usize) {
                *changed = true;
                known += 1;
            }
        }
        let old = &previous.builds;
        let rows = old.stored.iter().enumerate();
        let dropped = rows.filter(|&(_, &stored)| changed[stored as usize]);
        let dropped: Vec<usize> = dropped.map(|(row, _)| row).collect();
        let moved = known - dropped.len() as u64;

        let mut pieces = Vec::new();
        let mut kept = 0;
        let mut left = dropped.into_iter().peekable();
        let mut keep_until = |end: usize, pieces: &mut Vec<Piece>| {
            while let Some(row) = left.next_if(|&row| row < end) {
                pieces.push(Piece::Kept(kept..row));
                kept = row + 1;
            }
            pieces.push(Piece::Kept(kept..end));
            kept = end;
        };
        let mut position = 0;
        for row in 0..new.len() {
            position += partition_point(position..old.len(), |known| {
                self.compare((old, known), (new, row)) == Ordering::Less
            });
            keep_until(position, &mut pieces);
            pieces.push(Piece::New(row..row + 1));
        }
        keep_until(old.len(), &mut pieces);
        (pieces, moved)
    }
}

/// Returns the key of a pipeline: equal names of two systems are neighbours in their order.
fn key(name: &str, system: &System) -> String {
    let system = system.as_str();
    let mut key = String::with_capacity(name.len() + 1 + system.len());
    key.push_str(name);
    key.push(SEPARATOR);
    key.push_str(system);
    key
}

/// Returns how many of the first rows satisfy a condition that no later row does.
fn partition_point(rows: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (rows.start, rows.end);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low - rows.start
}
