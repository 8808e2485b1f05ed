//! What pages say beside their figures, as data: the headline and how fresh the data is.

pub mod freshness;
pub mod headline;
