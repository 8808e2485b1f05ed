//! The location of a store: the data directory, or the database that `DATABASE_URL` names.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::LazyLock,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use reqwest::Url;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

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

impl Database {
    /// Returns the `sslmode` if another machine could pretend to be the server, or read along.
    pub fn unverified_ssl_mode(&self) -> Option<&'static str> {
        let options = &self.0;
        let host = options.get_host();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_here = options.get_socket().is_some()
            || host.starts_with('/')
            || host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.is_loopback());
        if is_here {
            return None;
        }
        match options.get_ssl_mode() {
            PgSslMode::Disable => Some("disable"),
            PgSslMode::Allow => Some("allow"),
            PgSslMode::Prefer => Some("prefer"),
            PgSslMode::Require => Some("require"),
            PgSslMode::VerifyCa => Some("verify-ca"),
            PgSslMode::VerifyFull => None,
        }
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

    /// The messages do not repeat the text, which may hold a password.
    fn from_str(url: &str) -> Result<Self> {
        let wanted = "postgres://USER:PASSWORD@HOST:PORT/DATABASE";
        let rest = url.strip_prefix("postgres://");
        let rest = rest.or_else(|| url.strip_prefix("postgresql://"));
        // With such a character in a password, its end would be taken for a host or a database.
        let ends = rest.and_then(|rest| rest.find(['/', '?', '#']).map(|end| &rest[end..]));
        ensure!(
            !ends.is_some_and(|after| after.contains('@')),
            "the URL of a database must have the form {wanted} with special characters percent-encoded: \
             @ as %40, / as %2F, ? as %3F, # as %23, % as %25"
        );
        let options = rest
            .and_then(|_| with_known_parameters(Url::parse(url).ok()?))
            .and_then(|url| url.as_str().parse::<PgConnectOptions>().ok());
        let options =
            options.ok_or_else(|| anyhow!("the URL of a database must have the form {wanted}"))?;
        Ok(Self(options.application_name(holder())))
    }
}

/// The URL without parameters that sqlx does not know: it would log their values, such as that of a
/// misspelt `password`.
fn with_known_parameters(mut url: Url) -> Option<Url> {
    const KNOWN: [&str; 18] = [
        "application_name",
        "dbname",
        "host",
        "hostaddr",
        "options",
        "password",
        "port",
        "ssl-ca",
        "ssl-cert",
        "ssl-key",
        "ssl-mode",
        "ssl-root-cert",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "statement-cache-capacity",
        "user",
    ];
    let is_known = |name: &str| KNOWN.contains(&name) || name.starts_with("options[");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let known: Vec<_> = pairs.iter().filter(|(name, _)| is_known(name)).collect();
    if known.len() < pairs.len() {
        let unknown = pairs.len() - known.len();
        tracing::warn!("ignoring {unknown} unknown parameters of {DATABASE_URL}");
        url.query_pairs_mut().clear().extend_pairs(known);
    }
    Some(url)
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
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::server::telemetry::testing::{Format, captured};

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

    /// Passwords with every character that means something in a URL, not encoded.
    #[test]
    fn no_part_of_a_password_is_told_however_odd_the_url() {
        let odd = "@/?#:%[]\\;&=+ \"'<>|^`{}~!$*(),ü\t";
        let (mut accepted, mut refused) = (0, 0);
        for between in odd.chars().map(String::from).chain([
            "@@".to_owned(),
            "@/".to_owned(),
            "/@".to_owned(),
            "%zz".to_owned(),
            "://".to_owned(),
        ]) {
            for (first, last) in [("s3cr", "t0ken"), ("7777", "8888")] {
                let password = format!("{first}{between}{last}");
                for url in [
                    format!("postgres://me:{password}@db.example:6432/dash"),
                    format!("postgresql://me:{password}@db.example/dash?sslmode=require"),
                    format!("postgres://db.example/dash?user=me&password={password}"),
                    format!("postgres://me@db.example/dash?pasword={password}"),
                ] {
                    let told = match url.parse::<Database>() {
                        Ok(database) => {
                            accepted += 1;
                            format!("{database} {database:?}")
                        }
                        Err(error) => {
                            refused += 1;
                            format!("{error:#} {error:?}")
                        }
                    };
                    for part in [first, last] {
                        assert!(!told.contains(part), "{url}: {told}");
                    }
                }
            }
        }
        assert!(accepted > 200 && refused > 30, "{accepted}, {refused}");
    }

    #[test]
    fn unknown_parameters_are_ignored_and_their_values_not_logged() {
        let (lines, written) = captured(Format::Text, "trace");
        let subscriber = tracing_subscriber::registry().with(lines);
        let _kept = tracing::subscriber::set_default(subscriber);
        let url =
            "postgres://me@db.example/dash?pasword=s3cret&dbname=other&channel_binding=require";
        let database: Database = url.parse().expect("a URL");
        assert_eq!(database.to_string(), "postgres://db.example:5432/other");
        let log = written.text();
        assert!(log.contains("2 unknown parameters"), "{log}");
        assert!(!log.contains("s3cret"), "{log}");
    }
    #[test]
    fn a_server_elsewhere_has_to_be_verified() {
        let mode = |url: &str| {
            let database: Database = url.parse().expect("a database");
            database.unverified_ssl_mode()
        };
        let elsewhere = "postgres://me@db.example/dash";
        assert_eq!(mode(elsewhere), Some("prefer"));
        for unverified in ["disable", "allow", "require", "verify-ca"] {
            let url = format!("{elsewhere}?sslmode={unverified}");
            assert_eq!(mode(&url), Some(unverified));
        }
        for here in [
            "postgres://me@db.example/dash?sslmode=verify-full",
            "postgres://me@localhost/dash",
            "postgres://me@127.0.0.1/dash?sslmode=disable",
            "postgres://me@[::1]/dash",
            "postgres:///dash?host=/run/postgresql",
        ] {
            assert_eq!(mode(here), None, "{here}");
        }
    }
}
