//! The pages. They only arrange components; the server lists the figures of each page.

mod board;
mod build;
mod builds;
mod compare;
mod disclaimer;
mod explore;
mod figure;
mod fragment_page;
mod not_found;
mod overview;
mod pipeline;
mod pipeline_list;
mod pipelines;
mod platform;
mod problems;
mod search;
mod security;
mod sources;
mod week;

pub use build::Build;
pub use builds::Builds;
pub use compare::Compare;
pub use disclaimer::Disclaimer;
pub use explore::Explore;
pub use figure::Figure;
pub use not_found::NotFound;
pub use overview::Overviews;
pub use pipeline::Pipeline;
pub use pipeline_list::PipelineList;
pub use pipelines::Pipelines;
pub use platform::Platform;
pub use problems::Problems;
pub use search::Search;
pub use security::Security;
pub use sources::Sources;
pub use week::Week;
