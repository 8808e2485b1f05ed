//! Security facts of a repository.

use serde::{Deserialize, Serialize};

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
