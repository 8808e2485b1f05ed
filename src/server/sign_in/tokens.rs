//! Tokens for scripts. Only their SHA-256 hashes are known here: a leaked environment grants no access.

use anyhow::{Result, bail};
use axum::http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::settings::API_TOKENS;

type Hash = [u8; 32];

/// The longest name of a token, in characters.
const MAX_NAME: usize = 40;

#[derive(Clone, Debug, Default)]
pub struct Tokens(Vec<Token>);

#[derive(Clone, Debug)]
struct Token {
    /// For the audit log: `token NAME`, or `token 2` for the second one.
    label: String,
    hash: Hash,
}

/// The token in a request, if any.
#[derive(Debug, PartialEq, Eq)]
pub enum TokenCheck<'a> {
    Missing,
    /// A known token, by its label.
    Valid(&'a str),
    Invalid,
}

impl Tokens {
    /// Parses hashes and `NAME=HASH`.
    ///
    /// # Errors
    /// The name of the variable, without its value, which may be a token that was not hashed.
    pub fn of(items: &[String]) -> Result<Self> {
        let read = items.iter().enumerate().map(|(index, item)| {
            let number = index + 1;
            let (name, hash) = item.split_once('=').map_or((None, item.as_str()), |(name, hash)| (Some(name), hash));
            let name_is_valid = name.is_none_or(is_name);
            let (Some(hash), true) = (parse(hash), name_is_valid) else {
                bail!(
                    "{API_TOKENS}: entry {number} is neither a SHA-256 hash in hexadecimal nor NAME=HASH; `printf %s TOKEN | sha256sum` creates a hash"
                );
            };
            let label = name.map_or_else(|| format!("token {number}"), |name| format!("token {name}"));
            Ok(Token { label, hash })
        });
        read.collect::<Result<_>>().map(Self)
    }

    /// Compares with all tokens, in constant time.
    pub fn check(&self, headers: &HeaderMap) -> TokenCheck<'_> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        // Other schemes belong to a proxy in front of the server.
        let Some(token) = given else {
            return TokenCheck::Missing;
        };
        let hash: Hash = Sha256::digest(token.as_bytes()).into();
        let mut found = TokenCheck::Invalid;
        for token in &self.0 {
            if token.hash.ct_eq(&hash).into() {
                found = TokenCheck::Valid(&token.label);
            }
        }
        found
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.is_empty() && text.len() <= MAX_NAME && text.bytes().all(plain)
}

fn parse(text: &str) -> Option<Hash> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut hash = Hash::default();
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// The hash of `secret`, as `sha256sum` prints it.
    const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    fn check<'a>(tokens: &'a Tokens, value: &str) -> TokenCheck<'a> {
        let value = HeaderValue::from_str(value).expect("a header");
        tokens.check(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
    }

    #[test]
    fn a_token_is_recognised_by_its_hash() {
        let other = "0".repeat(64);
        let tokens = Tokens::of(&[other, SECRET.to_uppercase()]).expect("hashes");
        let second = TokenCheck::Valid("token 2");
        assert_eq!(check(&tokens, "Bearer secret"), second);
        assert_eq!(check(&tokens, "bearer secret"), second);
        for value in [
            "Bearer Secret",
            "Bearer",
            "Bearer ",
            &format!("Bearer {SECRET}"),
        ] {
            assert_ne!(check(&tokens, value), second, "{value}");
        }
        assert_eq!(check(&tokens, "Basic c2VjcmV0"), TokenCheck::Missing);
        assert_eq!(tokens.check(&HeaderMap::new()), TokenCheck::Missing);
        assert_eq!(
            check(&Tokens::default(), "Bearer secret"),
            TokenCheck::Invalid
        );
    }

    #[test]
    fn a_token_may_have_a_name() {
        let tokens = Tokens::of(&[format!("smoke-test={SECRET}")]).expect("a name and a hash");
        let named = TokenCheck::Valid("token smoke-test");
        assert_eq!(check(&tokens, "Bearer secret"), named);
    }

    #[test]
    fn a_token_instead_of_a_hash_is_refused_and_not_repeated() {
        let unnamed = format!("={SECRET}");
        let spaced = format!("a name={SECRET}");
        for wrong in [
            "secret",
            "ä".repeat(32).as_str(),
            &"g".repeat(64),
            "name=secret",
            &unnamed,
            &spaced,
        ] {
            let error = Tokens::of(&[SECRET.to_owned(), wrong.to_owned()]).expect_err("no hash");
            let error = error.to_string();
            assert!(
                error.starts_with(API_TOKENS) && error.contains("entry 2"),
                "{error}"
            );
            assert!(!error.contains(wrong), "{error}");
        }
    }
}
