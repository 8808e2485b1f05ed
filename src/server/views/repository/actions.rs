//! Actions for a repository, in order, and the verdict on it.

use jiff::tz::TimeZone;

use super::{Open, describe::Place};
use crate::{
    api::{RepositoryAction, RepositoryDetails},
    numbers,
    server::{
        figures::{
            security_words::{listed, rule_name, runtime_name},
            words,
        },
        insight::security::may_be_older,
        model::Severity,
        snapshot::{RuleEnd, RuleState, RuntimeState, SecurityState, Snapshot, Support},
    },
};

/// The kinds in their order, with words for the verdict: `1 finding is overdue`, `2 findings are overdue`; and whether
/// they are bad or a warning.
const KINDS: [(&str, &str, &str, bool); 10] = [
    (
        "listed",
        "rule suppresses a vulnerability that is known to be exploited",
        "rules suppress vulnerabilities that are known to be exploited",
        true,
    ),
    (
        "overdue",
        "finding is overdue",
        "findings are overdue",
        true,
    ),
    ("expired", "rule has expired", "rules have expired", true),
    ("due", "rule ends soon", "rules end soon", false),
    (
        "runtime-ended",
        "runtime is past the end of its support",
        "runtimes are past the end of their support",
        true,
    ),
    (
        "runtime-due",
        "runtime is near the end of its support",
        "runtimes are near the end of their support",
        false,
    ),
    ("unused", "rule is unused", "rules are unused", false),
    (
        "no-reason",
        "rule has no reason",
        "rules have no reason",
        false,
    ),
    ("broad", "rule is broad", "rules are broad", false),
    ("unchecked", "", "", true),
];
/// The product of a Java whose vendor is not stated.
const JAVA: &str = "java";
/// The parts of a verdict.
const MAX_PARTS: usize = 3;

/// Lists what to do. Each rule is listed once, for the first of its flags; its others are said beside it.
pub fn actions(
    snapshot: &Snapshot,
    state: &SecurityState,
    open: &[Open<'_>],
    place: &Place<'_>,
    details: &RepositoryDetails,
) -> Vec<RepositoryAction> {
    if !details.known || details.archived {
        return Vec::new();
    }
    let mut actions = Vec::new();
    let rules = state
        .rules
        .iter()
        .filter_map(|known| rule(snapshot, known, place));
    actions.extend(rules);
    actions.extend(open.iter().filter(|known| known.overdue).map(overdue));
    actions.extend(
        state
            .runtimes
            .iter()
            .filter_map(|known| runtime(known, place)),
    );
    if details.checked == Some(false) {
        actions.push(RepositoryAction {
            kind: "unchecked".to_owned(),
            what: "No tool checks the dependencies".to_owned(),
            action: "Configure Dependabot, Renovate or another check.".to_owned(),
            ..RepositoryAction::default()
        });
    }
    let order = |kind: &str| {
        let known = KINDS.iter().position(|(known, ..)| *known == kind);
        known.unwrap_or(KINDS.len())
    };
    // Equal instants keep the order of files; findings come by when they were due.
    actions.sort_by_cached_key(|action| (order(&action.kind), action.at.clone()));
    actions.extend(unknown(state, details));
    actions
}

fn overdue(known: &Open<'_>) -> RepositoryAction {
    let finding = known.finding;
    let version = finding
        .version
        .as_deref()
        .map_or_else(String::new, |version| format!(" {version}"));
    let package = listed([&*finding.package].into_iter());
    let what = format!(
        "{} in {package}{version} ({})",
        finding.id,
        match finding.severity {
            Severity::Unknown => "severity unknown",
            severity => severity.as_str(),
        }
    );
    let action = match (&finding.fixed_in, &*finding.scanner) {
        (Some(fixed), _) => format!("Update {package} to {fixed}, where it is fixed."),
        (None, "code-scanning") => "Mend the code.".to_owned(),
        (None, "secret-scanning") => "Revoke the secret and remove it.".to_owned(),
        (None, _) => format!(
            "Replace {package}, or accept the risk for a time with a reason: no version with a fix is known."
        ),
    };
    RepositoryAction {
        kind: "overdue".to_owned(),
        what,
        at: known.due_ms.map(|ms| words::instant(Some(ms))),
        action,
        ..RepositoryAction::default()
    }
}

fn rule(snapshot: &Snapshot, known: &RuleState, place: &Place<'_>) -> Option<RepositoryAction> {
    let rule = known.rule();
    let ends_ms = known.end.ms();
    let (kind, at_ms, action) = if known.unused == Some(true) {
        (
            "unused",
            Some(known.since_ms),
            "Remove the rule: the last 3 reports hold nothing that it suppresses.",
        )
    } else if known.listed {
        (
            "listed",
            Some(known.since_ms),
            "Update the dependency now: attackers use this vulnerability.",
        )
    } else if known.expired {
        (
            "expired",
            ends_ms,
            "Update the dependency and remove the rule, or decide again and set a new end.",
        )
    } else if known.due {
        (
            "due",
            ends_ms,
            "Update the dependency before the rule ends.",
        )
    } else if known.no_reason {
        (
            "no-reason",
            Some(known.since_ms),
            "Write why the risk is accepted.",
        )
    } else if known.broad {
        (
            "broad",
            Some(known.since_ms),
            "Limit the rule to the vulnerability and the dependency that it is meant for.",
        )
    } else {
        return None;
    };
    let is_since = at_ms == Some(known.since_ms) && !matches!(kind, "expired" | "due");
    Some(RepositoryAction {
        kind: kind.to_owned(),
        what: format!("Rule for {}", rule_name(rule)),
        at: at_ms.map(|ms| words::instant(Some(ms))),
        at_least: is_since && may_be_older(&snapshot.security, known),
        action: format!(
            "{action}{}",
            also(known, kind, ends_ms, &snapshot.config.time_zone)
        ),
        place: Some(place.of(&rule.file, rule.line)),
    })
}

/// The flags of a rule beside the one that it is listed for: ` Also: expired after 1 Oct 2019; no reason.`
fn also(known: &RuleState, kind: &str, ends_ms: Option<i64>, zone: &TimeZone) -> String {
    let end = || ends_ms.map_or_else(String::new, |ms| numbers::date(&words::last_day(zone, ms)));
    let others = known.flags().filter(|flag| *flag != kind);
    let others = others.filter_map(|flag| match flag {
        "listed" => Some("known to be exploited".to_owned()),
        "expired" => Some(format!("expired after {}", end())),
        "due" => Some(format!("ends after {}", end())),
        "unused" => Some("unused".to_owned()),
        "no-reason" => Some("no reason".to_owned()),
        "broad" => Some("broad".to_owned()),
        _ => None,
    });
    let others: Vec<String> = others.collect();
    match others.as_slice() {
        [] => String::new(),
        others => format!(" Also: {}.", others.join("; ")),
    }
}

fn runtime(known: &RuntimeState, place: &Place<'_>) -> Option<RepositoryAction> {
    let (kind, action) = match known.support {
        Support::Ended => ("runtime-ended", "Update to a supported version."),
        Support::Due => (
            "runtime-due",
            "Plan the update to a version that is supported for longer.",
        ),
        Support::Unknown | Support::Supported => return None,
    };
    let runtime = &known.runtime;
    Some(RepositoryAction {
        kind: kind.to_owned(),
        what: runtime_name(runtime),
        at: known.ends_ms.map(|ms| words::instant(Some(ms))),
        at_least: false,
        action: action.to_owned(),
        place: (!runtime.file.is_empty()).then(|| place.of(&runtime.file, runtime.line)),
    })
}

/// Things that are not known, and so count neither as good nor as bad.
fn unknown(state: &SecurityState, details: &RepositoryDetails) -> Vec<RepositoryAction> {
    let facts = state.repositories.first().map(|known| &known.facts);
    let rules_unread = facts.is_some_and(|facts| facts.rules.is_none());
    let runtimes_unread = facts.is_some_and(|facts| facts.runtimes.is_none());
    let count = |of: &dyn Fn(&RuleState) -> bool| {
        state.rules.iter().filter(|known| of(known)).count() as u64
    };
    let unreadable = count(&|known| known.end == RuleEnd::Unreadable);
    let undecided = count(&|known| known.unused.is_none());
    let unsupported = |is_java: bool| -> Vec<String> {
        let unknown = state
            .runtimes
            .iter()
            .filter(|known| known.support == Support::Unknown);
        let unknown = unknown.filter(|known| (known.runtime.product == JAVA) == is_java);
        unknown.map(|known| runtime_name(&known.runtime)).collect()
    };
    let (java, unsupported) = (unsupported(true), unsupported(false));
    let rules = |count| words::counted(count, "rule", "rules");
    let entries = [
        (
            rules_unread,
            "Suppression rules".to_owned(),
            "They have not been read yet.",
        ),
        (
            runtimes_unread,
            "Runtimes".to_owned(),
            "Only versions of Node.js and Java have been read.",
        ),
        (
            details.checked.is_none(),
            "Dependency check".to_owned(),
            "No check is known, though the repository may have one: only those of JavaScript are read from its files.",
        ),
        (
            details.scans.is_empty(),
            "Findings".to_owned(),
            "No report of a scanner has been read.",
        ),
        (
            unreadable > 0,
            format!("The end of {}", rules(unreadable)),
            "It cannot be read, so it is unknown. Write it as a date: 2026-01-31.",
        ),
        (
            undecided > 0,
            format!("The use of {}", rules(undecided)),
            "Too few complete reports have been read, or the rule selects by CPE or score.",
        ),
        (
            !unsupported.is_empty(),
            format!(
                "The end of support of {}",
                listed(unsupported.iter().map(String::as_str))
            ),
            "The version is in no table of ends of support.",
        ),
        (
            !java.is_empty(),
            format!(
                "The end of support of {}",
                listed(java.iter().map(String::as_str))
            ),
            "Its vendor is not stated, and the ends of support of Java differ by vendor.",
        ),
    ];
    let known = entries.into_iter().filter(|(is_so, ..)| *is_so);
    known
        .map(|(_, what, action)| RepositoryAction {
            kind: "unknown".to_owned(),
            what,
            action: action.to_owned(),
            ..RepositoryAction::default()
        })
        .collect()
}

/// The state and the sentence about it. A rule counts for each of its flags.
pub fn verdict(
    details: &RepositoryDetails,
    actions: &[RepositoryAction],
    state: &SecurityState,
) -> (String, String) {
    if !details.known {
        let text = "No facts are known of this repository, only its builds or reports.";
        return ("unknown".to_owned(), text.to_owned());
    }
    if details.archived {
        let text = "Archived: what is below counts nowhere.";
        return ("archived".to_owned(), text.to_owned());
    }
    let count = |kind: &str| {
        let flagged = |known: &&RuleState| known.flags().any(|flag| flag == kind);
        let listed = |action: &&RepositoryAction| action.kind == kind;
        match state.rules.iter().filter(flagged).count() {
            0 => actions.iter().filter(listed).count() as u64,
            rules => rules as u64,
        }
    };
    let known = KINDS.iter().filter(|(kind, ..)| count(kind) > 0);
    let parts = known.clone().map(|(kind, one, many, _)| match *kind {
        "unchecked" => "no tool checks the dependencies".to_owned(),
        kind => words::counted(count(kind), one, many),
    });
    let parts: Vec<String> = parts.collect();
    let unknown = count("unknown");
    let unknown_things = || words::counted(unknown, "thing is", "things are");
    if parts.is_empty() {
        return match unknown {
            0 => ("good".to_owned(), "Nothing to do.".to_owned()),
            _ => (
                "unknown".to_owned(),
                format!("Nothing to do is known, but {} unknown.", unknown_things()),
            ),
        };
    }
    let is_bad = known.clone().any(|(.., is_bad)| *is_bad);
    let more = match parts.len().saturating_sub(MAX_PARTS) {
        0 => String::new(),
        _ => ", and more".to_owned(),
    };
    let shown = parts
        .iter()
        .take(MAX_PARTS)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let shown = words::capitalised(&shown);
    let state = if is_bad { "bad" } else { "warning" };
    (state.to_owned(), format!("{shown}{more}."))
}
