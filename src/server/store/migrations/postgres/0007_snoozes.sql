-- Problems that a reader has put aside, with the reason.
CREATE TABLE snoozes (
    problem TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    -- The end: an instant, or so many failures in all.
    until_ms BIGINT,
    failures BIGINT,
    reader TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
-- As the other small tables, it is on each node of Citus.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_reference_table('snoozes');
    END IF;
END $$;
