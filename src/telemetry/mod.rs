//! What an operator sees: logs and metrics. Neither carries a name, a number or a word of anybody's.
//!
//! Logs go to standard error, one line each; ids and kinds only. A panic is logged with its place alone, since its text may quote a value.
//! Libraries say at their lower levels what they send (addresses, statements, headers): whatever is set, only their warnings are written.
//! Every line of a request carries its trace id, which the answer names in `X-Trace-Id`; a turn that no request brought says what it is of.
//! Traces go to a collector where one is named, see `runtime/traces.rs`.
//! Metrics are Prometheus text under `/metrics`; [`figures::FIGURES`] lists them.

pub mod figures;

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// Seconds: from a quick turn to a wake that is a day late.
const BUCKETS: [f64; 12] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0, 86_400.0];

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For eyes.
    Plain,
    /// One JSON object a line.
    Json,
}

/// Begins to log, and to trace where there is somebody to trace for. `INTAKE_LOG` sets what is logged (`info`, `intake=debug`),
/// `INTAKE_LOG_FORMAT=json` how. Once in a process; later calls change nothing.
pub fn start_logging(tracer: Option<SdkTracer>) {
    let json = std::env::var("INTAKE_LOG_FORMAT").is_ok_and(|format| format == "json");
    let format = if json { LogFormat::Json } else { LogFormat::Plain };
    let filter = EnvFilter::try_from_env("INTAKE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // An error says that somebody has begun already.
    let _ = match tracer {
        None => logging(filter, format, ansi, std::io::stderr).try_init(),
        // Each by its own filter: traces have the spans within a request, which logs at their usual level do not.
        Some(tracer) => {
            let lines = lines(format, ansi, std::io::stderr).with_filter(filter_fn(may_be_written)).with_filter(filter);
            let spans = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
            tracing_subscriber::registry().with(lines).with(spans.with_filter(filter_fn(may_be_traced))).try_init()
        }
    };
    log_panics_by_place();
}

/// What writes log lines: those that the filter lets pass, and of libraries at most their warnings.
pub fn logging<W>(filter: EnvFilter, format: LogFormat, ansi: bool, writer: W) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filtered = tracing_subscriber::registry().with(filter).with(filter_fn(may_be_written));
    Box::new(filtered.with(lines(format, ansi, writer)))
}

fn lines<S, W>(format: LogFormat, ansi: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    match format {
        LogFormat::Plain => fmt::layer().with_writer(writer).with_ansi(ansi).boxed(),
        LogFormat::Json => fmt::layer().with_writer(writer).json().boxed(),
    }
}

/// Our own lines carry ids and kinds only; what libraries write below a warning may be anything.
fn may_be_written(line: &Metadata<'_>) -> bool {
    is_own(line) || *line.level() <= Level::WARN
}

/// Our own spans, and what our own lines tell within them.
fn may_be_traced(line: &Metadata<'_>) -> bool {
    is_own(line) && (line.is_span() || *line.level() <= Level::INFO)
}

fn is_own(line: &Metadata<'_>) -> bool {
    line.target() == "intake" || line.target().starts_with("intake::")
}

/// From now on a panic leaves its place in the log, and nothing of its text.
pub fn log_panics_by_place() {
    std::panic::set_hook(Box::new(log_panic));
}

/// Logs where a panic was.
pub fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    tracing::error!(place = %place, "a bug: panicked");
}

/// Begins to count, once in a process, and gives what `/metrics` shows.
pub fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let begin = || {
        let builder = PrometheusBuilder::new();
        let builder = match builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS) {
            Ok(builder) => builder,
            // It refuses no buckets at all, which these are not.
            Err(_) => PrometheusBuilder::new(),
        };
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // An error says that another recorder was there first; this one then shows nothing.
        let _ = metrics::set_global_recorder(recorder);
        figures::describe();
        handle
    };
    HANDLE.get_or_init(begin).clone()
}
