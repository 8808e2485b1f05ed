-- By which change of the store (its version in meta) a build was last written, so that whoever has
-- read the builds once finds those that are new or other since. 0: before this was counted.
ALTER TABLE builds ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;

CREATE INDEX builds_by_change ON builds (changed);
