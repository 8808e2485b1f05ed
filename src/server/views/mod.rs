//! The data of pages beside their figures: the start page, the headline, lists and comparisons of builds, the freshness of the data.

pub mod addresses;
pub mod build;
pub mod build_file;
pub mod build_list;
mod change_points;
pub mod comparison;
pub mod difference;
pub mod freshness;
pub mod headline;
pub mod insight_table;
pub mod pipeline;
pub mod pipeline_list;
pub mod problems;
pub mod repository;
pub mod search;
pub mod security;
pub mod summary;
pub mod today;
pub mod week;
