//! Event and security files: NDJSON or a JSON array, plain or gzip.
