-- Answers of a source that are asked for again only if they changed.
CREATE TABLE answers (
    source TEXT NOT NULL,
    -- The address that was asked, or another name.
    key TEXT NOT NULL,
    etag TEXT NOT NULL,
    -- What the source made of the answer, in its own form.
    body TEXT NOT NULL,
    PRIMARY KEY (source, key)
) WITHOUT ROWID;
