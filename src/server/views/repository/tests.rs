//! The view of a repository on hand-made facts, and its scripts on real files.

use std::{fs, path::Path, process::Command, sync::Arc};

use super::{changes::changes, *};
use crate::server::{
    figures::testing::{AS_OF, at, build, security, snapshot},
    insight,
    model::{
        About, BuildResult, Check, ReportedFinding, RuleFormat, Runtime, Selector, SelectorKind,
        Severity, SuppressionRule,
    },
    snapshot::security::{History, Report, ReportSeries, Security},
};

const NAME: &str = "a-api";

fn rule(id: &str, until: Option<&str>, notes: Option<&str>) -> SuppressionRule {
    SuppressionRule {
        file: "config/suppressions.xml".to_owned(),
        line: 3,
        last_line: 5,
        ids: vec![id.to_owned()],
        selectors: vec![Selector {
            kind: SelectorKind::Gav,
            text: "org.yaml:snakeyaml:1.33".to_owned(),
            regex: false,
        }],
        until: until.map(str::to_owned),
        notes: notes.map(str::to_owned),
        ..SuppressionRule::default()
    }
}

fn runtime(version: &str) -> Runtime {
    Runtime {
        product: "nodejs".to_owned(),
        version: version.to_owned(),
        file: "Dockerfile".to_owned(),
        line: 1,
    }
}

fn facts() -> RepositoryFacts {
    RepositoryFacts {
        repository: NAME.to_owned(),
        javascript: true,
        rules: Some(vec![
            rule("CVE-2019-0001", Some("2019-11-10"), Some("Not reachable")),
            rule("CVE-2019-0002", Some("2019-10-01"), Some("Later")),
            rule("CVE-2019-0003", None, None),
            rule("CVE-2019-0004", Some("2020-10-01"), Some("Exploited")),
            rule("CVE-2019-0005", Some("soon"), Some("Never read")),
        ]),
        runtimes: Some(vec![runtime("8"), runtime("as it comes")]),
        about: About {
            url: Some("https://github.com/hmcts/a-api".to_owned()),
            default_branch: Some("main".to_owned()),
            owners: Some(vec!["@hmcts/civil".to_owned()]),
            protected: Some(false),
            ..About::default()
        },
        ..RepositoryFacts::default()
    }
}

/// A snapshot of versions of the facts and a report, as of [`AS_OF`].
fn known(
    versions: Vec<(&str, Option<RepositoryFacts>)>,
    findings: Vec<ReportedFinding>,
) -> Snapshot {
    let mut snapshot = security(Vec::new());
    let versions = versions.into_iter();
    let versions = versions.map(|(since, facts)| (at(since), facts.map(Arc::new)));
    let report = Report {
        at_ms: at("2019-10-20T00:00:00Z"),
        complete: true,
        findings: findings.into(),
    };
    snapshot.security = Arc::new(Security {
        as_of_ms: Some(at(AS_OF)),
        histories: vec![History {
            repository: NAME.to_owned(),
            versions: versions.collect(),
        }],
        reports: vec![ReportSeries {
            repository: NAME.to_owned(),
            scanner: "trivy".to_owned(),
            codebase_type: "node".to_owned(),
            reports: vec![report],
        }],
        known_exploited: [("CVE-2019-0004".to_owned(), at("2019-12-01T00:00:00Z"))].into(),
        ..Security::default()
    });
    insight::filled(snapshot)
}

fn finding(id: &str, severity: Severity, opened: &str) -> ReportedFinding {
    ReportedFinding {
        id: id.to_owned(),
        package: "lodash".to_owned(),
        version: Some("4.17.1".to_owned()),
        fixed_in: Some("4.17.21".to_owned()),
        severity,
        opened_ms: Some(at(opened)),
        ..ReportedFinding::default()
    }
}

fn described(snapshot: &Snapshot, as_of: &str) -> RepositoryDetails {
    let view = View::default().with("name", NAME).with("as_of", as_of);
    let wanted = find(snapshot, &view).expect("known");
    details(snapshot, &wanted)
}

fn sample() -> Snapshot {
    let findings = vec![
        finding("CVE-2019-0100", Severity::Low, "2018-01-01T00:00:00Z"),
        finding("CVE-2019-0101", Severity::High, "2019-09-01T00:00:00Z"),
        finding("CVE-2019-0102", Severity::Critical, "2019-10-20T00:00:00Z"),
    ];
    let mut before = facts();
    before.rules = Some(vec![rule("CVE-2019-0001", None, None)]);
    before.runtimes = Some(vec![runtime("6")]);
    known(
        vec![
            ("2019-09-01T00:00:00Z", Some(before)),
            ("2019-10-10T00:00:00Z", Some(facts())),
        ],
        findings,
    )
}

#[test]
fn what_to_do_comes_in_order_with_what_is_unknown_at_the_end() {
    let found = described(&sample(), "");
    let listed: Vec<(&str, &str)> = found
        .actions
        .iter()
        .map(|action| (&*action.kind, &*action.what))
        .collect();
    assert_eq!(
        listed,
        [
            ("listed", "Rule for CVE-2019-0004"),
            ("overdue", "CVE-2019-0101 in lodash 4.17.1 (high)"),
            ("expired", "Rule for CVE-2019-0002"),
            ("due", "Rule for CVE-2019-0001"),
            ("runtime-due", "Node.js 8"),
            ("no-reason", "Rule for CVE-2019-0003"),
            ("unknown", "The end of 1 rule"),
            ("unknown", "The use of 5 rules"),
            ("unknown", "The end of support of Node.js as it comes"),
        ]
    );
    assert_eq!(found.state, "bad");
    assert_eq!(
        found.summary,
        "1 rule suppresses a vulnerability that is known to be exploited, 1 finding is overdue, 1 rule has expired, and more."
    );
    let overdue = &found.actions[1];
    assert_eq!(overdue.at.as_deref(), Some("2019-10-01T00:00:00Z"));
    assert_eq!(
        overdue.action,
        "Update lodash to 4.17.21, where it is fixed."
    );
    let expired = &found.actions[2];
    assert_eq!(expired.at.as_deref(), Some("2019-10-02T00:00:00Z"));
    let href = expired
        .place
        .as_ref()
        .and_then(|place| place.href.as_deref());
    assert_eq!(
        href,
        Some("https://github.com/hmcts/a-api/blob/main/config/suppressions.xml#L3")
    );
}

#[test]
fn rules_runtimes_and_findings_have_their_states() {
    let found = described(&sample(), "");
    let flags = |index: usize| {
        let rules = found.rules.as_ref().expect("rules");
        rules[index].flags.join(" ")
    };
    assert_eq!(
        [0, 1, 2, 3, 4].map(flags),
        [
            "due",
            "expired",
            "no-reason no-end",
            "listed",
            "unreadable-end"
        ]
    );
    let rules = found.rules.as_ref().expect("rules");
    assert_eq!(rules[0].selector, "GAV org.yaml:snakeyaml:1.33");
    // The first facts hold a rule for the same vulnerability, the others are new.
    assert_eq!(
        (&*rules[0].since, rules[0].at_least),
        ("2019-09-01T00:00:00Z", true)
    );
    assert_eq!(
        (&*rules[1].since, rules[1].at_least),
        ("2019-10-10T00:00:00Z", false)
    );
    let supports: Vec<&str> = found
        .runtimes
        .iter()
        .flatten()
        .map(|known| &*known.support)
        .collect();
    assert_eq!(supports, ["due", "unknown"]);
    let findings: Vec<(&str, bool)> = found
        .findings
        .iter()
        .map(|known| (&*known.id, known.overdue))
        .collect();
    assert_eq!(
        findings,
        [
            ("CVE-2019-0101", true),
            ("CVE-2019-0102", false),
            ("CVE-2019-0100", false)
        ]
    );
    assert_eq!(found.findings[2].due_at, None);
    assert_eq!(
        (&*found.owners_by, &*found.owners[0]),
        ("codeowners", "@hmcts/civil")
    );
    assert_eq!(found.protected, Some(false));
}

#[test]
fn an_earlier_day_shows_its_end_and_no_later_change() {
    let snapshot = sample();
    let before = described(&snapshot, "2019-09-30");
    assert_eq!(before.as_of, "2019-09-30T23:59:59.999Z");
    assert_eq!(before.latest, "2019-10-25T12:00:00Z");
    let ids: Vec<&str> = before
        .rules
        .iter()
        .flatten()
        .map(|rule| &*rule.ids[0])
        .collect();
    assert_eq!(ids, ["CVE-2019-0001"]);
    assert!(
        before
            .changes
            .iter()
            .all(|change| *change.at < *before.as_of)
    );
    // The time is local.
    let later = described(&snapshot, "2030-01-01");
    assert_eq!(later.as_of, later.latest);
    let unknown = described(&snapshot, "2019-08-01");
    assert!(!unknown.known && unknown.rules.is_none() && unknown.actions.is_empty());
    for wrong in ["soon", "2019-13-01", "2019-1-01", "9999-12-31"] {
        let view = View::default().with("name", NAME).with("as_of", wrong);
        assert_eq!(
            find(&snapshot, &view).map_err(|error| error.status()),
            Err(400),
            "{wrong}"
        );
    }
}

#[test]
fn a_repository_is_known_by_facts_reports_or_builds() {
    let built = snapshot(&[build(
        "HMCTS_CMC/claim-store/master",
        BuildResult::Failure,
        AS_OF,
    )]);
    let wanted = |name: &str| find(&built, &View::default().with("name", name));
    let found = details(&built, &wanted("claim-store").expect("built"));
    assert_eq!(
        (found.known, &*found.state, found.pipelines.len()),
        (false, "unknown", 1)
    );
    assert_eq!(
        (&*found.pipelines[0].state, &*found.owners[0]),
        ("red", "claim")
    );
    assert_eq!(found.pipelines[0].recent, ["FAILURE"]);
    assert_eq!((found.action_count, &*found.as_of), (0, ""));
    for name in ["", "claim", "HMCTS_CMC"] {
        let error = wanted(name).expect_err("unknown");
        assert_eq!(error.status(), 404, "{name}");
    }
}

#[test]
fn an_archived_repository_has_nothing_to_do() {
    let mut archived = facts();
    archived.archived = true;
    let found = described(
        &known(vec![("2019-10-10T00:00:00Z", Some(archived))], Vec::new()),
        "",
    );
    assert_eq!(
        (&*found.state, found.action_count, found.rule_count),
        ("archived", 0, 5)
    );
}

#[test]
fn nothing_unknown_counts_as_good() {
    let bare = RepositoryFacts {
        repository: NAME.to_owned(),
        ..RepositoryFacts::default()
    };
    let snapshot = security(vec![bare]);
    let found = described(&snapshot, "");
    assert_eq!(found.state, "unknown");
    assert_eq!(
        found.summary,
        "Nothing to do is known, but 4 things are unknown."
    );
    assert!(found.rules.is_none() && found.runtimes.is_none() && !found.owners_read);
    let kinds = found.actions.iter().map(|action| &*action.what);
    let kinds: Vec<&str> = kinds.collect();
    assert_eq!(
        kinds,
        [
            "Suppression rules",
            "Runtimes",
            "Dependency check",
            "Findings"
        ]
    );
}

fn texts(a: &RepositoryFacts, b: &RepositoryFacts) -> Vec<String> {
    changes(a, b)
        .into_iter()
        .map(|change| change.text)
        .collect()
}

#[test]
fn each_change_of_the_facts_is_a_line() {
    let a = facts();
    let mut b = facts();
    b.rules = Some(vec![
        rule("CVE-2019-0001", None, Some("Another reason")),
        rule("CVE-2019-0002", Some("2019-12-01"), None),
        rule("CVE-2019-0003", None, None),
        rule("CVE-2019-0003", None, None),
        rule("CVE-2019-0004", Some("2020-10-01"), Some("Exploited")),
        rule("CVE-2019-0006", None, None),
    ]);
    // A rule that moved did not change.
    b.rules
        .iter_mut()
        .flatten()
        .for_each(|rule| rule.line += 10);
    b.runtimes = Some(vec![
        runtime("20"),
        runtime("as it comes"),
        Runtime {
            product: "debian".to_owned(),
            version: "12".to_owned(),
            ..runtime("")
        },
    ]);
    b.checks = vec![Check::Dependabot];
    b.about.protected = Some(true);
    b.about.owners = Some(Vec::new());
    assert_eq!(
        texts(&a, &b),
        [
            "Default branch protected",
            "Owners @hmcts/civil → none",
            "Dependabot added",
            "Rule for CVE-2019-0001: until changed from 2019-11-10 to no end",
            "Rule for CVE-2019-0001: reason changed",
            "Rule for CVE-2019-0002: until changed from 2019-10-01 to 2019-12-01",
            "Rule for CVE-2019-0002: reason removed",
            "Rule for CVE-2019-0003 added",
            "Rule for CVE-2019-0006 added",
            "Rule for CVE-2019-0005 removed",
            "Node.js 8, as it comes → 20, as it comes",
            "Debian 12 added",
        ]
    );
    assert_eq!(texts(&a, &a), Vec::<String>::new());
}

#[test]
fn the_first_reading_of_a_field_is_no_change() {
    let read = facts();
    let mut unread = facts();
    unread.rules = None;
    unread.runtimes = None;
    unread.about = About::default();
    unread.node_version = Some("8".to_owned());
    assert_eq!(texts(&unread, &read), Vec::<String>::new());
    assert_eq!(texts(&read, &unread), Vec::<String>::new());
    // Facts from before know versions and CVEs, which can be compared with each other.
    let mut next = unread.clone();
    next.node_version = Some("10".to_owned());
    next.suppressions =
        crate::server::figures::testing::suppressing("x", &[("CVE-2019-0009", None)]).suppressions;
    assert_eq!(
        texts(&unread, &next),
        ["Suppression of CVE-2019-0009 added", "Node.js 8 → 10"]
    );
}

#[test]
fn the_history_has_the_latest_first_with_findings_and_gaps() {
    let snapshot = known(
        vec![
            ("2019-09-01T00:00:00Z", Some(facts())),
            ("2019-09-02T00:00:00Z", None),
            ("2019-09-03T00:00:00Z", Some(facts())),
        ],
        vec![finding(
            "CVE-2019-0101",
            Severity::High,
            "2019-09-02T12:00:00Z",
        )],
    );
    let found = described(&snapshot, "");
    let texts: Vec<&str> = found.changes.iter().map(|change| &*change.text).collect();
    assert_eq!(
        texts,
        [
            "Read again after it was gone",
            "CVE-2019-0101 in lodash (high) opened",
            "Gone",
            "First read"
        ]
    );
    assert_eq!(found.change_count, 4);
}

#[test]
fn many_rules_are_counted_and_the_first_are_listed() {
    let mut many = facts();
    let rules = (0..1_200).map(|number| rule(&format!("CVE-2019-{number:04}"), None, None));
    many.rules = Some(rules.collect());
    let found = described(
        &known(vec![("2019-10-10T00:00:00Z", Some(many))], Vec::new()),
        "",
    );
    assert_eq!(
        (found.rule_count, found.rules.map(|rules| rules.len())),
        (1_200, Some(500))
    );
    assert_eq!(found.actions.len(), 500);
    assert!(found.action_count > 1_200);
    assert_eq!((found.renewal_count, found.renewals.len()), (1_200, 100));
}

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<suppressions xmlns="https://jeremylong.github.io/DependencyCheck/dependency-suppression.1.3.xsd">
  <!-- kept -->
  <suppress until="2019-10-01">
    <notes><![CDATA[ Later ]]></notes>
    <cve>cve-2019-0002</cve>
  </suppress>
  <suppress><cve>CVE-2019-0003</cve></suppress>
  <suppress
      until="2019-10-02">
    <cve>CVE-2019-0007</cve>
  </suppress>
</suppressions>
"#;
const XML_AFTER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<suppressions xmlns="https://jeremylong.github.io/DependencyCheck/dependency-suppression.1.3.xsd">
  <!-- kept -->
  <suppress><cve>CVE-2019-0003</cve></suppress>
</suppressions>
"#;

fn expired(format: RuleFormat, file: &str, id: &str, lines: (u32, u32)) -> SuppressionRule {
    SuppressionRule {
        format,
        file: file.to_owned(),
        line: lines.0,
        last_line: lines.1,
        ..rule(id, Some("2019-10-01"), Some("Later"))
    }
}

fn removals_of(rules: Vec<SuppressionRule>) -> Vec<crate::api::RuleRemoval> {
    let facts = RepositoryFacts {
        rules: Some(rules),
        ..facts()
    };
    described(
        &known(vec![("2019-10-10T00:00:00Z", Some(facts))], Vec::new()),
        "",
    )
    .removals
}

/// Runs a script in a folder; returns whether it succeeded.
fn run(script: &str, folder: &Path) -> bool {
    let ran = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .output()
        .expect("a shell");
    ran.status.success()
}

/// Applies the script for these rules to a file with this text.
fn applied(rules: &[SuppressionRule], text: &str) -> (bool, String) {
    let removals = removals_of(rules.to_vec());
    let script = removals[0].script.as_deref().expect("a script");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(&rules[0].file);
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    fs::write(&file, text).expect("a file");
    let succeeded = run(script, folder.path());
    let files = fs::read_dir(file.parent().expect("a folder")).expect("files");
    assert_eq!(files.count(), 1, "nothing is left behind");
    (succeeded, fs::read_to_string(&file).expect("text"))
}

fn of_xml() -> [SuppressionRule; 2] {
    let of = |id, lines| {
        expired(
            RuleFormat::DependencyCheck,
            "config/suppressions.xml",
            id,
            lines,
        )
    };
    [of("CVE-2019-0002", (4, 7)), of("CVE-2019-0007", (9, 12))]
}

#[test]
fn a_script_removes_the_lines_of_entries() {
    assert_eq!(applied(&of_xml(), XML), (true, XML_AFTER.to_owned()));
    let windows = XML.replace('\n', "\r\n");
    let after = XML_AFTER.replace('\n', "\r\n");
    assert_eq!(applied(&of_xml(), &windows), (true, after));
    let toml = "# ours\n[[IgnoredVulns]]\nid = \"GO-2022-0968\"\nignoreUntil = 2019-10-01\n\n[[IgnoredVulns]]\nid = \"x\"\n";
    let of = expired(
        RuleFormat::OsvScanner,
        "osv-scanner.toml",
        "GO-2022-0968",
        (2, 4),
    );
    assert_eq!(
        applied(&[of], toml),
        (true, "# ours\n\n[[IgnoredVulns]]\nid = \"x\"\n".to_owned())
    );
    let trivy = "# why\nCVE-2019-0002 exp:2019-10-01\nCVE-2019-0003\n";
    let of = expired(RuleFormat::Trivy, ".trivyignore", "CVE-2019-0002", (2, 2));
    assert_eq!(
        applied(&[of], trivy),
        (true, "# why\nCVE-2019-0003\n".to_owned())
    );
    let yarn = "{\"type\":\"auditAdvisory\",\"data\":{\"resolution\":{\"id\":1065},\"x\":\"GHSA-35jh-r3h4-6jhm\"}}\n{\"type\":\"x\"}\n";
    let of = expired(
        RuleFormat::YarnAudit,
        "yarn-audit-known-issues",
        "GHSA-35JH-R3H4-6JHM",
        (1, 1),
    );
    assert_eq!(
        applied(&[of], yarn),
        (true, "{\"type\":\"x\"}\n".to_owned())
    );
}

#[test]
fn a_script_changes_nothing_once_an_entry_is_elsewhere() {
    let moved = XML.replacen("  <!-- kept -->\n", "", 1);
    let other = XML.replace("CVE-2019-0007", "CVE-2019-0008");
    let longer = XML.replace("CVE-2019-0007", "CVE-2019-00071");
    let merged = XML.replacen(
        "    <cve>cve-2019-0002</cve>\n  </suppress>\n",
        "    <cve>cve-2019-0002</cve>\n  </suppress><x/>\n",
        1,
    );
    let two = XML.replacen(
        "    <notes><![CDATA[ Later ]]></notes>\n",
        "  <suppress>\n",
        1,
    );
    for text in [
        &*moved,
        &other,
        &longer,
        &merged,
        &two,
        "",
        "<suppressions/>\n",
    ] {
        assert_eq!(applied(&of_xml(), text), (false, text.to_owned()), "{text}");
    }
    let json = "{\"advisories\":{\"1\":{\"x\":\"GHSA-35JH-R3H4-6JHM\"}}}\n";
    let of = expired(
        RuleFormat::YarnAudit,
        "known",
        "GHSA-35JH-R3H4-6JHM",
        (1, 1),
    );
    assert_eq!(applied(&[of], json), (false, json.to_owned()));
}

#[test]
fn a_rule_that_lines_do_not_identify_is_removed_by_hand() {
    let one = |change: &dyn Fn(&mut SuppressionRule)| {
        let [mut rule, _] = of_xml();
        change(&mut rule);
        removals_of(vec![rule])
    };
    let cases: [(&dyn Fn(&mut SuppressionRule), &str); 7] = [
        (&|rule| rule.line = 0, "lines are not known"),
        (&|rule| rule.last_line = 3, "lines are not known"),
        (
            &|rule| rule.format = RuleFormat::Snyk,
            "no lines of their own",
        ),
        (
            &|rule| rule.format = RuleFormat::Nsp,
            "no lines of their own",
        ),
        (
            &|rule| rule.file = "a/../../x.xml".to_owned(),
            "unusual characters",
        ),
        (
            &|rule| rule.file = "x';rm -rf ~;'.xml".to_owned(),
            "unusual characters",
        ),
        (
            &|rule| {
                rule.ids = vec!["CVE-1\nrm".to_owned()];
                rule.selectors.clear();
            },
            "plain characters",
        ),
    ];
    for (change, why) in cases {
        let removals = one(change);
        assert_eq!((removals.len(), &removals[0].script), (1, &None), "{why}");
        assert!(removals[0].by_hand[0].why.contains(why), "{why}");
    }
    let [first, mut second] = of_xml();
    second.line = first.last_line;
    let removals = removals_of(vec![first, second]);
    assert_eq!((removals[0].by_hand.len(), &removals[0].script), (2, &None));
}

#[test]
fn a_script_holds_only_harmless_characters_of_the_data() {
    let [mut rule, _] = of_xml();
    rule.ids = ["$(id)", "`id`", "a b", "END", "'x'"]
        .map(str::to_owned)
        .into();
    rule.selectors.clear();
    let removals = removals_of(vec![rule]);
    let script = removals[0].script.as_deref().expect("a script");
    assert!(
        script.contains("\nremove 4 7 'END' # expired at 2019-10-02T00:00:00Z\n"),
        "{script}"
    );
    assert!(!script.contains("id)") && !script.contains("`"), "{script}");
}

#[test]
fn a_renewal_is_what_the_format_knows() {
    let mut rules: Vec<SuppressionRule> = [
        (RuleFormat::DependencyCheck, "s.xml"),
        (RuleFormat::Trivy, ".trivyignore"),
        (RuleFormat::Trivy, ".trivyignore.yaml"),
        (RuleFormat::OsvScanner, "osv-scanner.toml"),
        (RuleFormat::Snyk, ".snyk"),
        (RuleFormat::YarnAudit, "yarn-audit-known-issues"),
        (RuleFormat::Nsp, ".nsprc"),
    ]
    .map(|(format, file)| expired(format, file, "CVE-2019-0002", (1, 1)))
    .into();
    rules[0].notes = None;
    let facts = RepositoryFacts {
        rules: Some(rules),
        ..facts()
    };
    let found = described(
        &known(vec![("2019-10-10T00:00:00Z", Some(facts))], Vec::new()),
        "",
    );
    let texts: Vec<&str> = found.renewals.iter().map(|known| &*known.text).collect();
    assert_eq!(
        texts,
        [
            "<suppress until=\"2020-01-23Z\">\n<notes><![CDATA[Why the risk is accepted, and by whom]]></notes>",
            "exp:2020-01-23",
            "expired_at: 2020-01-23",
            "ignoreUntil = 2020-01-23",
            "expires: 2020-01-23T00:00:00.000Z",
        ]
    );
}
