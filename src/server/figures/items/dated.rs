//! Lists of rules, runtimes and findings.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::{Facts, Item, key};
use crate::server::{
    figures::{
        open_findings,
        rows::UNKNOWN,
        runtime_support,
        security_words::{finding_name, rule_name, runtime_name, scanner_name},
        suppression_debt,
        weeks::WEEK_MS,
        words,
    },
    insight::security::{Due, Subject, may_be_older, overdue_since_ms},
    model::{DAY_MS, Severity},
    snapshot::{Finding, RuleState, RuntimeState, instant_ms},
};

/// The findings that are overdue, each by its place in memory.
type Overdue = BTreeSet<*const Finding>;

impl Facts<'_> {
    fn days_since(&self, since_ms: i64) -> Option<u64> {
        u64::try_from((self.selected.state.at_ms - since_ms) / DAY_MS).ok()
    }

    fn overdue(&self) -> Overdue {
        let overdue = self.selected.overdue();
        overdue
            .into_iter()
            .map(|(finding, _)| std::ptr::from_ref(finding))
            .collect()
    }

    fn rule(&self, rule: &RuleState) -> Item {
        Item {
            repositories: vec![rule.facts.repository.clone()],
            team: self.team(&rule.facts.repository),
            what: rule_name(rule.rule()),
            until_ms: rule.end.ms(),
            age_days: self.days_since(rule.since_ms),
            at_least: may_be_older(&self.snapshot.security, rule),
            flags: rule.flags().collect(),
            state: String::new(),
        }
    }

    fn runtime(&self, known: &RuntimeState) -> Item {
        Item {
            repositories: vec![known.facts.repository.clone()],
            team: self.team(&known.facts.repository),
            what: runtime_name(&known.runtime),
            until_ms: known.ends_ms,
            state: format!(
                "Support: {}",
                runtime_support::label(known.support).to_lowercase()
            ),
            ..Item::default()
        }
    }

    fn finding(&self, finding: &Finding, overdue: &Overdue) -> Item {
        let at_ms = self.selected.state.at_ms;
        let resolved = finding.resolved_ms.filter(|resolved| *resolved <= at_ms);
        let state = match resolved {
            Some(resolved) => {
                let at = words::local_instant(&self.snapshot.config.time_zone, resolved);
                format!("Resolved {at}")
            }
            None if overdue.contains(&std::ptr::from_ref(finding)) => "Overdue".to_owned(),
            None => "Open".to_owned(),
        };
        let until_ms = match resolved {
            Some(_) => None,
            None => {
                let (security, config) = (&self.snapshot.security, &self.snapshot.config);
                overdue_since_ms(finding, security, config, at_ms)
            }
        };
        Item {
            repositories: vec![finding.repository.clone()],
            team: self.team(&finding.repository),
            what: finding_name(finding),
            until_ms,
            age_days: self.days_since(finding.opened_ms),
            at_least: finding.at_least,
            flags: Vec::new(),
            state: format!("{state} ({})", scanner_name(finding)),
        }
    }

    fn subject(&self, subject: &Subject<'_>, overdue: &Overdue) -> Item {
        match subject {
            Subject::Rule(rule) => self.rule(rule),
            Subject::Runtime(known) => self.runtime(known),
            Subject::Finding(finding) => self.finding(finding, overdue),
        }
    }
}

/// The rules of a team.
pub fn rules(facts: &Facts<'_>, row: &str, column: &str) -> Option<Vec<Item>> {
    let owners = &facts.snapshot.config.owners;
    let of_team = facts.selected.state.rules.iter();
    let of_team = of_team.filter(|rule| owners.team(&rule.facts.repository) == row);
    let counted = of_team.filter(|rule| suppression_debt::counts(column, rule));
    Some(counted.map(|rule| facts.rule(rule)).collect())
}

/// The runtimes of a product, version and support.
pub fn runtimes(facts: &Facts<'_>, row: &str, _: &str) -> Option<Vec<Item>> {
    let of_row = facts.selected.state.runtimes.iter().filter(|known| {
        let version = known.cycle.as_deref().unwrap_or(UNKNOWN);
        let parts = [&*known.runtime.product, version, known.support.as_str()];
        key(&parts.map(str::to_owned)) == row
    });
    Some(of_row.map(|known| facts.runtime(known)).collect())
}

/// The open findings of a severity, by their age.
pub fn open(facts: &Facts<'_>, row: &str, column: &str) -> Option<Vec<Item>> {
    let severity = Severity::ALL
        .into_iter()
        .find(|severity| severity.as_str() == row)?;
    let now_ms = facts.selected.state.at_ms;
    let overdue = facts.overdue();
    let of_severity = facts.selected.open();
    let of_severity = of_severity.filter(|finding| finding.severity == severity);
    let counted = of_severity.filter(|finding| match column {
        "open" => true,
        "overdue" => overdue.contains(&std::ptr::from_ref(*finding)),
        age => open_findings::age(finding, now_ms) == age,
    });
    Some(
        counted
            .map(|finding| facts.finding(finding, &overdue))
            .collect(),
    )
}

/// The end of the week that begins at an instant, with that, Unix ms.
fn week(row: &str) -> Option<(i64, i64)> {
    let start_ms = instant_ms(row, &TimeZone::UTC)?;
    Some((start_ms, start_ms.saturating_add(WEEK_MS)))
}

/// The findings that were opened or resolved within a week, or open at its end.
pub fn changed(facts: &Facts<'_>, row: &str, column: &str) -> Option<Vec<Item>> {
    let (start_ms, end_ms) = week(row)?;
    let within = |at_ms: i64| start_ms < at_ms && at_ms <= end_ms;
    let overdue = facts.overdue();
    let counted = facts.selected.findings().filter(|finding| match column {
        "opened" => within(finding.opened_ms),
        "resolved" => finding.resolved_ms.is_some_and(within),
        _ => finding.is_open(end_ms),
    });
    Some(
        counted
            .map(|finding| facts.finding(finding, &overdue))
            .collect(),
    )
}

/// The things that end within a week.
pub fn ending(facts: &Facts<'_>, row: &str, column: &str) -> Option<Vec<Item>> {
    let (start_ms, end_ms) = week(row)?;
    let overdue = facts.overdue();
    let due = facts.selected.due();
    let counted = due.iter().filter(|item| {
        let (of_column, after_ms) = match &item.subject {
            Subject::Rule(_) => (column == "suppressions", 0),
            Subject::Runtime(_) => (column == "runtimes", 0),
            // It is overdue after that instant.
            Subject::Finding(_) => (column == "findings", 1),
        };
        let at_ms = item.ends_ms.map(|ms| ms.saturating_add(after_ms));
        of_column && at_ms.is_some_and(|at_ms| start_ms < at_ms && at_ms <= end_ms)
    });
    Some(
        counted
            .map(|item| facts.subject(&item.subject, &overdue))
            .collect(),
    )
}

/// The things of a class and a kind that are due.
pub fn due(facts: &Facts<'_>, row: &str, column: &str) -> Option<Vec<Item>> {
    let class = Due::ALL.into_iter().find(|class| class.as_str() == row)?;
    let overdue = facts.overdue();
    let due = facts.selected.due();
    let counted = due
        .iter()
        .filter(|item| item.due == class && item.subject.kind() == column);
    Some(
        counted
            .map(|item| facts.subject(&item.subject, &overdue))
            .collect(),
    )
}
