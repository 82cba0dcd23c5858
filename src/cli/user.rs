//! `intake user add NAME --role tracer --first-name Ana`: who may work at the desk.

use std::{io::BufRead, path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};

use super::{out, serve};
use crate::{
    base::{Private, clock::Clock, id::TracerId},
    config::Settings,
    records::{NewUser, Records},
    runtime::start,
    security::{password, role::Role},
};

/// What about users.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Add a user and print a password for them
    Add {
        /// The login name: small letters, digits, `.`, `-` and `_`
        name: String,
        /// tracer, supervisor, author, auditor or admin
        #[arg(long, default_value = "tracer")]
        role: String,
        /// What patients are told when this user writes
        #[arg(long)]
        first_name: String,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
        /// The configuration file
        #[arg(long, default_value = "intake.toml")]
        config: PathBuf,
    },
}

/// Adds one.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Command::Add { name, role, first_name, password_stdin, config } = &args.command;
    let Some(role) = Role::from_word(role) else {
        bail!("`{role}` is no role; write one of {}", Role::ALL.map(Role::word).join(", "));
    };
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.len() > 40 || !name.chars().all(good) || ["bot", "nobody"].contains(&name.as_str()) {
        bail!("a login name has 1 to 40 small letters, digits, `.`, `-` and `_`, and is neither `bot` nor `nobody`");
    }
    let first_name = first_name.trim();
    if first_name.is_empty() || first_name.chars().count() > 40 {
        bail!("a first name has 1 to 40 characters: it is what patients are told");
    }
    let settings = Settings::read(config)?;
    serve::on_runtime(async {
        let clock = Clock::machine();
        let records = start::open_records(&settings, &clock).await?;
        let password = if *password_stdin { typed()? } else { made(&clock) };
        let password_hash = password::hash(&password, &clock).context("the password cannot be taken")?;
        let user = NewUser {
            login: TracerId::from(name.as_str()),
            first_name: first_name.into(),
            role: role.word().to_owned(),
            password_hash: Private::new(password_hash.to_stored().to_owned()),
        };
        records.add_user(&user).await?;
        out::line(&format!("`{name}` may log in as {}.", role.word()));
        if !password_stdin {
            out::line(&format!("Password: {}", password.reveal()));
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn typed() -> anyhow::Result<Private<String>> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no password could be read")?;
    Ok(Private::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Letters that are not mistaken for each other: five at a time, so that they can be read out. About 95 bits.
fn made(clock: &Clock) -> Private<String> {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letter = |byte: u8| char::from(LETTERS.get(usize::from(byte) % LETTERS.len()).copied().unwrap_or(b'x'));
    let letters: Vec<char> = clock.random::<20>().into_iter().map(letter).collect();
    Private::new(letters.chunks(5).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// Gives a user a new password, and adds the user where there is none: the password.
pub(super) async fn with_new_password(
    records: &Records,
    clock: &Clock,
    name: &str,
    first_name: &str,
    role: Role,
) -> anyhow::Result<String> {
    let password = made(clock);
    let hash = password::hash(&password, clock)?;
    let hash = Private::new(hash.to_stored().to_owned());
    let login = TracerId::from(name);
    if !records.set_password(&login, &hash).await? {
        let user = NewUser { login, first_name: first_name.into(), role: role.word().to_owned(), password_hash: hash };
        records.add_user(&user).await?;
    }
    Ok(password.into_inner())
}
