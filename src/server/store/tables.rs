//! The tables of events and builds: one list of columns each, from which both engines read, write, export
//! and migrate.

use std::borrow::Cow;

use anyhow::{Context as _, Result};

use super::{
    keys::{self, BuildKey},
    names::{NameTexts, Names},
    packed_steps,
    row::{Details, Row, Shared},
};
use crate::server::model::{Build, BuildResult, Event, Provenance};

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnValue {
    Number(Option<i64>),
    Flag(bool),
    Text(Option<String>),
}

macro_rules! into_value {
    ($($from:ty => |$value:ident| $into:expr;)*) => {
        $(impl From<$from> for ColumnValue {
            fn from($value: $from) -> Self {
                $into
            }
        })*
    };
}

into_value! {
    i64 => |number| Self::Number(Some(number));
    i16 => |number| Self::Number(Some(number.into()));
    Option<i64> => |number| Self::Number(number);
    bool => |flag| Self::Flag(flag);
    String => |text| Self::Text(Some(text));
    Option<String> => |text| Self::Text(text);
}

/// A row of a table, without the columns of its build's location.
pub trait TableRow {
    /// The columns in the order of their values.
    const COLUMNS: &'static [&'static str];

    fn values(self) -> impl Iterator<Item = ColumnValue>;
}

/// Declares a row: one line per column, named and typed as in the table.
macro_rules! table_row {
    ($(#[$doc:meta])* $row:ident { $($(#[$column_doc:meta])* $column:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, sqlx::FromRow)]
        pub struct $row {
            $($(#[$column_doc])* pub $column: $kind,)*
        }

        impl TableRow for $row {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];

            fn values(self) -> impl Iterator<Item = ColumnValue> {
                [$(ColumnValue::from(self.$column)),*].into_iter()
            }
        }
    };
}

table_row! {
    /// A row of the table `events`. Names are ids of `strings`.
    EventRow {
        id: String,
        stage_ms: i64,
        ts: Option<i64>,
        result: i16,
        step: Option<i64>,
        scheduled_ms: Option<i64>,
        duration_ms: Option<i64>,
        job: i64,
        branch: Option<i64>,
        number: Option<String>,
        url: Option<String>,
        step_duration_ms: Option<i64>,
        git_commit: Option<String>,
        node: Option<String>,
        correlation_id: Option<String>,
        /// A JSON object, as is `toolchain`; null if it is empty.
        codebase: Option<i64>,
        toolchain: Option<i64>,
    }
}

table_row! {
    /// A row of the table `builds`. Names are ids of `strings`.
    BuildRow {
        tag: String,
        job: i64,
        number: Option<String>,
        branch: Option<i64>,
        url: Option<String>,
        nightly: bool,
        result: i16,
        started_ms: i64,
        finished_ms: i64,
        duration_ms: Option<i64>,
        failing_step: Option<i64>,
        smoke_ms: Option<i64>,
        functional_ms: Option<i64>,
        events: i64,
        /// The change of the store that last wrote the build.
        changed: i64,
        /// Null for the default system.
        system: Option<i64>,
        ended: bool,
        start_delay_ms: Option<i64>,
        git_commit: Option<String>,
        node: Option<String>,
        /// A JSON object, as is `toolchain`; null if it is empty.
        codebase: Option<i64>,
        toolchain: Option<i64>,
        /// See `packed_steps`.
        steps: Option<String>,
    }
}

/// Returns the columns of a row for a statement: `e.id, e.stage_ms, …`.
pub fn columns<T: TableRow>(prefix: &str) -> String {
    let columns = T::COLUMNS.iter();
    let columns: Vec<String> = columns.map(|column| format!("{prefix}{column}")).collect();
    columns.join(", ")
}

impl EventRow {
    /// Gives names ids where they have none.
    pub fn new(row: &Row<'_>, names: &mut Names) -> Self {
        let details = &row.details;
        Self {
            id: row.id.clone().into_owned(),
            stage_ms: row.stage_ms,
            ts: row.ts,
            result: row.result as i16,
            step: row.step.map(|name| names.intern(name)),
            scheduled_ms: row.scheduled_ms,
            duration_ms: row.duration_ms,
            job: names.intern(row.job),
            branch: row.branch.map(|name| names.intern(name)),
            number: owned(&row.number),
            url: owned(&row.url),
            step_duration_ms: details.step_duration_ms,
            git_commit: owned(&details.git_commit),
            node: owned(&details.node),
            correlation_id: owned(&details.correlation_id),
            codebase: names.intern_codebase(&details.codebase),
            toolchain: names.intern_toolchain(&details.toolchain),
        }
    }

    pub fn into_row(self, names: &NameTexts) -> Result<Row<'_>> {
        Ok(Row {
            id: Cow::Owned(self.id),
            stage_ms: self.stage_ms,
            ts: self.ts,
            result: result(self.result),
            step: self.step.map(|id| names.text(id)).transpose()?,
            scheduled_ms: self.scheduled_ms,
            duration_ms: self.duration_ms,
            job: names.text(self.job)?,
            branch: self.branch.map(|id| names.text(id)).transpose()?,
            number: self.number.map(Cow::Owned),
            url: self.url.map(Cow::Owned),
            details: Details {
                step_duration_ms: self.step_duration_ms,
                git_commit: self.git_commit.map(Cow::Owned),
                node: self.node.map(Cow::Owned),
                correlation_id: self.correlation_id.map(Cow::Owned),
                codebase: Shared::Own(Box::new(stored(self.codebase, names)?)),
                toolchain: Shared::Own(Box::new(stored(self.toolchain, names)?)),
            },
        })
    }

    /// Returns the event as its source gave it, with the stored tag of its build.
    pub fn into_event(self, tag: &str, names: &NameTexts) -> Result<Event> {
        let row = self.into_row(names)?;
        let BuildKey { system, tag } = keys::build(tag)?;
        Ok(Event {
            system,
            id: keys::given(&row.id).map(str::to_owned),
            build_tag: tag.map(str::to_owned),
            job_name: row.job.to_owned(),
            build_id: row.number.map(Into::into),
            result: row.result,
            stage_ms: row.stage_ms,
            received_s: row.ts,
            scheduled_ms: row.scheduled_ms,
            duration_ms: row.duration_ms,
            step: row.step.map(str::to_owned),
            branch: row.branch.map(str::to_owned),
            build_url: row.url.map(Into::into),
            step_duration_ms: row.details.step_duration_ms,
            git_commit: row.details.git_commit.map(Into::into),
            node_name: row.details.node.map(Into::into),
            correlation_id: row.details.correlation_id.map(Into::into),
            codebase: (*row.details.codebase).clone(),
            toolchain: (*row.details.toolchain).clone(),
        })
    }
}

impl BuildRow {
    /// Gives names ids where they have none.
    pub fn new(tag: &str, build: &Build<'_>, change: i64, names: &mut Names) -> Result<Self> {
        let BuildKey { system, .. } = keys::build(tag)?;
        Ok(Self {
            tag: tag.to_owned(),
            job: names.intern(build.job),
            number: build.number.map(str::to_owned),
            branch: build.branch.map(|name| names.intern(name)),
            url: build.url.map(str::to_owned),
            nightly: build.nightly,
            result: build.result as i16,
            started_ms: build.started_ms,
            finished_ms: build.finished_ms,
            duration_ms: build.duration_ms,
            failing_step: build.failing_step.map(|name| names.intern(name)),
            smoke_ms: build.smoke_ms,
            functional_ms: build.functional_ms,
            events: i64::try_from(build.events).unwrap_or(i64::MAX),
            changed: change,
            system: system.other().map(|name| names.intern(name)),
            ended: build.ended,
            start_delay_ms: build.start_delay_ms,
            git_commit: build.git_commit.map(str::to_owned),
            node: build.node.map(str::to_owned),
            codebase: names.intern_codebase(&build.codebase),
            toolchain: names.intern_toolchain(&build.toolchain),
            steps: packed_steps::pack(&build.steps, build.started_ms, names),
        })
    }

    /// Returns the ids of the names that the row refers to.
    pub fn name_ids(&self) -> Result<Vec<i64>> {
        let single = [
            Some(self.job),
            self.branch,
            self.failing_step,
            self.system,
            self.codebase,
            self.toolchain,
        ];
        let mut ids: Vec<i64> = single.into_iter().flatten().collect();
        if let Some(packed) = &self.steps {
            for step in packed_steps::unpack(packed, self.started_ms) {
                ids.push(step?.name);
            }
        }
        Ok(ids)
    }

    pub fn build<'a>(&'a self, names: &'a NameTexts) -> Result<Build<'a>> {
        let steps = self.steps.iter();
        let steps = steps.flat_map(|packed| packed_steps::unpack(packed, self.started_ms));
        Ok(Build {
            job: names.text(self.job)?,
            number: self.number.as_deref(),
            branch: self.branch.map(|id| names.text(id)).transpose()?,
            url: self.url.as_deref(),
            nightly: self.nightly,
            result: result(self.result),
            started_ms: self.started_ms,
            finished_ms: self.finished_ms,
            duration_ms: self.duration_ms,
            failing_step: self.failing_step.map(|id| names.text(id)).transpose()?,
            smoke_ms: self.smoke_ms,
            functional_ms: self.functional_ms,
            events: usize::try_from(self.events).unwrap_or(0),
            ended: self.ended,
            start_delay_ms: self.start_delay_ms,
            git_commit: self.git_commit.as_deref(),
            node: self.node.as_deref(),
            codebase: stored(self.codebase, names)?,
            toolchain: stored(self.toolchain, names)?,
            steps: steps
                .map(|step| step?.named(names))
                .collect::<Result<_>>()?,
        })
    }
}

/// Returns the text of a group of values that the store holds.
pub fn json(values: &impl Provenance) -> String {
    serde_json::to_string(values).expect("texts are JSON")
}

fn stored<T: Provenance>(id: Option<i64>, names: &NameTexts) -> Result<T> {
    id.map_or_else(|| Ok(T::default()), |id| provenance(names, id))
}

/// Returns the group of values whose text has this id.
pub fn provenance<T: Provenance>(names: &NameTexts, id: i64) -> Result<T> {
    serde_json::from_str(names.text(id)?)
        .with_context(|| format!("the store is damaged: string {id} is no JSON object of texts"))
}

/// Returns the result with this number in the store.
pub fn result(number: i16) -> BuildResult {
    BuildResult::from_number(u8::try_from(number).unwrap_or(u8::MAX))
}

fn owned(text: &Option<Cow<'_, str>>) -> Option<String> {
    text.as_deref().map(str::to_owned)
}
