//! The files that are read from a repository, and their contents: the same for GraphQL and REST.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{checks, codeowners, runtimes};
use crate::server::sources::suppressions;

pub const DOCKERFILE: &str = "Dockerfile";
pub const NVMRC: &str = ".nvmrc";
pub const PACKAGE: &str = "package.json";
pub const GRADLE: [&str; 2] = ["build.gradle", "build.gradle.kts"];
pub const POM: &str = "pom.xml";

/// Larger than any file that people write.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// The maximum number of additional Dockerfiles that are read.
const MAX_DOCKERFILES: usize = 10;
/// The maximum number of projects of .NET that are read.
const MAX_PROJECTS: usize = 10;

/// The files to read from a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRequest {
    /// Files whose text is read, if they exist.
    pub files: Vec<String>,
    /// Folders whose entries are listed; the root always is.
    pub folders: Vec<String>,
    /// Files whose text is read if a listed folder has them: most repositories have few of them.
    pub optional: Vec<String>,
}

impl FileRequest {
    pub fn new(suppression_files: &[String]) -> Self {
        let known = [DOCKERFILE, NVMRC, PACKAGE, GRADLE[0], GRADLE[1], POM];
        let known = known.iter().map(|&path| path.to_owned());
        Self {
            files: suppression_files.iter().cloned().chain(known).collect(),
            folders: checks::FOLDERS.map(str::to_owned).into(),
            optional: suppressions::FILES
                .iter()
                .map(|(path, _)| *path)
                .chain(runtimes::OPTIONAL)
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// The files found in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// The paths of all entries in the root and the requested folders.
    pub entries: BTreeSet<String>,
    /// The texts by path, without files that do not exist.
    pub texts: BTreeMap<String, FileText>,
    /// True if the repository has no commit.
    pub empty: bool,
    /// The default branch is protected; none if that was not read.
    #[serde(default)]
    pub protected: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileText {
    Whole(String),
    Binary,
    /// Larger than [`MAX_BYTES`].
    TooLarge,
    /// Only the beginning was sent; the rest is still to be read.
    Truncated,
}

impl FileText {
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        if bytes.contains(&0) {
            return Self::Binary;
        }
        Self::Whole(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Files {
    /// Returns the paths that are still to be read, which the listed folders have.
    pub fn more(&self, wanted: &FileRequest) -> Vec<String> {
        let optional = wanted.optional.iter();
        let exists = |path: &&String| self.entries.contains(*path);
        let known = optional.filter(exists).cloned();
        let projects = self.entries.iter();
        let projects = projects.filter(|path| runtimes::dotnet::is_project(path));
        let projects = projects.take(MAX_PROJECTS).cloned();
        known
            .chain(self.other_dockerfiles())
            .chain(projects)
            .chain(self.codeowners())
            .collect()
    }

    /// Returns the first place where owners may be; folders that are not listed may have them.
    fn codeowners(&self) -> Option<String> {
        let mut places = codeowners::FILES.iter();
        let found = places.find(|path| match path.split_once('/') {
            Some((folder, _)) if !checks::FOLDERS.contains(&folder) => {
                self.entries.contains(folder)
            }
            _ => self.entries.contains(**path),
        });
        found.map(|path| (*path).to_owned())
    }

    /// Returns the other Dockerfiles in the root: `hub.Dockerfile`, `Dockerfile.dev`.
    pub fn other_dockerfiles(&self) -> Vec<String> {
        let is_dockerfile = |path: &&String| {
            let name = path.to_ascii_lowercase();
            !path.contains('/')
                && (name.ends_with(".dockerfile") || name.starts_with("dockerfile."))
                && !name.ends_with(".dockerignore")
        };
        let others = self.entries.iter().filter(is_dockerfile);
        others.take(MAX_DOCKERFILES).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_found_in_the_root() {
        let entries = [
            "Dockerfile",
            "Dockerfile.dev",
            "hub.Dockerfile",
            "Dockerfile.dockerignore",
            ".github/x.Dockerfile",
            "docker",
        ];
        let files = Files {
            entries: entries.map(str::to_owned).into(),
            ..Files::default()
        };
        assert_eq!(
            files.other_dockerfiles(),
            ["Dockerfile.dev", "hub.Dockerfile"]
        );
    }
}
