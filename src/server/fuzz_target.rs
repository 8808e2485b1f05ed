//! The form of fuzz targets. Only tests and fuzzers compile it.

/// The name of a target, which is that of its folder in `fuzz/corpus` as well, and its function. It
/// panics if a rule does not hold.
pub type Target = (&'static str, fn(&[u8]));
