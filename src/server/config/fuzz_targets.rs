//! Fuzz targets of the configuration.

use std::collections::BTreeSet;

use super::Config;
use crate::server::{environment::Environment, fuzz_target::Target};

pub const TARGETS: &[Target] = &[("configuration", configuration), ("variables", variables)];

/// `dashboard.toml`: the projects of an accepted file can be told apart and selected.
fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let config = match Config::parse(text) {
        Ok(config) => config,
        Err(error) => {
            assert!(!format!("{error:#}").is_empty());
            return;
        }
    };
    let choices = config.project_choices();
    let slugs: BTreeSet<_> = choices.iter().map(|(slug, _)| slug).collect();
    assert_eq!(slugs.len(), choices.len(), "two projects have one slug");
    assert!(slugs.into_iter().all(|slug| config.has_choice(slug)));
    let project = config.project_of(text);
    assert!(project.is_none_or(|index| index < config.projects.len()));
    let team = config.owners.team(text);
    assert!(team.len() <= text.len());
}

/// `.env`: values are trimmed and never empty.
fn variables(data: &[u8]) {
    let read = dotenvy::from_read_iter(data)
        .take_while(Result::is_ok)
        .flatten();
    let read: Vec<(String, String)> = read.collect();
    let names: Vec<String> = read.iter().map(|(name, _)| name.clone()).collect();
    let environment: Environment = read.into_iter().collect();
    for name in &names {
        let name = [name.as_str()];
        if let Some(value) = environment.text(&name) {
            assert!(!value.is_empty() && value.trim() == value, "{value:?}");
        }
        for item in environment.list(&name) {
            assert!(!item.is_empty() && !item.contains(','), "{item:?}");
        }
    }
}
