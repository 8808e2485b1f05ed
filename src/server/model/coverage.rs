//! How much of what a source should cover was read.

/// What became of one thing that a source should cover: a repository, a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub item: String,
    pub state: CoverageState,
    /// Why it was not read or not all of it, for readers: no secret, nothing internal.
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoverageState {
    Read,
    /// Read, but some of it could not be understood; `reason` says what.
    Partial,
    NoAccess,
    RateLimited,
    Failed,
}

impl CoverageState {
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Partial,
        Self::NoAccess,
        Self::RateLimited,
        Self::Failed,
    ];

    /// For readers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Partial => "read in part",
            Self::NoAccess => "no access",
            Self::RateLimited => "rate-limited",
            Self::Failed => "failed",
        }
    }

    /// The name in the store and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Partial => "partial",
            Self::NoAccess => "no-access",
            Self::RateLimited => "rate-limited",
            Self::Failed => "failed",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether its data are in the store as they are at the source.
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Read | Self::Partial)
    }
}
