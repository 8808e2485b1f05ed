//! Plain data and pure functions that every other module uses. Imports nothing from the server.

mod build;
mod checkpoint;
mod coverage;
mod end_of_life;
mod epss;
mod event;
mod facts;
mod known_exploited;
mod provenance;
mod rules;
mod runtime;
mod scan_report;
mod snooze;
mod step;
mod suppression_rule;
mod system;
pub mod text;
mod time;

pub use build::{Build, BuildResult};
pub use checkpoint::Checkpoint;
pub use coverage::{Coverage, CoverageState};
pub use end_of_life::{Cycle, EndOfLife, Product};
pub use epss::{Epss, EpssScore};
pub use event::Event;
pub use facts::{About, BaseImage, Check, RepositoryFacts, Stated, Suppression};
pub use known_exploited::{Exploited, KnownExploited};
pub use provenance::{Codebase, Provenance, Toolchain};
pub use rules::{EndRules, Rules, StepRules, is_named};
pub use runtime::{MAX_RUNTIMES, Runtime};
pub use scan_report::{MAX_FINDINGS, ReportedFinding, ScanReport, Severity};
pub use snooze::{Snooze, SnoozeEnd};
pub use step::{Step, StepDuration, split_step};
pub use suppression_rule::{MAX_RULES, RuleFormat, Selector, SelectorKind, SuppressionRule};
pub use system::{DEFAULT_SYSTEM, InvalidSystem, System};
pub use time::{DAY_MS, HOUR_MS, MINUTE_MS, WEEKDAYS, end_of_day_ms};
