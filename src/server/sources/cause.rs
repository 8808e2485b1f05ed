//! The cause of a failed sync in a few words, for people who must not learn names of hosts, databases and
//! accounts.

/// A closed set: whatever a reason holds, nothing of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    TooManyRequests,
    Unreachable,
    Refused,
    Other,
}

/// The words of the sources' reasons by which their causes are recognised.
const WORDS: [(Cause, &[&str]); 3] = [
    (Cause::TooManyRequests, &["too many requests"]),
    (
        Cause::Unreachable,
        &[
            "cannot be reached",
            "nothing responds",
            "responds there",
            "the host in COSMOS_ENDPOINT",
            "the connection to it failed",
        ],
    ),
    (
        Cause::Refused,
        &[
            "not accept",
            "not valid",
            "lacks a permission",
            "refuses the request",
            "may not read",
            "provides no token",
        ],
    ),
];

impl Cause {
    /// The cause of a failure that the store holds as a text.
    pub fn of(reason: &str) -> Self {
        let named = |words: &&[&str]| words.iter().any(|words| reason.contains(words));
        let known = WORDS.iter().find(|(_, words)| named(words));
        known.map_or(Self::Other, |(cause, _)| *cause)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooManyRequests => "the source asks for fewer requests",
            Self::Unreachable => "the source cannot be reached",
            Self::Refused => "the source refuses access",
            Self::Other => "the source could not be read",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::server::sources::SourceError;

    #[test]
    fn a_pause_and_an_unknown_reason_have_a_cause() {
        let retry_after = Duration::from_secs(90);
        let limited = SourceError::RateLimited { retry_after }.to_string();
        assert_eq!(Cause::of(&limited), Cause::TooManyRequests);
        for reason in [
            "",
            "the sync crashed; see the log",
            "GITHUB_API_URL must begin with https://",
        ] {
            assert_eq!(Cause::of(reason), Cause::Other, "{reason}");
        }
    }
}
