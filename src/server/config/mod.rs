//! An organisation's settings: `dashboard.toml`. The checked-in file is also the built-in default.

pub mod cosmos;
mod freshness;
#[cfg(any(test, fuzzing))]
pub mod fuzz_targets;
pub mod github;
mod insight;
mod links;
pub mod reference;
mod security_txt;
mod systems;
mod theme;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, bail};
pub use freshness::Freshness;
pub use insight::{Domain, DomainRule, Insight};
use jiff::{SignedDuration, tz::TimeZone};
pub use links::Links;
use regex::Regex;
pub use security_txt::SecurityTxt;
use serde::Deserialize;
pub use systems::Systems;
pub use theme::Theme;

use super::model::{EndRules, Rules, StepRules};
use crate::selection::ALL_PROJECTS;

/// The project of pipelines that match no pattern.
pub const UNOWNED: &str = "Unowned";
const DEFAULT: &str = include_str!("../../../dashboard.toml");

#[derive(Clone, Debug)]
pub struct Config {
    pub title: String,
    pub time_zone: TimeZone,
    pub default_branches: Vec<String>,
    pub source_url: String,
    pub rules: Rules,
    pub insight: Insight,
    pub freshness: Freshness,
    pub security: Security,
    pub security_txt: Option<SecurityTxt>,
    pub links: Links,
    pub store: Store,
    pub owners: Owners,
    pub projects: Vec<Project>,
    pub sources: Sources,
    pub systems: Systems,
    pub theme: Theme,
}

/// The settings of each source. Addresses and credentials are in the environment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    pub cosmos: cosmos::Settings,
    pub github: github::Settings,
    #[serde(rename = "end-of-life", default)]
    pub end_of_life: reference::EndOfLife,
    #[serde(default)]
    pub kev: reference::List,
    #[serde(default)]
    pub epss: reference::List,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// A CVE is frequent if more teams than this suppress it.
    pub cve_teams_more_than: u32,
    /// A suppression rule is due so many days before its end.
    #[serde(default = "days::<30>")]
    pub due_days: u16,
    /// A runtime is due so many days before the end of its support.
    #[serde(default = "days::<180>")]
    pub runtime_due_days: u16,
    #[serde(default)]
    pub overdue_days: OverdueDays,
}

/// The days after which an open finding is overdue, by its severity; low ones never are by age.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OverdueDays {
    pub critical: u16,
    pub high: u16,
    pub medium: u16,
}

impl Default for OverdueDays {
    fn default() -> Self {
        Self {
            critical: 7,
            high: 30,
            medium: 90,
        }
    }
}

const fn days<const DAYS: u16>() -> u16 {
    DAYS
}

/// Retention.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Whole months to keep before the current one; 0 keeps everything.
    pub keep_months: u16,
}

/// A project of the organisation.
#[derive(Clone, Debug)]
pub struct Project {
    pub label: String,
    /// The name in URLs: lower case, hyphens for spaces.
    pub slug: String,
    pub pattern: Regex,
}

/// Maps repositories to teams.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Owners(BTreeMap<String, String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    time_zone: String,
    default_branches: Vec<String>,
    source_url: String,
    rules: FileRules,
    #[serde(default)]
    insight: Insight,
    #[serde(default)]
    freshness: freshness::FileFreshness,
    security: Security,
    security_txt: Option<SecurityTxt>,
    #[serde(default)]
    links: Links,
    #[serde(default)]
    store: Store,
    #[serde(default)]
    owners: Owners,
    projects: Vec<FileProject>,
    sources: Sources,
    #[serde(default)]
    systems: systems::FileSystems,
    #[serde(default)]
    theme: Theme,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRules {
    nightly: String,
    not_steps: Vec<String>,
    smoke_test_step: String,
    functional_test_step: String,
    final_steps: Option<Vec<String>>,
    first_steps: Option<Vec<String>>,
    parallel: Option<Vec<Vec<String>>>,
    failed_after: Option<SignedDuration>,
    lost_after: Option<SignedDuration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileProject {
    label: String,
    pattern: String,
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// An unreadable file, or an invalid value; the message names its line or field.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in the configuration {}", path.display()))
    }

    /// The built-in configuration.
    pub fn built_in() -> Self {
        Self::parse(DEFAULT).expect("the built-in configuration is tested")
    }

    fn parse(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text)?;
        let time_zone = TimeZone::get(&file.time_zone).with_context(|| {
            format!(
                "time_zone: “{}” is not an IANA time zone, for example Europe/London",
                file.time_zone
            )
        })?;
        if let Some(security_txt) = &file.security_txt {
            security_txt.validate()?;
        }
        file.links.validate()?;
        file.insight.validate()?;
        file.theme.validate()?;
        let mut projects = Vec::new();
        for project in file.projects {
            let slug = slug(&project.label);
            let taken = [ALL_PROJECTS.to_owned(), self::slug(UNOWNED)];
            if slug.is_empty()
                || taken.contains(&slug)
                || projects.iter().any(|known: &Project| known.slug == slug)
            {
                bail!(
                    "projects: the label “{}” is empty, reserved or a duplicate",
                    project.label
                );
            }
            projects.push(Project {
                pattern: pattern("projects", &project.pattern)?,
                slug,
                label: project.label,
            });
        }
        Ok(Self {
            title: file.title,
            time_zone,
            default_branches: file.default_branches,
            source_url: file.source_url,
            rules: Rules {
                nightly: pattern("rules.nightly", &file.rules.nightly)?,
                not_steps: file.rules.not_steps,
                smoke_test_step: file.rules.smoke_test_step,
                functional_test_step: file.rules.functional_test_step,
                steps: step_rules(
                    file.rules.final_steps,
                    file.rules.first_steps,
                    file.rules.parallel,
                ),
                ends: end_rules(file.rules.failed_after, file.rules.lost_after)?,
            },
            insight: file.insight,
            freshness: Freshness::new(&file.freshness)?,
            security: file.security,
            security_txt: file.security_txt,
            links: file.links,
            store: file.store,
            owners: file.owners,
            projects,
            sources: file.sources,
            systems: Systems::new(file.systems)?,
            theme: file.theme,
        })
    }

    /// The index in `projects` of a pipeline's project; none is “Unowned”.
    pub fn project_of(&self, job_name: &str) -> Option<usize> {
        self.projects
            .iter()
            .position(|project| project.pattern.is_match(job_name))
    }

    /// Returns whether a project has this slug.
    pub fn has_choice(&self, name: &str) -> bool {
        let known = self.projects.iter().any(|project| project.slug == name);
        known || name == ALL_PROJECTS || name == slug(UNOWNED)
    }

    /// The choices of the project filter: slug and label, “All” first and “Unowned” last.
    pub fn project_choices(&self) -> Vec<(String, String)> {
        let all = (ALL_PROJECTS.to_owned(), "All".to_owned());
        let unowned = (slug(UNOWNED), UNOWNED.to_owned());
        let projects = self.projects.iter();
        std::iter::once(all)
            .chain(projects.map(|project| (project.slug.clone(), project.label.clone())))
            .chain(std::iter::once(unowned))
            .collect()
    }
}

impl Owners {
    /// The team of a repository: by its whole name, by the longest prefix, or by its name up to the first hyphen.
    pub fn team<'a>(&'a self, repository: &'a str) -> &'a str {
        if let Some(team) = self.0.get(repository) {
            return team;
        }
        let by_prefix = self
            .0
            .iter()
            .filter_map(|(name, team)| Some((name.strip_suffix('*')?, team)))
            .filter(|(prefix, _)| repository.starts_with(prefix))
            .max_by_key(|(prefix, _)| prefix.len());
        match by_prefix {
            Some((_, team)) => team,
            None => repository.split('-').next().unwrap_or(repository),
        }
    }
}

/// The slug of a label, for URLs.
pub fn slug(label: &str) -> String {
    label
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// The rules of steps; those that an older file does not name have their defaults.
fn step_rules(
    final_steps: Option<Vec<String>>,
    first_steps: Option<Vec<String>>,
    parallel: Option<Vec<Vec<String>>>,
) -> StepRules {
    let default = StepRules::default();
    StepRules {
        final_steps: final_steps.unwrap_or(default.final_steps),
        first_steps: first_steps.unwrap_or(default.first_steps),
        parallel: parallel.unwrap_or(default.parallel),
    }
}

/// The limits of builds without a final step; those that an older file does not name have their defaults.
fn end_rules(
    failed_after: Option<SignedDuration>,
    lost_after: Option<SignedDuration>,
) -> Result<EndRules> {
    let ms = |field: &str, after: Option<SignedDuration>, default_ms: i64| {
        let after_ms = after.map_or(Ok(default_ms), |after| after.as_millis().try_into());
        match after_ms {
            Ok(ms) if ms >= 0 => Ok(ms),
            _ => bail!("rules.{field}: must be a time from 0s on, for example 30m"),
        }
    };
    let default = EndRules::DEFAULT;
    let ends = EndRules {
        failed_after_ms: ms("failed_after", failed_after, default.failed_after_ms)?,
        lost_after_ms: ms("lost_after", lost_after, default.lost_after_ms)?,
    };
    if ends.lost_after_ms < ends.failed_after_ms {
        bail!("rules.lost_after: must not be less than rules.failed_after");
    }
    Ok(ends)
}

fn pattern(field: &str, text: &str) -> Result<Regex> {
    Regex::new(text).with_context(|| format!("{field}: “{text}” is not a regular expression"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_configuration_has_the_original_projects() {
        let config = Config::built_in();
        assert_eq!(config.projects.len(), 21);
        let project = |job| {
            config
                .project_of(job)
                .map(|index| config.projects[index].slug.as_str())
        };
        assert_eq!(
            project("HMCTS_Nightly_FeePay/x/master"),
            Some("fees-and-pay")
        );
        assert_eq!(project("HMCTS_SSCS/x/master"), Some("sscs"));
        assert_eq!(project("Elsewhere/x/master"), None);
        assert_eq!(config.project_choices().len(), 23);
    }

    #[test]
    fn rules_of_steps_have_their_defaults_in_an_older_file() {
        let mentioned =
            |line: &&str| !line.starts_with("final_steps") && !line.starts_with("first_steps");
        let older: Vec<&str> = DEFAULT.lines().filter(mentioned).collect();
        let older = Config::parse(&older.join("\n")).expect("a valid file");
        assert_eq!(older.rules.steps, StepRules::default());
        assert_eq!(Config::built_in().rules.steps, StepRules::default());
    }

    #[test]
    fn builds_without_an_end_have_limits() {
        let parsed = |failed_after: &str, lost_after: &str| {
            let text = DEFAULT
                .replace("failed_after = \"30m\"", failed_after)
                .replace("lost_after = \"330m\"", lost_after);
            let config = Config::parse(&text).map_err(|error| format!("{error:#}"))?;
            let EndRules {
                failed_after_ms,
                lost_after_ms,
            } = config.rules.ends;
            Ok::<_, String>((failed_after_ms, lost_after_ms))
        };
        assert_eq!(Config::built_in().rules.ends, EndRules::DEFAULT);
        assert_eq!(parsed("", ""), Ok((1_800_000, 19_800_000)));
        assert_eq!(
            parsed("failed_after = \"45s\"", "lost_after = \"6h\""),
            Ok((45_000, 21_600_000))
        );
        for (failed_after, lost_after, field) in [
            ("failed_after = \"-1s\"", "", "rules.failed_after"),
            ("", "lost_after = \"29m\"", "rules.lost_after"),
        ] {
            let error = parsed(failed_after, lost_after).expect_err("refused");
            assert!(error.contains(field), "{error}");
        }
    }

    #[test]
    fn insight_has_its_defaults_in_an_older_file() {
        let section = "[insight]\n";
        let (before, after) = DEFAULT.split_once(section).expect("the section");
        let after = &after[after.find("\n[").expect("the next section")..];
        let older = Config::parse(&format!("{before}{after}")).expect("a valid file");
        let built_in = Config::built_in().insight;
        assert_eq!(format!("{:?}", older.insight), format!("{built_in:?}"));
        assert!(!built_in.aborted_is_red);
        assert_eq!(built_in.dormant_days, 28);
    }

    #[test]
    fn data_is_old_at_the_configured_age() {
        let parsed = |events: &str| {
            let text = DEFAULT.replace("events_warn_after = \"6h\"", events);
            let config = Config::parse(&text).map_err(|error| format!("{error:#}"))?;
            Ok::<_, String>((config.freshness.events_ms, config.freshness.facts_ms))
        };
        let (hour_ms, day_ms) = (3_600_000, 86_400_000);
        assert_eq!(
            parsed("events_warn_after = \"6h\""),
            Ok((6 * hour_ms, 2 * day_ms))
        );
        assert_eq!(parsed(""), Ok((6 * hour_ms, 2 * day_ms)));
        assert_eq!(
            parsed("events_warn_after = \"1d 30m\"").map(|ages| ages.0),
            Ok(day_ms + hour_ms / 2)
        );
        for wrong in ["0h", "-1h", "1 month", "soon"] {
            let error = parsed(&format!("events_warn_after = \"{wrong}\"")).expect_err("refused");
            assert!(error.contains("events_warn_after"), "{error}");
        }
    }

    #[test]
    fn a_wrong_field_is_named_with_its_line() {
        let text = DEFAULT.replace("time_zone =", "timezone =");
        let error = format!("{:#}", Config::parse(&text).expect_err("an unknown field"));
        assert!(
            error.contains("timezone") && error.contains("line"),
            "{error}"
        );
        let text = DEFAULT.replace("\"UTC\"", "\"Mars/Olympus\"");
        let error = format!("{:#}", Config::parse(&text).expect_err("an unknown zone"));
        assert!(error.contains("Mars/Olympus"), "{error}");
    }

    #[test]
    fn team_is_by_owner_then_longest_prefix_then_first_hyphen() {
        let owners = Owners(
            [
                ("bulk-*", "bulk"),
                ("bulk-scan-*", "bulk-scan"),
                ("private-x", "x"),
            ]
            .map(|(name, team)| (name.to_owned(), team.to_owned()))
            .into(),
        );
        assert_eq!(owners.team("bulk-scan-processor"), "bulk-scan");
        assert_eq!(owners.team("bulk-print"), "bulk");
        assert_eq!(owners.team("private-x"), "x");
        assert_eq!(owners.team("ccd-api"), "ccd");
        assert_eq!(owners.team("idam"), "idam");
    }
}
