//! `intake reconcile --config FILE`: looks through the providers' lists for messages that never came, and takes them through their turns.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use jiff::ToSpan;

use super::{out, serve};
use crate::{channel::Channel, config::Settings, runtime::reconciler::Reconciler};

/// What to look through.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration file
    #[arg(long, default_value = "intake.toml")]
    config: PathBuf,
    /// How many hours back
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=2_400))]
    hours: u16,
    /// Only tell how many are missing
    #[arg(long)]
    dry_run: bool,
}

/// Looks once. What is decided is sent by the service that runs, or at its next start.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(&args.config)?;
    serve::on_runtime(async {
        let service = serve::open(settings).await?;
        let now = service.clock().now();
        let since = now.checked_sub(i64::from(args.hours).hours()).context("that is too long ago")?;
        let mut n_channels = 0;
        for channel in &service.settings().channels {
            let Channel::Twilio(channel) = channel else { continue };
            n_channels += 1;
            let done = Reconciler::new(service.clone()).since(channel, since, args.dry_run).await.with_context(|| channel.name.clone())?;
            let verb = if args.dry_run { "are missing" } else { "were missing and are taken" };
            out::line(&format!("{}: {} messages in {} hours, {} {verb}", channel.name, done.n_listed, args.hours, done.n_missing));
        }
        if n_channels == 0 {
            out::line("no channel has a provider with a list of messages; Meta repeats its webhooks for up to 7 days by itself");
        }
        service.store().close().await;
        Ok(ExitCode::SUCCESS)
    })
}
