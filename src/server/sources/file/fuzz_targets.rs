//! Fuzz targets of imports.

use jiff::Timestamp;

use super::{
    date, facts,
    input::Input,
    is_cve,
    records::{MAX_RECORD_BYTES, Piece, Records},
};
use crate::server::{fuzz_target::Target, model::System, sources::jenkins};

pub const TARGETS: &[Target] = &[
    ("event_files", event_files),
    ("events", events),
    ("security_facts", security_facts),
];

/// Reasons for readers hold only the beginning of a text from outside.
const MAX_REASON: usize = 1_000;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("an instant of 2027")
}

/// A file for `import events`, plain or gzip: each of its bytes is in at most one record.
fn event_files(data: &[u8]) {
    let input = Input::of(std::io::Cursor::new(data.to_vec())).expect("memory can be read");
    let gzip = input.gzip;
    let mut records = Records::new(input.reader);
    let (mut last_line, mut bytes) = (1, 0);
    loop {
        match records.next() {
            Ok(Some((line, piece))) => {
                assert!(line >= last_line, "line {line} after {last_line}");
                last_line = line;
                if let Piece::Record(record) = piece {
                    assert!((1..=MAX_RECORD_BYTES).contains(&record.len()));
                    bytes += record.len();
                    events(record);
                }
            }
            Ok(None) => break,
            Err(error) => {
                assert!(gzip, "{error}");
                return;
            }
        }
    }
    assert!(gzip || bytes <= data.len());
}

/// One event, as imported or read from Cosmos DB: what is accepted lies between 1970 and tomorrow.
fn events(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match jenkins::parse(text, &System::default(), now()) {
        Ok(event) => {
            let tomorrow = now().as_millisecond() + 86_400_000;
            assert!((0..=tomorrow).contains(&event.stage_ms), "{event:?}");
            assert!(!event.job_name.is_empty());
        }
        Err(rejection) => assert!(
            rejection.reason.len() < MAX_REASON,
            "{}",
            rejection.reason.len()
        ),
    }
}

/// One line for `import security`: every suppression names a CVE, and its end is a date.
fn security_facts(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut rejected = 0;
    let read = facts::parse(text, now(), &mut |rejection| {
        assert!(rejection.reason.len() < MAX_REASON);
        rejected += 1;
    });
    assert!(rejected <= text.len());
    let suppressions = match read {
        Ok(read) => read.facts.suppressions,
        Err(rejection) => return assert!(rejection.reason.len() < MAX_REASON),
    };
    for suppression in suppressions {
        assert!(is_cve(&suppression.cve), "{suppression:?}");
        let until = suppression.until;
        assert_eq!(until.as_deref().and_then(date), until);
    }
}
