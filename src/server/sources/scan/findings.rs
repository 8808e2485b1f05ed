//! The findings of a report while it is read.

use serde::Deserialize;

use super::items::Items;
use crate::server::model::{MAX_FINDINGS, ReportedFinding};

/// At most [`MAX_FINDINGS`] findings, and the first reason why they may not be all.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<ReportedFinding>,
    incomplete: Option<String>,
}

impl Findings {
    pub fn push(&mut self, finding: ReportedFinding) {
        if self.list.len() < MAX_FINDINGS {
            self.list.push(finding);
        } else {
            self.incomplete(format!("it has more than {MAX_FINDINGS} findings"));
        }
    }

    /// Records that the report does not hold everything; the first reason is kept.
    pub fn incomplete(&mut self, reason: impl Into<String>) {
        self.incomplete.get_or_insert_with(|| reason.into());
    }

    /// Reads each item of a list. An item of the wrong form leaves the report incomplete.
    pub fn each<'a, T: Deserialize<'a>>(
        &mut self,
        items: &Items<'a>,
        noun: &str,
        mut read: impl FnMut(&mut Self, T),
    ) {
        if items.is_cut {
            self.incomplete(format!("it has too many {noun}"));
        }
        for item in &items.values {
            match serde_json::from_str(item.get()) {
                Ok(item) => read(self, item),
                Err(_) => self.incomplete(format!("one of its {noun} has the wrong form")),
            }
        }
    }

    /// The findings, and why they may not be all.
    pub fn into_parts(self) -> (Vec<ReportedFinding>, Option<String>) {
        (self.list, self.incomplete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_findings_than_are_kept_leave_a_report_incomplete() {
        let mut findings = Findings::default();
        for _ in 0..MAX_FINDINGS {
            findings.push(ReportedFinding::default());
        }
        assert_eq!(findings.incomplete, None);
        findings.push(ReportedFinding::default());
        let (list, incomplete) = findings.into_parts();
        assert_eq!(list.len(), MAX_FINDINGS);
        assert!(incomplete.expect("a reason").contains("10000"));
    }

    #[test]
    fn the_first_reason_is_kept() {
        let mut findings = Findings::default();
        findings.incomplete("first");
        findings.incomplete("second");
        assert_eq!(findings.into_parts().1.as_deref(), Some("first"));
    }
}
