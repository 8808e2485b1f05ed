//! Jenkins's words for the result of a build.

use crate::server::model::BuildResult;

/// The result that a word stands for; any other word, and none, is unknown.
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
    fn exported_events_are_read_with_the_same_result() {
        for result in BuildResult::ALL {
            assert_eq!(parse(Some(result.as_str())), result);
        }
        assert_eq!(parse(Some("success")), BuildResult::Unknown);
        assert_eq!(parse(None), BuildResult::Unknown);
    }
}
