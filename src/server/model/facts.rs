//! Security facts of a repository.

use serde::{Deserialize, Serialize};

/// What is known of one repository: the shape of `import security`, of the store and of figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryFacts {
    /// The repository's name, without its organisation.
    pub repository: String,
    /// CVEs that its OWASP dependency-check suppression files suppress; several entries may name the same.
    #[serde(default)]
    pub suppressions: Vec<Suppression>,
    /// Whether it has a `package.json`.
    #[serde(default)]
    pub javascript: bool,
    #[serde(default)]
    pub checks: Vec<Check>,
    /// As written in the repository (`8.12.0`, `lts`); none where it does not use Node.js.
    #[serde(default)]
    pub node_version: Option<String>,
    /// As written in the repository; none where it does not use Java.
    #[serde(default)]
    pub java_version: Option<String>,
    #[serde(default)]
    pub archived: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub fork: bool,
    /// It has no commit yet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub empty: bool,
    /// What `node_version` and `java_version` were chosen from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stated: Stated,
}

/// What a repository's files say; of versions not what is mere spelling (`v20` is 20, Java 1.8 is
/// 8). Figures do not read it; it is kept so that other questions can be answered later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stated {
    /// The FROM lines of its Dockerfiles, in file order.
    #[serde(skip_serializing_if = "is_default")]
    pub base_images: Vec<BaseImage>,
    #[serde(skip_serializing_if = "is_default")]
    pub nvmrc: Option<String>,
    /// `engines.node` of its `package.json`.
    #[serde(skip_serializing_if = "is_default")]
    pub engines_node: Option<String>,
    /// The version of Java in its build file.
    #[serde(skip_serializing_if = "is_default")]
    pub java: Option<String>,
    /// The suppression files that it has.
    #[serde(skip_serializing_if = "is_default")]
    pub suppression_files: Vec<String>,
}

/// One FROM line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BaseImage {
    pub file: String,
    /// With its build arguments filled in by their defaults; as written where that leaves nothing.
    pub image: String,
    /// It names an earlier stage.
    #[serde(skip_serializing_if = "is_default")]
    pub stage: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// `CVE-2019-12384`.
    pub cve: String,
    /// The last day on which it holds, with its zone if it names one (`2020-01-31`, `2020-01-31Z`,
    /// `2020-01-31+01:00`); none where it holds for ever.
    #[serde(default)]
    pub until: Option<String>,
}

/// A security check of dependencies.
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
