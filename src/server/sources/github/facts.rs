//! Derives facts from a repository's files.

use super::{
    build_files, checks, codeowners,
    files::{Files, PACKAGE},
    reader::Reader,
    repositories::Repository,
    runtimes,
};
use crate::server::{
    model::{About, Coverage, CoverageState, RepositoryFacts, SuppressionRule},
    sources::suppressions,
};

/// The maximum length of the reason in a repository's coverage.
const MAX_REASON: usize = 400;

/// Returns the facts of a repository and its coverage.
pub fn facts(
    repository: &Repository,
    files: &Files,
    suppression_files: &[String],
) -> (RepositoryFacts, Coverage) {
    let mut reader = Reader::new(files);
    let mut facts = RepositoryFacts {
        repository: repository.name.clone(),
        archived: repository.archived,
        fork: repository.fork,
        empty: files.empty,
        javascript: files.texts.contains_key(PACKAGE),
        ..RepositoryFacts::default()
    };
    let (read, rules) = suppression_rules(&mut reader, suppression_files, &mut facts);
    let package = reader.parsed(PACKAGE, build_files::package);
    facts.checks = checks::checks(&files.entries, package.as_ref());
    let found = runtimes::read(&mut reader, package);
    facts.node_version = found.node.as_ref().map(|node| node.version.clone());
    facts.java_version = found.java.as_ref().map(|java| java.version.clone());
    facts.stated = found.stated;
    facts.stated.suppression_files = read;
    facts.rules = Some(rules);
    let known = found.node.into_iter().chain(found.java);
    facts.runtimes = Some(known.chain(found.others).collect());
    facts.about = about(&mut reader, repository);
    let coverage = coverage(&facts.repository, &reader.faults);
    (facts.bounded(), coverage)
}

/// Reads suppressions; returns the paths of dependency-check's files, and the rules of all files.
fn suppression_rules(
    reader: &mut Reader<'_>,
    suppression_files: &[String],
    facts: &mut RepositoryFacts,
) -> (Vec<String>, Vec<SuppressionRule>) {
    let (mut read, mut rules) = (Vec::new(), Vec::new());
    for path in suppression_files {
        let Some(text) = reader.text(path) else {
            continue;
        };
        let found = suppressions::dependency_check(path, text);
        for fault in &found.rules.faults {
            reader.fault(path, fault);
        }
        facts.suppressions.extend(found.entries);
        rules.extend(found.rules.rules);
        read.push(path.clone());
    }
    for (path, parse) in suppressions::FILES {
        if let Some(text) = reader.text(path) {
            let found = parse(path, text);
            for fault in &found.faults {
                reader.fault(path, fault);
            }
            rules.extend(found.rules);
        }
    }
    (read, rules)
}

fn about(reader: &mut Reader<'_>, repository: &Repository) -> About {
    let owners = codeowners::FILES.iter().find(|path| reader.has(path));
    let owners = owners.and_then(|path| reader.text(path));
    let month = |at: &String| at.get(.."2026-11".len()).map(str::to_owned);
    About {
        url: repository.html_url.clone(),
        default_branch: repository.default_branch.clone(),
        pushed_in: repository.pushed_at.as_ref().and_then(month),
        owners: Some(owners.map(codeowners::owners).unwrap_or_default()),
        topics: repository.topics.clone(),
        protected: reader.files.protected,
    }
}

fn coverage(repository: &str, faults: &[String]) -> Coverage {
    let reason: String = faults.join("; ").chars().take(MAX_REASON).collect();
    let (state, reason) = match faults {
        [] => (CoverageState::Read, None),
        _ => (CoverageState::Partial, Some(reason)),
    };
    Coverage {
        item: repository.to_owned(),
        state,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::reader::testing::files, *};
    use crate::server::model::Check;

    fn read(texts: &[(&str, &str)]) -> (RepositoryFacts, Coverage) {
        let repository = Repository {
            name: "ccd-api".to_owned(),
            ..Repository::default()
        };
        let suppression_files = ["suppressions.xml".to_owned()];
        facts(&repository, &files(texts), &suppression_files)
    }

    #[test]
    fn files_become_facts() {
        let (facts, coverage) = read(&[
            (
                "suppressions.xml",
                "<suppressions><suppress><cve>CVE-2019-0001</cve></suppress></suppressions>",
            ),
            (
                "Dockerfile",
                "ARG V=17\nFROM node:18 AS build\nFROM java:${V}-distroless",
            ),
            (
                "package.json",
                r#"{"engines":{"node":">=18"},"renovate":{}}"#,
            ),
            (".nvmrc", "v18.1.0\n"),
            (".trivyignore", "CVE-2019-0002 exp:2026-01-01\n"),
            ("build.gradle", "sourceCompatibility = 11"),
        ]);
        let rules = facts.rules.as_deref().expect("read");
        let ids: Vec<_> = rules
            .iter()
            .map(|rule| (&*rule.file, &*rule.ids[0]))
            .collect();
        assert_eq!(
            ids,
            [
                ("suppressions.xml", "CVE-2019-0001"),
                (".trivyignore", "CVE-2019-0002"),
            ]
        );
        assert_eq!(coverage.state, CoverageState::Read);
        assert_eq!(facts.suppressions[0].cve, "CVE-2019-0001");
        assert_eq!(facts.node_version.as_deref(), Some("18.1.0"));
        assert_eq!(facts.java_version.as_deref(), Some("17"));
        assert_eq!(facts.checks, [Check::Renovate]);
        assert!(facts.javascript);
        assert_eq!(facts.stated.java.as_deref(), Some("11"));
        assert_eq!(facts.stated.base_images[1].image, "java:17-distroless");
    }

    #[test]
    fn a_repository_has_owners_and_a_month() {
        let repository = Repository {
            pushed_at: Some("2026-11-03T10:00:00Z".to_owned()),
            topics: Some(vec!["java".to_owned()]),
            ..Repository::default()
        };
        let files = files(&[
            ("docs/CODEOWNERS", "* @x"),
            ("CODEOWNERS", "* @hmcts/civil"),
        ]);
        let about = facts(&repository, &files, &[]).0.about;
        assert_eq!(about.pushed_in.as_deref(), Some("2026-11"));
        assert_eq!(about.owners, Some(vec!["@hmcts/civil".to_owned()]));
        assert_eq!(about.topics, Some(vec!["java".to_owned()]));
        assert_eq!(about.protected, None);
    }

    #[test]
    fn invalid_files_are_reported_and_the_rest_is_kept() {
        let (facts, coverage) = read(&[
            ("suppressions.xml", "<suppressions><suppress>"),
            ("package.json", "{"),
            ("pom.xml", "<project>"),
            (".nvmrc", "20"),
        ]);
        assert_eq!(coverage.state, CoverageState::Partial);
        let reason = coverage.reason.expect("a reason");
        for part in [
            "suppressions.xml: malformed XML at byte",
            "package.json: not a JSON",
            "pom.xml: malformed",
        ] {
            assert!(reason.contains(part), "{reason}");
        }
        assert_eq!(facts.node_version.as_deref(), Some("20"));
        assert_eq!(facts.java_version.as_deref(), Some("unknown"));
    }

    #[test]
    fn long_versions_images_and_paths_are_bounded() {
        let long = "9".repeat(1 << 20);
        let (facts, _) = read(&[
            (
                "package.json",
                &format!(r#"{{"engines":{{"node":"{long}"}}}}"#),
            ),
            ("Dockerfile", &format!("FROM node:{long}")),
            ("build.gradle", &format!("sourceCompatibility = {long}")),
        ]);
        let text = serde_json::to_string(&facts).expect("JSON");
        assert!(text.len() < 1_000, "{} bytes", text.len());
        let engines = facts.stated.engines_node.expect("a version");
        assert_eq!(engines.chars().count(), 40);
    }

    #[test]
    fn a_repository_without_relevant_files_uses_neither_platform() {
        let (facts, coverage) = read(&[]);
        let expected = RepositoryFacts {
            repository: "ccd-api".to_owned(),
            rules: Some(Vec::new()),
            runtimes: Some(Vec::new()),
            about: About {
                owners: Some(Vec::new()),
                ..About::default()
            },
            ..RepositoryFacts::default()
        };
        assert_eq!((facts, coverage.state), (expected, CoverageState::Read));
    }
}
