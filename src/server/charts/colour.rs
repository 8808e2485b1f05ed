//! The colours of charts by meaning. style/_tokens.scss has their values, light and dark.

use crate::server::model::BuildResult;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Success,
    Failure,
    Unstable,
    Aborted,
    /// Other results, running builds, the rest of a chart.
    Other,
    /// Hatched, because the colour is that of other results.
    Lost,
    /// Anything but a result.
    Neutral,
    /// Bars of the time before a change, beside those after it.
    Ghost,
    /// Lines of the period before, whose contrast is that of marks.
    Before,
    /// The same across bars, which have all other colours.
    Across,
    /// A step of the failure rate, 0 (none) to 5 (all).
    Rate(u8),
    /// Categories without an order, 0 to 7.
    Category(u8),
}

impl Colour {
    pub const fn of_result(result: BuildResult) -> Self {
        match result {
            BuildResult::Success => Self::Success,
            BuildResult::Failure => Self::Failure,
            BuildResult::Unstable => Self::Unstable,
            BuildResult::Aborted => Self::Aborted,
            BuildResult::Lost => Self::Lost,
            BuildResult::NotBuilt | BuildResult::Running | BuildResult::Unknown => Self::Other,
        }
    }

    /// The step of a failure rate in percent.
    pub fn of_rate(percent: f64) -> Self {
        Self::Rate((percent / 20.0).round().clamp(0.0, 5.0) as u8)
    }

    /// The colour of text on a step of the failure rate: in both colour modes, the last steps differ most from the ground.
    pub const fn ink(self) -> &'static str {
        match self {
            Self::Rate(4..) => "var(--surface)",
            _ => "var(--text)",
        }
    }

    /// The custom property with the colour, without `--`.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Unstable => "unstable",
            Self::Aborted => "aborted",
            Self::Other | Self::Lost => "other",
            Self::Neutral => "neutral",
            Self::Ghost => "ghost",
            Self::Before => "neutral-2",
            Self::Across => "text",
            Self::Rate(step) => RATES[step as usize % RATES.len()],
            Self::Category(index) => CATEGORIES[index as usize % CATEGORIES.len()],
        }
    }

    pub const fn is_hatched(self) -> bool {
        matches!(self, Self::Lost)
    }

    /// The reference that src/plotly.js replaces by the colour.
    pub fn reference(self) -> String {
        format!("var(--{})", self.token())
    }
}

pub const RATES: [&str; 6] = ["rate-0", "rate-1", "rate-2", "rate-3", "rate-4", "rate-5"];
const CATEGORIES: [&str; 8] = [
    "category-0",
    "category-1",
    "category-2",
    "category-3",
    "category-4",
    "category-5",
    "category-6",
    "category-7",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_the_nearest_of_six_steps() {
        let step = |percent| Colour::of_rate(percent).token();
        assert_eq!(step(0.0), "rate-0");
        assert_eq!(step(9.9), "rate-0");
        assert_eq!(step(50.0), "rate-3");
        assert_eq!(step(100.0), "rate-5");
        assert_eq!(step(f64::NAN), "rate-0");
    }
}
