//! Problems that a reader has put aside.

/// A problem that is not to be shown among the others until its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snooze {
    /// The id of the problem.
    pub problem: String,
    pub reason: String,
    pub end: SnoozeEnd,
    /// The reader's name.
    pub reader: String,
    /// Unix ms.
    pub at_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnoozeEnd {
    /// An instant, Unix ms.
    At(i64),
    /// The number of failures of the problem, counted from its opening.
    Failures(i64),
}

impl Snooze {
    /// Returns whether the problem, with so many failures, is put aside at an instant.
    pub fn holds(&self, now_ms: i64, failures: i64) -> bool {
        match self.end {
            SnoozeEnd::At(until_ms) => now_ms < until_ms,
            SnoozeEnd::Failures(limit) => failures < limit,
        }
    }
}
