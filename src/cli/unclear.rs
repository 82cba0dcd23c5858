//! `intake unclear --user NAME`: what people wrote that was not understood, grouped, so that words can be added.

use std::{
    io::{BufRead, IsTerminal},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, bail};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

use super::{out, serve};
use crate::{
    base::{Private, clock::Clock, id::TracerId},
    config::Settings,
    records::{Auditing, Records, unclear},
    runtime::start,
    security::{
        password::{self, PasswordHash},
        role::{Permission, Role},
    },
};

/// Which replies, and how they are shown.
#[derive(clap::Args)]
#[command(
    after_help = "The password is read from standard input. Supervisors and admins see every text; authors see what three phones or more wrote."
)]
pub(super) struct Args {
    /// Who asks: a user of the desk who may read it
    #[arg(long)]
    user: String,
    /// Not older: a day (2026-03-01), or so many days (7d)
    #[arg(long)]
    since: Option<String>,
    /// Of this flow
    #[arg(long)]
    flow: Option<String>,
    /// In this language
    #[arg(long)]
    language: Option<String>,
    /// Show digits; without it each is #
    #[arg(long)]
    digits: bool,
    /// text, json or csv
    #[arg(long, default_value = "text", value_parser = ["text", "json", "csv"])]
    format: String,
    /// The configuration file
    #[arg(long, default_value = "intake.toml")]
    config: PathBuf,
}

/// Lists them.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(&args.config)?;
    let zone = TimeZone::get(&settings.agency.time_zone).unwrap_or(TimeZone::UTC);
    serve::on_runtime(async {
        let clock = Clock::machine();
        let since = args.since.as_deref().map(|since| day(since, &zone, clock.now())).transpose()?;
        let records = start::open_records(&settings, &clock).await?;
        let role = admitted(&records, &args.user).await?;
        let asked =
            unclear::Asked { since, flow: args.flow.clone(), language: args.language.clone(), digits: args.digits, least_phones: 1 };
        let groups = records.unclear(&asked.seen_by(role)).await?;
        let detail = format!("{} groups", groups.len());
        records
            .audit(Auditing {
                actor: &args.user,
                role: role.word(),
                action: "read what was not understood",
                conversation: None,
                detail: &detail,
            })
            .await?;
        match args.format.as_str() {
            "json" => out::line(&unclear::json(&groups).to_string()),
            "csv" => out::text(unclear::csv(&groups)?.reveal()),
            _ => {
                for group in &groups {
                    let (said, n, phones) = (group.said.reveal(), group.n, group.n_phones);
                    let place = format!("{} {} {}", group.flow, group.step, group.language);
                    out::line(&format!(
                        "{n:>5} ×  {said}  ({place}; {}; {phones} {})",
                        group.reason,
                        if phones == 1 { "phone" } else { "phones" }
                    ));
                }
                out::line(&format!("{} texts.", groups.len()));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The role of a user whose password is right and who may read it.
async fn admitted(records: &Records, login: &str) -> anyhow::Result<Role> {
    let typed = std::io::stdin();
    if typed.is_terminal() {
        out::line(&format!("Password of `{login}`:"));
    }
    let mut line = String::new();
    typed.lock().read_line(&mut line).context("no password could be read")?;
    let given = Private::new(line.trim_end_matches(['\r', '\n']).to_owned());
    let user = records.user(&TracerId::from(login)).await?;
    let stored = user.as_ref().map(|user| PasswordHash::from_stored(user.password_hash.reveal().as_str()));
    let right = password::verify(&given, stored.as_ref());
    if right && user.as_ref().is_some_and(|user| user.second.is_some()) {
        bail!("`{login}` has a second factor, which is asked at the desk: read it there, under “Not understood”");
    }
    match user.filter(|user| right && user.disabled_at.is_none()).and_then(|user| Role::from_word(&user.role)) {
        Some(role) if role.may(Permission::ReadUnclear) => Ok(role),
        Some(role) => bail!("`{login}` is {}, which may not read this; a supervisor, author or admin may", role.word()),
        None => bail!("the name or the password is not right"),
    }
}

fn day(since: &str, zone: &TimeZone, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Some(days) = since.strip_suffix('d').and_then(|days| days.parse::<i64>().ok()).filter(|days| (0..=36_500).contains(days)) {
        return Ok(now.checked_sub(SignedDuration::from_hours(24 * days))?);
    }
    let day: Date = since.parse().map_err(|_| anyhow::anyhow!("`{since}` is no day; write 2026-03-01, or 7d for seven days"))?;
    Ok(zone.to_timestamp(day.to_datetime(Time::midnight()))?)
}
