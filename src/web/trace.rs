//! One trace id for each request: in every line of the log that it brings about, and in its answer, so that a caller can name it.

use std::{borrow::Cow, future::Future};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use crate::runtime::Service;

const HEADER: HeaderName = HeaderName::from_static("x-trace-id");

/// Handles a request under a new trace id, and counts it by its route as it was declared, never as it was asked for.
pub(super) async fn traced(State(service): State<Service>, request: Request, next: Next) -> Response {
    around(&service, request, |request| next.run(request)).await
}

/// The same around something that is no layer.
pub(super) async fn around<A: Future<Output = Response>>(
    service: &Service,
    request: Request,
    answer: impl FnOnce(Request) -> A,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(Cow::Borrowed("none"), |path| path.as_str().to_owned().into());
    let method = word(request.method());
    let trace = hex::encode(service.clock().random::<8>());
    let span = tracing::error_span!("request", %trace, method, %route);
    let began_at = service.clock().now();
    let mut response = answer(request).instrument(span.clone()).await;
    let took = service.clock().now().duration_since(began_at);
    let status = response.status();
    span.in_scope(|| tracing::debug!(status = status.as_u16(), ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX), "answered"));
    metrics::counter!("intake_requests_total", "method" => method, "route" => route.clone(), "status" => status.as_str().to_owned())
        .increment(1);
    metrics::histogram!("intake_request_seconds", "route" => route).record(took.as_secs_f64().max(0.0));
    if let Ok(value) = HeaderValue::from_str(&trace) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// A method by its name, where it is one that is known: others may be anything.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
