//! Probabilities of exploitation within 30 days: the Exploit Prediction Scoring System of FIRST.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The scores of one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epss {
    pub as_of: Date,
    /// The version of the model (`v2025.03.14`).
    pub model: String,
    /// By CVE, in upper case.
    pub scores: BTreeMap<String, EpssScore>,
}

/// The score of one CVE. JSON holds it as a pair, since there are several hundred thousand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f32, f32)", into = "(f32, f32)")]
pub struct EpssScore {
    /// From 0 to 1.
    pub probability: f32,
    /// The part of all CVEs with at most this probability, from 0 to 1.
    pub percentile: f32,
}

impl From<(f32, f32)> for EpssScore {
    fn from((probability, percentile): (f32, f32)) -> Self {
        Self {
            probability,
            percentile,
        }
    }
}

impl From<EpssScore> for (f32, f32) {
    fn from(score: EpssScore) -> Self {
        (score.probability, score.percentile)
    }
}

impl Epss {
    /// Reads scores as [`Self::to_json`] writes them.
    ///
    /// # Errors
    /// They are no such scores.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("no EPSS scores")
    }

    /// Writes the scores for the store.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a table of texts and numbers is JSON")
    }
}
