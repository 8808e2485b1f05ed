//! The parts that pages are put together from, as HTML. `/style` shows each of them in every state.
//!
//! A component knows nothing of data shapes and addresses: callers pass text and links. Text that is passed as `&str`
//! is escaped here; text from data within a `Markup` passes through `visible` at the caller.

mod badge;
mod banner;
mod chip;
mod empty_state;
mod interval_bar;
mod sparkline;
mod strip;
mod table;
mod tile;
mod tone;
mod verdict;

pub use badge::{pipeline_state, problem_state, result, rule_flag, severity, support};
pub use banner::banner;
pub use chip::{Chip, chip};
pub use empty_state::empty_state;
pub use interval_bar::interval_bar;
pub use sparkline::sparkline;
pub use strip::{MAX_BUILDS, result_shape, strip};
pub use table::{Column, Sort, Table, columns, number, table};
pub use tile::{Change, Tile, tile};
pub use tone::Tone;
pub use verdict::verdict;
