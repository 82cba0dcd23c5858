//! Headers of every answer: security (ASVS 3.4: no inline script, no framing, no sniffing, nothing kept in caches), and when to come again.

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

use crate::runtime::Service;

/// Scripts and styles come from here only; forms go here only.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Adds them to an answer. What a handler has set itself stays.
pub(super) async fn add(State(service): State<Service>, response: Response) -> Response {
    with_ours(&service, response)
}

/// An answer with them.
pub(super) fn with_ours(service: &Service, mut response: Response) -> Response {
    let status = response.status();
    let headers = response.headers_mut();
    headers.reserve(ALWAYS.len() + 3);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("2"));
    }
    if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
        // The rest of the body is not read and the connection ends: who is not told would send the next request into it.
        headers.entry(header::CONNECTION).or_insert(HeaderValue::from_static("close"));
    }
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if service.settings().server.public_url.starts_with("https://") {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    response
}
