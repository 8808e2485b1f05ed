//! The account that the environment names: its address, its credentials and its containers.

use std::{fmt, time::Duration};

use anyhow::{Result, bail};
use azure_core::credentials::Secret;
use azure_data_cosmos::{
    AccountEndpoint, AccountReference, CosmosClient, CosmosRuntime, RoutingStrategy,
    options::{
        BinaryEncodingOptions, ConnectionPoolOptions, OperationOptionsBuilder,
        ThrottlingRetryOptionsBuilder,
    },
};
use secrecy::{ExposeSecret, SecretString};

use super::entra::Entra;
use crate::server::environment::Environment;

/// The dashboard's own name comes first, then that of the original.
const ENDPOINT: [&str; 2] = ["COSMOS_ENDPOINT", "endpoint"];
const KEY: [&str; 2] = ["COSMOS_KEY", "masterKey"];
const DATABASES: [&str; 2] = ["COSMOS_DATABASES", "databaseId"];
const CONTAINERS: [&str; 2] = ["COSMOS_CONTAINERS", "containerId"];
const DEFAULT_CONTAINER: &str = "pipeline-metrics";
/// The container of reports of scans beside them, and the value that turns it off.
const REPORTS: [&str; 1] = ["COSMOS_REPORTS"];
const DEFAULT_REPORTS: &str = "cve-reports";
const NO_REPORTS: &str = "off";

/// The service takes up to five seconds for a page of up to 4 MB, which then has to be transferred; the
/// SDK's default is six seconds.
const MAX_REQUEST: Duration = Duration::from_secs(30);
/// Includes all retries of the SDK itself.
const MAX_OPERATION: Duration = Duration::from_secs(90);

pub struct Account {
    endpoint: AccountEndpoint,
    access: Access,
    /// The containers of build events.
    pub feeds: Vec<Feed>,
    /// The containers of reports of scans. A database may be without one.
    pub report_feeds: Vec<Feed>,
}

enum Access {
    Key(SecretString),
    Entra(Entra),
}

/// The kind of credentials that the account is accessed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    Key,
    Entra,
}

/// One container of one database, with its own cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    pub database: String,
    pub container: String,
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.database, self.container)
    }
}

impl Account {
    /// `None` when no endpoint is set.
    ///
    /// # Errors
    /// The variable that is missing or wrong. Values are never repeated: a connection string with its key
    /// may have been put in the wrong place.
    pub fn configured(environment: &Environment) -> Result<Option<Self>> {
        let Some(endpoint) = environment.text(&ENDPOINT) else {
            return Ok(None);
        };
        let endpoint = match endpoint.parse::<AccountEndpoint>() {
            Ok(endpoint) if is_account(&endpoint) => endpoint,
            _ => bail!(
                "COSMOS_ENDPOINT is not an address such as https://<account>.documents.azure.com:443/"
            ),
        };
        environment.check_destination(&KEY, &ENDPOINT, |_| {
            let host = endpoint.url().host_str().unwrap_or_default();
            host.ends_with(".documents.azure.com") || matches!(host, "localhost" | "127.0.0.1")
        })?;
        let databases = environment.list(&DATABASES);
        if databases.is_empty() {
            bail!(
                "COSMOS_ENDPOINT is set, but COSMOS_DATABASES is not: \
                 set it to a list such as jenkins,sds-jenkins, or unset COSMOS_ENDPOINT"
            );
        }
        let mut containers = environment.list(&CONTAINERS);
        if containers.is_empty() {
            containers.push(DEFAULT_CONTAINER.to_owned());
        }
        let mut feeds: Vec<Feed> = Vec::new();
        for database in &databases {
            for container in &containers {
                let feed = Feed {
                    database: database.clone(),
                    container: container.clone(),
                };
                if !feeds.contains(&feed) {
                    feeds.push(feed);
                }
            }
        }
        let reports = environment.text(&REPORTS);
        let reports = reports.as_deref().unwrap_or(DEFAULT_REPORTS);
        let report_feeds = databases.iter().map(|database| Feed {
            database: database.clone(),
            container: reports.to_owned(),
        });
        let report_feeds = report_feeds.filter(|feed| feed.container != NO_REPORTS);
        let mut report_feeds: Vec<Feed> = report_feeds.collect();
        report_feeds.dedup();
        let key = environment.secret(&KEY);
        Ok(Some(Self {
            endpoint,
            access: key.map_or_else(|| Access::Entra(Entra::of(environment)), Access::Key),
            feeds,
            report_feeds,
        }))
    }

    /// The host that requests go to.
    pub fn host(&self) -> &str {
        self.endpoint.url().host_str().unwrap_or_default()
    }

    pub const fn credentials(&self) -> Credentials {
        match self.access {
            Access::Key(_) => Credentials::Key,
            Access::Entra(_) => Credentials::Entra,
        }
    }

    /// Opens a client with its own runtime: a shared one would outlive the Tokio runtime that its connections
    /// belong to.
    ///
    /// # Errors
    /// The account cannot be reached or refuses access.
    pub async fn connect(&self) -> azure_data_cosmos::Result<CosmosClient> {
        let pool = ConnectionPoolOptions::builder()
            .with_max_dataplane_request_timeout(MAX_REQUEST)
            .build()?;
        let runtime = CosmosRuntime::builder()
            .with_connection_pool(pool)
            .build()
            .await?;
        // Rate limits are handled in one place: `Retries`.
        let throttling = ThrottlingRetryOptionsBuilder::new()
            .with_max_retry_count(0)
            .build();
        let options = OperationOptionsBuilder::new()
            .with_throttling_retry_options(throttling)
            .with_end_to_end_latency_policy(MAX_OPERATION.into())
            .build();
        let endpoint = self.endpoint.clone();
        let account = match &self.access {
            Access::Key(key) => AccountReference::with_authentication_key(
                endpoint,
                Secret::new(key.expose_secret().to_owned()),
            ),
            Access::Entra(entra) => AccountReference::with_credential(endpoint, entra.credential()),
        };
        CosmosClient::builder()
            .with_runtime(runtime)
            .with_default_operation_options(options)
            // Documents are read as text, a documented format.
            .with_binary_encoding_options(BinaryEncodingOptions::new().with_enabled(false))
            .build(account, RoutingStrategy::PreferredRegions(Vec::new()))
            .await
    }
}

/// True for an address of nothing but the account. Without TLS it must be an emulator on this machine.
fn is_account(endpoint: &AccountEndpoint) -> bool {
    let url = endpoint.url();
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let safe = match url.scheme() {
        "https" => url.has_host(),
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1")),
        _ => false,
    };
    bare && safe && url.path() == "/"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(variables: &[(&str, &str)]) -> Result<Option<Account>> {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Account::configured(&variables.collect())
    }

    const HERE: &str = "https://here.documents.azure.com:443/";

    #[test]
    fn every_database_has_a_feed_for_every_container() {
        let account = configured(&[
            ("COSMOS_ENDPOINT", HERE),
            ("COSMOS_KEY", "c2VjcmV0"),
            ("COSMOS_DATABASES", "jenkins, sds-jenkins,jenkins"),
            ("COSMOS_CONTAINERS", "pipeline-metrics,old"),
        ]);
        let account = account.expect("it is complete").expect("an account");
        let feeds: Vec<String> = account.feeds.iter().map(Feed::to_string).collect();
        let expected = [
            "jenkins/pipeline-metrics",
            "jenkins/old",
            "sds-jenkins/pipeline-metrics",
            "sds-jenkins/old",
        ];
        assert_eq!(feeds, expected);
        assert_eq!(account.credentials(), Credentials::Key);
    }

    #[test]
    fn every_database_may_have_a_container_of_reports() {
        let feeds = |reports: &str| -> Vec<String> {
            let account = configured(&[
                ("COSMOS_ENDPOINT", HERE),
                ("COSMOS_DATABASES", "jenkins,sds-jenkins"),
                ("COSMOS_REPORTS", reports),
            ]);
            let account = account.expect("it is complete").expect("an account");
            account.report_feeds.iter().map(Feed::to_string).collect()
        };
        assert_eq!(
            feeds(""),
            ["jenkins/cve-reports", "sds-jenkins/cve-reports"]
        );
        assert_eq!(feeds("scans"), ["jenkins/scans", "sds-jenkins/scans"]);
        assert!(feeds("off").is_empty());
    }

    #[test]
    fn the_variables_of_the_original_are_accepted() {
        let account = configured(&[
            ("endpoint", HERE),
            ("masterKey", "c2VjcmV0"),
            ("databaseId", "jenkins"),
            ("containerId", "pipeline-metrics"),
        ]);
        let account = account.expect("it is complete").expect("an account");
        assert_eq!(account.feeds.len(), 1);
    }

    #[test]
    fn without_an_endpoint_there_is_no_account_and_without_a_key_entra_id_is_used() {
        assert!(matches!(configured(&[("COSMOS_KEY", "x")]), Ok(None)));
        let emulator = "http://localhost:8081";
        let account = configured(&[
            ("COSMOS_ENDPOINT", emulator),
            ("COSMOS_DATABASES", "jenkins"),
        ]);
        let account = account.expect("it is complete").expect("an account");
        assert_eq!(account.credentials(), Credentials::Entra);
        assert_eq!(account.feeds[0].to_string(), "jenkins/pipeline-metrics");
    }

    #[test]
    fn a_file_sends_credentials_of_the_environment_to_azure_only() {
        let configured = |endpoint: &str, key: Option<&str>, from_file: &[&str]| {
            let variables = [
                ("COSMOS_ENDPOINT", Some(endpoint)),
                ("COSMOS_DATABASES", Some("a")),
                ("COSMOS_KEY", key),
            ];
            let variables = variables.into_iter();
            let variables =
                variables.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
            let environment: Environment = variables.collect();
            let from_file = from_file.iter().map(|&name| name.to_owned()).collect();
            Account::configured(&environment.with_file(from_file))
        };
        let other = "https://documents.azure.com.example/";
        for key in [Some("c2VjcmV0"), None] {
            let refused = configured(other, key, &["COSMOS_ENDPOINT"]).err();
            let refused = refused.expect("refused").to_string();
            assert!(refused.contains("COSMOS_ENDPOINT"), "{refused}");
            configured(other, key, &[]).expect("allowed");
            configured(HERE, key, &["COSMOS_ENDPOINT"]).expect("allowed");
        }
        let both = ["COSMOS_ENDPOINT", "COSMOS_KEY"];
        configured(other, Some("c2VjcmV0"), &both).expect("allowed");
    }

    #[test]
    fn a_missing_or_wrong_variable_is_named_without_its_value() {
        let message = |variables: &[(&str, &str)]| match configured(variables) {
            Ok(_) => panic!("it is not complete"),
            Err(error) => format!("{error:?}"),
        };
        let missing = message(&[("COSMOS_ENDPOINT", HERE), ("COSMOS_KEY", "planted")]);
        assert!(missing.contains("COSMOS_DATABASES"), "{missing}");
        for wrong in [
            "AccountEndpoint=https://here/;AccountKey=planted==;",
            "https://user:planted@here.documents.azure.com",
            "https://here.documents.azure.com/?key=planted",
            "http://here.documents.azure.com/",
            "here.documents.azure.com",
            "planted",
        ] {
            let message = message(&[("COSMOS_ENDPOINT", wrong), ("COSMOS_DATABASES", "a")]);
            assert!(message.contains("COSMOS_ENDPOINT"), "{message}");
            assert!(!message.contains("planted"), "{message}");
        }
    }
}
