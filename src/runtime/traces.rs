//! Traces for a collector, where an operator asks for them by OpenTelemetry's own variables: OTLP over HTTP, as protobuf.
//!
//! `OTEL_EXPORTER_OTLP_ENDPOINT` (`http://127.0.0.1:4318`), or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` with the whole path, says where to;
//! `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER` and `OTEL_BSP_*` are heeded
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>). Spans carry what logs do: ids and kinds.
//!
//! Spans are handed over in batches by a thread of their own; what the collector does not take in time is dropped, never waited for.

use std::{future::Future, pin::Pin};

use bytes::Bytes;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider},
};
use tokio::runtime::{Builder, Runtime};

use super::http::Http;

/// Any of them turns traces on.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
/// What the service is called where `OTEL_SERVICE_NAME` does not say.
const SERVICE: &str = "intake";

/// Traces that are being collected.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins, where the environment names a collector.
    ///
    /// # Errors
    /// Where what it names is no address.
    pub fn begin() -> Result<Option<Self>, String> {
        let named = |name: &str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
        if !ENDPOINTS.into_iter().any(named) {
            return Ok(None);
        }
        let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_http_client(Collector::new()?).build();
        let exporter =
            exporter.map_err(|error| format!("the collector of traces cannot be used, see {}: {error}", ENDPOINTS.join(", ")))?;
        let mut resource = Resource::builder();
        if !named("OTEL_SERVICE_NAME") {
            resource = resource.with_service_name(SERVICE);
        }
        Ok(Some(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build())))
    }

    /// What makes spans.
    pub fn tracer(&self) -> SdkTracer {
        self.0.tracer(SERVICE)
    }

    /// Hands over what is left; a collector that does not answer is not waited for longer than five seconds.
    pub fn end(self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces did not reach their collector");
        }
    }
}

/// The way to the collector. The thread that hands batches over has no runtime, so this has one.
#[derive(Debug)]
struct Collector {
    http: Http,
    runtime: Runtime,
}

impl Collector {
    fn new() -> Result<Self, String> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("traces").enable_all().build();
        Ok(Self { http: Http::new()?, runtime: runtime.map_err(|error| format!("no runtime for traces: {error}"))? })
    }
}

impl HttpClient for Collector {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move { http.perform(request).await });
        Box::pin(async move { sent.await?.map_err(|transport| format!("{transport:?}").into()) })
    }
}
