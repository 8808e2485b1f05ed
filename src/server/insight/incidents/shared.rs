//! Values that the members of an incident share, and other builds do not.
//!
//! The other builds are the transitions of its windows and of the days before that are no members. They are counted by
//! value while the incidents are visited in order of time, so that each is added and dropped once.

use std::ops::Range;

use foldhash::{HashMap, HashMapExt as _};

use super::Transitions;
use crate::server::{
    attributes::{self, Values},
    config,
    model::{DAY_MS, split_step},
    snapshot::{Incident, STEP_DAYS, Shared, Snapshot},
    statistics::{Table, fisher_exact, q_values},
};

/// The attributes whose values can be the cause of an incident, beside the environment of its step.
const ATTRIBUTES: [&str; 4] = ["agent", "node", "library", "project"];
const ENVIRONMENT: &str = "environment";

/// Names the shared values of the incidents of a kind. `times` are those of its transitions.
pub fn name(
    snapshot: &Snapshot,
    transitions: &Transitions,
    times: &[i64],
    incidents: &mut [Incident],
) {
    if incidents.is_empty() {
        return;
    }
    let base_ms = i64::from(snapshot.config.insight.incident_base_days) * DAY_MS;
    let before = |limit_ms: i64| times.partition_point(|&at_ms| at_ms < limit_ms);
    let attributes = ATTRIBUTES.iter().filter_map(|id| attributes::find(id));
    let mut attributes: Vec<Attribute<'_>> = attributes
        .map(|attribute| Attribute::new(attribute.id, (attribute.read)(snapshot)))
        .collect();
    let mut environments = Environments {
        snapshot,
        rows: &transitions.rows,
        counts: HashMap::new(),
    };
    let mut counted = 0..0;
    let mut order: Vec<usize> = (0..incidents.len()).collect();
    order.sort_by_key(|&index| incidents[index].from_ms);
    for index in order {
        let incident = &mut incidents[index];
        let from_ms = incident.from_ms - base_ms;
        let wanted = before(from_ms)..before(incident.to_ms);
        let mut tests = Vec::new();
        for attribute in &mut attributes {
            attribute.move_to(&counted, &wanted, &transitions.rows);
            attribute.test(incident, wanted.len(), &snapshot.config.insight, &mut tests);
        }
        tests.extend(environments.test(incident, from_ms, &wanted));
        incident.shared = shared(&tests, incident.members.len(), &snapshot.config.insight);
        counted = wanted;
    }
}

/// Returns the values that enough members have, and significantly more often than other builds.
fn shared(tests: &[Test], members: usize, limits: &config::Insight) -> Vec<Shared> {
    let enough = members * usize::from(limits.incident_shared_percent);
    let q = q_values(&tests.iter().map(|test| test.p).collect::<Vec<f64>>());
    let shared = tests.iter().zip(q).filter_map(|(test, q)| {
        let shared = test.members * 100 >= enough && q < limits.difference_q;
        Some(Shared {
            attribute: test.attribute,
            value: test.value.clone().filter(|_| shared && test.more)?,
            members: u32::try_from(test.members).unwrap_or(u32::MAX),
            q,
        })
    });
    let mut shared: Vec<Shared> = shared.collect();
    shared.sort_by(|a, b| a.q.total_cmp(&b.q));
    shared
}

/// The test of whether members have a value as often as others.
struct Test {
    attribute: &'static str,
    /// None for builds without a value.
    value: Option<String>,
    /// The number of members that have it.
    members: usize,
    /// They have it more often than others.
    more: bool,
    p: f64,
}

impl Test {
    /// Tests a value that so many of the members and so many of the others have.
    fn new(
        attribute: &'static str,
        value: Option<&str>,
        [members, all_members]: [usize; 2],
        [others, all_others]: [usize; 2],
    ) -> Self {
        let row = |with: usize, all: usize| [with as u64, (all - with) as u64];
        let table = Table {
            first: row(members, all_members),
            second: row(others, all_others),
        };
        Self {
            attribute,
            value: value.map(str::to_owned),
            members,
            more: members * all_others > others * all_members,
            p: fisher_exact(table),
        }
    }
}

/// An attribute, and the number of transitions with each of its values.
struct Attribute<'a> {
    id: &'static str,
    values: Values<'a>,
    /// One for each label, and that of the builds without a value.
    counts: Vec<usize>,
}

impl<'a> Attribute<'a> {
    fn new(id: &'static str, values: Values<'a>) -> Self {
        let counts = vec![0; values.labels().len() + 1];
        Self { id, values, counts }
    }

    fn number(&self, row: u32) -> usize {
        let known = self.values.number(row as usize);
        known.unwrap_or(self.counts.len() - 1)
    }

    /// Counts the transitions of one range instead of those of another, which begins no later.
    fn move_to(&mut self, counted: &Range<usize>, wanted: &Range<usize>, rows: &[u32]) {
        let added = counted.end.clamp(wanted.start, wanted.end)..wanted.end;
        // A range may also end earlier than the one before.
        let dropped = [
            counted.start..wanted.start.min(counted.end),
            wanted.end.min(counted.end).max(counted.start)..counted.end,
        ];
        for &row in &rows[added] {
            let number = self.number(row);
            self.counts[number] += 1;
        }
        for &row in dropped.into_iter().flat_map(|dropped| &rows[dropped]) {
            let number = self.number(row);
            self.counts[number] -= 1;
        }
    }

    /// Tests every value of enough builds. `counted` is the number of transitions, with the members.
    fn test(
        &self,
        incident: &Incident,
        counted: usize,
        limits: &config::Insight,
        tests: &mut Vec<Test>,
    ) {
        let mut members = vec![0; self.counts.len()];
        for &row in &incident.members {
            members[self.number(row)] += 1;
        }
        let all_members = incident.members.len();
        for (number, (&all, members)) in self.counts.iter().zip(members).enumerate() {
            if all >= limits.difference_min_builds as usize {
                tests.push(Test::new(
                    self.id,
                    self.values.labels().get(number).map(|label| &**label),
                    [members, all_members],
                    [all - members, counted - all_members],
                ));
            }
        }
    }
}

/// The number of transitions with steps in each environment, up to each of them.
struct Environments<'a> {
    snapshot: &'a Snapshot,
    rows: &'a [u32],
    counts: HashMap<&'a str, Vec<u32>>,
}

impl<'a> Environments<'a> {
    /// Tests whether members have steps in the environment of the incident's step more often than others. None without
    /// an environment, or where the steps of the others are no longer known.
    fn test(&mut self, incident: &Incident, from_ms: i64, counted: &Range<usize>) -> Option<Test> {
        let steps_ms = i64::from(STEP_DAYS) * DAY_MS;
        if from_ms <= self.snapshot.as_of_ms?.saturating_sub(steps_ms) {
            return None;
        }
        let step = self.snapshot.steps.get(usize::from(incident.step))?;
        let environment = split_step(step).1?;
        let rows = self.rows;
        let counts = self.counts(environment);
        let between = |rows: Range<usize>| (counts[rows.end] - counts[rows.start]) as usize;
        let positions = incident.members.iter();
        let positions = positions.filter_map(|row| rows.binary_search(row).ok());
        let members: usize = positions.map(|at| between(at..at + 1)).sum();
        let all_members = incident.members.len();
        Some(Test::new(
            ENVIRONMENT,
            Some(environment),
            [members, all_members],
            [
                between(counted.clone()) - members,
                counted.len() - all_members,
            ],
        ))
    }

    fn counts(&mut self, environment: &'a str) -> &[u32] {
        let Self {
            snapshot,
            rows,
            counts,
        } = self;
        counts.entry(environment).or_insert_with(|| {
            let names = snapshot.steps.iter();
            let is_in: Vec<bool> = names
                .map(|step| split_step(step).1 == Some(environment))
                .collect();
            let steps = &snapshot.builds.steps;
            let has = |row: u32| {
                steps
                    .of(row as usize)
                    .any(|step| is_in[usize::from(step.name)])
            };
            let mut count = 0;
            let counts = rows.iter().map(|&row| {
                count += u32::from(has(row));
                count
            });
            [0].into_iter().chain(counts).collect()
        })
    }
}
