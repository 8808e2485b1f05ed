//! Jenkins's names for the result of a build.

use crate::server::model::BuildResult;

/// Parses a result; an unknown or missing name is `Unknown`.
pub fn parse(word: Option<&str>) -> BuildResult {
    match word {
        Some("SUCCESS") => BuildResult::Success,
        Some("UNSTABLE") => BuildResult::Unstable,
        Some("FAILURE") => BuildResult::Failure,
        Some("ABORTED") => BuildResult::Aborted,
        Some("NOT_BUILT") => BuildResult::NotBuilt,
        _ => BuildResult::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exported_results_are_read_back_unchanged() {
        for result in BuildResult::OF_EVENTS {
            assert_eq!(parse(Some(result.as_str())), result);
        }
        assert_eq!(parse(Some("success")), BuildResult::Unknown);
        assert_eq!(parse(None), BuildResult::Unknown);
    }
}
