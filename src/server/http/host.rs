//! The `Host` header: requests for hosts that the dashboard is not reached under are refused.
//!
//! A website can let its own name lead to this server (DNS rebinding). A browser would then hand it the
//! responses, as those of its own origin.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header, uri::Authority},
    response::{IntoResponse as _, Response},
};

use super::Settings;

/// Asked by orchestrators and by Prometheus, which know a server under any name. Nothing at these paths
/// is worth an attack.
const METRICS: &str = "/metrics";
const HEALTH: &str = "/health/";

/// Refuses a request without exactly one valid `Host`, or for a host that is not the dashboard's.
pub fn refusal(settings: &Settings, request: &Request) -> Option<Response> {
    let path = request.uri().path();
    if path == METRICS || path.starts_with(HEALTH) {
        return None;
    }
    let mut named = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (named.next().and_then(parse), named.next()) else {
        let message = "A request must have exactly one valid Host header.\n";
        return Some((StatusCode::BAD_REQUEST, message).into_response());
    };
    // A request to a proxy names the host in its address as well.
    let mut hosts = request.uri().host().into_iter().chain([host.host()]);
    (!hosts.all(|host| is_served(settings, host))).then(|| {
        let message = "The dashboard is not served under this host name. Its operator can allow the name \
                       in RSE_HOSTS, or set RSE_PUBLIC_URL to the address at which people reach it.\n";
        (StatusCode::MISDIRECTED_REQUEST, message).into_response()
    })
}

fn parse(host: &HeaderValue) -> Option<Authority> {
    let host = Authority::try_from(host.as_bytes()).ok()?;
    (!host.as_str().contains('@') && !host.host().is_empty()).then_some(host)
}

/// No website can lead a name of its own to an address that is named itself.
fn is_served(settings: &Settings, host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if literal.parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let public = settings.public_url.as_ref().and_then(|url| url.host_str());
    let configured = settings.hosts.iter().map(String::as_str);
    let mut served = configured.chain(public).chain(["localhost"]);
    served.any(|served| served.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    /// The status of a refusal; 200 without one.
    fn status(uri: &str, hosts: &[&str]) -> u16 {
        let variables = [
            ("RSE_PUBLIC_URL", "https://dashboard.example.org/rse"),
            ("RSE_HOSTS", "rse.example.org, build-server"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::of(&variables.into_iter().collect()).expect("settings");
        let mut request = Request::get(uri);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let request = request.body(Body::empty()).expect("a request");
        refusal(&settings, &request).map_or(200, |response| response.status().as_u16())
    }

    #[test]
    fn only_the_dashboards_own_hosts_are_served() {
        for host in [
            "dashboard.example.org",
            "Dashboard.Example.org:443",
            "dashboard.example.org.",
            "rse.example.org",
            "build-server:8050",
            "localhost:8050",
            "127.0.0.1",
            "10.1.2.3:8050",
            "[::1]:8050",
        ] {
            assert_eq!(status("/pipelines", &[host]), 200, "{host}");
        }
        for host in [
            "attacker.example",
            "attacker.example:8050",
            "example.org",
            "localhost.attacker.example",
            "dashboard.example.org.attacker.example",
            "127.0.0.1.attacker.example",
            "127.1",
        ] {
            assert_eq!(status("/pipelines", &[host]), 421, "{host}");
            assert_eq!(status("/api/figure", &[host]), 421, "{host}");
        }
    }

    #[test]
    fn a_request_has_exactly_one_valid_host() {
        for hosts in [
            &[][..],
            &["localhost", "localhost"],
            &["localhost", "attacker.example"],
            &[""],
            &["a b"],
            &["localhost@attacker.example"],
            &["localhost, attacker.example"],
            &[":8050"],
        ] {
            assert_eq!(status("/pipelines", hosts), 400, "{hosts:?}");
        }
    }

    #[test]
    fn the_host_in_an_address_is_checked_as_well() {
        let local = "http://localhost/pipelines";
        assert_eq!(status(local, &["localhost"]), 200);
        assert_eq!(status(local, &["attacker.example"]), 421);
        let far = "http://attacker.example/pipelines";
        assert_eq!(status(far, &["localhost"]), 421);
    }

    #[test]
    fn health_checks_and_metrics_are_served_under_any_host() {
        for uri in ["/health/live", "/health/ready", "/metrics"] {
            assert_eq!(status(uri, &["pod-1234.example"]), 200, "{uri}");
            assert_eq!(status(uri, &[]), 200, "{uri}");
        }
        assert_eq!(status("/healthy", &["pod-1234.example"]), 421);
    }
}
