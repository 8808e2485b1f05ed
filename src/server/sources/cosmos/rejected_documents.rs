//! Documents that are not events, with the reason, until they become readable.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::query_pages::Rejected;

/// Documents that are remembered; a limit keeps the stored cursor small.
const MAX_DOCUMENTS: usize = 200;
/// The part of a document's id that is shown, in characters.
const MAX_ID_CHARS: usize = 60;

/// Keyed by the document's id, so that a document read twice is counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RejectedDocuments(BTreeMap<String, Reason>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reason {
    /// The time at which the document was written, Unix s.
    ts: i64,
    /// Kind and field, which group such documents.
    fault: String,
    text: String,
}

impl RejectedDocuments {
    pub fn add(&mut self, rejected: Rejected) {
        let Rejected { id, ts, rejection } = rejected;
        if self.0.len() < MAX_DOCUMENTS || self.0.contains_key(&id) {
            let field = rejection.field.unwrap_or_default();
            let reason = Reason {
                ts,
                fault: format!("{:?} {field}", rejection.kind),
                text: rejection.reason,
            };
            self.0.insert(id, reason);
        }
    }

    /// Forgets documents written since an instant; they will be read again.
    pub fn forget_from(&mut self, since: i64) {
        self.0.retain(|_, reason| reason.ts < since);
    }

    /// Forgets a document that is readable now.
    pub fn remove(&mut self, id: &str) {
        if !self.0.is_empty() {
            self.0.remove(id);
        }
    }

    /// A summary for readers: the number by fault, with the first of each; `None` if there are none.
    pub fn summary(&self) -> Option<String> {
        let mut by_fault: BTreeMap<&str, (usize, &str, &str)> = BTreeMap::new();
        for (id, reason) in &self.0 {
            let first = (0, id.as_str(), reason.text.as_str());
            by_fault.entry(&reason.fault).or_insert(first).0 += 1;
        }
        let lines = by_fault.values().map(|(count, id, text)| {
            let documents = if *count == 1 { "document" } else { "documents" };
            let id: String = id.chars().take(MAX_ID_CHARS).collect();
            format!("{count} {documents} could not be read (first: id {id}, {text})")
        });
        let lines: Vec<String> = lines.collect();
        let more = if self.0.len() < MAX_DOCUMENTS {
            ""
        } else {
            "; there may be more"
        };
        (!lines.is_empty()).then(|| format!("{}{more}", lines.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sources::rejection::{FaultKind, Rejection};

    fn rejected(id: impl ToString, ts: i64, rejection: &Rejection) -> Rejected {
        Rejected {
            id: id.to_string(),
            ts,
            rejection: rejection.clone(),
        }
    }

    #[test]
    fn documents_are_counted_once_per_fault_until_they_are_readable() {
        let missing = Rejection::of("job_name", FaultKind::MissingField, "job_name is missing");
        let no_object = Rejection::new(FaultKind::NotAnObject, "no JSON object");
        let mut unreadable = RejectedDocuments::default();
        assert_eq!(unreadable.summary(), None);
        for id in ["b", "a", "a"] {
            unreadable.add(rejected(id, 5, &missing));
        }
        unreadable.add(rejected("c", 7, &no_object));
        assert_eq!(
            unreadable.summary().as_deref(),
            Some(
                "2 documents could not be read (first: id a, job_name is missing); \
                 1 document could not be read (first: id c, no JSON object)"
            )
        );
        unreadable.forget_from(6);
        unreadable.remove("a");
        assert_eq!(
            unreadable.summary().as_deref(),
            Some("1 document could not be read (first: id b, job_name is missing)")
        );
        unreadable.remove("b");
        assert_eq!(unreadable.summary(), None);
    }

    #[test]
    fn the_number_of_remembered_documents_is_limited() {
        let no_build = Rejection::new(FaultKind::NoBuild, "no build");
        let mut unreadable = RejectedDocuments::default();
        for number in 0..10 * MAX_DOCUMENTS {
            unreadable.add(rejected(number, 0, &no_build));
        }
        assert_eq!(unreadable.0.len(), MAX_DOCUMENTS);
        let summary = unreadable.summary().expect("some");
        assert!(summary.ends_with("there may be more"), "{summary}");
    }
}
