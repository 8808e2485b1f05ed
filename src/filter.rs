//! The filter of a page: project, kind of pipeline and days, as in the URL's query.
//!
//! Pure, and shared by server and client. Projects are configured, so only a project's form is checked
//! here; the snapshot checks that it exists.

use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// The choices of the window, in days.
pub const DAYS: [u16; 6] = [1, 7, 14, 28, 90, 180];
/// The window of a URL without `days`.
pub const DEFAULT_DAYS: u16 = 14;
/// The value of `project` that selects all projects.
pub const ALL_PROJECTS: &str = "all";
/// The maximum length of a value in bytes.
pub const MAX_VALUE: usize = 100;

/// The kind of pipelines: all, nightly, or all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildType {
    #[default]
    All,
    Nightly,
    NonNightly,
}

impl BuildType {
    pub const EVERY: [Self; 3] = [Self::All, Self::Nightly, Self::NonNightly];

    /// The name in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Nightly => "nightly",
            Self::NonNightly => "non-nightly",
        }
    }

    /// The name for readers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Nightly => "Nightly",
            Self::NonNightly => "Non-nightly",
        }
    }
}

/// The values of the three filters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Filter {
    /// A project's slug (`fees-and-pay`), `unowned` or `all`.
    pub project: String,
    pub build_type: BuildType,
    /// One of [`DAYS`].
    pub days: u16,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            project: ALL_PROJECTS.to_owned(),
            build_type: BuildType::All,
            days: DEFAULT_DAYS,
        }
    }
}

/// The unchecked filter values of a request; a missing or empty one is the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct FilterQuery<'a> {
    pub project: Option<&'a str>,
    pub build_type: Option<&'a str>,
    pub days: Option<&'a str>,
}

impl<'a> FilterQuery<'a> {
    pub fn new(
        project: &'a Option<String>,
        build_type: &'a Option<String>,
        days: &'a Option<String>,
    ) -> Self {
        Self {
            project: project.as_deref(),
            build_type: build_type.as_deref(),
            days: days.as_deref(),
        }
    }

    /// The filter that the values stand for.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`] names the parameter and the known values.
    pub fn parse(self) -> Result<Filter, AppError> {
        Filter::parse(self.project, self.build_type, self.days)
    }
}

impl Filter {
    /// Parses the three query values; a missing or empty one is the default.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`] names the parameter and the known values.
    pub fn parse(
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Self, AppError> {
        let mut filter = Self::default();
        if let Some(value) = given(project) {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if value.len() > MAX_VALUE || !value.chars().all(plain) {
                return Err(AppError::unknown_value("project", value, Vec::new()));
            }
            value.clone_into(&mut filter.project);
        }
        if let Some(value) = given(build_type) {
            filter.build_type = BuildType::EVERY
                .into_iter()
                .find(|known| known.as_str() == value)
                .ok_or_else(|| {
                    let known = BuildType::EVERY.map(|known| known.as_str().to_owned());
                    AppError::unknown_value("type", value, known.to_vec())
                })?;
        }
        if let Some(value) = given(days) {
            filter.days = DAYS
                .into_iter()
                .find(|known| known.to_string() == value)
                .ok_or_else(|| {
                    let known = DAYS.map(|known| known.to_string());
                    AppError::unknown_value("days", value, known.to_vec())
                })?;
        }
        Ok(filter)
    }

    /// The query string of the values that differ from the default: `?project=cmc&days=28`, or empty.
    pub fn query(&self) -> String {
        let default = Self::default();
        let mut parts = Vec::new();
        if self.project != default.project {
            parts.push(format!("project={}", self.project));
        }
        if self.build_type != default.build_type {
            parts.push(format!("type={}", self.build_type.as_str()));
        }
        if self.days != default.days {
            parts.push(format!("days={}", self.days));
        }
        if parts.is_empty() {
            String::new()
        } else {
            format!("?{}", parts.join("&"))
        }
    }

    pub fn with_days(&self, days: u16) -> Self {
        Self {
            days,
            ..self.clone()
        }
    }

    pub fn with_build_type(&self, build_type: BuildType) -> Self {
        Self {
            build_type,
            ..self.clone()
        }
    }
}

fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn missing_and_empty_values_are_the_default() {
        assert_eq!(Filter::parse(None, None, None), Ok(Filter::default()));
        assert_eq!(
            Filter::parse(Some(""), Some(""), Some("")),
            Ok(Filter::default())
        );
        assert_eq!(Filter::default().query(), "");
    }

    #[test]
    fn query_reads_back_as_the_same_filter() {
        for project in ["all", "cmc", "fees-and-pay", "unowned"] {
            for build_type in BuildType::EVERY {
                for days in DAYS {
                    let filter = Filter {
                        project: project.to_owned(),
                        build_type,
                        days,
                    };
                    let query = filter.query();
                    let value = |name: &str| {
                        query
                            .trim_start_matches('?')
                            .split('&')
                            .find_map(|part| part.strip_prefix(&format!("{name}=")))
                            .map(str::to_owned)
                    };
                    let (p, t, d) = (value("project"), value("type"), value("days"));
                    let read = Filter::parse(p.as_deref(), t.as_deref(), d.as_deref());
                    assert_eq!(read, Ok(filter));
                }
            }
        }
    }

    #[test]
    fn errors_for_unknown_values_list_known_ones() {
        let error = Filter::parse(None, None, Some("15")).expect_err("15 is no window");
        assert!(
            error.to_string().contains("1, 7, 14, 28, 90, 180"),
            "{error}"
        );
        assert!(Filter::parse(None, Some("Nightly"), None).is_err());
        assert!(Filter::parse(Some("<script>"), None, None).is_err());
        assert!(Filter::parse(Some(&"a".repeat(10_000)), None, None).is_err());
    }

    #[test]
    fn a_project_may_be_as_long_as_it_may_be_and_no_longer() {
        let longest = "a".repeat(MAX_VALUE);
        assert!(Filter::parse(Some(&longest), None, None).is_ok());
        assert!(Filter::parse(Some(&(longest + "a")), None, None).is_err());
    }

    #[test]
    fn readers_see_build_types_by_their_labels() {
        let labels = BuildType::EVERY.map(BuildType::label);
        assert_eq!(labels, ["All", "Nightly", "Non-nightly"]);
    }

    #[test]
    fn a_part_of_a_filter_can_be_changed_alone() {
        let filter = Filter {
            project: "cmc".to_owned(),
            build_type: BuildType::Nightly,
            days: 7,
        };
        let longer = filter.with_days(28).query();
        assert_eq!(longer, "?project=cmc&type=nightly&days=28");
        let other = filter.with_build_type(BuildType::NonNightly).query();
        assert_eq!(other, "?project=cmc&type=non-nightly&days=7");
    }

    proptest! {
        /// Parsing the query string of a filter gives the same filter.
        #[test]
        fn the_query_of_a_parsed_filter_parses_to_the_same_filter(
            project in proptest::option::of("[a-z0-9-]{0,70}|\\PC{0,20}"),
            build_type in proptest::option::of("all|nightly|non-nightly|\\PC{0,12}"),
            days in proptest::option::of("1|7|14|28|90|180|[0-9+-]{0,12}|\\PC{0,4}"),
        ) {
            let read = Filter::parse(project.as_deref(), build_type.as_deref(), days.as_deref());
            let Ok(filter) = read else { return Ok(()) };
            let query = filter.query();
            let value = |name: &str| {
                let pairs = query.trim_start_matches('?').split('&');
                pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
            };
            let again = Filter::parse(value("project"), value("type"), value("days"));
            prop_assert_eq!(again, Ok(filter));
        }
    }
}
