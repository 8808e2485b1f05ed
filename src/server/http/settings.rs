//! The server's settings from environment variables.

use std::net::IpAddr;

use anyhow::{Context as _, Result, ensure};
use ipnet::IpNet;
use reqwest::Url;

use super::{limits::Limits, metrics};
use crate::server::{environment::Environment, sign_in, store::DATABASE_URL};

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
    /// Proxies that are trusted to report a client's address and protocol.
    pub trusted_proxies: Vec<IpNet>,
    pub limits: Limits,
    /// `None` when the dashboard is open to everyone.
    pub sign_in: Option<sign_in::Settings>,
    pub metrics: metrics::Settings,
    /// True when several replicas may share the store.
    pub shared_store: bool,
}

impl Settings {
    /// # Errors
    /// The variable with the wrong value.
    pub fn of(environment: &Environment) -> Result<Self> {
        let public_url = environment.text(&[PUBLIC_URL]);
        let proxies = environment.list(&[TRUSTED_PROXIES]);
        let public_url = public_url.map(|text| parse_url(&text)).transpose()?;
        Ok(Self {
            sign_in: sign_in::Settings::of(environment, public_url.as_ref())?,
            public_url,
            hosts: environment
                .list(&[HOSTS])
                .into_iter()
                .map(parse_host)
                .collect::<Result<_>>()?,
            trusted_proxies: proxies
                .iter()
                .map(|text| parse_network(text))
                .collect::<Result<_>>()?,
            limits: Limits::of(environment)?,
            metrics: metrics::Settings::of(environment)?,
            shared_store: environment.text(&[DATABASE_URL]).is_some(),
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

    pub fn is_trusted(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let mut networks = self.trusted_proxies.iter();
        networks.any(|network| network.contains(&address))
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

/// A network, or a single address.
fn parse_network(text: &str) -> Result<IpNet> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).with_context(|| {
        format!(
            "{TRUSTED_PROXIES}: “{text}” is neither an address nor a network such as 10.0.0.0/8"
        )
    })
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
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let settings = settings(TRUSTED_PROXIES, "127.0.0.1, 10.0.0.0/8, ::1").expect("proxies");
        let trusted = |address: &str| settings.is_trusted(address.parse().expect("an address"));
        assert!(trusted("127.0.0.1") && trusted("10.1.2.3") && trusted("::1"));
        assert!(
            trusted("::ffff:10.1.2.3"),
            "the same address, from a dual-stack socket"
        );
        assert!(!trusted("127.0.0.2") && !trusted("11.0.0.1"));
    }
}
