//! Security facts of a repository.

use serde::{Deserialize, Serialize};

use super::{
    MAX_RULES, MAX_RUNTIMES, Runtime, SuppressionRule,
    text::{MAX_VERSION, cut_to, shorten},
};

/// The facts of one repository, as `import security` reads them and as the store holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryFacts {
    /// The name, without the organisation.
    pub repository: String,
    /// The entries of its OWASP dependency-check suppression files. Several may name the same CVE.
    #[serde(default)]
    pub suppressions: Vec<Suppression>,
    /// The repository has a `package.json`.
    #[serde(default)]
    pub javascript: bool,
    /// The dependency checks that it is configured for.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// As written in the repository (`8.12.0`, `lts`); none if it does not use Node.js.
    #[serde(default)]
    pub node_version: Option<String>,
    /// As written in the repository (`1.8`, `11`); none if it does not use Java.
    #[serde(default)]
    pub java_version: Option<String>,
    #[serde(default)]
    pub archived: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub fork: bool,
    /// The repository has no commits.
    #[serde(default, skip_serializing_if = "is_default")]
    pub empty: bool,
    /// The candidates for `node_version` and `java_version`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stated: Stated,
    /// The entries of all its suppression files; none if they were not read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rules: Option<Vec<SuppressionRule>>,
    /// Each runtime that it uses; none if they were not read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub runtimes: Option<Vec<Runtime>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub about: About,
}

impl RepositoryFacts {
    /// Cuts versions, CVE ids, dates and file names to their limits. The repository's name identifies the
    /// facts and stays.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        for suppression in &mut self.suppressions {
            cut_to(&mut suppression.cve, MAX_VERSION);
            if let Some(until) = &mut suppression.until {
                cut_to(until, MAX_VERSION);
            }
        }
        let Stated {
            base_images,
            nvmrc,
            engines_node,
            java,
            suppression_files,
        } = &mut self.stated;
        let versions = [
            &mut self.node_version,
            &mut self.java_version,
            nvmrc,
            engines_node,
            java,
        ];
        for version in versions.into_iter().flatten() {
            cut_to(version, MAX_VERSION);
        }
        for image in base_images {
            shorten(&mut image.file);
            shorten(&mut image.image);
        }
        suppression_files.iter_mut().for_each(shorten);
        if let Some(rules) = &mut self.rules {
            rules.truncate(MAX_RULES);
            rules.iter_mut().for_each(SuppressionRule::bound);
        }
        if let Some(runtimes) = &mut self.runtimes {
            runtimes.truncate(MAX_RUNTIMES);
            runtimes.iter_mut().for_each(Runtime::bound);
        }
        self.about.bound();
        self
    }
}

/// Versions and files found in a repository, with spellings normalised (`v20` is 20, Java 1.8 is 8).
/// Stored for later questions; no figure reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stated {
    /// The `FROM` lines of its Dockerfiles, in file order.
    #[serde(skip_serializing_if = "is_default")]
    pub base_images: Vec<BaseImage>,
    /// The version in `.nvmrc`.
    #[serde(skip_serializing_if = "is_default")]
    pub nvmrc: Option<String>,
    /// `engines.node` in `package.json`.
    #[serde(skip_serializing_if = "is_default")]
    pub engines_node: Option<String>,
    /// The Java version in the build file.
    #[serde(skip_serializing_if = "is_default")]
    pub java: Option<String>,
    /// The paths of its suppression files.
    #[serde(skip_serializing_if = "is_default")]
    pub suppression_files: Vec<String>,
}

/// One `FROM` line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BaseImage {
    /// The path of the Dockerfile.
    pub file: String,
    /// With the defaults of build arguments filled in; as written if that leaves nothing.
    pub image: String,
    /// The line names an earlier stage, not an image.
    #[serde(skip_serializing_if = "is_default")]
    pub stage: bool,
}

/// The owner of a repository and its settings. A field that was not read is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// Its address for readers (`https://github.com/hmcts/claim-store`).
    #[serde(skip_serializing_if = "is_default")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub default_branch: Option<String>,
    /// The month of the last push (`2026-11`): a day would give every push its own facts.
    #[serde(skip_serializing_if = "is_default")]
    pub pushed_in: Option<String>,
    /// The owners of all files by its CODEOWNERS, as written (`@hmcts/civil`); empty without such a file.
    #[serde(skip_serializing_if = "is_default")]
    pub owners: Option<Vec<String>>,
    #[serde(skip_serializing_if = "is_default")]
    pub topics: Option<Vec<String>>,
    /// The default branch is protected.
    #[serde(skip_serializing_if = "is_default")]
    pub protected: Option<bool>,
}

impl About {
    /// The most owners and topics that are kept.
    const MAX_NAMES: usize = 50;

    fn bound(&mut self) {
        for name in [&mut self.url, &mut self.default_branch]
            .into_iter()
            .flatten()
        {
            shorten(name);
        }
        if let Some(month) = &mut self.pushed_in {
            cut_to(month, MAX_VERSION);
        }
        for names in [&mut self.owners, &mut self.topics].into_iter().flatten() {
            names.truncate(Self::MAX_NAMES);
            names.iter_mut().for_each(shorten);
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One entry of a suppression file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// `CVE-2019-12384`.
    pub cve: String,
    /// The last day of the suppression, optionally with a zone (`2020-01-31`, `2020-01-31Z`,
    /// `2020-01-31+01:00`); none if it never expires.
    #[serde(default)]
    pub until: Option<String>,
}

/// A tool that checks dependencies for vulnerabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    Snyk,
    Dependabot,
    Renovate,
    Nsp,
}

impl Check {
    pub const ALL: [Self; 4] = [Self::Snyk, Self::Dependabot, Self::Renovate, Self::Nsp];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Snyk => "Snyk",
            Self::Dependabot => "Dependabot",
            Self::Renovate => "Renovate",
            Self::Nsp => "nsp (deprecated)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_but_the_repository_is_bounded() {
        let long = || "9".repeat(1_000);
        let facts = RepositoryFacts {
            repository: long(),
            suppressions: vec![Suppression {
                cve: long(),
                until: Some(long()),
            }],
            node_version: Some(long()),
            java_version: Some(long()),
            stated: Stated {
                base_images: vec![BaseImage {
                    file: long(),
                    image: long(),
                    stage: false,
                }],
                nvmrc: Some(long()),
                engines_node: Some(long()),
                java: Some(long()),
                suppression_files: vec![long()],
            },
            ..RepositoryFacts::default()
        };
        let bounded = facts.bounded();
        assert_eq!(bounded.repository.len(), 1_000);
        let text = serde_json::to_string(&bounded).expect("JSON");
        let nines = text.split(|c| c != '9').map(str::len);
        let lengths: Vec<usize> = nines.filter(|&length| length > 20).collect();
        // The repository, seven versions, CVE ids and dates, and three file names.
        assert_eq!(lengths, [1_000, 39, 39, 39, 39, 283, 283, 39, 39, 39, 283]);
    }
}
