//! The location of a store: the data directory, or the database that `DATABASE_URL` names.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::LazyLock,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};
use sqlx::postgres::PgConnectOptions;

use super::engine::file;

/// The environment variable with the database that holds the store instead of the data directory.
pub const DATABASE_URL: &str = "DATABASE_URL";

#[derive(Clone, Debug)]
pub struct Location {
    /// Holds the store if no database is named.
    pub data: PathBuf,
    pub database: Option<Database>,
    /// The time that the right to sync a source lasts without renewal.
    pub lease: Duration,
}

/// The longest time that a replica may be out of touch before another takes over its work.
const LEASE: Duration = Duration::from_secs(15);

impl Location {
    /// `database` takes precedence over `data`; `lease` is in seconds.
    pub fn new(data: PathBuf, database: Option<Database>, lease: Option<u64>) -> Self {
        let lease = lease.map_or(LEASE, Duration::from_secs);
        Self {
            data,
            database,
            lease,
        }
    }

    /// Returns whether a store already exists, as far as this is known without connecting.
    pub fn exists(&self) -> bool {
        self.is_shared() || file(&self.data).exists()
    }

    /// Returns whether several replicas can use the store.
    pub const fn is_shared(&self) -> bool {
        self.database.is_some()
    }
}

impl From<&Path> for Location {
    fn from(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            database: None,
            lease: LEASE,
        }
    }
}

impl From<&Location> for Location {
    fn from(location: &Location) -> Self {
        location.clone()
    }
}

/// `sqlite:DIR` or `postgres://…`.
impl FromStr for Location {
    type Err = anyhow::Error;

    fn from_str(store: &str) -> Result<Self> {
        let Some(path) = store.strip_prefix("sqlite:") else {
            let database = store.parse().context("expected sqlite:DIR or a database")?;
            return Ok(Self::new(PathBuf::new(), Some(database), None));
        };
        let path = Path::new(path.trim_start_matches("//"));
        // The path of the file itself is accepted as well.
        let directory = path.parent().filter(|directory| file(directory) == path);
        Ok(Self::new(directory.unwrap_or(path).to_owned(), None, None))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.database {
            None => self.data.display().fmt(f),
            Some(database) => database.fmt(f),
        }
    }
}

/// A PostgreSQL database. Its password cannot be printed.
#[derive(Clone)]
pub struct Database(PgConnectOptions);

impl Database {
    pub const fn options(&self) -> &PgConnectOptions {
        &self.0
    }
}

/// Distinguishes this process from all others that use the same database.
pub fn holder() -> &'static str {
    static HOLDER: LazyLock<String> =
        LazyLock::new(|| format!("rse-dashboard {}", super::random_id()));
    &HOLDER
}

impl FromStr for Database {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self> {
        let wanted = "postgres://USER:PASSWORD@HOST:PORT/DATABASE";
        // The message does not repeat the text, which may hold a password.
        let is_ours = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let options = is_ours
            .then(|| url.parse::<PgConnectOptions>().ok())
            .flatten();
        let options =
            options.ok_or_else(|| anyhow!("the URL of a database must have the form {wanted}"))?;
        Ok(Self(options.application_name(holder())))
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.0;
        let (host, port) = (options.get_host(), options.get_port());
        let name = options.get_database().unwrap_or(options.get_username());
        write!(f, "postgres://{host}:{port}/{name}")
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_without_its_password() {
        let database: Database = "postgres://me:secret@db.example:6432/dash?sslmode=require"
            .parse()
            .expect("a URL");
        assert_eq!(database.to_string(), "postgres://db.example:6432/dash");
        assert!(!format!("{database:?}").contains("secret"));
    }

    #[test]
    fn a_file_stands_for_its_directory() {
        for (store, data) in [
            ("sqlite:data", "data"),
            ("sqlite:data/dashboard.sqlite", "data"),
            ("sqlite:dashboard.sqlite", ""),
            ("sqlite:///srv/data", "/srv/data"),
            (
                "sqlite:/srv/dashboard.sqlite/other",
                "/srv/dashboard.sqlite/other",
            ),
        ] {
            let location: Location = store.parse().expect("a location");
            assert_eq!(location.data, Path::new(data), "{store}");
            assert!(!location.is_shared());
        }
        assert!("nonsense".parse::<Location>().is_err());
    }

    #[test]
    fn an_invalid_url_is_refused_and_not_repeated() {
        for url in [
            "mysql://me:secret@host/db",
            "secret",
            "postgres://host:secret:9/x",
        ] {
            let error = url
                .parse::<Database>()
                .expect_err("an invalid URL")
                .to_string();
            assert!(
                error.contains("postgres://USER") && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
