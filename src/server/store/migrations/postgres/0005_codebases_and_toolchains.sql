-- The values of a provenance are split into two groups, each kept once: combinations of all of them were many.
-- The column stays for programs of the version before, and is no longer read.
CREATE TEMPORARY TABLE parts AS
SELECT
    id AS provenance,
    json_strip_nulls(json_build_object('git_url', text::json -> 'git_url', 'product', text::json -> 'product', 'component', text::json -> 'component'))::text AS codebase,
    json_strip_nulls(json_build_object('node_labels', text::json -> 'node_labels', 'shared_library_name', text::json -> 'shared_library_name', 'shared_library_version', text::json -> 'shared_library_version'))::text AS toolchain
FROM strings
WHERE id IN (SELECT provenance FROM events UNION SELECT provenance FROM builds);

INSERT INTO strings (id, text)
SELECT (SELECT MAX(id) FROM strings) + row_number() OVER (ORDER BY part), part
FROM (SELECT codebase AS part FROM parts UNION SELECT toolchain FROM parts) AS new
WHERE part <> '{}' AND part NOT IN (SELECT text FROM strings);

CREATE TEMPORARY TABLE ids AS
SELECT parts.provenance, codebases.id AS codebase, toolchains.id AS toolchain
FROM parts
LEFT JOIN strings AS codebases ON codebases.text = parts.codebase
LEFT JOIN strings AS toolchains ON toolchains.text = parts.toolchain;

ALTER TABLE events ADD COLUMN codebase BIGINT;
ALTER TABLE events ADD COLUMN toolchain BIGINT;
UPDATE events SET codebase = ids.codebase, toolchain = ids.toolchain FROM ids WHERE ids.provenance = events.provenance;

ALTER TABLE builds ADD COLUMN codebase BIGINT;
ALTER TABLE builds ADD COLUMN toolchain BIGINT;
UPDATE builds SET codebase = ids.codebase, toolchain = ids.toolchain FROM ids WHERE ids.provenance = builds.provenance;

DROP TABLE ids;
DROP TABLE parts;
