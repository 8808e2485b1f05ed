//! Coverage: the items of a source and the result of reading each.

/// The result of reading one item of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The name of a repository or a container.
    pub item: String,
    pub state: CoverageState,
    /// The reason for any state but `Read`. Shown to readers: no secrets, no internals.
    pub reason: Option<String>,
}

/// Ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoverageState {
    Read,
    /// Read, except for the parts that `reason` names.
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

    /// The text for readers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Partial => "read in part",
            Self::NoAccess => "no access",
            Self::RateLimited => "rate-limited",
            Self::Failed => "failed",
        }
    }

    /// The name in the store and in the API.
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

    /// The store holds the item's current data.
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Read | Self::Partial)
    }
}
