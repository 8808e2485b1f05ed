//! The keys of a selection: one line each.

use super::{ALL_PROJECTS, BuildType, DAYS, MAX_PROJECT};

/// A key of a selection.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The name in addresses.
    pub id: &'static str,
    /// The name for readers.
    pub label: &'static str,
    /// An explanation of a key that is no attribute of builds; empty for attributes, which have their own.
    pub help: &'static str,
    pub kind: Kind,
}

/// The values that a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any texts of the data.
    Texts,
    /// Names of configured projects.
    Projects,
    /// Kinds of pipelines.
    Types,
    /// Values of a closed set.
    Choices(&'static [&'static str]),
    /// One text.
    Text,
    /// The number of days of the range.
    Days,
    /// A local date, or an instant (RFC 3339).
    Instant,
    /// A whole number of minutes, or half a minute more.
    Minutes,
}

const RESULTS: &[&str] = &[
    "SUCCESS",
    "UNSTABLE",
    "FAILURE",
    "ABORTED",
    "NOT_BUILT",
    "LOST",
    "RUNNING",
    "UNKNOWN",
];
const WEEKDAYS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
const HOURS: &[&str] = &[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
    "17", "18", "19", "20", "21", "22", "23",
];
const CLASSES: &[&str] = &[
    "none", "lost", "agent", "incident", "flaky", "broken", "once", "unknown",
];
const DOMAINS: &[&str] = &["none", "code", "test", "deploy", "platform", "unknown"];
const LOSSES: &[&str] = &["none", "rerun", "lost", "failed"];
/// The parts that a build may lack.
const OPTIONAL: &[&str] = &[
    "agent",
    "commit",
    "component",
    "duration",
    "failed_step",
    "first_step",
    "functional_test",
    "library",
    "node",
    "product",
    "repository",
    "start_delay",
];

/// Every key, sorted by its id.
pub const KEYS: &[Key] = &[
    key("agent", "Agent", "", Kind::Texts),
    key(
        "as_of",
        "As of",
        "Builds that had finished at this instant",
        Kind::Instant,
    ),
    key("class", "Class", "", Kind::Choices(CLASSES)),
    key(
        "commit",
        "Commit",
        "The digits of a commit, at least the first 7",
        Kind::Texts,
    ),
    key(
        "compare",
        "Compared with",
        "The period before, which charts over time show as a ghost; selects no builds",
        Kind::Choices(&["previous"]),
    ),
    key("component", "Component", "", Kind::Texts),
    key(
        "days",
        "Range",
        "The number of days up to the latest data",
        Kind::Days,
    ),
    key("domain", "Domain", "", Kind::Choices(DOMAINS)),
    key(
        "environment",
        "Environment",
        "Builds with a step in this environment",
        Kind::Texts,
    ),
    key("episode", "Red episode", "", Kind::Texts),
    key("failed_step", "Failed step", "", Kind::Texts),
    key(
        "from",
        "From",
        "Builds that finished at this instant or later; a date is its start in the organisation's time zone",
        Kind::Instant,
    ),
    key("hour", "Hour", "", Kind::Choices(HOURS)),
    key("incident", "Incident", "", Kind::Texts),
    key(
        "known",
        "Known",
        "Builds of which this is known",
        Kind::Choices(OPTIONAL),
    ),
    key("library", "Library", "", Kind::Texts),
    key("loss", "Minutes lost by", "", Kind::Choices(LOSSES)),
    key("loss_step", "Minutes lost at", "", Kind::Texts),
    key(
        "max_minutes",
        "Shorter than",
        "Builds of a known duration that took less",
        Kind::Minutes,
    ),
    key(
        "min_minutes",
        "At least as long as",
        "Builds of a known duration that took as long or longer",
        Kind::Minutes,
    ),
    key(
        "missing",
        "Unknown",
        "Builds of which this is unknown",
        Kind::Choices(OPTIONAL),
    ),
    key("node", "Node", "", Kind::Texts),
    key("pipeline", "Pipeline", "", Kind::Texts),
    key("product", "Product", "", Kind::Texts),
    key("project", "Project", "", Kind::Projects),
    key(
        "q",
        "Pipeline contains",
        "Text in the name of the pipeline",
        Kind::Text,
    ),
    key("repository", "Repository", "", Kind::Texts),
    key("result", "Result", "", Kind::Choices(RESULTS)),
    key(
        "started_from",
        "Started from",
        "Builds that started at this instant or later",
        Kind::Instant,
    ),
    key(
        "started_to",
        "Started before",
        "Builds that started before this instant",
        Kind::Instant,
    ),
    key(
        "step",
        "Step",
        "Builds with this step, of the last 90 days",
        Kind::Texts,
    ),
    key("system", "System", "", Kind::Texts),
    key("team", "Team", "", Kind::Texts),
    key(
        "to",
        "Before",
        "Builds that finished before this instant",
        Kind::Instant,
    ),
    key("type", "Kind", "", Kind::Types),
    key("weekday", "Weekday", "", Kind::Choices(WEEKDAYS)),
];

const fn key(id: &'static str, label: &'static str, help: &'static str, kind: Kind) -> Key {
    Key {
        id,
        label,
        help,
        kind,
    }
}

/// Finds a key by its id.
pub fn find(id: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.id == id)
}

impl Kind {
    /// Returns whether several values mean “or”.
    pub const fn is_repeatable(self) -> bool {
        matches!(
            self,
            Self::Texts | Self::Projects | Self::Types | Self::Choices(_)
        )
    }

    /// Returns whether the value has the form of this kind.
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Texts | Self::Text => true,
            Self::Projects => {
                let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
                value.len() <= MAX_PROJECT && value.bytes().all(plain)
            }
            Self::Types => BuildType::EVERY.iter().any(|known| known.as_str() == value),
            Self::Choices(known) => known.contains(&value),
            Self::Days => DAYS.iter().any(|known| known.to_string() == value),
            Self::Instant => is_instant(value),
            Self::Minutes => minutes(value).is_some(),
        }
    }

    /// The values of a closed set; empty for others.
    pub fn choices(self) -> Vec<String> {
        match self {
            Self::Types => BuildType::EVERY
                .map(|known| known.as_str().to_owned())
                .into(),
            Self::Choices(known) => known.iter().map(|&known| known.to_owned()).collect(),
            Self::Days => DAYS.map(|days| days.to_string()).into(),
            _ => Vec::new(),
        }
    }

    /// Returns whether the value selects what a missing key selects.
    pub(super) fn is_default(self, value: &str) -> bool {
        match self {
            Self::Projects => value == ALL_PROJECTS,
            Self::Types => value == BuildType::All.as_str(),
            _ => false,
        }
    }
}

/// Minutes from `5` or `2.5`: at most two decimals, at most 7 digits.
pub fn minutes(value: &str) -> Option<f64> {
    let (whole, decimals) = value.split_once('.').unwrap_or((value, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let short = whole.len() <= 7 && decimals.len() <= 2;
    (short && digits(whole) && digits(decimals))
        .then(|| value.parse().ok())
        .flatten()
}

/// Returns whether a text looks like `2019-10-25` or `2019-10-25T17:15:00Z`. The server reads it.
fn is_instant(value: &str) -> bool {
    let bytes = value.as_bytes();
    let Some(date) = bytes.get(..10) else {
        return false;
    };
    let is_date = date.iter().enumerate().all(|(index, byte)| match index {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let plain = |byte: &u8| byte.is_ascii_digit() || b"T:.+-Z".contains(byte);
    let rest = &bytes[10..];
    is_date && value.len() <= 35 && (rest.is_empty() || rest[0] == b'T' && rest.iter().all(plain))
}
