//! Content negotiation of answers that are kept in several encodings.

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::server::cache::CachedFigure;

/// A cached figure in the best encoding that the client takes; 304 where it has this one already.
pub fn respond(figure: &CachedFigure, headers: &HeaderMap) -> Response {
    let (encoding, bytes) = if accepts(headers, "br") {
        (Some("br"), &figure.brotli)
    } else if accepts(headers, "gzip") {
        (Some("gzip"), &figure.gzip)
    } else {
        (None, &figure.json)
    };
    let etag = format!(
        "\"{}-{}-{}\"",
        figure.data.version,
        env!("BUILD_ID"),
        encoding.unwrap_or("json")
    );
    let mut response = if is_known(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json(bytes.clone())
    };
    let answer = response.headers_mut();
    if let Ok(etag) = HeaderValue::try_from(etag) {
        answer.insert(header::ETAG, etag);
    }
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn json(bytes: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}

fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
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

fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == etag || known == "*")
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
