-- A page of one build finds it by its number in snapshots.
CREATE INDEX builds_by_ordinal ON builds (ordinal);
