//! Fuzz targets of what strangers send to a dashboard that is closed to them: none is admitted.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum_extra::extract::cookie::Key;
use reqwest::Url;
use serde_json::{Map, Value};

use super::{
    allow_list::{AllowList, Claims},
    cookies::{Cookies, Pending, Session},
    return_to,
    tokens::{TokenCheck, Tokens},
};
use crate::server::fuzz_target::Target;

pub const TARGETS: &[Target] = &[
    ("sign_in_headers", sign_in_headers),
    ("return_to", return_to),
    ("claims", claims),
];

/// The valid ones among lines of the form `name: value`.
pub fn headers(data: &[u8]) -> HeaderMap {
    let lines = data.split(|&byte| byte == b'\n').take(200);
    let parse = |line: &[u8]| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (name, value) = line.split_at(colon);
        let name = HeaderName::from_bytes(name).ok()?;
        Some((name, HeaderValue::from_bytes(value[1..].trim_ascii()).ok()?))
    };
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(parse) {
        headers.append(name, value);
    }
    headers
}

/// Without the key, no cookie is a session, and no token is known.
fn sign_in_headers(data: &[u8]) {
    let headers = headers(data);
    for address in [
        "https://example.org",
        "https://example.org/rse",
        "http://localhost",
    ] {
        let address = Url::parse(address).expect("an address");
        let cookies = Cookies::new(Key::generate(), Some(Key::generate()), &address);
        assert_eq!(cookies.read::<Session>(&headers), None);
        assert_eq!(cookies.read::<Pending>(&headers), None);
    }
    let tokens = Tokens::of(&["ab".repeat(32)]).expect("a hash");
    let checked = tokens.check(&headers);
    assert!(matches!(checked, TokenCheck::Missing | TokenCheck::Invalid));
}

/// The page to return to is on this server, as browsers understand the address, and survives the way to the
/// provider and back.
fn return_to(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let here = Url::parse("https://example.org/").expect("an address");
    let page = return_to::local(text);
    let led_to = here.join(page).expect("a local address");
    assert_eq!(led_to.origin(), here.origin(), "{page}");
    assert_eq!(return_to::local(page), page);
    let sign_in = here.join(&return_to::sign_in_address(text));
    let sign_in = sign_in.expect("a local address");
    let to = sign_in.query_pairs().find(|(name, _)| name == "to");
    assert_eq!(to.expect("the page").1, page);
}

/// Claims as JSON: only a verified address of the allowed domain, in an allowed group, is admitted.
fn claims(data: &[u8]) {
    let Ok(mut others) = serde_json::from_slice::<Map<String, Value>>(data) else {
        return;
    };
    let mut take = |name| others.remove(name);
    let email = take("email").and_then(|email| email.as_str().map(str::to_owned));
    let email_verified = take("email_verified").and_then(|verified| verified.as_bool());
    let allowed = AllowList::new(
        vec!["example.org".to_owned()],
        vec!["readers".to_owned()],
        "groups".to_owned(),
    );
    let claims = Claims {
        email,
        email_verified,
        others,
        ..Claims::default()
    };
    if allowed.admit(&claims).is_ok() {
        let email = claims.email.expect("an address").to_ascii_lowercase();
        assert!(email.ends_with("@example.org"), "{email}");
        assert_ne!(claims.email_verified, Some(false));
        assert!(claims.others["groups"].to_string().contains("readers"));
    }
}
