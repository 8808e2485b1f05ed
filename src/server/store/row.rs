//! An event as the store compares, rolls up and writes it.

use std::{borrow::Cow, cmp::Ordering, ops::Deref};

use super::keys;
use crate::server::model::{BuildResult, Codebase, Event, Provenance, Toolchain};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Unique in its build; see [`keys`].
    pub id: Cow<'a, str>,
    pub stage_ms: i64,
    pub ts: Option<i64>,
    pub result: BuildResult,
    pub step: Option<&'a str>,
    pub scheduled_ms: Option<i64>,
    pub duration_ms: Option<i64>,
    pub job: &'a str,
    pub branch: Option<&'a str>,
    pub number: Option<Cow<'a, str>>,
    pub url: Option<Cow<'a, str>>,
    pub details: Details<'a>,
}

/// Values that older stores and exports lack. They take no part in the comparison of versions, so that
/// a version that has them completes one that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details<'a> {
    pub step_duration_ms: Option<i64>,
    pub git_commit: Option<Cow<'a, str>>,
    pub node: Option<Cow<'a, str>>,
    pub correlation_id: Option<Cow<'a, str>>,
    pub codebase: Shared<'a, Codebase>,
    pub toolchain: Shared<'a, Toolchain>,
}

/// Values of an offered event, or a row's own ones. Rows are large, so that own ones are boxed.
#[derive(Clone, Debug)]
pub enum Shared<'a, T> {
    Borrowed(&'a T),
    Own(Box<T>),
}

impl<T> Deref for Shared<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Borrowed(values) => values,
            Self::Own(values) => values,
        }
    }
}

impl<T: PartialEq> PartialEq for Shared<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Shared<'_, T> {}

impl<T: Provenance> Shared<'_, T> {
    fn join(&mut self, other: &T) -> bool {
        if **self == *other {
            return false;
        }
        let mut joined = (**self).clone();
        let changed = joined.join(other);
        *self = Self::Own(Box::new(joined));
        changed
    }
}

impl<'a> Row<'a> {
    pub fn new(event: &'a Event) -> Self {
        Self {
            id: keys::id(event),
            stage_ms: event.stage_ms,
            ts: event.received_s,
            result: event.result,
            step: event.step.as_deref(),
            scheduled_ms: event.scheduled_ms,
            duration_ms: event.duration_ms,
            job: &event.job_name,
            branch: event.branch.as_deref(),
            number: borrowed(&event.build_id),
            url: borrowed(&event.build_url),
            details: Details {
                step_duration_ms: event.step_duration_ms,
                git_commit: borrowed(&event.git_commit),
                node: borrowed(&event.node_name),
                correlation_id: borrowed(&event.correlation_id),
                codebase: Shared::Borrowed(&event.codebase),
                toolchain: Shared::Borrowed(&event.toolchain),
            },
        }
    }

    /// Compares which of two events of a build came later.
    pub fn by_time(&self, other: &Self) -> Ordering {
        let at = |row: &Self| (row.stage_ms, row.ts);
        at(self)
            .cmp(&at(other))
            .then_with(|| self.id.cmp(&other.id))
    }

    /// Compares which of two versions of the same event is kept: a total order but for the details, so
    /// that the order of arrival does not matter.
    pub fn by_version(&self, other: &Self) -> Ordering {
        let numbers = |row: &Self| {
            let result = row.result as u8;
            (
                row.ts,
                row.stage_ms,
                row.scheduled_ms,
                row.duration_ms,
                result,
            )
        };
        let texts = |row: &Self| (row.step, row.job, row.branch);
        numbers(self)
            .cmp(&numbers(other))
            .then_with(|| texts(self).cmp(&texts(other)))
            .then_with(|| self.number.cmp(&other.number))
            .then_with(|| self.url.cmp(&other.url))
    }
}

impl<'a> Details<'a> {
    /// Takes each value that is missing or less here, so that the order of joins does not matter.
    /// Returns whether there was one.
    pub fn join(&mut self, other: Details<'a>) -> bool {
        fn take<T: Ord>(own: &mut Option<T>, other: Option<T>) -> bool {
            let greater = other > *own;
            if greater {
                *own = other;
            }
            greater
        }
        let changed = [
            take(&mut self.step_duration_ms, other.step_duration_ms),
            take(&mut self.git_commit, other.git_commit),
            take(&mut self.node, other.node),
            take(&mut self.correlation_id, other.correlation_id),
            self.codebase.join(&other.codebase),
            self.toolchain.join(&other.toolchain),
        ];
        changed.contains(&true)
    }
}

fn borrowed(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(Cow::Borrowed)
}
