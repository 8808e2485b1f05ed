//! Access to the dashboard. Without sign-in it is for this machine only, unless its operator opens it.

use std::net::IpAddr;

use anyhow::{Result, ensure};

use super::Settings;
use crate::server::{environment::Environment, sign_in::is_local};

const OPEN: &str = "RSE_OPEN";

/// Returns whether the operator lets everyone read the dashboard.
///
/// # Errors
/// A value other than 1.
pub fn may_be_open(environment: &Environment) -> Result<bool> {
    let value = environment.text(&[OPEN]);
    if let Some(value) = &value {
        ensure!(
            value == "1",
            "{OPEN}: “{value}” is not 1; leave it out to keep the dashboard closed"
        );
    }
    Ok(value.is_some())
}

impl Settings {
    /// The settings of a server that listens on an address.
    ///
    /// # Errors
    /// Others can connect to the address, and neither sign-in nor the operator's consent is configured.
    pub fn for_address(mut self, address: IpAddr) -> Result<Self> {
        let others_connect = !address.to_canonical().is_loopback();
        ensure!(
            self.sign_in.is_some() || self.may_be_open || !others_connect,
            "cannot listen on {address}: others can connect to it, and sign-in is off; set up sign-in \
             (RSE_OIDC_ISSUER, see docs/sign-in.md), listen on 127.0.0.1 (RSE_ADDR), or set {OPEN}=1 to let \
             everyone who can connect read the dashboard"
        );
        // A proxy on this machine connects for others.
        let others_are_let_in = self.trusted_proxies.may_exist()
            || self.public_url.as_ref().is_some_and(|url| !is_local(url));
        self.open = self.sign_in.is_none() && (others_connect || others_are_let_in);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGN_IN: [(&str, &str); 5] = [
        ("RSE_PUBLIC_URL", "https://dashboard.example"),
        ("RSE_OIDC_ISSUER", "https://provider.example"),
        ("RSE_OIDC_CLIENT_ID", "dashboard"),
        ("RSE_OIDC_ALLOWED_DOMAINS", "example.org"),
        (
            "RSE_SESSION_KEY",
            "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw==",
        ),
    ];

    fn open(address: &str, variables: &[(&str, &str)]) -> Result<bool> {
        let variables = variables.iter().copied();
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::of(&variables.collect()).expect("settings");
        let settings = settings.for_address(address.parse().expect("an address"))?;
        Ok(settings.open)
    }

    #[test]
    fn without_sign_in_or_consent_the_server_listens_for_this_machine_only() {
        for address in ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"] {
            assert!(!open(address, &[]).expect(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "::",
            "10.0.0.5",
            "::ffff:10.0.0.5",
            "2001:db8::1",
        ] {
            let error = open(address, &[]).expect_err(address).to_string();
            for part in [address, "RSE_OIDC_ISSUER", "RSE_ADDR", "RSE_OPEN=1"] {
                assert!(error.contains(part), "{part}: {error}");
            }
            assert!(open(address, &[("RSE_OPEN", "1")]).expect(address));
            assert!(!open(address, &SIGN_IN).expect(address), "sign-in is on");
        }
    }

    #[test]
    fn consent_changes_nothing_where_it_is_not_needed() {
        let consent = ("RSE_OPEN", "1");
        assert!(!open("127.0.0.1", &[consent]).expect("this machine"));
        let both = [&SIGN_IN[..], &[consent]].concat();
        assert!(!open("0.0.0.0", &both).expect("sign-in is on"));
    }

    #[test]
    fn a_dashboard_behind_a_proxy_on_this_machine_is_open() {
        for variable in [
            ("RSE_PUBLIC_URL", "https://dashboard.example"),
            ("RSE_TRUSTED_PROXIES", "127.0.0.1"),
            ("RSE_TRUSTED_PROXIES", "1"),
        ] {
            assert!(
                open("127.0.0.1", &[variable]).expect("settings"),
                "{variable:?}"
            );
        }
        let local = ("RSE_PUBLIC_URL", "http://localhost:8050/rse");
        assert!(!open("127.0.0.1", &[local]).expect("settings"));
        assert!(!open("127.0.0.1", &SIGN_IN).expect("settings"));
    }

    #[test]
    fn consent_has_one_value() {
        for value in ["0", "true", "no"] {
            let variables = [(OPEN.to_owned(), value.to_owned())];
            let error = Settings::of(&variables.into_iter().collect()).expect_err(value);
            assert!(error.to_string().starts_with(OPEN), "{error}");
        }
    }
}
