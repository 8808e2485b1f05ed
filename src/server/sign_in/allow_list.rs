//! The allow list: the provider's claims about a person, checked against the environment's lists.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// The list entry that admits everyone with an account.
const ANYONE: &str = "*";
/// The claim by which Microsoft Entra ID, which sends no `email_verified`, reports whether the owner of
/// the address's domain was verified; it has to be requested.
const ENTRA_VERIFIED: &str = "xms_edov";
/// The claim that lists claims left out of the token because they were too large.
const CLAIM_NAMES: &str = "_claim_names";

/// The provider's claims about a person.
#[derive(Debug, Default)]
pub struct Claims {
    /// The provider's identifier of the person.
    pub subject: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub email_verified: Option<bool>,
    /// Claims that OpenID Connect does not define.
    pub others: Map<String, Value>,
}

/// Each list that is set must match; `None` matches everyone.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AllowList {
    domains: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    groups_claim: String,
}

/// The reason why a person is refused, in words that do not reveal who would be admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoEmail,
    UnverifiedEmail,
    OtherDomain,
    NoGroups,
    TooManyGroups,
    OtherGroups,
}

impl AllowList {
    pub fn new(domains: Vec<String>, groups: Vec<String>, groups_claim: String) -> Self {
        let bounded = |list: Vec<String>| (!list.is_empty() && list != [ANYONE]).then_some(list);
        Self {
            domains: bounded(domains),
            groups: bounded(groups),
            groups_claim,
        }
    }

    /// The claim that is needed besides the address.
    pub fn needs_groups(&self) -> Option<&str> {
        self.groups.is_some().then_some(self.groups_claim.as_str())
    }

    pub const fn needs_email(&self) -> bool {
        self.domains.is_some()
    }

    /// # Errors
    /// The claim that is missing or does not match.
    pub fn admit(&self, claims: &Claims) -> Result<(), Refusal> {
        if let Some(domains) = &self.domains {
            let email = claims.email.as_deref().ok_or(Refusal::NoEmail)?;
            let (_, domain) = email.rsplit_once('@').ok_or(Refusal::NoEmail)?;
            // An unverified address may be anything its owner typed in.
            if !claims.is_verified() {
                return Err(Refusal::UnverifiedEmail);
            }
            if !domains
                .iter()
                .any(|known| known.eq_ignore_ascii_case(domain))
            {
                return Err(Refusal::OtherDomain);
            }
        }
        if let Some(groups) = &self.groups {
            let theirs = claims.values(&self.groups_claim);
            if theirs.is_empty() {
                return Err(match claims.others.contains_key(CLAIM_NAMES) {
                    true => Refusal::TooManyGroups,
                    false => Refusal::NoGroups,
                });
            }
            if !theirs
                .iter()
                .any(|theirs| groups.iter().any(|known| known == theirs))
            {
                return Err(Refusal::OtherGroups);
            }
        }
        Ok(())
    }
}

impl Claims {
    fn is_verified(&self) -> bool {
        self.email_verified.unwrap_or_else(|| {
            // The claim may be a boolean, a number or a text.
            let said = self.others.get(ENTRA_VERIFIED);
            said.is_some_and(|said| {
                *said == Value::Bool(true)
                    || said.as_i64() == Some(1)
                    || matches!(said.as_str(), Some("1" | "true"))
            })
        })
    }

    /// A claim that is a text or a list of texts.
    fn values(&self, claim: &str) -> Vec<&str> {
        match self.others.get(claim) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

impl Refusal {
    /// The reason for the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoEmail => "no e-mail address",
            Self::UnverifiedEmail => "unverified e-mail address",
            Self::OtherDomain => "another domain",
            Self::NoGroups => "no groups",
            Self::TooManyGroups => "too many groups",
            Self::OtherGroups => "other groups",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEmail => "The provider did not send your e-mail address.",
            Self::UnverifiedEmail => "The provider has not verified your e-mail address.",
            Self::OtherDomain => "The domain of your e-mail address has no access.",
            Self::NoGroups => "The provider did not send your groups.",
            Self::TooManyGroups => "You belong to more groups than the provider can send.",
            Self::OtherGroups => "None of your groups has access.",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(domains: &[&str], groups: &[&str]) -> AllowList {
        let owned = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect();
        AllowList::new(owned(domains), owned(groups), "groups".to_owned())
    }

    fn claims(email: &str, verified: Option<bool>, others: Value) -> Claims {
        Claims {
            subject: "7".to_owned(),
            name: None,
            email: Some(email.to_owned()),
            email_verified: verified,
            others: others.as_object().expect("an object").clone(),
        }
    }

    #[test]
    fn a_domain_must_match_in_full_and_with_a_verified_address() {
        let list = list(&["Example.org"], &[]);
        let admit = |email, verified| list.admit(&claims(email, verified, json!({})));
        assert_eq!(admit("a@example.org", Some(true)), Ok(()));
        assert_eq!(admit("a@EXAMPLE.ORG", Some(true)), Ok(()));
        assert_eq!(
            admit("a@example.org", Some(false)),
            Err(Refusal::UnverifiedEmail)
        );
        assert_eq!(admit("a@example.org", None), Err(Refusal::UnverifiedEmail));
        for other in [
            "a@sub.example.org",
            "a@example.org.evil.example",
            "a@notexample.org",
            "a@example.org@evil.example",
        ] {
            assert_eq!(
                admit(other, Some(true)),
                Err(Refusal::OtherDomain),
                "{other}"
            );
        }
        assert_eq!(admit("example.org", Some(true)), Err(Refusal::NoEmail));
        assert_eq!(list.admit(&Claims::default()), Err(Refusal::NoEmail));
    }

    #[test]
    fn entra_verifies_addresses_with_its_own_claim() {
        let list = list(&["example.org"], &[]);
        for (said, let_in) in [
            (json!(true), true),
            (json!("1"), true),
            (json!(1), true),
            (json!(false), false),
            (json!("0"), false),
        ] {
            let claims = claims("a@example.org", None, json!({"xms_edov": said}));
            assert_eq!(list.admit(&claims).is_ok(), let_in, "{claims:?}");
        }
        // No other claim overrides the standard's own.
        let denied = claims("a@example.org", Some(false), json!({"xms_edov": true}));
        assert_eq!(list.admit(&denied), Err(Refusal::UnverifiedEmail));
    }

    #[test]
    fn one_matching_group_is_enough() {
        let list = list(&[], &["rse", "ops"]);
        let admit = |others| list.admit(&claims("a@b", None, others));
        assert_eq!(admit(json!({"groups": ["staff", "ops"]})), Ok(()));
        assert_eq!(admit(json!({"groups": "rse"})), Ok(()));
        assert_eq!(
            admit(json!({"groups": ["RSE", "rs", "rse "]})),
            Err(Refusal::OtherGroups)
        );
        assert_eq!(admit(json!({"roles": ["rse"]})), Err(Refusal::NoGroups));
        assert_eq!(admit(json!({"groups": [1, null]})), Err(Refusal::NoGroups));
        let left_out = json!({"_claim_names": {"groups": "src1"}});
        assert_eq!(admit(left_out), Err(Refusal::TooManyGroups));
    }

    #[test]
    fn both_lists_must_match_when_both_are_set() {
        let list = list(&["example.org"], &["rse"]);
        let admit =
            |email, groups: &str| list.admit(&claims(email, Some(true), json!({"groups": groups})));
        assert_eq!(admit("a@example.org", "rse"), Ok(()));
        assert_eq!(admit("a@example.org", "ops"), Err(Refusal::OtherGroups));
        assert_eq!(admit("a@evil.example", "rse"), Err(Refusal::OtherDomain));
    }

    #[test]
    fn an_asterisk_admits_everyone() {
        assert_eq!(list(&["*"], &[]).admit(&Claims::default()), Ok(()));
        // But another list still applies.
        let groups = list(&["*"], &["rse"]).admit(&Claims::default());
        assert_eq!(groups, Err(Refusal::NoGroups));
    }
}
