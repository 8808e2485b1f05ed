-- What events say beyond results, and builds roll up: docs in store/tables.rs. Builds are rolled up again
-- when the store is opened, which fills the columns of those that are stored.
ALTER TABLE events ADD COLUMN step_duration_ms BIGINT;
ALTER TABLE events ADD COLUMN git_commit TEXT COLLATE "C";
ALTER TABLE events ADD COLUMN node TEXT COLLATE "C";
ALTER TABLE events ADD COLUMN correlation_id TEXT COLLATE "C";
ALTER TABLE events ADD COLUMN provenance BIGINT;

ALTER TABLE builds ADD COLUMN system BIGINT;
ALTER TABLE builds ADD COLUMN ended BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE builds ADD COLUMN start_delay_ms BIGINT;
ALTER TABLE builds ADD COLUMN git_commit TEXT COLLATE "C";
ALTER TABLE builds ADD COLUMN node TEXT COLLATE "C";
ALTER TABLE builds ADD COLUMN provenance BIGINT;
ALTER TABLE builds ADD COLUMN steps TEXT COLLATE "C";
