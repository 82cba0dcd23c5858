//! `intake keys new`, `rotate` and `reseal`: the keys that stored values are sealed with.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};

use super::{out, serve};
use crate::{
    base::clock::Clock,
    config::{Settings, seal},
    runtime::{
        keys::{self, NEW_KEY_SEALS_AFTER_S},
        start,
    },
    security::Sealer,
};

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
    /// Add a new data key to a key file; services that run read it by themselves and seal with it a minute later
    Rotate {
        /// The key file; otherwise the one that the configuration names
        #[arg(long)]
        file: Option<PathBuf>,
        /// The configuration file
        #[arg(long, default_value = "intake.toml")]
        config: PathBuf,
        /// Seconds until the new key seals: every process that shares the file must have read it by then
        #[arg(long, default_value_t = NEW_KEY_SEALS_AFTER_S)]
        after: u32,
    },
    /// Seal everything stored with the newest key now; a service that runs does so by itself
    Reseal {
        /// The configuration file
        #[arg(long, default_value = "intake.toml")]
        config: PathBuf,
    },
}

/// Runs one of them.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::New { file } => new(file),
        Command::Rotate { file: Some(file), after, .. } => rotate(file, *after),
        Command::Rotate { file: None, config, after } => {
            let settings = Settings::read(config)?;
            let Some(file) = &settings.seal_file else {
                bail!("the key stands in no file; write it into one and name it: `key = {{ file = \"intake.key\" }}`");
            };
            rotate(file, *after)
        }
        Command::Reseal { config } => reseal(config),
    }
}

fn new(file: &Path) -> anyhow::Result<ExitCode> {
    seal::write_new(file, &Sealer::generate(&Clock::machine())).map_err(anyhow::Error::msg)?;
    out::line(&format!(
        "A key was made at {0}. Write into the configuration:\n\n[seal]\nkey = {{ file = \"{0}\" }}\n\n\
         Keep a copy of it apart from the data: without it nothing stored can be read.",
        file.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn rotate(file: &Path, after_s: u32) -> anyhow::Result<ExitCode> {
    let text = fs::read_to_string(file).with_context(|| format!("the key file {} cannot be read", file.display()))?;
    let clock = Clock::machine();
    let rotated = Sealer::rotated(&text, &clock, after_s).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    seal::write_over(file, &rotated).map_err(anyhow::Error::msg)?;
    let id = Sealer::parse(&rotated).map_err(anyhow::Error::msg)?.newest_key_id();
    out::line(&format!(
        "Data key {id} was added to {0} and seals in {after_s} s. Keep a copy of the file as it is now.\n\
         Services that share this file read it by themselves; give it to those that have one of their own before that.\n\
         They then seal anew what older keys have sealed, and log when it is done; `intake keys reseal` does so where none runs.\n\
         Take the lines of older keys out of the file only after that.",
        file.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn reseal(config: &Path) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(config)?;
    serve::on_runtime(async {
        let service = start::open(settings, Clock::machine()).await.with_context(|| format!("{} cannot be opened", config.display()))?;
        let done = keys::sweep(&service).await?;
        let sealing = service.store().sealer().sealing_key_id(service.clock().now());
        service.store().close().await;
        out::line(&format!("{} values were sealed anew with data key {sealing}.", done.n_resealed));
        if done.n_left == 0 {
            out::line("Nothing is sealed with another: older keys may be taken out of the key file.");
            return Ok(ExitCode::SUCCESS);
        }
        out::line(&format!(
            "{} are left: they are in the journal until `intake serve` has recorded them, or changed under the sweep. Run it again.",
            done.n_left
        ));
        Ok(ExitCode::FAILURE)
    })
}
