//! The data of pages beside their figures: the headline, lists of builds, the freshness of the data.

pub mod build;
pub mod build_file;
pub mod build_list;
mod change_points;
pub mod freshness;
pub mod headline;
pub mod pipeline;
pub mod pipeline_list;
