//! The id of a request, which links its response, its log lines and a proxy's records.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
};

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// As long as two UUIDs.
const MAX_LENGTH: usize = 72;

/// The id that a proxy or a client gave the request, if it has the form of one, or else a new one.
pub fn of(request: &Request) -> HeaderValue {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let looks_right = |id: &&HeaderValue| {
        let bytes = id.as_bytes();
        (1..=MAX_LENGTH).contains(&bytes.len()) && bytes.iter().all(plain)
    };
    let given = request.headers().get(HEADER).filter(looks_right);
    given.cloned().unwrap_or_else(generated)
}

/// 128 random bits.
fn generated() -> HeaderValue {
    let digit = |_| b"0123456789abcdef"[fastrand::usize(..16)];
    let generated: [u8; 32] = std::array::from_fn(digit);
    HeaderValue::from_bytes(&generated).expect("hexadecimal digits are plain characters")
}
