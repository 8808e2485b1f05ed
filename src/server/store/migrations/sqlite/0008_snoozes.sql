-- Problems that a reader has put aside, with the reason.
CREATE TABLE snoozes (
    problem TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    -- The end: an instant, or so many failures in all.
    until_ms BIGINT,
    failures BIGINT,
    reader TEXT NOT NULL,
    at_ms BIGINT NOT NULL
) WITHOUT ROWID;
