-- SQLite keeps the text of a table, comments included. Two tables are made again without theirs, so that all tables are
-- described on the first page of the file, and no other damaged page costs all of them.
CREATE TEMP TABLE kept AS SELECT * FROM coverage;
DROP TABLE coverage;
CREATE TABLE coverage (
    source TEXT NOT NULL,
    item TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    tried_ms BIGINT NOT NULL,
    read_ms BIGINT,
    PRIMARY KEY (source, item)
) WITHOUT ROWID;
INSERT INTO coverage SELECT * FROM kept;
DROP TABLE kept;

CREATE TEMP TABLE kept AS SELECT * FROM syncs;
DROP TABLE syncs;
CREATE TABLE syncs (
    source TEXT PRIMARY KEY,
    started_ms BIGINT NOT NULL,
    finished_ms BIGINT,
    succeeded_ms BIGINT,
    failed_ms BIGINT,
    failure TEXT,
    changed BIGINT,
    not_before_ms BIGINT
) WITHOUT ROWID;
INSERT INTO syncs SELECT * FROM kept;
DROP TABLE kept;

-- Problems that a reader has put aside, with the reason. A snooze ends at an instant or after so many failures in all.
CREATE TABLE snoozes (
    problem TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    until_ms BIGINT,
    failures BIGINT,
    reader TEXT NOT NULL,
    at_ms BIGINT NOT NULL
) WITHOUT ROWID;
