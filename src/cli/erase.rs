//! `intake erase --channel sms --yes`: erases what is kept of one address, which is read from standard input.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};

use super::{out, serve};
use crate::{
    base::{clock::Clock, id::ConversationId},
    config::{Settings, StoreUrl},
    runtime::{
        Service,
        erase::{self, Erased, Erasing},
        start,
    },
    web::address_of,
};

/// Whose.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The channel that they are written to by; the address is read from standard input, so that it stands in no history
    #[arg(long)]
    channel: Option<String>,
    /// The conversation's id, in the place of channel and address
    #[arg(long, conflicts_with = "channel")]
    conversation: Option<String>,
    /// Erase it, rather than say what would be erased
    #[arg(long)]
    yes: bool,
    /// The configuration file
    #[arg(long, default_value = "intake.toml")]
    config: PathBuf,
}

/// Erases it.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(&args.config)?;
    let of_one_file = matches!(settings.store, StoreUrl::Sqlite(_));
    serve::on_runtime(async {
        let service = start::open(settings, Clock::machine()).await.context(
            "nothing was erased; where `intake serve` holds the file, erase at its desk or by `DELETE /api/v1/conversations/ID`",
        )?;
        let done = erased(args, &service, of_one_file).await;
        service.store().close().await;
        done
    })
}

async fn erased(args: &Args, service: &Service, of_one_file: bool) -> anyhow::Result<ExitCode> {
    let id = match (&args.conversation, &args.channel) {
        (Some(id), _) => ConversationId::parse(id).context("a conversation's id has 32 hex digits")?,
        (None, Some(channel)) => {
            let address = address_of(service, channel, out::typed("no address could be read")?).map_err(anyhow::Error::msg)?;
            service.store().resolve(&address).await?
        }
        (None, None) => bail!("say whose: `--channel sms` and the address on standard input, or `--conversation ID`"),
    };
    if !args.yes {
        let there = service.store().living(&id).await?.is_some();
        out::line(&format!("{}; `--yes` erases it.", if there { "There is a conversation" } else { "There is no conversation" }));
        return Ok(if there { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let erasing = Erasing { actor: "command line", role: "admin", action: "erased", quiet_since: None };
    if service.erase(&id, erasing).await? == Erased::Unknown {
        out::line("There is no such conversation, or it was erased before.");
        return Ok(ExitCode::FAILURE);
    }
    if of_one_file {
        erase::record(service).await?;
        out::line("Erased.");
    } else {
        out::line("Erased from Redis. The record follows within seconds where `intake serve` runs, else when it is started.");
    }
    Ok(ExitCode::SUCCESS)
}
