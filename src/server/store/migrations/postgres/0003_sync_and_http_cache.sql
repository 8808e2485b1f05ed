-- One word for one thing: a sync, not a refresh; a cache of HTTP answers by their ETags.
ALTER TABLE refreshes RENAME TO syncs;
ALTER TABLE answers RENAME TO http_cache;
