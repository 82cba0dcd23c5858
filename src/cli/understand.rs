//! `intake understand`: how a reply would be read. JSON lines in and out, or one question asked in the terminal again and again.

use std::{
    io::{BufRead, IsTerminal},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use jiff::civil::Date;
use serde_json::{Map, Value as Json, json};

use super::out;
use crate::{answer::case, base::clock::Clock};

/// What is asked; without `--ask`, JSON lines are read, one case each, and one reading is written for each.
#[derive(clap::Args)]
#[command(
    after_help = "A line is {\"language\",\"ask\",\"options\"?,\"none\"?,\"min\"?,\"max\"?,\"bounds\"?,\"today\",\"country\",\"said\"}."
)]
pub(super) struct Args {
    /// Lines of cases; standard input where none is named
    file: Option<PathBuf>,
    /// Ask this in the terminal: yes/no, one of, any of, number, temperature, date, phone, name, keyword …
    #[arg(long)]
    ask: Option<String>,
    /// The language spoken (a tag: en, es)
    #[arg(long, default_value = "en")]
    language: String,
    /// An option of `one of` and `any of`; may be given several times
    #[arg(long)]
    option: Vec<String>,
    /// The exclusive answer of `any of`
    #[arg(long)]
    none: Option<String>,
    /// Bounds of a date: past, future, "in the past 30 days", "since 2026-03-01"
    #[arg(long)]
    bounds: Option<String>,
    /// The person's day; today where none is given
    #[arg(long)]
    today: Option<Date>,
    /// The person's country, as US
    #[arg(long)]
    country: Option<String>,
}

/// Reads replies until there are no more.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let today = args.today.unwrap_or_else(|| jiff::tz::TimeZone::system().to_datetime(Clock::machine().now()).date());
    match (&args.ask, &args.file) {
        (Some(ask), _) => replies(args, ask, today),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            lines(text.lines().map(|line| Ok(line.to_owned())), today)
        }
        (None, None) => lines(std::io::stdin().lock().lines(), today),
    }
}

/// One reading for each case.
fn lines(cases: impl Iterator<Item = std::io::Result<String>>, today: Date) -> anyhow::Result<ExitCode> {
    for line in cases {
        let line = line.context("cannot read the cases")?;
        if !line.trim().is_empty() {
            out::line(&case::run(&line, today));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Each line typed is a reply to the same question.
fn replies(args: &Args, ask: &str, today: Date) -> anyhow::Result<ExitCode> {
    let mut question = Map::new();
    question.insert("ask".to_owned(), json!(ask));
    question.insert("language".to_owned(), json!(args.language));
    if !args.option.is_empty() {
        question.insert("options".to_owned(), json!(args.option));
    }
    for (name, value) in [("none", &args.none), ("bounds", &args.bounds), ("country", &args.country)] {
        if let Some(value) = value {
            question.insert(name.to_owned(), json!(value));
        }
    }
    let typed = std::io::stdin();
    if typed.is_terminal() {
        out::line("Type what they write; an empty line ends.");
    }
    for line in typed.lock().lines() {
        let said = line.context("cannot read the reply")?;
        if said.is_empty() && typed.is_terminal() {
            break;
        }
        question.insert("said".to_owned(), json!(said));
        out::line(&case::run(&Json::Object(question.clone()).to_string(), today));
    }
    Ok(ExitCode::SUCCESS)
}
