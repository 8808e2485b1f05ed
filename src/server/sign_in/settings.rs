//! The settings of sign-in from environment variables. A partial configuration is refused: it must not
//! leave a dashboard open that was meant to be closed.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use axum::http::HeaderMap;
use axum_extra::extract::cookie::Key;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use openidconnect::{ClientId, ClientSecret, IssuerUrl, PostLogoutRedirectUrl, RedirectUrl, Scope};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    allow_list::AllowList,
    cookies::{Cookies, Session},
    sessions::Sessions,
    tokens::Tokens,
    transport::Transport,
};
use crate::server::environment::Environment;

const ISSUER: &str = "RSE_OIDC_ISSUER";
const CLIENT_ID: &str = "RSE_OIDC_CLIENT_ID";
const CLIENT_SECRET: &str = "RSE_OIDC_CLIENT_SECRET";
const ALLOWED_DOMAINS: &str = "RSE_OIDC_ALLOWED_DOMAINS";
const ALLOWED_GROUPS: &str = "RSE_OIDC_ALLOWED_GROUPS";
const GROUPS_CLAIM: &str = "RSE_OIDC_GROUPS_CLAIM";
const SCOPES: &str = "RSE_OIDC_SCOPES";
const SESSION_KEY: &str = "RSE_SESSION_KEY";
const PREVIOUS_SESSION_KEY: &str = "RSE_SESSION_KEY_PREVIOUS";
const SESSION_HOURS: &str = "RSE_SESSION_HOURS";
const SESSIONS_NOT_BEFORE: &str = "RSE_SESSIONS_NOT_BEFORE";
pub const API_TOKENS: &str = "RSE_API_TOKENS";
const PUBLIC_URL: &str = "RSE_PUBLIC_URL";

/// Variables that are set only to close the dashboard.
const NEEDS_ISSUER: [&str; 11] = [
    CLIENT_ID,
    CLIENT_SECRET,
    ALLOWED_DOMAINS,
    ALLOWED_GROUPS,
    GROUPS_CLAIM,
    SCOPES,
    SESSION_KEY,
    PREVIOUS_SESSION_KEY,
    SESSION_HOURS,
    SESSIONS_NOT_BEFORE,
    API_TOKENS,
];
/// `openid` is always requested.
const DEFAULT_SCOPES: &str = "profile email";
const KEY_BYTES: usize = 64;
const DEFAULT_HOURS: f64 = 8.0;
/// A session cannot be revoked, so none lasts longer than a month.
const MAX_HOURS: f64 = 31.0 * 24.0;

#[derive(Clone, Debug)]
pub struct Settings {
    pub issuer: IssuerUrl,
    pub client_id: ClientId,
    pub client_secret: Option<SecretString>,
    pub scopes: Vec<Scope>,
    pub allowed: AllowList,
    pub cookies: Cookies,
    pub sessions: Sessions,
    pub tokens: Tokens,
    pub public_url: Url,
    /// The addresses to which the provider returns people after sign-in and after sign-out.
    pub callback: RedirectUrl,
    pub signed_out: PostLogoutRedirectUrl,
    pub transport: Transport,
}

impl Settings {
    /// `None` when sign-in is off.
    ///
    /// # Errors
    /// The variable that is wrong or missing.
    pub fn of(environment: &Environment, public_url: Option<&Url>) -> Result<Option<Self>> {
        let text = |name| environment.text(&[name]);
        let Some(issuer) = text(ISSUER) else {
            if let Some(name) = NEEDS_ISSUER.iter().find(|name| text(name).is_some()) {
                bail!(
                    "{name} is set, but {ISSUER} is not, so the dashboard would be open to everyone: set both or neither"
                );
            }
            return Ok(None);
        };
        if text(CLIENT_SECRET).is_some() {
            environment.check_destination(&[CLIENT_SECRET], &[ISSUER], |_| false)?;
        }
        let issuer_url = secure_url(ISSUER, &issuer)?;
        ensure!(
            issuer_url.query().is_none() && issuer_url.fragment().is_none(),
            "{ISSUER}: “{issuer}” must be an address without query and fragment, spelled as the provider spells it"
        );
        let public_url = public_url.with_context(|| {
            format!("{PUBLIC_URL} is not set: the provider needs an address to return people to; set it to the address of the dashboard")
        })?;
        secure_url(PUBLIC_URL, public_url.as_str())?;
        let here = public_url.as_str().trim_end_matches('/');
        let needed = |name, what: &str| {
            text(name).with_context(|| format!("{name} is not set: {ISSUER} needs {what}"))
        };
        let scopes = text(SCOPES).unwrap_or_else(|| DEFAULT_SCOPES.to_owned());
        let scopes = scopes.split([' ', ',']).filter(|scope| !scope.is_empty());
        let client_id = needed(
            CLIENT_ID,
            "the client id that the provider gave the dashboard",
        )?;
        let allowed = allowed(environment)?;
        let sessions = Sessions::new(
            &(here, &issuer, &client_id, &allowed),
            not_before(text(SESSIONS_NOT_BEFORE).as_deref())?,
            session(text(SESSION_HOURS).as_deref())?,
        );
        let remedy =
            "`openssl rand -base64 64 | tr -d '\\n'` creates one; every replica needs the same";
        let key = key(environment, SESSION_KEY, remedy)?;
        let key = key.with_context(|| format!("{SESSION_KEY} is not set: {remedy}"))?;
        let previous_key = self::key(environment, PREVIOUS_SESSION_KEY, "leave it out")?;
        Ok(Some(Self {
            // Unchanged: it has to match the provider's own spelling.
            issuer: IssuerUrl::new(issuer)?,
            client_id: ClientId::new(client_id),
            client_secret: environment.secret(&[CLIENT_SECRET]),
            scopes: scopes.map(|scope| Scope::new(scope.to_owned())).collect(),
            allowed,
            cookies: Cookies::new(key, previous_key, public_url),
            sessions,
            tokens: Tokens::of(&environment.list(&[API_TOKENS]))?,
            callback: RedirectUrl::new(format!("{here}/sign-in/callback"))?,
            signed_out: PostLogoutRedirectUrl::new(format!("{here}/signed-out"))?,
            public_url: public_url.clone(),
            transport: Transport::new()?,
        }))
    }

    /// The session of a request.
    pub fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let session = self.cookies.read(headers);
        session.filter(|session| self.sessions.accept(session))
    }

    pub fn client_secret(&self) -> Option<ClientSecret> {
        let secret = self.client_secret.as_ref()?;
        Some(ClientSecret::new(secret.expose_secret().to_owned()))
    }

    /// The base path; empty at a server's root.
    pub fn base_path(&self) -> &str {
        self.public_url.path().trim_end_matches('/')
    }
}

fn allowed(environment: &Environment) -> Result<AllowList> {
    let domains = environment.list(&[ALLOWED_DOMAINS]);
    let groups = environment.list(&[ALLOWED_GROUPS]);
    ensure!(
        !domains.is_empty() || !groups.is_empty(),
        "neither {ALLOWED_DOMAINS} nor {ALLOWED_GROUPS} is set: name who has access; {ALLOWED_DOMAINS}=* admits everyone with an account at the provider"
    );
    for (name, list) in [(ALLOWED_DOMAINS, &domains), (ALLOWED_GROUPS, &groups)] {
        ensure!(
            list.len() < 2 || !list.iter().any(|item| item == "*"),
            "{name}: * admits everyone; remove it or the other entries"
        );
    }
    let wrong = domains
        .iter()
        .find(|domain| domain.contains(['@', '*', '/']) && *domain != "*");
    if let Some(domain) = wrong {
        bail!("{ALLOWED_DOMAINS}: “{domain}” is not a domain such as example.org");
    }
    let claim = environment.text(&[GROUPS_CLAIM]);
    ensure!(
        claim.is_none() || !groups.is_empty(),
        "{GROUPS_CLAIM} is set, but {ALLOWED_GROUPS} is not: name the groups that have access"
    );
    Ok(AllowList::new(
        domains,
        groups,
        claim.unwrap_or_else(|| "groups".to_owned()),
    ))
}

/// A key that encrypts and authenticates the cookies.
fn key(environment: &Environment, name: &str, remedy: &str) -> Result<Option<Key>> {
    let Some(text) = environment.secret(&[name]) else {
        return Ok(None);
    };
    // A key may have been copied with openssl's line breaks.
    let digits: String = text.expose_secret().split_whitespace().collect();
    let bytes = BASE64_STANDARD.decode(digits).unwrap_or_default();
    ensure!(
        bytes.len() >= KEY_BYTES,
        "{name} is not the base64 of {KEY_BYTES} bytes or more: {remedy}"
    );
    Ok(Some(Key::from(&bytes)))
}

/// In the future it would refuse every session, and readers would sign in without end.
fn not_before(text: Option<&str>) -> Result<Option<Timestamp>> {
    let Some(text) = text else { return Ok(None) };
    let instant = text.parse().ok().filter(|at| *at <= Timestamp::now());
    let instant = instant.with_context(|| {
        format!(
            "{SESSIONS_NOT_BEFORE}: “{text}” is not a time in the past such as 2026-11-28T08:45:00Z"
        )
    })?;
    Ok(Some(instant))
}

fn session(hours: Option<&str>) -> Result<Duration> {
    let Some(text) = hours else {
        return Ok(Duration::from_secs_f64(DEFAULT_HOURS * 3600.0));
    };
    let hours = text
        .parse::<f64>()
        .ok()
        .filter(|hours| *hours > 0.0 && *hours <= MAX_HOURS);
    let hours = hours.with_context(|| {
        format!("{SESSION_HOURS}: “{text}” is not a number of hours above 0 and up to {MAX_HOURS}")
    })?;
    Ok(Duration::from_secs_f64(hours * 3600.0))
}

/// Codes and cookies travel over it, so it must be encrypted unless it stays on this machine.
fn secure_url(name: &str, text: &str) -> Result<Url> {
    let url = Url::parse(text).with_context(|| {
        format!("{name}: “{text}” is not an address such as https://example.org")
    })?;
    ensure!(
        url.scheme() == "https" || (url.scheme() == "http" && is_local(&url)),
        "{name}: “{text}” must begin with https:// when sign-in is on (http:// is for localhost only)"
    );
    Ok(url)
}

/// True if an address leads to this machine.
pub fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    fn whole() -> Vec<(&'static str, String)> {
        vec![
            (ISSUER, "https://provider.example/tenant".to_owned()),
            (CLIENT_ID, "dashboard".to_owned()),
            (CLIENT_SECRET, "s3cret".to_owned()),
            (ALLOWED_DOMAINS, "example.org".to_owned()),
            (SESSION_KEY, BASE64_STANDARD.encode([7; 64])),
            (API_TOKENS, HASH.to_owned()),
        ]
    }

    fn made(variables: Vec<(&str, String)>, public_url: Option<&str>) -> Result<Option<Settings>> {
        let environment: Environment = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let public_url = public_url.map(|url| Url::parse(url).expect("an address"));
        Settings::of(&environment, public_url.as_ref())
    }

    fn with(name: &'static str, value: &str) -> Result<Option<Settings>> {
        let mut variables = whole();
        variables.retain(|(known, _)| *known != name);
        variables.push((name, value.to_owned()));
        made(variables, Some("https://dashboard.example"))
    }

    #[test]
    fn a_file_does_not_send_the_client_secret_of_the_environment_elsewhere() {
        let made = |without: &[&str], from_file: &[&str]| {
            let variables = whole().into_iter();
            let variables = variables.filter(|(name, _)| !without.contains(name));
            let environment: Environment = variables
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            let from_file = from_file.iter().map(|&name| name.to_owned()).collect();
            let public_url = Url::parse("https://dashboard.example").expect("an address");
            Settings::of(&environment.with_file(from_file), Some(&public_url))
        };
        let refused = made(&[], &[ISSUER]).expect_err("another provider");
        assert!(refused.to_string().contains(CLIENT_SECRET), "{refused}");
        made(&[], &[]).expect("the environment's own provider");
        made(&[], &[ISSUER, CLIENT_SECRET]).expect("both are of the file");
        made(&[CLIENT_SECRET], &[ISSUER]).expect("nothing to send");
    }

    #[test]
    fn sign_in_is_off_unless_a_provider_is_named() {
        assert!(made(Vec::new(), None).expect("nothing").is_none());
    }

    #[test]
    fn a_complete_configuration_is_accepted() {
        let settings = made(whole(), Some("https://dashboard.example/rse/"));
        let settings = settings.expect("no fault").expect("on");
        assert_eq!(
            settings.callback.as_str(),
            "https://dashboard.example/rse/sign-in/callback"
        );
        assert_eq!(
            settings.signed_out.as_str(),
            "https://dashboard.example/rse/signed-out"
        );
        assert_eq!(settings.base_path(), "/rse");
        assert_eq!(settings.sessions.duration, Duration::from_secs(8 * 3600));
        let scopes: Vec<&str> = settings.scopes.iter().map(|scope| scope.as_str()).collect();
        assert_eq!(scopes, ["profile", "email"]);
        let short = with(SESSION_HOURS, "0.5").expect("no fault").expect("on");
        assert_eq!(short.sessions.duration, Duration::from_secs(1800));
        // A key as openssl prints it, on two lines.
        let mut lines = BASE64_STANDARD.encode([9; 64]);
        lines.insert(64, '\n');
        assert!(with(SESSION_KEY, &lines).is_ok());
    }

    #[test]
    fn a_missing_variable_is_named() {
        for (missing, named) in [
            (CLIENT_ID, CLIENT_ID),
            (ALLOWED_DOMAINS, ALLOWED_GROUPS),
            (SESSION_KEY, "openssl rand -base64 64"),
            (ISSUER, CLIENT_ID),
        ] {
            let mut variables = whole();
            variables.retain(|(name, _)| *name != missing);
            let error = made(variables, Some("https://dashboard.example")).expect_err(missing);
            assert!(error.to_string().contains(named), "{error}");
            assert!(error.to_string().contains(missing), "{error}");
        }
        let error = made(whole(), None).expect_err("no public address");
        assert!(error.to_string().starts_with(PUBLIC_URL), "{error}");
    }

    #[test]
    fn one_variable_without_a_provider_is_refused() {
        for name in NEEDS_ISSUER {
            let error = made(vec![(name, "x".to_owned())], None).expect_err(name);
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }

    #[test]
    fn a_wrong_value_is_reported_with_its_variable_but_without_secrets() {
        for (name, value) in [
            (ISSUER, "provider"),
            (ISSUER, "http://provider.example"),
            (ISSUER, "https://provider.example/?a=b"),
            (ALLOWED_DOMAINS, "@example.org"),
            (ALLOWED_DOMAINS, "*.example.org"),
            (ALLOWED_DOMAINS, "example.org, *"),
            (GROUPS_CLAIM, "roles"),
            (SESSION_KEY, "c2hvcnQ="),
            (SESSION_KEY, "no base64!"),
            (PREVIOUS_SESSION_KEY, "c2hvcnQ="),
            (SESSIONS_NOT_BEFORE, "yesterday"),
            (SESSIONS_NOT_BEFORE, "2999-01-01T00:00:00Z"),
            (SESSION_HOURS, "0"),
            (SESSION_HOURS, "-1"),
            (SESSION_HOURS, "NaN"),
            (SESSION_HOURS, "10000"),
            (SESSION_HOURS, "eight"),
            (API_TOKENS, "token-that-nobody-hashed"),
        ] {
            let error = with(name, value).expect_err(value).to_string();
            assert!(error.starts_with(name), "{name}={value}: {error}");
            let secret = [SESSION_KEY, PREVIOUS_SESSION_KEY, API_TOKENS].contains(&name);
            assert!(!(secret && error.contains(value)), "{error}");
        }
        let error = made(whole(), Some("http://dashboard.example")).expect_err("no https");
        assert!(error.to_string().starts_with(PUBLIC_URL), "{error}");
        for local in [
            "http://localhost:8050",
            "http://127.0.0.1:8050",
            "http://[::1]:8050",
        ] {
            assert!(made(whole(), Some(local)).is_ok(), "{local}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let settings = made(whole(), Some("https://dashboard.example"));
        let settings = settings.expect("no fault").expect("on");
        let settings = format!("{settings:?}");
        for secret in ["s3cret", &BASE64_STANDARD.encode([7; 64]), "7, 7, 7"] {
            assert!(!settings.contains(secret), "{settings}");
        }
    }
}
