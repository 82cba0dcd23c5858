//! HTTP: webhooks, the API, the desk, the phone of the demo, and what machines ask. IO.
//!
//! Every answer carries the security headers (`headers`); every handler survives a panic with a 500 that says nothing, and every
//! request has a trace id (`trace`).

pub mod api;
mod department;
pub mod desk;
mod half;
mod headers;
mod health;
mod hook;
mod listen;
mod login;
pub mod phone;
pub mod problem;
mod trace;

use std::time::Duration;

use axum::{
    Router,
    http::{StatusCode, header},
    middleware::{from_fn_with_state, map_response_with_state},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use tokio::{net::TcpListener, time::sleep};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    base::{Address, Private, limit},
    runtime::{Service, Stop},
    telemetry,
};

/// How often measured times are folded into their buckets.
const FOLD: Duration = Duration::from_secs(5);

/// All routes.
pub fn router(service: &Service) -> Router {
    telemetry::metrics();
    let routes = Router::new()
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/api/{*rest}", any(api::no_such_route))
        .merge(api::routes(service))
        .merge(desk::routes())
        .merge(phone::routes());
    let routes = if service.settings().server.metrics_listen.is_none() { routes.merge(figures()) } else { routes };
    routes
        .fallback(no_such_page)
        // What took too long is to come again: providers do so after a 503, and after nothing else.
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(limit::REQUEST_S)))
        .layer(map_response_with_state(service.clone(), headers::add))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(service.clone(), trace::traced))
        .route("/in/{channel}", get(hook::inbound).post(hook::inbound).fallback(hook::no_such_method))
        .route("/receipt/{channel}", get(hook::receipt).post(hook::receipt).fallback(hook::no_such_method))
        .with_state(service.clone())
}

fn figures() -> Router<Service> {
    Router::new().route("/metrics", get(health::figures))
}

/// Serves the figures alone, at an address of their own, until the service is asked to stop.
///
/// # Errors
/// Where the listener fails.
pub async fn serve_figures(service: &Service, listener: TcpListener) -> std::io::Result<()> {
    let stop = service.stop().clone();
    let app = figures().layer(map_response_with_state(service.clone(), headers::add)).with_state(service.clone());
    axum::serve(listener, app).with_graceful_shutdown(async move { stop.asked().await }).await
}

/// An address as people write it, on a configured channel.
///
/// # Errors
/// What is wrong, without the address.
pub fn address_of(service: &Service, channel: &str, to: Private<String>) -> Result<Address, String> {
    let to = api::to::To { channel: channel.to_owned(), to };
    to.address(service).map(|(address, _)| address).map_err(|problem| problem.detail)
}

/// Serves until the service is asked to stop, then finishes the requests that are under way.
pub async fn serve(service: &Service, listener: TcpListener) {
    let stop = service.stop().clone();
    tokio::spawn(fold_figures(stop.clone()));
    listen::until_stopped(listener, router(service), &stop).await;
}

/// Folds measured times into their buckets now and then: until then each stands by itself, and nobody may be asking for `/metrics`.
async fn fold_figures(stop: Stop) {
    while !stop.is_asked() {
        tokio::select! {
            () = sleep(FOLD) => telemetry::metrics().run_upkeep(),
            () = stop.asked() => {}
        }
    }
}

async fn no_such_page() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "There is nothing here.\n").into_response()
}

/// The panic itself stands in the log by its place; the caller learns nothing of it.
fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
