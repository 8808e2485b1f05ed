-- How far a source has been read, in its own words, for each of its feeds (a container, say).
CREATE TABLE cursors (
    source TEXT NOT NULL,
    feed TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (source, feed)
) WITHOUT ROWID;

-- What a source should cover (a repository, a container), and what became of it the last time.
CREATE TABLE coverage (
    source TEXT NOT NULL,
    item TEXT NOT NULL,
    -- As `CoverageState::as_str` writes it.
    state TEXT NOT NULL,
    -- Why it was not read, for readers; null where it was.
    reason TEXT,
    tried_ms BIGINT NOT NULL,
    -- When it was last read; null where it never was.
    read_ms BIGINT,
    PRIMARY KEY (source, item)
) WITHOUT ROWID;

-- How the last refresh of each source went.
CREATE TABLE refreshes (
    source TEXT PRIMARY KEY,
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
) WITHOUT ROWID;
