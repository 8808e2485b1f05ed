//! Topics: the subjects of figures.

/// The figures of a page that answer related questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Results,
    Times,
    Causes,
    Durations,
    Cost,
    Environment,
    Recovery,
    Dates,
    Suppressions,
    Findings,
    Runtimes,
}

impl Topic {
    /// The name for readers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Results => "Results",
            Self::Times => "When",
            Self::Causes => "Causes",
            Self::Durations => "Durations",
            Self::Cost => "Cost",
            Self::Environment => "Agents and libraries",
            Self::Recovery => "Recovery",
            Self::Dates => "Dates",
            Self::Suppressions => "Suppressions",
            Self::Findings => "Findings and checks",
            Self::Runtimes => "Runtimes",
        }
    }
}
