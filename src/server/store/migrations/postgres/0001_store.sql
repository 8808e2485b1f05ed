-- The store as of its first version on PostgreSQL. Numbers from the same hundred are understood by
-- every program that knows one of them: such a migration only adds (store/engine/postgres.rs).
--
-- Builds and events are distributed by the build's key, which is in every key of theirs, and
-- partitioned by the month of the build: store/places/postgres.rs. No key refers to another table.

-- Names that repeat (jobs, steps, branches), kept once.
CREATE TABLE strings (
    id BIGINT PRIMARY KEY,
    text TEXT COLLATE "C" NOT NULL UNIQUE
);

-- What events are rolled up to. Numbers of results: BuildResult.
CREATE TABLE builds (
    -- Follows from the tag.
    id BIGINT NOT NULL,
    -- Counted up; how snapshots name the build.
    ordinal BIGINT NOT NULL,
    job BIGINT NOT NULL,
    branch BIGINT,
    started_ms BIGINT NOT NULL,
    finished_ms BIGINT NOT NULL,
    duration_ms BIGINT,
    failing_step BIGINT,
    smoke_ms BIGINT,
    functional_ms BIGINT,
    events BIGINT NOT NULL,
    -- By which change of the store (its version in meta) it was last written.
    changed BIGINT NOT NULL,
    -- From year 0 on, of its first event when it was first seen.
    month INTEGER NOT NULL,
    result SMALLINT NOT NULL,
    nightly BOOLEAN NOT NULL,
    number TEXT COLLATE "C",
    -- As store/keys.rs writes it.
    tag TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C",
    PRIMARY KEY (id, month)
) PARTITION BY RANGE (month);

CREATE INDEX builds_by_change ON builds (changed);

-- Every event as it came, so that builds can be rolled up again by other rules.
CREATE TABLE events (
    build BIGINT NOT NULL,
    stage_ms BIGINT NOT NULL,
    ts BIGINT,
    step BIGINT,
    scheduled_ms BIGINT,
    duration_ms BIGINT,
    job BIGINT NOT NULL,
    branch BIGINT,
    -- Of its build.
    month INTEGER NOT NULL,
    result SMALLINT NOT NULL,
    -- As store/keys.rs writes it.
    id TEXT COLLATE "C" NOT NULL,
    number TEXT COLLATE "C",
    url TEXT COLLATE "C",
    PRIMARY KEY (build, id, month)
) PARTITION BY RANGE (month);

-- What was known of a repository, from when on; a row for each change.
CREATE TABLE security_facts (
    repository TEXT COLLATE "C" NOT NULL,
    collected_at_ms BIGINT NOT NULL,
    -- JSON.
    facts TEXT NOT NULL,
    PRIMARY KEY (repository, collected_at_ms)
);

-- Single facts about the store: store/meta.rs.
CREATE TABLE meta (
    key TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL
);

-- Whoever writes holds this row.
INSERT INTO meta (key, value) VALUES ('writer', '');

-- How far a source has been read, in its own words, for each of its feeds (a container, say).
CREATE TABLE cursors (
    source TEXT COLLATE "C" NOT NULL,
    feed TEXT COLLATE "C" NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (source, feed)
);

-- What a source should cover (a repository, a container), and what became of it the last time.
CREATE TABLE coverage (
    source TEXT COLLATE "C" NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    -- As `CoverageState::as_str` writes it.
    state TEXT NOT NULL,
    -- Why it was not read, for readers; null where it was.
    reason TEXT,
    tried_ms BIGINT NOT NULL,
    -- When it was last read; null where it never was.
    read_ms BIGINT,
    PRIMARY KEY (source, item)
);

-- How the last refresh of each source went.
CREATE TABLE refreshes (
    source TEXT COLLATE "C" PRIMARY KEY,
    started_ms BIGINT NOT NULL,
    -- Null while it runs, and for ever where it was ended from outside.
    finished_ms BIGINT,
    succeeded_ms BIGINT,
    failed_ms BIGINT,
    -- Of the last failure, for readers.
    failure TEXT,
    -- What the last success brought that was new or other than before.
    changed BIGINT,
    -- The source asked not to be asked before.
    not_before_ms BIGINT
);

-- Answers of a source that are asked for again only if they changed.
CREATE TABLE answers (
    source TEXT COLLATE "C" NOT NULL,
    -- The address that was asked, or another name.
    key TEXT COLLATE "C" NOT NULL,
    etag TEXT NOT NULL,
    -- What the source made of the answer, in its own form.
    body TEXT NOT NULL,
    PRIMARY KEY (source, key)
);

-- Which process has the right to refresh a source: store/lease.rs.
CREATE TABLE leases (
    source TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT NOT NULL,
    -- Counts the holders; who has an older one has lost the lease.
    token BIGINT NOT NULL,
    -- By the database's clock.
    until TIMESTAMPTZ NOT NULL
);
