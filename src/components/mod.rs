//! The parts of pages. They know wire types and nothing of what a figure is about.

mod card;
mod chart;
mod data_table;
mod error_panel;
mod filters;
mod freshness;
mod heading;
mod headline;
mod layout;
mod numbers;
mod query;

pub use card::Card;
pub use data_table::table_html;
pub use error_panel::{ErrorPanel, ask_again_when_heard};
pub use filters::Filters;
pub use freshness::{FreshnessLine, sample_notice, sentence};
pub use heading::{PageHeading, Visited};
pub use headline::HeadlineBand;
pub use layout::{Footer, Header};
pub use numbers::thousands;
pub use query::{Query, use_query};
