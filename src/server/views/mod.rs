//! The data of a page beside its figures: the headline and the freshness of the data.

pub mod freshness;
pub mod headline;
