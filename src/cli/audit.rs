//! `intake audit verify --heads FILE`: whether the audit stands as it was written.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;

use super::{out, serve};
use crate::{
    base::clock::Clock,
    config::Settings,
    records::{AuditState, Records},
    runtime::start,
    security::{
        Sealer,
        head::{Found, Head},
    },
};

/// What about the audit.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Follow the chain of the audit, and compare it with heads that were kept elsewhere
    Verify {
        /// A file or log with signed heads, as `intake serve` gives them away every hour
        #[arg(long)]
        heads: Option<PathBuf>,
        /// The configuration file
        #[arg(long, default_value = "intake.toml")]
        config: PathBuf,
    },
}

/// Verifies: 0 where all stands, 1 where something was changed.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Command::Verify { heads, config } = &args.command;
    let settings = Settings::read(config)?;
    serve::on_runtime(async {
        let clock = Clock::machine();
        let sealer = settings.seal.sealer(&clock).map_err(anyhow::Error::msg)?;
        let records = start::open_records(&settings, &clock).await?;
        let mut whole = match records.audit_verify().await? {
            AuditState::Whole { n, head } => {
                out::line(&format!("{n} rows follow on each other; the last hash is {head}."));
                true
            }
            AuditState::Broken { at } => {
                out::line(&format!("Row {at} is not what was written, or is gone."));
                false
            }
        };
        match heads {
            Some(file) => whole &= compared(&records, &sealer, file).await?,
            None => out::line("Without `--heads` a chain that somebody made anew from its beginning is not found."),
        }
        Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

async fn compared(records: &Records, sealer: &Sealer, file: &Path) -> anyhow::Result<bool> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let (mut n_same, mut whole) = (0_u64, true);
    for (n_line, found) in text.lines().enumerate().filter_map(|(n, line)| Some((n + 1, Head::find(line, sealer)?))) {
        match found {
            Found::Forged => {
                out::line(&format!("Line {n_line} of {}: this head was not signed with our key.", file.display()));
                whole = false;
            }
            Found::Signed(head) if records.audit_hash(head.n).await?.as_deref() == Some(head.hash.as_str()) => n_same += 1,
            Found::Signed(head) => {
                out::line(&format!("The audit was changed: at {} row {} was another, or it is gone now.", head.at, head.n));
                whole = false;
            }
        }
    }
    out::line(&format!("{n_same} heads of {} agree with the audit.", file.display()));
    Ok(whole && n_same > 0)
}
