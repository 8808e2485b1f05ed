-- Names that repeat (jobs, steps, branches), kept once.
CREATE TABLE strings (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

-- What events are rolled up to. Numbers of results: BuildResult.
CREATE TABLE builds (
    id INTEGER PRIMARY KEY,
    -- As store/keys.rs writes it.
    tag TEXT NOT NULL UNIQUE,
    job BIGINT NOT NULL REFERENCES strings (id),
    number TEXT,
    branch BIGINT REFERENCES strings (id),
    url TEXT,
    nightly BOOLEAN NOT NULL,
    result SMALLINT NOT NULL,
    started_ms BIGINT NOT NULL,
    finished_ms BIGINT NOT NULL,
    duration_ms BIGINT,
    failing_step BIGINT REFERENCES strings (id),
    smoke_ms BIGINT,
    functional_ms BIGINT,
    events BIGINT NOT NULL
);

-- Every event as it came, so that builds can be rolled up again by other rules.
CREATE TABLE events (
    build BIGINT NOT NULL REFERENCES builds (id),
    -- As store/keys.rs writes it.
    id TEXT NOT NULL,
    stage_ms BIGINT NOT NULL,
    ts BIGINT,
    result SMALLINT NOT NULL,
    step BIGINT REFERENCES strings (id),
    scheduled_ms BIGINT,
    duration_ms BIGINT,
    job BIGINT NOT NULL REFERENCES strings (id),
    branch BIGINT REFERENCES strings (id),
    number TEXT,
    url TEXT,
    PRIMARY KEY (build, id)
) WITHOUT ROWID;

-- What was known of a repository, from when on; a row for each change.
CREATE TABLE security_facts (
    repository TEXT NOT NULL,
    collected_at_ms BIGINT NOT NULL,
    -- JSON.
    facts TEXT NOT NULL,
    PRIMARY KEY (repository, collected_at_ms)
) WITHOUT ROWID;

-- Single facts about the store: store/meta.rs.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
