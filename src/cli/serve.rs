//! `intake serve --config FILE`: the service, until it is told to stop.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context;
use tokio::{net::TcpListener, signal, time::timeout};

use crate::{
    base::clock::Clock,
    channel::Channel,
    config::{Seal, Settings},
    runtime::{Loops, Service, Traces, start},
    telemetry, web,
};

/// Requests that are under way at the stop may take so long.
const LAST_REQUESTS: Duration = Duration::from_secs(15);

/// What to serve.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration file
    #[arg(long, default_value = "intake.toml")]
    config: PathBuf,
}

/// Serves until SIGINT or SIGTERM.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(&args.config)?;
    on_runtime(async {
        let listener = listen(settings.server.listen).await?;
        let figures = match settings.server.metrics_listen {
            Some(at) => Some(listen(at).await?),
            None => None,
        };
        let service = open(settings).await?;
        if let Some(figures) = figures {
            tracing::info!(listen = %figures.local_addr()?, "figures are told here alone");
            let service = service.clone();
            tokio::spawn(async move {
                if let Err(error) = web::serve_figures(&service, figures).await {
                    tracing::error!(%error, "the listener of the figures failed");
                }
            });
        }
        for channel in &service.settings().channels {
            let webhook = match channel {
                Channel::Twilio(_) => format!("{}#rc=5&rp=ct,rt,5xx", service.settings().webhook(channel.name())),
                Channel::WhatsApp(_) | Channel::Browser(_) => service.settings().webhook(channel.name()),
            };
            tracing::info!(channel = channel.name(), %webhook, "a channel is open");
        }
        tracing::info!(listen = %listener.local_addr()?, "serving");
        until_stopped(&service, listener).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Runs something on a runtime of its own, with logs, and with traces where somebody collects them.
pub(super) fn on_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let traces = Traces::begin().map_err(anyhow::Error::msg)?;
    telemetry::start_logging(traces.as_ref().map(Traces::tracer));
    telemetry::metrics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime could be started")?;
    let worked = runtime.block_on(work);
    if let Some(traces) = traces {
        traces.end();
    }
    worked
}

/// Listens.
pub(super) async fn listen(at: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(at).await.with_context(|| {
        format!("{at} cannot be listened at; if something else runs there, set another `server.listen`, or `--listen` for the demo")
    })
}

/// Opens everything, and says what an operator should think about.
pub(super) async fn open(settings: Settings) -> anyhow::Result<Service> {
    for warning in &settings.warnings {
        tracing::warn!("{}: {warning}", settings.file.display());
    }
    let made = match &settings.seal {
        Seal::MadeAt(path) => Some(path.clone()),
        Seal::Given(_) | Seal::Passing => None,
    };
    let file = settings.file.display().to_string();
    let service = start::open(settings, Clock::machine()).await.with_context(|| format!("{file} cannot be served"))?;
    if let Some(path) = made {
        tracing::warn!("a sealing key was made at {}: keep a copy apart from the data, without it nothing can be read", path.display());
    }
    Ok(service)
}

/// Serves and works until a signal comes, then ends in order.
pub(super) async fn until_stopped(service: &Service, listener: TcpListener) -> anyhow::Result<()> {
    let loops = Loops::start(service);
    let stop = service.stop().clone();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            asked_by_signal().await;
            tracing::info!("stopping: what is under way is finished first");
            stop.ask();
        }
    });
    let serving = web::serve(service, listener);
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        () = stop.asked() => {
            let _ = timeout(LAST_REQUESTS, serving).await;
        }
    }
    loops.stop().await;
    service.store().close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn asked_by_signal() {
    let interrupt = async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
