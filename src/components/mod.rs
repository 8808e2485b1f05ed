//! The components of pages. They use the API's types and know nothing about individual figures.

mod card;
mod chart;
mod error_panel;
mod filters;
mod heading;
mod html_fragment;
mod layout;
mod selection;
mod topics;

pub use card::Card;
pub use error_panel::{ErrorPanel, ask_again_when_heard};
pub use filters::{FilterBar, Filters, provide_carried};
pub use heading::{PageHeading, Visited};
pub use html_fragment::Fragments;
pub use layout::{Footer, Header};
pub use selection::{use_pair, use_selection, use_view};
pub use topics::{Topics, topics};
