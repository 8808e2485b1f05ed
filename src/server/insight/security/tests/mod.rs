//! The terms of security debts, by their names.

mod findings;

use std::sync::Arc;

use super::*;
use crate::{
    selection::Selection,
    server::{
        insight,
        model::{
            Check, ReportedFinding, RuleFormat, Runtime, Selector, SelectorKind, Severity,
            SuppressionRule,
        },
        snapshot::{
            RuleEnd, SnapshotBuilder,
            security::{History, Listed, Report, ReportSeries},
        },
    },
};

/// 25 October 2019, 00:00 UTC.
const AS_OF_MS: i64 = 1_571_961_600_000;
const CVE: &str = "CVE-2019-0001";

fn rule() -> SuppressionRule {
    SuppressionRule {
        ids: vec![CVE.to_owned()],
        selectors: vec![selector(SelectorKind::Package, "a:lib", false)],
        notes: Some("a reason".to_owned()),
        ..SuppressionRule::default()
    }
}

fn selector(kind: SelectorKind, text: &str, regex: bool) -> Selector {
    Selector {
        kind,
        text: text.to_owned(),
        regex,
    }
}

fn facts(rules: Vec<SuppressionRule>) -> RepositoryFacts {
    RepositoryFacts {
        repository: "a-api".to_owned(),
        rules: Some(rules),
        ..RepositoryFacts::default()
    }
}

fn finding(id: &str, suppressed: bool) -> ReportedFinding {
    ReportedFinding {
        id: id.to_owned(),
        package: "a:lib".to_owned(),
        severity: Severity::High,
        suppressed,
        ..ReportedFinding::default()
    }
}

/// A report so many days before the facts.
fn report(days: i64, complete: bool, findings: &[ReportedFinding]) -> Report {
    Report {
        at_ms: AS_OF_MS - days * DAY_MS,
        complete,
        findings: findings.into(),
    }
}

fn reports(reports: Vec<Report>) -> Vec<ReportSeries> {
    vec![ReportSeries {
        repository: "a-api".to_owned(),
        scanner: "dependency-check".to_owned(),
        codebase_type: "java".to_owned(),
        reports,
    }]
}

/// A snapshot of facts that have been known for 100 days.
fn snapshot(rules: Vec<SuppressionRule>, reports: Vec<ReportSeries>) -> Snapshot {
    of(Security {
        reports,
        ..known_for(100, facts(rules))
    })
}

fn known_for(days: i64, facts: RepositoryFacts) -> Security {
    let mut security = Security::of(Some(AS_OF_MS), vec![facts]);
    security.histories[0].versions[0].0 = AS_OF_MS - days * DAY_MS;
    security
}

fn of(security: Security) -> Snapshot {
    let builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    insight::filled(builder.finish("v".to_owned(), None, security))
}

fn now(snapshot: &Snapshot) -> &SecurityState {
    &snapshot.insight.security.now
}

fn only(rule: SuppressionRule) -> RuleState {
    now(&snapshot(vec![rule], Vec::new())).rules[0].clone()
}

fn until(until: &str) -> RuleState {
    only(SuppressionRule {
        until: Some(until.to_owned()),
        ..rule()
    })
}

#[test]
fn a_rule_is_expired_due_later_without_end_or_its_end_is_unreadable() {
    let flags = |known: RuleState| (known.expired, known.due);
    // The last day is a whole day.
    assert_eq!(flags(until("2019-10-24")), (true, false));
    assert_eq!(flags(until("2019-10-25")), (false, true));
    assert_eq!(flags(until("2019-11-23")), (false, true));
    assert_eq!(flags(until("2019-11-24")), (false, false));
    // An offset decides when a day ends.
    assert_eq!(flags(until("2019-10-24-05:00")), (false, true));
    assert_eq!(flags(until("2019-10-24+01:00")), (true, false));
    assert_eq!(only(rule()).end, RuleEnd::Never);
    assert_eq!(until("soon").end, RuleEnd::Unreadable);
    assert!(!until("soon").is_debt());
}

#[test]
fn a_reason_has_a_letter() {
    let notes = |notes: Option<&str>| {
        only(SuppressionRule {
            notes: notes.map(str::to_owned),
            ..rule()
        })
    };
    for none in [None, Some(""), Some(" \n"), Some("123 --")] {
        assert!(notes(none).no_reason && notes(none).is_debt(), "{none:?}");
    }
    assert!(!notes(Some("see 1é")).no_reason);
}

#[test]
fn a_rule_is_broad_with_a_catch_all_a_score_alone_or_without_a_selector() {
    let broad = |ids: &[&str], selectors: Vec<Selector>, cvss_below: Option<&str>| {
        let known = only(SuppressionRule {
            ids: ids.iter().map(|&id| id.to_owned()).collect(),
            selectors,
            cvss_below: cvss_below.map(str::to_owned),
            ..rule()
        });
        assert_eq!(known.broad, known.is_debt());
        known.broad
    };
    let package = |text: &str, regex| vec![selector(SelectorKind::PackageUrl, text, regex)];
    assert!(broad(&[CVE], package("^.*$", true), None));
    assert!(broad(&[CVE], package(".*", true), None));
    assert!(broad(&[], vec![], Some("4")));
    assert!(broad(&[CVE], vec![], None));
    let name = selector(SelectorKind::VulnerabilityName, "prose", false);
    assert!(broad(&[CVE], vec![name.clone()], None));
    assert!(!broad(&[CVE], package(".*", false), None));
    assert!(!broad(&[CVE], package("^pkg:maven/a/.*$", true), None));
    assert!(!broad(&[], package("pkg:maven/a/b", false), Some("4")));
    assert!(!broad(&[], vec![name], None));
}

#[test]
fn a_rule_is_unused_if_none_of_three_complete_reports_since_holds_it() {
    let held = || vec![finding(CVE, true)];
    let unused = |rule: SuppressionRule, of: Vec<Report>| {
        let snapshot = snapshot(vec![rule], reports(of));
        now(&snapshot).rules[0].unused
    };
    let empty = |days| report(days, true, &[]);
    assert_eq!(unused(rule(), vec![]), None);
    assert_eq!(unused(rule(), vec![empty(2), empty(1)]), None);
    assert_eq!(
        unused(rule(), vec![empty(3), empty(2), empty(1)]),
        Some(true)
    );
    // One that is not complete does not count, nor does one from before the rule.
    let incomplete = report(2, false, &[]);
    assert_eq!(unused(rule(), vec![empty(3), incomplete, empty(1)]), None);
    assert_eq!(unused(rule(), vec![empty(101), empty(2), empty(1)]), None);
    let holds = report(2, true, &held());
    assert_eq!(unused(rule(), vec![empty(3), holds, empty(1)]), Some(false));
    // An earlier one than the last three no longer does.
    let earlier = report(4, true, &held());
    assert_eq!(
        unused(rule(), vec![earlier, empty(3), empty(2), empty(1)]),
        Some(true)
    );
    // Not suppressed, another vulnerability, another dependency.
    let other = |change: fn(&mut ReportedFinding)| {
        let mut finding = finding(CVE, true);
        change(&mut finding);
        (1..=3)
            .rev()
            .map(|days| report(days, true, std::slice::from_ref(&finding)))
            .collect()
    };
    assert_eq!(
        unused(rule(), other(|finding| finding.suppressed = false)),
        Some(true)
    );
    // Scanners no longer apply a rule that has expired.
    let expired = SuppressionRule {
        until: Some("2019-06-01".to_owned()),
        ..rule()
    };
    assert_eq!(
        unused(expired, other(|finding| finding.suppressed = false)),
        Some(false)
    );
    assert_eq!(
        unused(
            rule(),
            other(|finding| finding.id = "CVE-2019-0002".to_owned())
        ),
        Some(true)
    );
    assert_eq!(
        unused(
            rule(),
            other(|finding| finding.package = "b:lib".to_owned())
        ),
        Some(true)
    );
    assert_eq!(
        unused(rule(), other(|finding| finding.id.make_ascii_lowercase())),
        Some(false)
    );
}

#[test]
fn a_rule_on_a_cpe_or_a_score_alone_is_never_known_to_be_unused() {
    let unused = |selectors: Vec<Selector>, ids: Vec<String>| {
        let rule = SuppressionRule {
            ids,
            selectors,
            cvss_below: Some("4".to_owned()),
            ..rule()
        };
        let of = reports((1..=3).rev().map(|days| report(days, true, &[])).collect());
        now(&snapshot(vec![rule], of)).rules[0].unused
    };
    assert_eq!(unused(vec![], vec![]), None);
    let cpe = selector(SelectorKind::Cpe, "cpe:/a:b:c", false);
    assert_eq!(unused(vec![cpe], vec![]), None);
    // An expression that cannot be read.
    let lookahead = selector(SelectorKind::PackageUrl, "^(?!x).*$", true);
    assert_eq!(unused(vec![lookahead], vec![CVE.to_owned()]), None);
    assert_eq!(unused(vec![], vec![CVE.to_owned()]), Some(true));
}

#[test]
fn selectors_match_as_dependency_check_does() {
    let subject = ReportedFinding {
        version: Some("1.2".to_owned()),
        package_url: Some("pkg:maven/a/lib@1.2".to_owned()),
        sha1: Some("AB12".to_owned()),
        ..finding(CVE, true)
    };
    let matches = |kind, text: &str, regex| {
        let rule = SuppressionRule {
            selectors: vec![selector(kind, text, regex)],
            ..rule()
        };
        Matcher::default().matches(&rule, (&subject).into())
    };
    use SelectorKind::{FilePath, Gav, PackageUrl, Sha1};
    assert_eq!(
        matches(PackageUrl, "^pkg:maven/a/lib@.*$", true),
        Some(true)
    );
    assert_eq!(matches(PackageUrl, "pkg:maven/a", true), Some(false));
    assert_eq!(matches(PackageUrl, "PKG:maven/a/lib", false), Some(true));
    assert_eq!(matches(PackageUrl, "pkg:maven/a/li", false), Some(false));
    assert_eq!(matches(Gav, "a:lib:1.2", false), Some(true));
    assert_eq!(matches(Gav, "a:lib:1.*", true), Some(true));
    assert_eq!(matches(Sha1, "ab12", false), Some(true));
    assert_eq!(matches(Sha1, "ab13", false), Some(false));
    // The report does not say.
    assert_eq!(matches(FilePath, "lib.jar", false), Some(true));
    assert_eq!(matches(PackageUrl, "(", true), None);
}

#[test]
fn a_rule_is_listed_if_one_of_its_ids_is_known_to_be_exploited() {
    let listed = |id: &str, added: Option<i64>| {
        let mut security = known_for(100, facts(vec![rule()]));
        let listed = Listed {
            added_ms: added.map(|days| AS_OF_MS - days * DAY_MS),
            due_ms: Some(AS_OF_MS),
        };
        security.known_exploited.insert(id.to_owned(), listed);
        let snapshot = of(security);
        let known =
            [0, 30].map(|days| state_at(&snapshot, AS_OF_MS - days * DAY_MS).rules[0].clone());
        known.map(|rule| {
            assert_eq!(rule.listed, rule.is_debt());
            rule.listed
        })
    };
    // Now, and 30 days before.
    assert_eq!(listed(CVE, None), [true, true]);
    assert_eq!(listed(CVE, Some(30)), [true, true]);
    assert_eq!(listed(CVE, Some(29)), [true, false]);
    assert_eq!(listed("CVE-2019-0002", None), [false, false]);
}

#[test]
fn a_rule_is_first_seen_with_the_first_facts_that_hold_it_without_a_gap() {
    let other = SuppressionRule {
        ids: vec!["CVE-2019-0002".to_owned()],
        ..rule()
    };
    let later = SuppressionRule {
        until: Some("2030-01-01".to_owned()),
        line: 7,
        ..rule()
    };
    let versions = [
        (40, Some(vec![rule()])),
        (30, Some(vec![other.clone()])),
        (20, Some(vec![rule(), other.clone()])),
        (10, Some(vec![other, later])),
    ];
    let mut security = Security::of(Some(AS_OF_MS), vec![facts(Vec::new())]);
    security.histories = vec![History {
        repository: "a-api".to_owned(),
        versions: versions
            .into_iter()
            .map(|(days, rules)| {
                (
                    AS_OF_MS - days * DAY_MS,
                    rules.map(|rules| Arc::new(facts(rules))),
                )
            })
            .collect(),
    }];
    let snapshot = of(security);
    let days = |state: &SecurityState| -> Vec<i64> {
        let since = state
            .rules
            .iter()
            .map(|rule| (AS_OF_MS - rule.since_ms) / DAY_MS);
        since.collect()
    };
    assert_eq!(days(now(&snapshot)), [30, 20]);
    assert_eq!(days(&state_at(&snapshot, AS_OF_MS - 30 * DAY_MS)), [30]);
    assert_eq!(days(&state_at(&snapshot, AS_OF_MS - 41 * DAY_MS)), [0; 0]);
}

#[test]
fn rules_that_were_not_read_are_unknown() {
    let unread = RepositoryFacts {
        rules: None,
        ..facts(Vec::new())
    };
    let snapshot = of(known_for(1, unread));
    let numbers = snapshot.insight.security.weeks.last().expect("numbers");
    assert_eq!((numbers.rules, numbers.rules_unread), (0, 1));
}

#[test]
fn a_runtime_is_supported_due_ended_or_unknown() {
    let support = |product: &str, version: &str| {
        let runtimes = Some(vec![Runtime {
            product: product.to_owned(),
            version: version.to_owned(),
            ..Runtime::default()
        }]);
        let snapshot = of(known_for(
            1,
            RepositoryFacts {
                runtimes,
                ..facts(Vec::new())
            },
        ));
        now(&snapshot).runtimes[0].support
    };
    // Node.js 8 ends on 31 December 2019, Node.js 6 ended on 30 April 2019.
    assert_eq!(support("nodejs", "8.12.0"), Support::Due);
    assert_eq!(support("nodejs", "6"), Support::Ended);
    assert_eq!(support("nodejs", "10.15"), Support::Supported);
    assert_eq!(support("nodejs", "unknown"), Support::Unknown);
    // The dates of Java differ by vendor.
    assert_eq!(support("java", "11"), Support::Unknown);
    assert_eq!(support("eclipse-temurin", "11"), Support::Supported);
}

#[test]
fn a_repository_is_checked_by_its_configuration_its_rules_or_a_report() {
    let checked = |change: fn(&mut RepositoryFacts), with_reports: bool| {
        let mut known = facts(Vec::new());
        change(&mut known);
        let mut security = known_for(1, known);
        if with_reports {
            security.reports = reports(vec![report(1, true, &[])]);
        }
        now(&of(security)).repositories[0].checked
    };
    assert_eq!(checked(|_| {}, false), None);
    assert_eq!(checked(|facts| facts.javascript = true, false), Some(false));
    assert_eq!(checked(|facts| facts.javascript = true, true), Some(true));
    assert_eq!(
        checked(
            |facts| {
                facts.javascript = true;
                facts.checks = vec![Check::Snyk];
            },
            false
        ),
        Some(true)
    );
    assert_eq!(
        checked(|facts| facts.rules = Some(vec![rule()]), false),
        Some(true)
    );
}

#[test]
fn archived_and_gone_repositories_do_not_count() {
    let archived = RepositoryFacts {
        archived: true,
        ..facts(vec![rule()])
    };
    assert!(now(&of(known_for(1, archived))).rules.is_empty());
    let mut security = known_for(30, facts(vec![rule()]));
    security.histories[0]
        .versions
        .push((AS_OF_MS - 10 * DAY_MS, None));
    let snapshot = of(security);
    assert!(now(&snapshot).rules.is_empty());
    assert_eq!(state_at(&snapshot, AS_OF_MS - 20 * DAY_MS).rules.len(), 1);
}

#[test]
fn scans_count_without_facts_about_their_repository() {
    let snapshot = of(Security {
        as_of_ms: Some(AS_OF_MS),
        reports: reports(vec![report(1, true, &[finding(CVE, false)])]),
        ..Security::default()
    });
    let weeks = &snapshot.insight.security.weeks;
    let numbers = |back: usize| {
        let of = &weeks[weeks.len() - 1 - back];
        (of.repositories, of.scanned, of.findings)
    };
    assert_eq!([numbers(1), numbers(0)], [(0, false, 0), (0, true, 1)]);
}

#[test]
fn rules_of_every_format_have_a_scanner() {
    let formats = [
        (RuleFormat::Trivy, "trivy"),
        (RuleFormat::OsvScanner, "osv-scanner"),
        (RuleFormat::YarnAudit, "yarn-audit"),
        (RuleFormat::Snyk, "snyk"),
        (RuleFormat::Nsp, "npm-audit"),
    ];
    for (format, scanner) in formats {
        let rule = SuppressionRule { format, ..rule() };
        let mut of = reports((1..=3).rev().map(|days| report(days, true, &[])).collect());
        let known = |of: Vec<ReportSeries>| now(&snapshot(vec![rule.clone()], of)).rules[0].unused;
        assert_eq!(known(reports(Vec::new())), None, "{format:?}");
        of[0].scanner = scanner.to_owned();
        assert_eq!(known(of), Some(true), "{format:?}");
    }
}

/// The state of a day does not depend on what was learnt later.
#[test]
fn the_past_does_not_change() {
    for later in [1, 20, 54] {
        let early = vec![report(60, true, &[finding(CVE, false)])];
        let mut all = early.clone();
        all.push(report(later, true, &[]));
        let at_ms = AS_OF_MS - 55 * DAY_MS;
        let numbers = |of: Vec<Report>| {
            let snapshot = snapshot(vec![rule()], reports(of));
            numbers_of(&snapshot, &state_at(&snapshot, at_ms))
        };
        assert_eq!(numbers(early), numbers(all));
    }
}

#[test]
fn several_teams_have_what_each_of_them_has() {
    let of = |repository: &str| RepositoryFacts {
        repository: repository.to_owned(),
        ..facts(vec![rule()])
    };
    let repositories = vec![of("cmc-api"), of("div-api"), of("ia-api")];
    let snapshot = super::super::filled(crate::server::figures::testing::security(repositories));
    let rules = |teams: &[&str]| {
        let selection: Selection = teams.iter().map(|team| ("team", *team)).collect();
        let selected = selected(&snapshot, &selection);
        let rules = selected.state.rules.iter();
        rules
            .map(|rule| rule.facts.repository.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(rules(&["cmc"]), ["cmc-api"]);
    assert_eq!(rules(&["cmc", "div"]), ["cmc-api", "div-api"]);
    assert_eq!(rules(&[]).len(), 3);
    assert_eq!(rules(&["nobody"]).len(), 0);
}
