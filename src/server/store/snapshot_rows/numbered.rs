//! Adds rows to a snapshot. A name is looked up once by its id in the store, and not for each build.

use std::ops::Deref;

use anyhow::{Context as _, Result};
use foldhash::HashMap;

use super::{JsonText, RowBatch, SnapshotRow};
use crate::server::{
    model::{Codebase, System, Toolchain},
    snapshot::{NumberedBuild, SnapshotBuilder, StepRow},
    store::{engine::Transaction, keys, names::NameTexts, packed_steps, tables},
};

const DAMAGED: &str = "the store is damaged: its builds cannot be read";

/// A snapshot that is being built, and its numbers of the names that builds refer to.
pub struct Numbered {
    texts: NameTexts,
    snapshot: SnapshotBuilder,
    /// By the ids of the job and the system.
    pipelines: HashMap<(i64, Option<i64>), u32>,
    default_branches: ById<bool>,
    steps: ById<u16>,
    codebases: ById<u32>,
    toolchains: ById<u32>,
    no_codebase: u32,
    no_toolchain: u32,
}

impl Numbered {
    pub async fn new(transaction: &mut Transaction, mut snapshot: SnapshotBuilder) -> Result<Self> {
        let no_codebase = snapshot.codebase(&Codebase::default());
        let no_toolchain = snapshot.toolchain(&Toolchain::default());
        Ok(Self {
            texts: NameTexts::read(transaction).await?,
            snapshot,
            pipelines: HashMap::default(),
            default_branches: ById::default(),
            steps: ById::default(),
            codebases: ById::default(),
            toolchains: ById::default(),
            no_codebase,
            no_toolchain,
        })
    }

    /// Adds the builds of a batch.
    pub fn push(&mut self, batch: &RowBatch) -> Result<()> {
        match batch {
            RowBatch::Builds(builds) => self.push_all(builds),
            RowBatch::Json(text) => {
                let builds: Vec<SnapshotRow<JsonText<'_>>> =
                    serde_json::from_str(text).context(DAMAGED)?;
                self.push_all(&builds)
            }
        }
    }

    /// Returns the builder with all builds.
    pub fn into_snapshot(self) -> SnapshotBuilder {
        self.snapshot
    }

    fn push_all<Text: Deref<Target = str>>(&mut self, builds: &[SnapshotRow<Text>]) -> Result<()> {
        let mut steps = Vec::new();
        for build in builds {
            let stored = u32::try_from(build.ordinal).context(DAMAGED)?;
            if build
                .branch
                .map_or(Ok(true), |id| self.is_default_branch(id))?
            {
                self.push_one(stored, build, &mut steps)?;
            } else {
                self.snapshot.push_elsewhere(stored);
            }
        }
        Ok(())
    }

    /// `steps` are those of the previous build: the list is used again.
    fn push_one<Text: Deref<Target = str>>(
        &mut self,
        stored: u32,
        build: &SnapshotRow<Text>,
        steps: &mut Vec<StepRow>,
    ) -> Result<()> {
        steps.clear();
        if let Some(packed) = &build.steps {
            for step in packed_steps::unpack(packed, 0) {
                let step = step?;
                let name = self.step(step.name)?;
                let (result, attempt) = (step.result, step.attempt);
                steps.push(StepRow::new(
                    name,
                    step.end_ms,
                    result,
                    attempt,
                    step.duration,
                ));
            }
        }
        let key = build.tag.as_deref().map(keys::build).transpose()?;
        let tag = key.and_then(|key| key.tag);
        let numbered = NumberedBuild {
            stored,
            pipeline: self.pipeline(build.job, build.system)?,
            build_id: build.number.as_deref().or(tag).unwrap_or(""),
            latest_result: tables::result(build.result),
            nightly: build.nightly != 0,
            started_ms: build.started_ms,
            finished_ms: build.finished_ms,
            duration_ms: build.duration_ms,
            failing_step: build.failing_step.map(|id| self.step(id)).transpose()?,
            functional_test_ms: build.functional_test_ms,
            ended: build.ended != 0,
            start_delay_ms: build.start_delay_ms,
            git_commit: build.git_commit.as_deref(),
            node: build.node.as_deref().map(|name| self.snapshot.node(name)),
            codebase: self.codebase(build.codebase)?,
            toolchain: self.toolchain(build.toolchain)?,
        };
        self.snapshot.push(&numbered, steps.drain(..));
        Ok(())
    }

    fn pipeline(&mut self, job: i64, system: Option<i64>) -> Result<u32> {
        if let Some(&number) = self.pipelines.get(&(job, system)) {
            return Ok(number);
        }
        let name = match system {
            Some(id) => System::new(self.texts.text(id)?)?,
            None => System::default(),
        };
        let number = self.snapshot.pipeline(self.texts.text(job)?, &name);
        self.pipelines.insert((job, system), number);
        Ok(number)
    }

    fn is_default_branch(&mut self, id: i64) -> Result<bool> {
        let (texts, snapshot) = (&self.texts, &self.snapshot);
        let find = || Ok(snapshot.is_default_branch(texts.text(id)?));
        self.default_branches.get(id, find)
    }

    fn step(&mut self, id: i64) -> Result<u16> {
        let (texts, snapshot) = (&self.texts, &mut self.snapshot);
        self.steps.get(id, || Ok(snapshot.step(texts.text(id)?)))
    }

    fn codebase(&mut self, id: Option<i64>) -> Result<u32> {
        let Some(id) = id else {
            return Ok(self.no_codebase);
        };
        let (texts, snapshot) = (&self.texts, &mut self.snapshot);
        let find = || Ok(snapshot.codebase(&tables::provenance(texts, id)?));
        self.codebases.get(id, find)
    }

    fn toolchain(&mut self, id: Option<i64>) -> Result<u32> {
        let Some(id) = id else {
            return Ok(self.no_toolchain);
        };
        let (texts, snapshot) = (&self.texts, &mut self.snapshot);
        let find = || Ok(snapshot.toolchain(&tables::provenance(texts, id)?));
        self.toolchains.get(id, find)
    }
}

/// Values of names by their ids, which are dense.
struct ById<T>(Vec<Option<T>>);

impl<T> Default for ById<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> ById<T> {
    /// Returns the value of a name, found when it is first asked for.
    fn get(&mut self, id: i64, find: impl FnOnce() -> Result<T>) -> Result<T> {
        let index = usize::try_from(id).context(DAMAGED)?;
        if let Some(Some(known)) = self.0.get(index) {
            return Ok(*known);
        }
        let value = find()?;
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        self.0[index] = Some(value);
        Ok(value)
    }
}
