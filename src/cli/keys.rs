//! `intake keys new`: a key that stored values are sealed with.

use std::{path::PathBuf, process::ExitCode};

use super::out;
use crate::{base::clock::Clock, config::seal, security::Sealer};

/// What about keys.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make a key file; one that exists is left alone
    New {
        /// The file
        #[arg(default_value = "intake.key")]
        file: PathBuf,
    },
}

/// Makes it.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Command::New { file } = &args.command;
    seal::write_new(file, &Sealer::generate(&Clock::machine())).map_err(anyhow::Error::msg)?;
    out::line(&format!(
        "A key was made at {0}. Write into the configuration:\n\n[seal]\nkey = {{ file = \"{0}\" }}\n\n\
         Keep a copy of it apart from the data: without it nothing stored can be read.",
        file.display()
    ));
    Ok(ExitCode::SUCCESS)
}
