//! Scripts, run by a shell on files, and texts.

use std::{fs, path::Path, process::Command};

use super::*;
use crate::{
    api::RuleRemoval,
    server::sources::suppressions::{FILES, dependency_check},
};

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

fn removals_of(rules: Vec<SuppressionRule>) -> Vec<RuleRemoval> {
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
fn a_script_fits_the_lines_that_are_read() {
    let read = |path: &str, text: &str| {
        let mut files = FILES.iter();
        match files.find(|(known, _)| *known == path) {
            Some((_, parse)) => parse(path, text).rules,
            None => dependency_check(path, text).rules.rules,
        }
    };
    let toml = "[[IgnoredVulns]]\nid = \"GO-2022-0968\"\nignoreUntil = 2019-10-01\nreason = \"a\"\n\n\
                [[PackageOverrides]]\nname = \"lib\"\nignore = true\neffectiveUntil = 2019-10-01\n\n\
                [[IgnoredVulns]]\nid = \"GO-2022-0969\"\n";
    let toml_after = "\n\n[[IgnoredVulns]]\nid = \"GO-2022-0969\"\n";
    let trivy = "# why\nCVE-2019-0002 exp:2019-10-01 # until then\n\ncve-2019-0003\nprivate-key exp:2019-10-02\n";
    for (path, text, after) in [
        ("config/suppressions.xml", XML, XML_AFTER),
        ("osv-scanner.toml", toml, toml_after),
        (".trivyignore", trivy, "# why\n\ncve-2019-0003\n"),
    ] {
        let rules = read(path, text);
        assert_eq!(rules.len(), 3, "{path}");
        assert_eq!(applied(&rules, text), (true, after.to_owned()), "{path}");
    }
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
    type Change<'a> = &'a dyn Fn(&mut SuppressionRule);
    let cases: [(Change<'_>, &str); 7] = [
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

#[test]
fn a_note_of_a_renewal_is_about_its_text() {
    let notes = |format: RuleFormat, file: &str, until: Option<&str>, reason: Option<&str>| {
        let rule = SuppressionRule {
            until: until.map(str::to_owned),
            notes: reason.map(str::to_owned),
            ..expired(format, file, "CVE-2019-0002", (1, 1))
        };
        let facts = RepositoryFacts {
            rules: Some(vec![rule]),
            ..facts()
        };
        let snapshot = known(vec![("2019-10-10T00:00:00Z", Some(facts))], Vec::new());
        described(&snapshot, "").renewals[0].note.clone()
    };
    for (until, reason, of_xml, of_lines) in [
        (
            Some("2019-10-01"),
            None,
            "Replace the start tag, whose other attributes stay; notes are the first element after it.",
            "The end follows the id in its line; the comment is the line before.",
        ),
        (
            Some("2019-10-01"),
            Some("a reason"),
            "Replace the start tag, whose other attributes stay.",
            "The end follows the id in its line.",
        ),
        (
            None,
            None,
            "Add the notes as the first element after the start tag.",
            "The comment is the line before the id.",
        ),
    ] {
        assert_eq!(
            notes(RuleFormat::DependencyCheck, "s.xml", until, reason),
            of_xml
        );
        assert_eq!(
            notes(RuleFormat::Trivy, ".trivyignore", until, reason),
            of_lines
        );
    }
}
