//! Errors of the API as problem details (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    records::RecordsError,
    runtime::{TurnError, erase::EraseError},
    store::StoreError,
};

/// One error: `{"type": "about:blank", "title": "Conflict", "status": 409, "detail": "…"}`. Carries no private value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// A word that programs can branch on: `session-runs`.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
    /// Seconds after which to come again.
    pub retry_after_s: Option<u64>,
}

impl Problem {
    /// A problem.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after_s: None }
    }

    /// 400
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// 422
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }

    /// 404
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// 409
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 503: nothing was kept, the same may be asked again.
    pub fn unavailable() -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "nothing was kept; ask the same again in a moment");
        problem.retry_after_s = Some(2);
        problem
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the store failed a request");
        Self::unavailable()
    }
}

impl From<RecordsError> for Problem {
    fn from(error: RecordsError) -> Self {
        tracing::warn!(%error, "the record failed a request");
        Self::unavailable()
    }
}

impl From<TurnError> for Problem {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Unknown(_) => Self::not_found("there is no such conversation"),
            TurnError::Store(error) => error.into(),
            TurnError::Busy(_) | TurnError::Overloaded => Self::unavailable(),
            TurnError::Bug(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "this could not be handled; the log has the place"),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Store(error) => error.into(),
            EraseError::Records(error) => error.into(),
            EraseError::Turn(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
