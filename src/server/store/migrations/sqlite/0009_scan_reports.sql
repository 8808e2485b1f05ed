-- Two tables are made again without their comments, for the same reason as those of 0008.
CREATE TEMP TABLE kept AS SELECT * FROM http_cache;
DROP TABLE http_cache;
CREATE TABLE http_cache (
    source TEXT NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (source, key)
) WITHOUT ROWID;
INSERT INTO http_cache SELECT * FROM kept;
DROP TABLE kept;

CREATE TEMP TABLE kept AS SELECT * FROM security_facts;
DROP TABLE security_facts;
CREATE TABLE security_facts (
    repository TEXT NOT NULL, collected_at_ms BIGINT NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (repository, collected_at_ms)
) WITHOUT ROWID;
INSERT INTO security_facts SELECT * FROM kept;
DROP TABLE kept;

-- Reports of scanners, a row for each scan of one kind of code of a repository. The findings are a row of documents
-- under their hash, because most scans find the same as the one before.
CREATE TABLE scan_reports (
    repository TEXT, scanner TEXT, codebase_type TEXT, at_ms BIGINT, complete BIGINT, findings TEXT,
    PRIMARY KEY (repository, scanner, codebase_type, at_ms)
) WITHOUT ROWID;

-- Texts by name: findings, whose date is 0, and reference data with its date.
CREATE TABLE documents (name TEXT PRIMARY KEY, at_ms BIGINT, body TEXT) WITHOUT ROWID;
