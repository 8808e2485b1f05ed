//! `[insight]` in `dashboard.toml`: the limits by which the dashboard finds causes and problems.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use jiff::SignedDuration;
use regex::Regex;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Insight {
    /// An aborted build makes a pipeline red, as a failed one does.
    pub aborted_is_red: bool,
    /// A pipeline without a completed build for so many days is dormant.
    pub dormant_days: u16,
    /// New failures at a step within this time may be an incident,
    pub incident_window: SignedDuration,
    /// in at least so many pipelines,
    pub incident_pipelines: u32,
    /// if so many failures have at most this probability,
    pub incident_probability: f64,
    /// by the rate of this many days before,
    pub incident_base_days: u16,
    /// which need at least so many transitions.
    pub incident_min_transitions: u32,
    /// An incident is over if no pipeline failed anew for this time.
    pub incident_over_after: SignedDuration,
    /// An incident names a value that at least so many percent of its builds share.
    pub incident_shared_percent: u8,
    /// Steps that fail with the agent of a build; `*` at the end stands for any text.
    pub agent_steps: Vec<String>,
    /// The domains of steps; the first pattern that matches decides.
    pub domains: Vec<DomainRule>,
    /// A failure is flaky if a good build of the same commit finished within this time after it.
    pub flaky_within: SignedDuration,
    /// The days of the rate of flaked commits.
    pub flake_rate_days: u16,
    /// A pipeline is flaky while its latest flake is less than so many days old.
    pub flaky_days: u16,
    /// A flaky pipeline has at least so many flaked commits in the days of the rate.
    pub flaky_commits: u32,
    /// A difference is shown if its q value is less than this,
    pub difference_q: f64,
    /// for values of at least so many builds.
    pub difference_min_builds: u32,
    /// Change points are looked for in so many of a pipeline's latest builds.
    pub change_point_builds: u32,
    /// Builds in a window of the search for changed durations,
    pub change_point_window: u32,
    /// the greatest p value of a changed duration,
    pub change_point_p: f64,
    /// and its least change, in percent.
    pub change_point_magnitude_percent: f64,
    /// Steps that promote a build to production; `*` at the end stands for any text.
    pub promotion_steps: Vec<String>,
    /// The price of a minute by the labels of an agent.
    pub rates: BTreeMap<String, f64>,
    /// A problem escalates if more builds than this failed today,
    pub escalating_failures: u32,
    /// and more than twice as many as on any of so many days before.
    pub escalating_days: u16,
    /// A problem has regressed if the same one ended within so many days before it began.
    pub regressed_days: u16,
    /// A problem is new for so many days.
    pub new_days: u16,
    /// Problems that ended are listed for so many hours.
    pub resolved_hours: u16,
}

/// A domain of the steps whose names match.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "(String, Domain)")]
pub struct DomainRule {
    pub pattern: Regex,
    pub domain: Domain,
}

/// The part of the work that a failed step belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    Code,
    Test,
    Deploy,
    Platform,
    #[default]
    Unknown,
}

impl Domain {
    /// Every domain, in the order of tables.
    pub const ALL: [Self; 5] = [
        Self::Code,
        Self::Test,
        Self::Deploy,
        Self::Platform,
        Self::Unknown,
    ];

    /// The name in URLs, APIs and exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Test => "test",
            Self::Deploy => "deploy",
            Self::Platform => "platform",
            Self::Unknown => "unknown",
        }
    }

    /// The name for readers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Code => "Code",
            Self::Test => "Test",
            Self::Deploy => "Deployment",
            Self::Platform => "Platform",
            Self::Unknown => "Unknown",
        }
    }
}

/// The domains of steps that the CI library names.
const DOMAINS: [(&str, Domain); 4] = [
    (
        "(?i)^(checkout|prepare|archive|report|publish|not-approved)",
        Domain::Platform,
    ),
    (
        "(?i)(test|dependencycheck|securitychecks|fortify|sonar)",
        Domain::Test,
    ),
    (
        "(?i)(deploy|promot|apply|plan|infra|migrat|aks|helm|chart)",
        Domain::Deploy,
    ),
    (
        "(?i)(build|compile|lint|validate|techstack|docker)",
        Domain::Code,
    ),
];

impl TryFrom<(String, Domain)> for DomainRule {
    type Error = String;

    fn try_from((pattern, domain): (String, Domain)) -> Result<Self, String> {
        match Regex::new(&pattern) {
            Ok(pattern) => Ok(Self { pattern, domain }),
            Err(error) => Err(format!(
                "insight.domains: “{pattern}” is not a regular expression: {error}"
            )),
        }
    }
}

impl Default for Insight {
    fn default() -> Self {
        let domains = DOMAINS.map(|(pattern, domain)| DomainRule {
            pattern: Regex::new(pattern).expect("the built-in patterns are tested"),
            domain,
        });
        Self {
            aborted_is_red: false,
            dormant_days: 28,
            incident_window: SignedDuration::from_mins(60),
            incident_pipelines: 4,
            incident_probability: 1e-5,
            incident_base_days: 28,
            incident_min_transitions: 100,
            incident_over_after: SignedDuration::from_hours(2),
            incident_shared_percent: 75,
            agent_steps: vec!["checkout".to_owned()],
            domains: domains.into(),
            flaky_within: SignedDuration::from_hours(24),
            flake_rate_days: 14,
            flaky_days: 7,
            flaky_commits: 2,
            difference_q: 0.01,
            difference_min_builds: 5,
            change_point_builds: 500,
            change_point_window: 50,
            change_point_p: 0.001,
            change_point_magnitude_percent: 10.0,
            promotion_steps: vec!["prod:promotion".to_owned()],
            rates: BTreeMap::new(),
            escalating_failures: 5,
            escalating_days: 14,
            regressed_days: 14,
            new_days: 7,
            resolved_hours: 24,
        }
    }
}

impl Insight {
    /// # Errors
    /// A value outside of its range; the message names the field.
    pub(super) fn validate(&self) -> Result<()> {
        let times = [
            ("incident_window", self.incident_window),
            ("incident_over_after", self.incident_over_after),
            ("flaky_within", self.flaky_within),
        ];
        for (field, time) in times {
            let longest = SignedDuration::from_hours(24 * 365);
            if !time.is_positive() || time > longest {
                bail!(
                    "insight.{field}: must be a time of more than 0s and at most a year, for example 60m"
                );
            }
        }
        let shares = [
            ("incident_probability", self.incident_probability),
            ("difference_q", self.difference_q),
            ("change_point_p", self.change_point_p),
        ];
        for (field, share) in shares {
            if !(share > 0.0 && share <= 1.0) {
                bail!("insight.{field}: must be greater than 0 and at most 1");
            }
        }
        let percents = [
            (
                "incident_shared_percent",
                f64::from(self.incident_shared_percent),
            ),
            (
                "change_point_magnitude_percent",
                self.change_point_magnitude_percent,
            ),
        ];
        for (field, percent) in percents {
            if !(0.0..=100.0).contains(&percent) {
                bail!("insight.{field}: must be from 0 to 100");
            }
        }
        if !(2..=10_000).contains(&self.change_point_builds) {
            bail!("insight.change_point_builds: must be from 2 to 10000");
        }
        if !(2..=self.change_point_builds).contains(&self.change_point_window) {
            bail!("insight.change_point_window: must be from 2 to insight.change_point_builds");
        }
        if let Some((label, _)) = self
            .rates
            .iter()
            .find(|(_, rate)| !(**rate >= 0.0 && rate.is_finite()))
        {
            bail!("insight.rates: the price of “{label}” must be a number from 0 on");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        match toml::from_str::<Insight>(text) {
            Ok(insight) => format!("{:#}", insight.validate().expect_err(text)),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn wrong_values_are_named() {
        for (text, field) in [
            ("incident_window = \"0s\"", "incident_window"),
            ("flaky_within = \"9000h\"", "flaky_within"),
            ("incident_probability = 0.0", "incident_probability"),
            ("difference_q = 1.5", "difference_q"),
            ("incident_shared_percent = 101", "incident_shared_percent"),
            ("change_point_builds = 1", "change_point_builds"),
            ("change_point_window = 501", "change_point_window"),
            ("rates = { linux = -1.0 }", "linux"),
            ("domains = [[\"(\", \"code\"]]", "insight.domains"),
            ("domains = [[\"a\", \"cod\"]]", "cod"),
            ("flaky_weeks = 1", "flaky_weeks"),
        ] {
            let error = refused(text);
            assert!(error.contains(field), "{text}: {error}");
        }
    }

    #[test]
    fn the_first_domain_that_matches_decides() {
        let domains = Insight::default().domains;
        let of = |step: &str| {
            let found = domains.iter().find(|rule| rule.pattern.is_match(step));
            found.map_or(Domain::Unknown, |rule| rule.domain)
        };
        for (step, domain) in [
            ("checkout", Domain::Platform),
            ("build", Domain::Code),
            ("dockerbuild", Domain::Code),
            ("dockertestbuild", Domain::Test),
            ("functionalTest:aat", Domain::Test),
            ("sonarscan", Domain::Test),
            ("deploy:prod", Domain::Deploy),
            ("prod:promotion", Domain::Deploy),
            ("prod apply", Domain::Deploy),
            ("something else", Domain::Unknown),
        ] {
            assert_eq!(of(step), domain, "{step}");
        }
    }
}
