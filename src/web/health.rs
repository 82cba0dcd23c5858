//! For the machines that watch: alive, ready, and figures.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{runtime::Service, telemetry};

/// A record further behind than this shows tracers yesterday's queue: not ready.
const BEHIND_MS: u64 = 5_000;

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: store and record answer, and the record keeps up. 503 with the same body where not, or while stopping.
pub(super) async fn ready(State(service): State<Service>) -> Response {
    let store = service.store().ping().await.is_ok();
    let records = service.records().ping().await.is_ok();
    let behind_ms = service.behind_ms();
    let stopping = service.stop().is_asked();
    let ready = store && records && behind_ms <= BEHIND_MS && !stopping;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": ready, "store": store, "records": records, "records_behind_ms": behind_ms, "stopping": stopping });
    (status, Json(body)).into_response()
}

/// `GET /metrics`
pub(super) async fn figures(State(service): State<Service>) -> Response {
    let handle = telemetry::metrics();
    if let Ok((n_items, oldest_ms)) = service.store().depth().await {
        metrics::gauge!("intake_outbox_depth").set(lossy(n_items));
        metrics::gauge!("intake_outbox_oldest_seconds").set(lossy(oldest_ms) / 1_000.0);
    }
    metrics::gauge!("intake_records_behind_seconds").set(lossy(service.behind_ms()) / 1_000.0);
    if let Ok([routine, urgent, emergency]) = service.records().queue_counts().await {
        for (urgency, n) in [("emergency", emergency), ("urgent", urgent), ("routine", routine)] {
            metrics::gauge!("intake_escalations_open", "urgency" => urgency).set(lossy(n));
        }
    }
    if let Ok([routine, urgent, emergency]) = service.records().queue_oldest().await {
        let now = service.clock().now();
        for (urgency, since) in [("emergency", emergency), ("urgent", urgent), ("routine", routine)] {
            let age_s = since.map_or(0, |since| u64::try_from(now.duration_since(since).as_secs()).unwrap_or(0));
            metrics::gauge!("intake_escalations_oldest_seconds", "urgency" => urgency).set(lossy(age_s));
        }
    }
    handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
}

/// A figure for a gauge; exact up to 2^32, and capped there.
fn lossy(n: u64) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
