//! Reasons why a record is refused.

use serde::Serialize;

/// The faults of records and files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    EmptyFile,
    DamagedGzip,
    UnfinishedArray,
    AfterArray,
    TooLong,
    NotUtf8,
    NotJson,
    NotAnObject,
    UnknownFormat,
    WrongType,
    MissingField,
    NoBuild,
    BadTimestamp,
    Before1970,
    InTheFuture,
    BadSystem,
    BadCve,
    BadDate,
    OtherBranch,
    Incomplete,
}

/// One fault of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub kind: FaultKind,
    pub field: Option<&'static str>,
    pub reason: String,
}

impl Rejection {
    pub fn new(kind: FaultKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            field: None,
            reason: reason.into(),
        }
    }

    pub fn of(field: &'static str, kind: FaultKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            field: Some(field),
            reason: reason.into(),
        }
    }
}
