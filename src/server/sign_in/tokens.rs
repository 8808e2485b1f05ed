//! Tokens for scripts. Only their SHA-256 hashes are known here: a leaked environment grants no access.

use anyhow::{Result, bail};
use axum::http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::settings::API_TOKENS;

type Hash = [u8; 32];

#[derive(Clone, Debug, Default)]
pub struct Tokens(Vec<Hash>);

/// The token in a request, if any.
#[derive(Debug, PartialEq, Eq)]
pub enum TokenCheck {
    Missing,
    Valid,
    Invalid,
}

impl Tokens {
    /// # Errors
    /// The name of the variable, without its value, which may be a token that was not hashed.
    pub fn of(hashes: &[String]) -> Result<Self> {
        let read = hashes.iter().enumerate().map(|(index, text)| {
            let Some(hash) = parse(text) else {
                bail!(
                    "{API_TOKENS}: entry {} is not a SHA-256 hash in hexadecimal; `printf %s TOKEN | sha256sum` creates one",
                    index + 1
                );
            };
            Ok(hash)
        });
        read.collect::<Result<_>>().map(Self)
    }

    /// Compares in constant time.
    pub fn check(&self, headers: &HeaderMap) -> TokenCheck {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        // Other schemes belong to a proxy in front of the server.
        let Some(token) = given else {
            return TokenCheck::Missing;
        };
        let hash: Hash = Sha256::digest(token.as_bytes()).into();
        let known = self
            .0
            .iter()
            .fold(Choice::from(0), |found, known| found | known.ct_eq(&hash));
        if known.into() {
            TokenCheck::Valid
        } else {
            TokenCheck::Invalid
        }
    }
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

    fn check(tokens: &Tokens, value: &str) -> TokenCheck {
        let value = HeaderValue::from_str(value).expect("a header");
        tokens.check(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
    }

    #[test]
    fn a_token_is_recognised_by_its_hash() {
        let other = "0".repeat(64);
        let tokens = Tokens::of(&[other, SECRET.to_uppercase()]).expect("hashes");
        assert_eq!(check(&tokens, "Bearer secret"), TokenCheck::Valid);
        assert_eq!(check(&tokens, "bearer secret"), TokenCheck::Valid);
        for value in [
            "Bearer Secret",
            "Bearer",
            "Bearer ",
            &format!("Bearer {SECRET}"),
        ] {
            assert_ne!(check(&tokens, value), TokenCheck::Valid, "{value}");
        }
        assert_eq!(check(&tokens, "Basic c2VjcmV0"), TokenCheck::Missing);
        assert_eq!(tokens.check(&HeaderMap::new()), TokenCheck::Missing);
        assert_eq!(
            check(&Tokens::default(), "Bearer secret"),
            TokenCheck::Invalid
        );
    }

    #[test]
    fn a_token_instead_of_a_hash_is_refused_and_not_repeated() {
        for wrong in ["secret", "ä".repeat(32).as_str(), &"g".repeat(64)] {
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
