//! Derives facts from a repository's files.

use super::{
    build_files::{self, Package},
    checks, dockerfile,
    files::{DOCKERFILE, FileText, Files, GRADLE, NVMRC, PACKAGE, POM},
    maven,
    repositories::Repository,
    runtime::{self, Platform, Statements},
};
use crate::server::{
    model::{BaseImage, Coverage, CoverageState, RepositoryFacts, Stated},
    sources::suppressions,
};

/// The maximum length of the reason in a repository's coverage.
const MAX_REASON: usize = 400;

/// Reads the files of one repository and collects faults.
struct Reader<'a> {
    files: &'a Files,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Returns the text of a file, if it exists and is readable.
    fn text(&mut self, path: &str) -> Option<&'a str> {
        let why = match self.files.texts.get(path)? {
            FileText::Whole(text) => return Some(text),
            FileText::Binary => "is not a text file",
            FileText::TooLarge => "is larger than 4 MiB",
            FileText::Truncated => "was truncated",
        };
        self.faults.push(format!("{path}: {why}"));
        None
    }

    /// Returns the result of parsing a file.
    fn parsed<T, E: std::fmt::Display>(
        &mut self,
        path: &str,
        parse: fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = parse(self.text(path)?);
        let fault = |error| self.faults.push(format!("{path}: {error}"));
        parsed.map_err(fault).ok()
    }
}

/// Returns the facts of a repository and its coverage.
pub fn facts(
    repository: &Repository,
    files: &Files,
    suppression_files: &[String],
) -> (RepositoryFacts, Coverage) {
    let mut reader = Reader {
        files,
        faults: Vec::new(),
    };
    let mut facts = RepositoryFacts {
        repository: repository.name.clone(),
        archived: repository.archived,
        fork: repository.fork,
        empty: files.empty,
        javascript: files.texts.contains_key(PACKAGE),
        ..RepositoryFacts::default()
    };
    let mut rules = Vec::new();
    for path in suppression_files {
        let Some(text) = reader.text(path) else {
            continue;
        };
        let found = suppressions::dependency_check(path, text);
        let faults = found
            .rules
            .faults
            .iter()
            .map(|fault| format!("{path}: {fault}"));
        reader.faults.extend(faults);
        facts.suppressions.extend(found.entries);
        facts.stated.suppression_files.push(path.clone());
        rules.extend(found.rules.rules);
    }
    for (path, parse) in suppressions::FILES {
        if let Some(text) = reader.text(path) {
            let found = parse(path, text);
            let faults = found.faults.iter().map(|fault| format!("{path}: {fault}"));
            reader.faults.extend(faults);
            rules.extend(found.rules);
        }
    }
    facts.rules = Some(rules);
    let package = reader.parsed(PACKAGE, build_files::package);
    facts.checks = checks::checks(&files.entries, package.as_ref());
    read_runtimes(&mut reader, package, &mut facts);
    let coverage = coverage(&facts.repository, &reader.faults);
    (facts.bounded(), coverage)
}

fn read_runtimes(reader: &mut Reader<'_>, package: Option<Package>, facts: &mut RepositoryFacts) {
    let texts = &reader.files.texts;
    let has = |path: &&str| texts.contains_key(*path);
    let builds_java = GRADLE.iter().chain([&POM]).any(has);
    let has_node_file = [PACKAGE, NVMRC].iter().any(has);

    let mut dockerfiles = vec![DOCKERFILE.to_owned()];
    dockerfiles.extend(reader.files.other_dockerfiles());
    let (mut last_images, mut other_images) = (Vec::new(), Vec::new());
    let mut stated = Stated::default();
    for path in dockerfiles {
        let Some(text) = reader.text(&path) else {
            continue;
        };
        let stages = dockerfile::parse(text);
        let last = stages.len().checked_sub(1);
        let last = last.and_then(|last| dockerfile::root(&stages, last));
        last_images.extend(last.and_then(|stage| stage.image.clone()));
        let others = stages.iter().filter(|stage| stage.stage.is_none());
        other_images.extend(others.filter_map(|stage| stage.image.clone()));
        stated
            .base_images
            .extend(stages.into_iter().map(|stage| BaseImage {
                file: path.clone(),
                stage: stage.stage.is_some(),
                image: stage.image.unwrap_or(stage.written),
            }));
    }
    stated.nvmrc = reader.text(NVMRC).and_then(build_files::nvmrc);
    stated.engines_node = package.and_then(|package| package.engines_node);
    let gradle = GRADLE
        .iter()
        .find_map(|path| build_files::gradle(reader.text(path)?));
    stated.java = gradle.or_else(|| reader.parsed(POM, maven::pom).flatten());

    let version = |platform, files: &[&Option<String>], has_file| {
        let statements = Statements {
            last_images: last_images.iter().map(String::as_str).collect(),
            other_images: other_images.iter().map(String::as_str).collect(),
            stated: files
                .iter()
                .filter_map(|stated| stated.as_deref())
                .collect(),
            has_file,
        };
        runtime::version(platform, &statements)
    };
    let node = [&stated.nvmrc, &stated.engines_node];
    facts.node_version = version(Platform::Node, &node, has_node_file);
    facts.java_version = version(Platform::Java, &[&stated.java], builds_java);
    stated.suppression_files = std::mem::take(&mut facts.stated.suppression_files);
    facts.stated = stated;
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
    use super::*;
    use crate::server::model::Check;

    fn read(texts: &[(&str, &str)]) -> (RepositoryFacts, Coverage) {
        let repository = Repository {
            name: "ccd-api".to_owned(),
            ..Repository::default()
        };
        let files = Files {
            entries: texts.iter().map(|(path, _)| (*path).to_owned()).collect(),
            texts: texts
                .iter()
                .map(|(path, text)| ((*path).to_owned(), FileText::Whole((*text).to_owned())))
                .collect(),
            empty: false,
        };
        facts(&repository, &files, &["suppressions.xml".to_owned()])
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
            ..RepositoryFacts::default()
        };
        assert_eq!((facts, coverage.state), (expected, CoverageState::Read));
    }
}
