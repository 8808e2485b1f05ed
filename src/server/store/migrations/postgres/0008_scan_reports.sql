-- Reports of scanners, a row for each scan of one kind of code of a repository. The findings are a row of documents
-- under their hash, because most scans find the same as the one before.
CREATE TABLE scan_reports (
    repository TEXT COLLATE "C" NOT NULL,
    scanner TEXT COLLATE "C" NOT NULL,
    codebase_type TEXT COLLATE "C" NOT NULL,
    at_ms BIGINT NOT NULL,
    -- 1 if it names everything that was found.
    complete BIGINT NOT NULL,
    findings TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (repository, scanner, codebase_type, at_ms)
);
-- Texts by name: findings, whose date is 0, and reference data with its date.
CREATE TABLE documents (
    name TEXT COLLATE "C" PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    body TEXT NOT NULL
);
-- As the other small tables, they are on each node of Citus.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_reference_table('scan_reports');
        PERFORM create_reference_table('documents');
    END IF;
END $$;
