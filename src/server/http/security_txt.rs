//! `/.well-known/security.txt` (RFC 9116): whom to tell about vulnerabilities. Strangers may read it.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jiff::{SignedDuration, Timestamp};

use super::Settings;

pub const PATH: &str = "/.well-known/security.txt";

/// The RFC recommends less than a year. While the server runs, what it says is never stale.
const VALID: SignedDuration = SignedDuration::from_hours(180 * 24);
const DAY_S: i64 = 86_400;

/// Not found unless it is configured.
pub async fn security_txt(State(settings): State<Arc<Settings>>) -> Response {
    match text(&settings, Timestamp::now()) {
        Some(text) => {
            let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (plain, text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn text(settings: &Settings, now: Timestamp) -> Option<String> {
    let configured = settings.security_txt.as_ref()?;
    let mut text = String::new();
    let mut field = |name: &str, value: &str| {
        let _ = writeln!(text, "{name}: {value}");
    };
    for contact in &configured.contact {
        field("Contact", contact);
    }
    // The same text for a whole day.
    let expires = (now + VALID).as_second().div_euclid(DAY_S) * DAY_S;
    field(
        "Expires",
        &Timestamp::from_second(expires).ok()?.to_string(),
    );
    if let Some(policy) = &configured.policy {
        field("Policy", policy);
    }
    if !configured.preferred_languages.is_empty() {
        field(
            "Preferred-Languages",
            &configured.preferred_languages.join(", "),
        );
    }
    // Below a base path the file is not where the RFC expects it, unless the host has another rule.
    if let Some(url) = &settings.public_url
        && settings.base_path().is_empty()
        && let Ok(canonical) = url.join(PATH)
    {
        field("Canonical", canonical.as_str());
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        config::SecurityTxt,
        http::{
            router,
            tests::{get, loaded},
        },
        state::AppState,
    };

    fn settings(public_url: Option<&str>) -> Settings {
        Settings {
            public_url: public_url.map(|url| url.parse().expect("an address")),
            security_txt: Some(SecurityTxt {
                contact: vec![
                    "mailto:security@example.org".to_owned(),
                    "https://example.org/report".to_owned(),
                ],
                policy: Some("https://example.org/policy".to_owned()),
                preferred_languages: vec!["en".to_owned(), "cy".to_owned()],
            }),
            ..Settings::default()
        }
    }

    #[test]
    fn every_field_is_on_a_line_of_its_own() {
        let now = "2026-11-28T12:34:56Z".parse().expect("an instant");
        let read = text(&settings(Some("https://dashboard.example.org")), now);
        assert_eq!(
            read.as_deref(),
            Some(
                "Contact: mailto:security@example.org\nContact: https://example.org/report\n\
                 Expires: 2027-05-27T00:00:00Z\nPolicy: https://example.org/policy\n\
                 Preferred-Languages: en, cy\n\
                 Canonical: https://dashboard.example.org/.well-known/security.txt\n"
            )
        );
        for without in [None, Some("https://example.org/rse")] {
            let read = text(&settings(without), now).expect("a text");
            assert!(!read.contains("Canonical"), "{read}");
        }
    }

    #[tokio::test]
    async fn it_is_served_as_text_once_it_is_configured() {
        // Data is not needed.
        let configured = router(AppState::default(), settings(None));
        let response = get(&configured, PATH).await;
        assert_eq!(response.status, StatusCode::OK);
        let kind = response.header(header::CONTENT_TYPE);
        assert_eq!(kind, "text/plain; charset=utf-8");
        assert!(response.text().starts_with("Contact: mailto:"));
        assert!(response.text().contains("\nExpires: 20"));

        let without = router(loaded(), Settings::default());
        assert_eq!(get(&without, PATH).await.status, StatusCode::NOT_FOUND);
        let unknown = get(&configured, "/.well-known/other").await.status;
        assert_eq!(unknown, StatusCode::NOT_FOUND);
    }
}
