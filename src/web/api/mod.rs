//! The API of other programs, `/api/v1`: bearer tokens with roles, JSON in, JSON or CSV out, problem details for errors.
//!
//! Numbers and names stand in bodies only, never in an address. What changes something takes an `Idempotency-Key`: the same key again has
//! one effect, and another body under it is refused.

mod answers;
mod auth;
mod body;
mod conversations;
mod escalations;
mod sessions;
pub(super) mod to;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};

use super::problem::Problem;
use crate::{base::limit, runtime::Service};

/// The routes.
pub(super) fn routes(_service: &Service) -> Router<Service> {
    Router::new()
        .route("/api/v1/sessions", post(sessions::start))
        .route("/api/v1/conversations/lookup", post(conversations::lookup))
        .route("/api/v1/conversations/{id}", get(conversations::read).delete(conversations::erase))
        .route("/api/v1/escalations", get(escalations::list))
        .route("/api/v1/answers.csv", get(answers::csv))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(limit::FORM_BODY_BYTES))
}

/// A route, by another method.
async fn wrong_method() -> Response {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this route has another method; `Allow` names it").into_response()
}

/// What is under `/api` and is no route.
pub(super) async fn no_such_route() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "there is no such route; the API is under /api/v1").into_response()
}
