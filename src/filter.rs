//! What a page is narrowed to: project, type of pipeline and days, as in the URL's query.
//!
//! Shared by both sides and pure. Which projects exist is the organisation's choice, so a
//! project is only checked for its form here and for its existence by the snapshot.

use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// The windows that a reader can choose, in days.
pub const DAYS: [u16; 6] = [1, 7, 14, 28, 90, 180];
/// The window of a page without `days` in its URL.
pub const DEFAULT_DAYS: u16 = 14;
/// The value of `project` that filters nothing.
pub const ALL_PROJECTS: &str = "all";
/// Longer values are refused before they are looked at or repeated in a message.
pub const MAX_VALUE: usize = 100;

/// Which pipelines count: all of them, only nightly ones, or only the others.
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

    /// The name that readers see.
    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Nightly => "Nightly",
            Self::NonNightly => "Non-nightly",
        }
    }
}

/// One choice of the three filters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Filter {
    /// A project's name in URLs (`fees-and-pay`), `unowned`, or `all`.
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

impl Filter {
    /// Reads the three query values; a missing or empty one is the default.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`] names the parameter and the values that exist.
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

    /// The query string with what differs from the default: `?project=cmc&days=28`, or nothing.
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
    fn unknown_values_name_what_exists() {
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
        /// A filter that was read is written as what is read as the same filter.
        #[test]
        fn what_is_read_is_written_and_read_again(
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
