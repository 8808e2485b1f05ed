//! `[systems]` in `dashboard.toml`: the CI systems besides the default one, and what each writes to.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use regex::Regex;
use serde::Deserialize;

use super::pattern;
use crate::server::model::System;

/// The CI systems besides the default one, by name.
#[derive(Clone, Debug, Default)]
pub struct Systems(Vec<SystemRule>);

#[derive(Clone, Debug)]
struct SystemRule {
    system: System,
    databases: Vec<String>,
    files: Option<Regex>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct FileSystems(BTreeMap<String, FileSystem>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSystem {
    /// Names of Cosmos DB databases.
    #[serde(default)]
    databases: Vec<String>,
    /// Matches names of imported files.
    files: Option<String>,
}

impl Systems {
    pub(super) fn new(file: FileSystems) -> Result<Self> {
        let mut rules: Vec<SystemRule> = Vec::new();
        for (name, FileSystem { databases, files }) in file.0 {
            let field = format!("systems.{name}");
            let system = System::new(&name).with_context(|| field.clone())?;
            let known =
                |database: &String| rules.iter().find(|rule| rule.databases.contains(database));
            if let Some((database, other)) = databases
                .iter()
                .find_map(|database| Some((database, known(database)?)))
            {
                bail!(
                    "{field}.databases: “{database}” already belongs to {}",
                    other.system.as_str()
                );
            }
            let files = files.map(|files| pattern(&format!("{field}.files"), &files));
            rules.push(SystemRule {
                system,
                databases,
                files: files.transpose()?,
            });
        }
        Ok(Self(rules))
    }

    /// Returns the system that writes to a Cosmos DB database.
    pub fn of_database(&self, database: &str) -> System {
        self.find(|rule| rule.databases.iter().any(|known| known == database))
    }

    /// Returns the system whose events a file holds: the first by name whose pattern matches.
    pub fn of_file(&self, name: &str) -> System {
        self.find(|rule| {
            rule.files
                .as_ref()
                .is_some_and(|files| files.is_match(name))
        })
    }

    fn find(&self, matches: impl Fn(&&SystemRule) -> bool) -> System {
        let rule = self.0.iter().find(matches);
        rule.map(|rule| rule.system.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn systems(text: &str) -> Result<Systems> {
        Systems::new(toml::from_str(text)?)
    }

    #[test]
    fn databases_and_files_belong_to_the_system_that_names_them() {
        let systems = systems(
            "[sds]\ndatabases = [\"sds-jenkins\"]\nfiles = \"^sds-\"\n[tax]\nfiles = \"tax|sds\"",
        )
        .expect("valid");
        for (database, system) in [
            ("sds-jenkins", "sds"),
            ("jenkins", "jenkins"),
            ("sds", "jenkins"),
        ] {
            assert_eq!(systems.of_database(database).as_str(), system);
        }
        for (file, system) in [
            ("sds-1.ndjson", "sds"),
            ("1-sds.ndjson", "tax"),
            ("-", "jenkins"),
        ] {
            assert_eq!(systems.of_file(file).as_str(), system);
        }
    }

    #[test]
    fn a_wrong_value_is_named() {
        for (text, named) in [
            ("[\"a b\"]", "systems.a b"),
            ("[a]\nfiles = \"(\"", "systems.a.files"),
            (
                "[a]\ndatabases = [\"x\"]\n[b]\ndatabases = [\"x\"]",
                "systems.b.databases",
            ),
            ("[a]\nfile = \"x\"", "file"),
        ] {
            let error = format!("{:#}", systems(text).expect_err(text));
            assert!(error.contains(named), "{error}");
        }
    }
}
