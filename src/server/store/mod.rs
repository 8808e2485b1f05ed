//! What must not be lost: one SQLite file in the data directory.
