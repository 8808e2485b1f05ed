//! `[security_txt]` in `dashboard.toml`: whom to tell about vulnerabilities of this dashboard.

use anyhow::{Result, ensure};
use serde::Deserialize;

/// The fields of `/.well-known/security.txt` (RFC 9116) that an organisation states.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityTxt {
    /// Addresses, the preferred one first.
    pub contact: Vec<String>,
    /// The address of the rules for reports.
    pub policy: Option<String>,
    /// Language tags, in any order.
    #[serde(default)]
    pub preferred_languages: Vec<String>,
}

impl SecurityTxt {
    /// # Errors
    /// An invalid value; the message names its field.
    pub fn validate(&self) -> Result<()> {
        ensure!(
            !self.contact.is_empty(),
            "security_txt.contact: needs an address, for example mailto:security@example.org"
        );
        for contact in &self.contact {
            let known = ["https://", "mailto:", "tel:"];
            ensure!(
                is_address(contact, &known),
                "security_txt.contact: “{contact}” does not begin with https://, mailto: or tel:"
            );
        }
        if let Some(policy) = &self.policy {
            ensure!(
                is_address(policy, &["https://"]),
                "security_txt.policy: “{policy}” does not begin with https://"
            );
        }
        for language in &self.preferred_languages {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            ensure!(
                !language.is_empty() && language.bytes().all(plain),
                "security_txt.preferred_languages: “{language}” is not a language such as en"
            );
        }
        Ok(())
    }
}

/// Accepts one word only: a line break would begin another field.
fn is_address(text: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<()> {
        toml::from_str::<SecurityTxt>(text)?.validate()
    }

    #[test]
    fn addresses_and_languages_are_checked() {
        let valid = "contact = ['https://example.org/report', 'mailto:a@example.org', 'tel:+44-1']\n\
                     policy = 'https://example.org/policy'\npreferred_languages = ['en', 'cy-GB']";
        assert!(read(valid).is_ok());
        assert!(read("contact = ['mailto:a@example.org']").is_ok());
        for (text, named) in [
            ("contact = []", "contact"),
            ("policy = 'https://example.org'", "contact"),
            ("contact = ['a@example.org']", "contact"),
            ("contact = ['http://example.org']", "contact"),
            ("contact = ['mailto:']", "contact"),
            (
                "contact = [\"mailto:a@example.org\\nExpires: x\"]",
                "contact",
            ),
            ("contact = ['mailto:é@example.org']", "contact"),
            (
                "contact = ['tel:1']\npolicy = 'ftp://example.org'",
                "policy",
            ),
            (
                "contact = ['tel:1']\npreferred_languages = ['en, fr']",
                "languages",
            ),
            ("contact = ['tel:1']\nexpires = 'never'", "expires"),
        ] {
            let error = format!("{:#}", read(text).expect_err(text));
            assert!(error.contains(named), "{error}");
        }
    }
}
