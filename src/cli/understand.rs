//! `intake understand`: how a reply would be read. JSON lines in and out, or one question asked in the terminal again and again.

use std::{
    io::{BufRead, IsTerminal, Read},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use jiff::civil::Date;
use serde_json::{Map, Value as Json, json};

use super::out;
use crate::{answer::case, base::clock::Clock, config::folder};

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
    /// The folder of flows, whose `words/*.toml` are read besides the program's own
    #[arg(long)]
    flows: Option<PathBuf>,
}

/// Reads replies until there are no more.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let today = args.today.unwrap_or_else(|| jiff::tz::TimeZone::system().to_datetime(Clock::machine().now()).date());
    if let Some(dir) = &args.flows {
        folder::learn(dir).map_err(|problem| anyhow::anyhow!("{}", problem.message))?;
    }
    match (&args.ask, &args.file) {
        (Some(ask), _) => replies(args, ask, today),
        (None, Some(file)) => {
            let text = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
            lines(std::io::BufReader::new(text), today)
        }
        (None, None) => lines(std::io::stdin().lock(), today),
    }
}

/// Bytes of the longest case; a longer line is passed over and told of, so that no file fills the memory.
const LINE_BYTES: usize = 1024 * 1024;

/// One reading for each case.
fn lines(mut cases: impl BufRead, today: Date) -> anyhow::Result<ExitCode> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let most = u64::try_from(LINE_BYTES).unwrap_or(u64::MAX);
        let n = cases.by_ref().take(most).read_until(b'\n', &mut line).context("cannot read the cases")?;
        if n == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        if n == LINE_BYTES && !line.ends_with(b"\n") {
            cases.skip_until(b'\n').context("cannot read the cases")?;
            out::line(&json!({ "error": format!("the line is longer than {LINE_BYTES} bytes") }).to_string());
            continue;
        }
        match std::str::from_utf8(&line) {
            Ok(text) => {
                let text = text.trim_start_matches('\u{feff}').trim();
                if !text.is_empty() {
                    out::line(&case::run(text, today));
                }
            }
            Err(_) => out::line(&json!({ "error": "the line is not UTF-8" }).to_string()),
        }
    }
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
