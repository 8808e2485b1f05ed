//! The judgement that a colour and a shape express.

/// A judgement. Callers judge only where an interval excludes chance (`significance`); else [`Tone::Neutral`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    Warning,
    Neutral,
}

impl Tone {
    /// Every tone.
    pub const ALL: [Self; 4] = [Self::Good, Self::Bad, Self::Warning, Self::Neutral];

    /// The class, for the colour.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "tone-good",
            Self::Bad => "tone-bad",
            Self::Warning => "tone-warning",
            Self::Neutral => "tone-neutral",
        }
    }

    /// The shape beside the words; empty for [`Tone::Neutral`].
    pub const fn shape(self) -> &'static str {
        match self {
            Self::Good => "●",
            Self::Bad => "✕",
            Self::Warning => "▲",
            Self::Neutral => "",
        }
    }
}
