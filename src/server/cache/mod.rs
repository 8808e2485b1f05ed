//! Caches of what readers request, per filter and data version. Each entry is computed once for all
//! concurrent requests, off the threads that handle requests.

mod builds;
mod figures;
mod headlines;
mod teams;

pub use builds::BuildCache;
pub use figures::{CachedFigure, FigureCache};
pub use headlines::{CachedHeadline, HeadlineCache};
pub use teams::TeamCache;
