//! `intake user add NAME --role tracer --first-name Ana`, `list`, `password`, `reset-second-factor`, `disable`: who may work at the desk.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, ensure};

use super::{out, serve};
use crate::{
    base::{Private, clock::Clock, id::TracerId},
    config::Settings,
    records::{Auditing, NewUser, Records},
    runtime::start,
    security::{password, role::Role, token},
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
        #[arg(long, default_value = CONFIG)]
        config: PathBuf,
    },
    /// List users: role, second factor, since when they are shut out
    List {
        /// The configuration file
        #[arg(long, default_value = CONFIG)]
        config: PathBuf,
    },
    /// Give a user another password and print it; their sessions end
    Password {
        /// The login name
        name: String,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
        /// The configuration file
        #[arg(long, default_value = CONFIG)]
        config: PathBuf,
    },
    /// Take a user's second factor away, where phone and recovery codes are lost; their sessions end
    ResetSecondFactor {
        /// The login name
        name: String,
        /// The configuration file
        #[arg(long, default_value = CONFIG)]
        config: PathBuf,
    },
    /// Shut a user out for good; their sessions end
    Disable {
        /// The login name
        name: String,
        /// The configuration file
        #[arg(long, default_value = CONFIG)]
        config: PathBuf,
    },
}

const CONFIG: &str = "intake.toml";

/// Runs one of them.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (Command::Add { config, .. }
    | Command::List { config }
    | Command::Password { config, .. }
    | Command::ResetSecondFactor { config, .. }
    | Command::Disable { config, .. }) = &args.command;
    if let Command::Add { name, role, first_name, .. } = &args.command {
        good(name, role, first_name)?;
    }
    let settings = Settings::read(config)?;
    serve::on_runtime(async {
        let clock = Clock::machine();
        let records = start::open_records(&settings, &clock).await?;
        match &args.command {
            Command::Add { name, role, first_name, password_stdin, .. } => {
                let password = given(*password_stdin, &clock)?;
                let user = NewUser {
                    login: TracerId::from(name.as_str()),
                    first_name: first_name.trim().into(),
                    role: role.clone(),
                    password_hash: hashed(&password, &clock)?,
                };
                records.add_user(&user).await?;
                audited(&records, "added a user", name).await?;
                out::line(&format!("`{name}` may log in as {role}."));
                told(&password, *password_stdin);
            }
            Command::List { .. } => {
                for user in records.users().await? {
                    let second = if user.second.is_some() { "second factor" } else { "password alone" };
                    let until = user.disabled_at.map_or_else(String::new, |at| format!(", shut out since {at}"));
                    out::line(&format!("{}: {}, {second}{until}", user.login, user.role));
                }
            }
            Command::Password { name, password_stdin, .. } => {
                let password = given(*password_stdin, &clock)?;
                let there = records.set_password(&TracerId::from(name.as_str()), &hashed(&password, &clock)?).await?;
                ensure!(there, "there is no user `{name}`");
                audited(&records, "gave another password", name).await?;
                out::line(&format!("`{name}` has another password."));
                told(&password, *password_stdin);
            }
            Command::ResetSecondFactor { name, .. } => {
                ensure!(records.set_second(&TracerId::from(name.as_str()), None).await?, "there is no user `{name}`");
                audited(&records, "reset a second factor", name).await?;
                out::line(&format!("`{name}` has no second factor now; where one is required, the next login sets one up."));
            }
            Command::Disable { name, .. } => {
                let done = records.disable_user(&TracerId::from(name.as_str())).await?;
                ensure!(done, "there is no user `{name}` who could still log in");
                audited(&records, "shut a user out", name).await?;
                out::line(&format!("`{name}` is shut out."));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn good(name: &str, role: &str, first_name: &str) -> anyhow::Result<()> {
    let known = Role::ALL.map(Role::word).join(", ");
    ensure!(Role::from_word(role).is_some(), "`{role}` is no role; write one of {known}");
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    let fits = !name.is_empty() && name.len() <= 40 && name.chars().all(good) && !["bot", "nobody"].contains(&name);
    ensure!(fits, "a login name has 1 to 40 small letters, digits, `.`, `-` and `_`, and is neither `bot` nor `nobody`");
    let n_chars = first_name.trim().chars().count();
    ensure!((1..=40).contains(&n_chars), "a first name has 1 to 40 characters: it is what patients are told");
    Ok(())
}

/// Who sits at the machine is not known; that it was the command line is.
async fn audited(records: &Records, action: &str, name: &str) -> anyhow::Result<()> {
    let row = Auditing { actor: "command line", role: "admin", action, conversation: None, detail: name };
    Ok(records.audit(row).await?)
}

fn given(stdin: bool, clock: &Clock) -> anyhow::Result<Private<String>> {
    if stdin { out::typed("no password could be read") } else { Ok(made(clock)) }
}

fn hashed(password: &Private<String>, clock: &Clock) -> anyhow::Result<Private<String>> {
    let hash = password::hash(password, clock).context("the password cannot be taken")?;
    Ok(Private::new(hash.to_stored().to_owned()))
}

fn told(password: &Private<String>, was_typed: bool) {
    if !was_typed {
        out::line(&format!("Password: {}", password.reveal()));
    }
}

/// 100 bits.
fn made(clock: &Clock) -> Private<String> {
    token::readable::<20>(clock)
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
    let hash = hashed(&password, clock)?;
    let login = TracerId::from(name);
    if !records.set_password(&login, &hash).await? {
        let user = NewUser { login, first_name: first_name.into(), role: role.word().to_owned(), password_hash: hash };
        records.add_user(&user).await?;
    }
    Ok(password.into_inner())
}
