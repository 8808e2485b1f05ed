//! The client of a request: its address and protocol, from the connection or from a trusted proxy.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::HeaderMap,
};

use super::Settings;

/// Attached to every request. The address serves to count requests, and for the audit log; no other log
/// line has it. It proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// The client's browser connects over HTTPS.
    pub https: bool,
}

/// The address of requests without a connection, as in tests.
pub const UNKNOWN_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Identifies the client of a request.
pub fn identify(settings: &Settings, request: &Request) -> Client {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(UNKNOWN_ADDRESS, |peer| peer.0.ip());
    client(settings, peer, request.headers())
}

pub(super) fn client(settings: &Settings, peer: IpAddr, headers: &HeaderMap) -> Client {
    let proxies = &settings.trusted_proxies;
    let chain = header_items(headers, "x-forwarded-for").map(parse_address);
    let mut client = Client {
        address: proxies.client(peer, chain),
        https: settings.is_https(),
    };
    if proxies.may_report(peer)
        && let Some(protocol) = header_items(headers, "x-forwarded-proto").next_back()
    {
        client.https = protocol.eq_ignore_ascii_case("https");
    }
    client
}

/// The items of a header that may occur several times, in order.
fn header_items<'a>(
    headers: &'a HeaderMap,
    name: &str,
) -> impl DoubleEndedIterator<Item = &'a str> {
    let values = headers.get_all(name).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Some proxies add a port, and brackets around an IPv6 address.
fn parse_address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = with_port().or_else(|_| bare.parse());
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::server::environment::Environment;

    fn settings(proxies: &str) -> Settings {
        let variables = [("RSE_TRUSTED_PROXIES".to_owned(), proxies.to_owned())];
        let environment: Environment = variables.into_iter().collect();
        Settings::of(&environment).expect("proxies")
    }

    fn client_address(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        let peer = peer.parse().expect("an address");
        let client = client(&settings("10.0.0.1, 10.0.0.2"), peer, &headers);
        client.address.to_string()
    }

    #[test]
    fn a_header_may_occur_several_times() {
        for forwarded in [
            &["1.1.1.1, 203.0.113.9, 10.0.0.2"][..],
            &["1.1.1.1, 203.0.113.9", "10.0.0.2"],
            &["1.1.1.1", "203.0.113.9"],
        ] {
            assert_eq!(client_address("10.0.0.1", forwarded), "203.0.113.9");
        }
        assert_eq!(client_address("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn ports_and_brackets_are_accepted() {
        assert_eq!(
            client_address("10.0.0.1", &["203.0.113.9:51234"]),
            "203.0.113.9"
        );
        assert_eq!(
            client_address("10.0.0.1", &["[2001:db8::1]:443"]),
            "2001:db8::1"
        );
        assert_eq!(
            client_address("10.0.0.1", &["[2001:db8::1]"]),
            "2001:db8::1"
        );
    }

    #[test]
    fn the_protocol_comes_from_the_proxy_or_the_public_address() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        let https = |peer: &str, proxies| {
            let peer = peer.parse().expect("an address");
            client(&settings(proxies), peer, &headers).https
        };
        assert!(https("10.0.0.1", "10.0.0.1") && https("10.0.0.1", "1"));
        assert!(!https("10.0.0.2", "10.0.0.1"));
    }
}
