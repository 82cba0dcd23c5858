//! The servers that are measured, each run by this program as a child.

use std::{io::Read, path::Path, process::ExitCode};

use clap::ValueEnum;

use super::yardstick;
use crate::{
    base::clock::Clock,
    cli::serve,
    config::Settings,
    engine,
    runtime::{Engine, Loops, Parts, Service, start},
    web,
};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// HTTP, signature, form, and a commit as small as it can be.
    Bare,
    /// As `inbound`, with an engine that always says the same.
    Empty,
    /// Webhooks to commits, without the loops.
    Inbound,
    /// All that `intake serve` runs.
    Whole,
}

impl Part {
    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Empty => "empty",
            Self::Inbound => "inbound",
            Self::Whole => "whole",
        }
    }
}

/// Serves until standard input ends: with the process that measures, however that ends.
///
/// # Errors
/// Where it cannot be served.
pub fn serve(part: Part, config: &Path) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(config)?;
    serve::on_runtime(async {
        let listener = serve::listen(settings.server.listen).await?;
        let engine: Engine = match part {
            Part::Bare => {
                tokio::select! {
                    served = yardstick::serve(settings, listener) => served?,
                    () = input_ended() => {}
                }
                return Ok(ExitCode::SUCCESS);
            }
            Part::Empty => yardstick::empty_engine,
            Part::Inbound | Part::Whole => engine::step,
        };
        let service = Service::new(Parts { engine, ..start::parts(settings, Clock::machine()).await? });
        let loops = (part == Part::Whole).then(|| Loops::start(&service));
        tokio::spawn(stop_with_input(service.clone()));
        web::serve(&service, listener).await;
        if let Some(loops) = loops {
            loops.stop().await;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn stop_with_input(service: Service) {
    input_ended().await;
    service.stop().ask();
}

async fn input_ended() {
    let (tell, told) = tokio::sync::oneshot::channel();
    // A thread of its own: one that waits for input must not keep the runtime from ending.
    std::thread::spawn(move || {
        let (mut input, mut bytes) = (std::io::stdin(), [0; 64]);
        while matches!(input.read(&mut bytes), Ok(1..)) {}
        let _ = tell.send(());
    });
    let _ = told.await;
}
