//! The server's settings from environment variables.

use anyhow::{Context as _, Result, ensure};
use reqwest::Url;

use super::{access, limits::Limits, metrics, style_page, trusted_proxies::TrustedProxies};
use crate::server::{config::SecurityTxt, environment::Environment, sign_in, store::DATABASE_URL};

const PUBLIC_URL: &str = "RSE_PUBLIC_URL";
const HOSTS: &str = "RSE_HOSTS";
const TRUSTED_PROXIES: &str = "RSE_TRUSTED_PROXIES";

/// The defaults suit a server that is reached directly, at its own root.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The address at which readers reach the dashboard, without a trailing slash; `None` when not set.
    pub public_url: Option<Url>,
    /// Other host names under which the dashboard is reached.
    pub hosts: Vec<String>,
    pub trusted_proxies: TrustedProxies,
    pub limits: Limits,
    /// `None` when sign-in is off.
    pub sign_in: Option<sign_in::Settings>,
    /// True when the operator lets everyone read the dashboard.
    pub may_be_open: bool,
    /// True when everyone who can reach the server can read the dashboard; see [`Settings::for_address`].
    pub open: bool,
    pub metrics: metrics::Settings,
    /// From the configuration file; `None` when not set.
    pub security_txt: Option<SecurityTxt>,
    /// True when several replicas may share the store.
    pub shared_store: bool,
    /// From the configuration file; `None` when no colour is replaced.
    pub theme: Option<String>,
    /// True when the style guide is served.
    pub style_page: bool,
}

impl Settings {
    /// # Errors
    /// The variable with the wrong value.
    pub fn of(environment: &Environment) -> Result<Self> {
        let public_url = environment.text(&[PUBLIC_URL]);
        let public_url = public_url.map(|text| parse_url(&text)).transpose()?;
        Ok(Self {
            sign_in: sign_in::Settings::of(environment, public_url.as_ref())?,
            may_be_open: access::may_be_open(environment)?,
            open: false,
            public_url,
            hosts: environment
                .list(&[HOSTS])
                .into_iter()
                .map(parse_host)
                .collect::<Result<_>>()?,
            trusted_proxies: TrustedProxies::parse(&environment.list(&[TRUSTED_PROXIES]))
                .context(TRUSTED_PROXIES)?,
            limits: Limits::of(environment)?,
            metrics: metrics::Settings::of(environment)?,
            security_txt: None,
            shared_store: environment.text(&[DATABASE_URL]).is_some(),
            theme: None,
            style_page: style_page::is_wanted(environment)?,
        })
    }

    /// The path that every address of the dashboard begins with, without a trailing slash; empty at a
    /// server's root.
    pub fn base_path(&self) -> &str {
        let path = self.public_url.as_ref().map_or("", Url::path);
        path.trim_end_matches('/')
    }

    /// True when readers reach the dashboard over HTTPS.
    pub fn is_https(&self) -> bool {
        let url = self.public_url.as_ref();
        url.is_some_and(|url| url.scheme() == "https")
    }

    /// Settings that work but are dangerous.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let open = "the dashboard is open to everyone who can reach this server; RSE_OIDC_ISSUER turns sign-in on";
        let networks = self.trusted_proxies.networks().iter().map(|network| {
            format!(
                "{TRUSTED_PROXIES}: every host in {network} can pretend to be any client; list the addresses \
                 of the proxies, or the number of proxies that every request passes"
            )
        });
        self.open
            .then(|| open.to_owned())
            .into_iter()
            .chain(networks)
    }
}

fn parse_url(text: &str) -> Result<Url> {
    let url = Url::parse(text).with_context(|| {
        format!(
            "{PUBLIC_URL}: “{text}” is not an address such as https://dashboard.example.org/rse"
        )
    })?;
    ensure!(
        matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none(),
        "{PUBLIC_URL}: “{text}” must begin with http:// or https:// and end with its path"
    );
    Ok(url)
}

fn parse_host(text: String) -> Result<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    ensure!(
        text.bytes().all(plain),
        "{HOSTS}: “{text}” is not a host name such as dashboard.example.org, without a port"
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(name: &str, value: &str) -> Result<Settings> {
        let variables = [(name.to_owned(), value.to_owned())];
        Settings::of(&variables.into_iter().collect())
    }

    #[test]
    fn the_base_path_comes_from_the_public_address() {
        let base = |url| {
            settings(PUBLIC_URL, url)
                .expect("an address")
                .base_path()
                .to_owned()
        };
        assert_eq!(base("https://example.org"), "");
        assert_eq!(base("https://example.org/"), "");
        assert_eq!(base("https://example.org/rse/dashboard/"), "/rse/dashboard");
        assert_eq!(Settings::default().base_path(), "");
    }

    #[test]
    fn a_wrong_value_is_reported_with_its_variable() {
        for (name, value) in [
            (PUBLIC_URL, "example.org"),
            (PUBLIC_URL, "ftp://example.org"),
            (PUBLIC_URL, "https://example.org/?a=b"),
            (HOSTS, "example.org, example.org:8050"),
            (HOSTS, "https://example.org"),
            (TRUSTED_PROXIES, "10.0.0.0/8, everybody"),
        ] {
            let error = settings(name, value).expect_err("a wrong value");
            assert!(format!("{error:#}").starts_with(name), "{error:#}");
        }
    }

    #[test]
    fn a_trusted_network_is_warned_of() {
        let warnings = |proxies| {
            let settings = settings(TRUSTED_PROXIES, proxies).expect("proxies");
            settings.warnings().collect::<Vec<_>>()
        };
        assert!(warnings("10.0.0.1, ::1").is_empty() && warnings("1").is_empty());
        let warnings = warnings("10.0.0.1, 10.0.0.0/8");
        assert!(warnings[0].starts_with("RSE_TRUSTED_PROXIES: every host in 10.0.0.0/8"));
    }
}
