//! The parts of pages. They know wire types and nothing of what a figure is about.

mod at_once;
mod card;
mod chart;
pub mod data_table;
mod error_panel;
mod filters;
mod heading;
mod layout;
mod query;
mod text;

pub use at_once::{AtOnce, at_once};
pub use card::Card;
pub use error_panel::{ErrorPanel, ask_again_when_heard};
pub use filters::Filters;
pub use heading::{PageHeading, Visited};
pub use layout::{Footer, Header};
pub use query::{Query, use_query};
pub use text::Texts;
