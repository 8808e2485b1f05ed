//! Content negotiation for responses that are stored in several encodings.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use crate::server::compression::Encoded;

/// Responds with the content in the best encoding that the client accepts, or with 304 when the client
/// has it already. `headers` are sent in both cases.
pub fn respond(content: &Encoded, mut headers: HeaderMap, asked: &HeaderMap) -> Response {
    let sent = if accepts(asked, "br") {
        content.brotli()
    } else if accepts(asked, "gzip") {
        content.gzip()
    } else {
        content.plain()
    };
    headers.insert(header::ETAG, sent.etag.clone());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = &sent.encoding {
        headers.insert(header::CONTENT_ENCODING, encoding.clone());
    }
    let known = is_known(asked, &sent.etag);
    let body = if known {
        Bytes::new()
    } else {
        sent.bytes.clone()
    };
    let mut response = Response::new(Body::from(body));
    *response.headers_mut() = headers;
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response
}

pub(super) fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|choice| {
            let mut parts = choice.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            let refused = parts.any(|part| {
                let quality = part.strip_prefix("q=");
                quality.is_some_and(|quality| quality.parse::<f32>() == Ok(0.0))
            });
            named && !refused
        })
}

pub(super) fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known.as_bytes() == etag.as_bytes() || known == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_refused_encoding_is_not_sent() {
        assert!(accepts(&accepting("gzip, deflate, br;q=0.5"), "br"));
        assert!(!accepts(&accepting("gzip, br;q=0"), "br"));
        assert!(!accepts(&accepting("identity"), "gzip"));
        assert!(!accepts(&HeaderMap::new(), "br"));
    }
}
