//! The result of an import, for people and for scripts.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::server::{
    model::text::visible,
    sources::rejection::{FaultKind, Rejection},
    store::Ingested,
};

/// All faults of one kind in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordFault {
    pub file: String,
    pub kind: FaultKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
    pub count: u64,
    pub first_line: u64,
    /// The reason of the first one.
    pub reason: String,
}

/// Collects faults by file, kind and field.
#[derive(Debug, Default)]
pub struct Faults(BTreeMap<(usize, FaultKind, Option<&'static str>), RecordFault>);

impl Faults {
    /// `file` is the number and the name of the file.
    pub fn add(&mut self, file: (usize, &str), line: u64, rejection: Rejection) {
        let key = (file.0, rejection.kind, rejection.field);
        let fault = self.0.entry(key).or_insert_with(|| RecordFault {
            file: file.1.to_owned(),
            kind: rejection.kind,
            field: rejection.field,
            count: 0,
            first_line: line,
            reason: rejection.reason,
        });
        fault.count += 1;
    }

    pub fn into_vec(self) -> Vec<RecordFault> {
        self.0.into_values().collect()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Records found in the files, faulty ones included.
    pub read: u64,
    #[serde(flatten)]
    pub ingested: Ingested,
    /// Records that were refused.
    pub rejected: u64,
    pub faults: Vec<RecordFault>,
}

impl Report {
    /// True if every record was accepted without a fault.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} read: {}, {} rejected",
            self.read, self.ingested, self.rejected
        )?;
        for fault in &self.faults {
            let RecordFault {
                file,
                count,
                first_line,
                reason,
                ..
            } = fault;
            write!(
                f,
                "\n{}: {count} × {} (first on line {first_line})",
                visible(file),
                visible(reason)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_no_control_characters() {
        let mut faults = Faults::default();
        let rejection = Rejection::new(FaultKind::NotJson, "not JSON: \u{1b}[2J\u{9d}52;c;eA==\r");
        faults.add((0, "\u{1b}]0;a"), 1, rejection);
        let report = Report {
            faults: faults.into_vec(),
            ..Report::default()
        };
        let shown = report.to_string();
        assert!(shown.contains(r"\u{1b}[2J\u{9d}52;c;eA==\u{d}"), "{shown}");
        assert!(
            !shown.contains(|c: char| c.is_control() && c != '\n'),
            "{shown}"
        );
    }
}
