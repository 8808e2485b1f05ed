-- Problems that a reader has put aside, with the reason. A snooze ends at an instant or after so many failures in all.
CREATE TABLE snoozes (
    problem TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    until_ms BIGINT,
    failures BIGINT,
    reader TEXT NOT NULL,
    at_ms BIGINT NOT NULL
) WITHOUT ROWID;

-- SQLite keeps the text of a table, comments included. Without these comments, all tables are described on the first
-- page of the file, so that no other damaged page costs all of them.
CREATE TABLE coverage_again (
    source TEXT NOT NULL,
    item TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    tried_ms BIGINT NOT NULL,
    read_ms BIGINT,
    PRIMARY KEY (source, item)
) WITHOUT ROWID;
INSERT INTO coverage_again SELECT * FROM coverage;
DROP TABLE coverage;
ALTER TABLE coverage_again RENAME TO coverage;

CREATE TABLE syncs_again (
    source TEXT PRIMARY KEY,
    started_ms BIGINT NOT NULL,
    finished_ms BIGINT,
    succeeded_ms BIGINT,
    failed_ms BIGINT,
    failure TEXT,
    changed BIGINT,
    not_before_ms BIGINT
) WITHOUT ROWID;
INSERT INTO syncs_again SELECT * FROM syncs;
DROP TABLE syncs;
ALTER TABLE syncs_again RENAME TO syncs;
