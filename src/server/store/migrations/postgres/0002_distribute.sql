-- Where the extension Citus is there, the big tables are spread over its nodes and the small ones are
-- on each of them. Elsewhere this does nothing.
DO $$
DECLARE
    small TEXT;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') THEN
        RETURN;
    END IF;
    FOREACH small IN ARRAY ARRAY[
        'strings', 'security_facts', 'meta', 'cursors', 'coverage', 'refreshes', 'answers', 'leases'
    ] LOOP
        EXECUTE format('SELECT create_reference_table(%L)', small);
    END LOOP;
    EXECUTE $distribute$SELECT create_distributed_table('builds', 'id')$distribute$;
    EXECUTE $distribute$SELECT create_distributed_table('events', 'build', colocate_with => 'builds')$distribute$;
END $$;
