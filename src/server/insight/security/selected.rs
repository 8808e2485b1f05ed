//! The part of the facts that a selection is about: those of a team, as of a day.

use std::borrow::Cow;

use jiff::{civil::Date, tz::TimeZone};

use super::{
    WEEKS, due::DueItem, findings, is_scanned, matching::Matcher, numbers, state, state_at,
};
use crate::{
    selection::Selection,
    server::{
        model::DAY_MS,
        snapshot::{Finding, SecurityNumbers, SecurityState, Snapshot, instant_ms},
    },
};

/// Facts and findings of a selection.
pub struct Selected<'a> {
    snapshot: &'a Snapshot,
    /// All if there are none.
    teams: Vec<&'a str>,
    pub state: Cow<'a, SecurityState>,
}

/// Returns the facts of a selection; those of today and of all teams borrow.
pub fn selected<'a>(snapshot: &'a Snapshot, selection: &'a Selection) -> Selected<'a> {
    let at_ms = at_ms(snapshot, selection).unwrap_or_default();
    Selected::of(snapshot, selection.values("team").collect(), at_ms)
}

/// The instant that a selection is about: the end of a day in the organisation's time zone or an instant, but not
/// after the facts; none without facts.
fn at_ms(snapshot: &Snapshot, selection: &Selection) -> Option<i64> {
    let as_of_ms = snapshot.security.as_of_ms?;
    let asked = selection.value("as_of");
    let asked = asked.and_then(|text| end_ms(text, &snapshot.config.time_zone));
    Some(asked.map_or(as_of_ms, |asked| asked.min(as_of_ms)))
}

/// The same; none before the first facts and reports, when nothing was known.
pub fn as_of_ms(snapshot: &Snapshot, selection: &Selection) -> Option<i64> {
    let at_ms = at_ms(snapshot, selection)?;
    let first_ms = snapshot.security.first_ms();
    first_ms
        .is_none_or(|first_ms| first_ms <= at_ms)
        .then_some(at_ms)
}

/// Returns whether a selection is about an instant after the facts, whose time is taken instead. A day that has begun is
/// not.
pub fn is_later(snapshot: &Snapshot, selection: &Selection) -> bool {
    let asked = selection.value("as_of");
    let begins_ms = asked.and_then(|text| instant_ms(text, &snapshot.config.time_zone));
    let later = begins_ms.zip(snapshot.security.as_of_ms);
    later.is_some_and(|(begins_ms, as_of_ms)| begins_ms > as_of_ms)
}

/// Reads an instant, or a local date, which means its end, in Unix ms.
pub fn end_ms(text: &str, zone: &TimeZone) -> Option<i64> {
    let day: Option<Date> = text.parse().ok().filter(|_| text.len() == 10);
    match day {
        Some(day) => instant_ms(&day.tomorrow().ok()?.to_string(), zone),
        None => instant_ms(text, zone),
    }
}

impl<'a> Selected<'a> {
    fn of(snapshot: &'a Snapshot, teams: Vec<&'a str>, at_ms: i64) -> Self {
        let now = &snapshot.insight.security.now;
        let state = match (&*teams, now.at_ms == at_ms) {
            ([], true) => Cow::Borrowed(now),
            (teams, _) => Cow::Owned(of_teams(snapshot, state_at(snapshot, at_ms), teams)),
        };
        Self {
            snapshot,
            teams,
            state,
        }
    }

    /// The same so many days before.
    #[must_use]
    pub fn before(&self, days: i64) -> Self {
        let at_ms = self.state.at_ms - days * DAY_MS;
        Self::of(self.snapshot, self.teams.clone(), at_ms)
    }

    fn has(&self, repository: &str) -> bool {
        is_of(self.snapshot, &self.teams, repository)
    }

    /// Every finding that was ever open.
    pub fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        let findings = self.snapshot.insight.security.findings.iter();
        findings.filter(|finding| self.has(&finding.repository))
    }

    /// The findings that were open then.
    pub fn open(&self) -> impl Iterator<Item = &'a Finding> {
        self.findings()
            .filter(|finding| finding.is_open(self.state.at_ms))
    }

    /// The overdue ones, those overdue for longest first, with the instants since which.
    pub fn overdue(&self) -> Vec<(&'a Finding, i64)> {
        let Snapshot {
            security, config, ..
        } = self.snapshot;
        findings::overdue(self.open(), &self.state, security, config)
    }

    /// Returns whether a scan had been read by then.
    pub fn is_scanned(&self) -> bool {
        let security = &self.snapshot.security;
        is_scanned(security, self.state.at_ms, |repository| {
            self.has(repository)
        })
    }

    /// Everything that has an end, or ought to, what is known to be exploited first.
    pub fn due(&self) -> Vec<DueItem<'_>> {
        let Snapshot {
            security, config, ..
        } = self.snapshot;
        super::due::due(security, config, &self.state, self.open())
    }

    /// The numbers of the last weeks, the newest last.
    pub fn weeks(&self) -> Cow<'a, [SecurityNumbers]> {
        if let Cow::Borrowed(_) = self.state {
            return Cow::Borrowed(&self.snapshot.insight.security.weeks);
        }
        let Snapshot {
            security, config, ..
        } = self.snapshot;
        let mut matcher = Matcher::default();
        let findings: Vec<&Finding> = self.findings().collect();
        let weeks = (0..=WEEKS).rev().map(|week| {
            let at_ms = self.state.at_ms - week * 7 * DAY_MS;
            let then = state(security, config, at_ms, &mut matcher);
            let then = of_teams(self.snapshot, then, &self.teams);
            let scanned = is_scanned(security, at_ms, |repository| self.has(repository));
            numbers(&then, findings.iter().copied(), scanned, security, config)
        });
        weeks.collect()
    }
}

/// Returns whether a repository is one of the teams'; without any, of all.
fn is_of(snapshot: &Snapshot, teams: &[&str], repository: &str) -> bool {
    teams.is_empty() || teams.contains(&snapshot.config.owners.team(repository))
}

/// The part of a state that is the teams'.
fn of_teams(snapshot: &Snapshot, mut state: SecurityState, teams: &[&str]) -> SecurityState {
    let has = |repository: &str| is_of(snapshot, teams, repository);
    state.rules.retain(|rule| has(&rule.facts.repository));
    state.runtimes.retain(|known| has(&known.facts.repository));
    state
        .repositories
        .retain(|known| has(&known.facts.repository));
    state
}
