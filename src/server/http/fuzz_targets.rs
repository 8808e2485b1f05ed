//! Fuzz targets of addresses and headers.

use std::net::IpAddr;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Uri},
};

use super::{
    Limits, Settings, base, canonical, client, encoding, headers, host,
    monotonic_reads::{self, StoreVersion},
    observe::request_id,
    pages,
};
use crate::{
    selection::Selection,
    server::{environment::Environment, fuzz_target::Target, sign_in},
};

pub const TARGETS: &[Target] = &[
    ("addresses", addresses),
    ("request_headers", request_headers),
    ("settings", settings),
];

/// Addresses of requests: a canonical address is not redirected, and a link with a valid filter is
/// canonical.
fn addresses(data: &[u8]) {
    let Ok(uri) = Uri::try_from(data) else {
        return;
    };
    if headers::refusal(&uri, &HeaderMap::new(), &Limits::default()).is_some() {
        return;
    }
    if let Some(address) = canonical::canonical(&uri) {
        assert!(address.len() <= 3 * data.len() + 100, "{}", address.len());
        let canonical = address.parse().expect("a canonical address is one");
        assert_eq!(canonical::canonical(&canonical), None, "{address}");
    }
    if let Some(below) = base::without_base(&uri, "/rse") {
        assert!(below.path().starts_with('/'), "{below}");
    }
    if let Ok(location) = HeaderValue::from_bytes(data)
        && let Some(location) = base::with_base(&location, "/rse")
    {
        assert!(location.as_bytes().starts_with(b"/rse/"), "{location:?}");
    }
    match Selection::parse(uri.query().unwrap_or_default()) {
        Ok(selection) => {
            let link = format!("/pipelines{}", selection.query());
            let link = link.parse().expect("a link is an address");
            assert_eq!(canonical::canonical(&link), None, "{link}");
        }
        Err(error) => assert!(error.to_string().len() < 1_000, "{error}"),
    }
    let _ = pages::exists(uri.path());
}

/// Headers of requests: without a trusted proxy the client is the peer, and an id of a request is short.
fn request_headers(data: &[u8]) {
    let headers = sign_in::fuzz_targets::headers(data);
    let mut request = Request::new(Body::empty());
    *request.headers_mut() = headers.clone();
    let peer: IpAddr = [192, 0, 2, 1].into();
    let open = Settings::default();
    let address = |settings: &Settings, peer| client::client(settings, peer, &headers).address;
    assert_eq!(address(&open, peer), peer);
    for proxies in ["127.0.0.1, 10.0.0.0/8", "1", "3"] {
        let behind = with(&[("RSE_TRUSTED_PROXIES", proxies)]);
        let behind = Settings::of(&behind).expect("valid settings");
        let _ = address(&behind, [127, 0, 0, 1].into());
    }
    let id = request_id::of(&request);
    assert!((1..=72).contains(&id.len()) && id.to_str().is_ok());
    let _ = host::refusal(&open, &request);
    let _ = encoding::accepts(&headers, "br");
    let _ = encoding::is_known(&headers, &HeaderValue::from_static("\"a\""));
    if let Some(seen) = monotonic_reads::seen(&headers) {
        assert!(seen.len() <= data.len());
        if let Some(version) = StoreVersion::parse(&seen) {
            assert!(!version.is_newer_than(&seen), "{seen}");
        }
    }
}

/// The variables of the server, as `.env` holds them: a wrong one is named.
fn settings(data: &[u8]) {
    let lines = dotenvy::from_read_iter(data)
        .take_while(Result::is_ok)
        .flatten();
    let environment: Environment = lines.collect();
    match Settings::of(&environment) {
        Ok(settings) => {
            let base = settings.base_path();
            assert!(base.is_empty() || base.starts_with('/') && !base.ends_with('/'));
        }
        Err(error) => {
            let said = format!("{error:#}");
            assert!(said.contains("RSE_"), "{said}");
        }
    }
}

fn with(variables: &[(&str, &str)]) -> Environment {
    let variables = variables.iter();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    variables.map(owned).collect()
}
