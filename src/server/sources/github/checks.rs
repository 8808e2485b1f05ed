//! The dependency security checks of a repository.
//!
//! A check counts only if something runs it:
//!
//! - Snyk: `snyk` or a package of `@snyk` is a dependency, or a script fetches it (`npx snyk test`).
//!   Scripts that call a `snyk` which nothing installs, and the field `snyk` that its wizard wrote,
//!   are leftovers, as is a `.snyk` beside them. A `.snyk` alone counts: the service reads it and
//!   needs nothing else in the repository.
//! - nsp: it is a dependency or a script calls it; an `.nsprc` alone is a leftover.
//! - Dependabot and Renovate: their configuration is in a location that they read.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::build_files::Package;
use crate::server::model::Check;

const DEPENDABOT: [&str; 4] = [
    ".github/dependabot.yml",
    ".github/dependabot.yaml",
    ".dependabot/config.yml",
    ".dependabot/config.yaml",
];
const RENOVATE: [&str; 7] = [
    "renovate.json",
    "renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
];
/// The folders of those files; the others are in the root.
pub const FOLDERS: [&str; 2] = [".github", ".dependabot"];

/// Matches a script that fetches Snyk before it runs it.
static FETCHES_SNYK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:npx|pnpx|bunx|dlx|npm exec)\s+(?:-\S+\s+)*(?:snyk|@snyk/\S+)\b")
        .expect("the pattern is tested")
});
/// Match a script that calls one of the two by name.
static CALLS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    ["snyk(?:-protect)?", "nsp"].map(|name| {
        Regex::new(&format!(
            r"(?:^|[\s;&|(/])(?:{name})(?:@\S+)?(?:$|[\s;&|)])"
        ))
        .expect("the pattern is tested")
    })
});

/// Returns the checks of a repository with these files, in the order of [`Check::ALL`].
pub fn checks(entries: &BTreeSet<String>, package: Option<&Package>) -> Vec<Check> {
    let any = |paths: &[&str]| paths.iter().any(|path| entries.contains(*path));
    let has = |check: &Check| match check {
        Check::Snyk => snyk(entries.contains(".snyk"), package),
        Check::Dependabot => any(&DEPENDABOT),
        Check::Renovate => any(&RENOVATE) || package.is_some_and(|p| has_key(p, "renovate")),
        Check::Nsp => package.is_some_and(|package| {
            let dependency = package.dependencies.iter().any(|name| name == "nsp");
            dependency
                || package
                    .scripts
                    .iter()
                    .any(|script| CALLS[1].is_match(script))
        }),
    };
    Check::ALL.into_iter().filter(has).collect()
}

fn snyk(policy: bool, package: Option<&Package>) -> bool {
    let Some(package) = package else {
        return policy;
    };
    let is_snyk = |name: &String| name == "snyk" || name.starts_with("@snyk/");
    let installed = package.dependencies.iter().any(is_snyk);
    let mut scripts = package.scripts.iter();
    if installed || scripts.any(|script| FETCHES_SNYK.is_match(script)) {
        return true;
    }
    let called = package
        .scripts
        .iter()
        .any(|script| CALLS[0].is_match(script));
    policy && !called && !has_key(package, "snyk")
}

fn has_key(package: &Package, name: &str) -> bool {
    package.keys.iter().any(|key| key == name)
}

#[cfg(test)]
mod tests {
    use super::{super::build_files::package, *};

    fn found(files: &[&str], json: Option<&str>) -> Vec<Check> {
        let entries = files.iter().map(|&file| file.to_owned()).collect();
        let package = json.map(|json| package(json).expect("a package"));
        checks(&entries, package.as_ref())
    }

    #[test]
    fn snyk_counts_if_something_runs_it() {
        let cases = [
            (true, None, true),
            (false, None, false),
            (true, Some("{}"), true),
            (false, Some(r#"{"devDependencies":{"snyk":"1"}}"#), true),
            (
                false,
                Some(r#"{"dependencies":{"@snyk/protect":"latest"}}"#),
                true,
            ),
            (
                false,
                Some(r#"{"scripts":{"check":"yarn x && npx --yes snyk@latest test"}}"#),
                true,
            ),
            (
                false,
                Some(r#"{"scripts":{"check":"yarn dlx snyk test"}}"#),
                true,
            ),
            (false, Some(r#"{"scripts":{"check":"snyk test"}}"#), false),
            (
                true,
                Some(r#"{"scripts":{"prepare":"yarn snyk-protect"},"snyk":true}"#),
                false,
            ),
            (true, Some(r#"{"snyk":true}"#), false),
            (
                false,
                Some(r#"{"snyk":true,"dependencies":{"snyker":"1"}}"#),
                false,
            ),
        ];
        for (policy, json, expected) in cases {
            let files: &[&str] = if policy { &[".snyk"] } else { &[] };
            let expected = if expected { vec![Check::Snyk] } else { vec![] };
            assert_eq!(found(files, json), expected, "{policy} {json:?}");
        }
    }

    #[test]
    fn nsp_counts_as_a_dependency_or_in_a_script() {
        for json in [
            r#"{"devDependencies":{"nsp":"3"}}"#,
            r#"{"scripts":{"test:nsp":"node_modules/.bin/nsp check"}}"#,
            r#"{"scripts":{"check":"npm i -g nsp; nsp check"}}"#,
        ] {
            assert_eq!(found(&[".nsprc"], Some(json)), [Check::Nsp], "{json}");
        }
        assert!(found(&[".nsprc"], Some(r#"{"scripts":{"a":"inspect nspx"}}"#)).is_empty());
        assert!(found(&[".nsprc"], None).is_empty());
    }

    #[test]
    fn dependabot_and_renovate_count_by_their_files() {
        for file in DEPENDABOT {
            assert_eq!(found(&[file], None), [Check::Dependabot], "{file}");
        }
        for file in RENOVATE {
            assert_eq!(found(&[file], None), [Check::Renovate], "{file}");
        }
        assert_eq!(found(&[], Some(r#"{"renovate":{}}"#)), [Check::Renovate]);
        assert!(found(&["dependabot.yml", "docs/renovate.json"], None).is_empty());
    }
}
