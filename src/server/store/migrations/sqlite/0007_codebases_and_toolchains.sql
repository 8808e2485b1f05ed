-- The values of a provenance are split into two groups, each kept once: combinations of all of them were many.
INSERT INTO strings (id, text)
SELECT (SELECT MAX(id) FROM strings) + row_number() OVER (ORDER BY part), part
FROM (
    SELECT json_patch('{}', json_object('git_url', text ->> 'git_url', 'product', text ->> 'product', 'component', text ->> 'component')) AS part
    FROM strings WHERE id IN (SELECT provenance FROM events UNION SELECT provenance FROM builds)
    UNION
    SELECT json_patch('{}', json_object('node_labels', text ->> 'node_labels', 'shared_library_name', text ->> 'shared_library_name', 'shared_library_version', text ->> 'shared_library_version'))
    FROM strings WHERE id IN (SELECT provenance FROM events UNION SELECT provenance FROM builds)
)
WHERE part <> '{}' AND part NOT IN (SELECT text FROM strings);

CREATE TABLE parts AS
SELECT
    old.id AS provenance,
    (SELECT new.id FROM strings AS new WHERE new.text = json_patch('{}', json_object('git_url', old.text ->> 'git_url', 'product', old.text ->> 'product', 'component', old.text ->> 'component'))) AS codebase,
    (SELECT new.id FROM strings AS new WHERE new.text = json_patch('{}', json_object('node_labels', old.text ->> 'node_labels', 'shared_library_name', old.text ->> 'shared_library_name', 'shared_library_version', old.text ->> 'shared_library_version'))) AS toolchain
FROM strings AS old WHERE id IN (SELECT provenance FROM events UNION SELECT provenance FROM builds);

ALTER TABLE events RENAME COLUMN provenance TO codebase;
ALTER TABLE events ADD COLUMN toolchain BIGINT REFERENCES strings (id);
UPDATE events SET codebase = parts.codebase, toolchain = parts.toolchain FROM parts WHERE parts.provenance = events.codebase;

ALTER TABLE builds RENAME COLUMN provenance TO codebase;
ALTER TABLE builds ADD COLUMN toolchain BIGINT REFERENCES strings (id);
UPDATE builds SET codebase = parts.codebase, toolchain = parts.toolchain FROM parts WHERE parts.provenance = builds.codebase;

DROP TABLE parts;
