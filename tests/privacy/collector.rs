//! A collector of traces, as OpenTelemetry's OTLP over HTTP asks for one: takes batches of spans and keeps their bytes.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::net::TcpListener;

type Kept = Arc<Mutex<Vec<u8>>>;

pub struct Collector {
    pub url: String,
    kept: Kept,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, kept) = (format!("http://{}", listener.local_addr().unwrap()), Kept::default());
        let routes = Router::new().route("/v1/traces", post(take)).with_state(kept.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, kept }
    }

    /// All bytes that came.
    pub fn kept(&self) -> Vec<u8> {
        self.kept.lock().unwrap().clone()
    }
}

async fn take(State(kept): State<Kept>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if headers.get("content-type").is_none_or(|kind| kind != "application/x-protobuf") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    kept.lock().unwrap().extend_from_slice(&body);
    StatusCode::OK
}
