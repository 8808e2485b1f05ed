//! An event as the store compares, rolls up and writes it.

use std::{borrow::Cow, cmp::Ordering};

use super::keys;
use crate::server::model::{BuildResult, Event};

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
            number: event.build_id.as_deref().map(Cow::Borrowed),
            url: event.build_url.as_deref().map(Cow::Borrowed),
        }
    }

    /// Compares which of two events of a build came later.
    pub fn by_time(&self, other: &Self) -> Ordering {
        let at = |row: &Self| (row.stage_ms, row.ts);
        at(self)
            .cmp(&at(other))
            .then_with(|| self.id.cmp(&other.id))
    }

    /// Compares which of two versions of the same event is kept: a total order, so that the order of
    /// arrival does not matter.
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
