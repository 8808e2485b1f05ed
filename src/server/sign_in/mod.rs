//! Optional sign-in with OpenID Connect: code flow with PKCE, sessions in an encrypted cookie. When it
//! is on, everything is closed to strangers except the paths that [`guard`] names.
//!
//! The server stores nothing about readers: sign-ins and sessions travel in cookies that only a holder
//! of `RSE_SESSION_KEY` can read or write, so replicas and restarts do not matter.

mod allow_list;
mod cookies;
#[cfg(any(test, fuzzing))]
pub mod fuzz_targets;
mod guard;
mod page;
mod provider;
mod return_to;
mod routes;
mod sessions;
mod settings;
mod snoozes;
#[cfg(test)]
mod tests;
mod tokens;
mod transport;
mod used_states;

use std::{net::IpAddr, sync::Arc};

use anyhow::Result;
use axum::http::Extensions;
use leptos::config::LeptosOptions;

pub use guard::{guard, reader, reader_of};
pub use routes::routes;
pub use settings::{Settings, is_local};

use provider::{Provider, SignInFailure};
use used_states::UsedStates;

use crate::server::{
    state::AppState,
    telemetry::audit::{self, Action, AuditEvent, AuditLog, Outcome},
};

/// The address of a request's client, for the audit log.
#[derive(Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

fn client_address(request: &Extensions) -> Option<IpAddr> {
    request.get::<ClientAddress>().map(|client| client.0)
}

/// Checks that the provider responds.
///
/// # Errors
/// The reason why it does not respond properly.
pub async fn check(settings: &Settings) -> Result<()> {
    let checked = Provider::default().check(settings).await;
    checked.map_err(|(SignInFailure::Down(cause) | SignInFailure::Refused(cause))| cause)
}

/// The state of the sign-in routes and the guard.
pub struct SignIn {
    settings: Settings,
    provider: Provider,
    used_states: UsedStates,
    audit: AuditLog,
    app: AppState,
    options: LeptosOptions,
    /// The address of the organisation's colours.
    theme: Option<String>,
}

impl SignIn {
    pub fn new(
        settings: Settings,
        app: AppState,
        options: LeptosOptions,
        theme: Option<String>,
    ) -> Arc<Self> {
        tracing::info!(
            provider = settings.issuer.as_str(),
            "sign-in is on; requests without a session or a token are refused"
        );
        Arc::new(Self {
            settings,
            provider: Provider::default(),
            used_states: UsedStates::default(),
            audit: AuditLog::default(),
            app,
            options,
            theme,
        })
    }

    /// Keeps the audit log up to date, without end.
    pub async fn keep_audit_log(&self) {
        self.audit.keep_writing(audit::FOLDED).await;
    }

    fn record_about(
        &self,
        subject: &str,
        who: &str,
        action: Action,
        client: Option<IpAddr>,
        outcome: Outcome,
    ) {
        let event = AuditEvent::new(who, action, client, outcome).about(subject);
        self.audit.record(event);
    }

    fn record(&self, who: &str, action: Action, client: Option<IpAddr>, outcome: Outcome) {
        let event = AuditEvent::new(who, action, client, outcome);
        self.audit.record(event);
    }

    /// The organisation's name for the dashboard.
    fn title(&self) -> String {
        let site = self.app.site();
        site.map_or_else(|| "RSE dashboard".to_owned(), |site| site.title)
    }
}
