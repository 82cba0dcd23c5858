//! `intake explain F012`: the page of a code.

use std::process::ExitCode;

use anyhow::bail;

use super::out;
use crate::{
    check,
    flow::{codes::Page, diagnostic::did_you_mean},
};

/// What to explain.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The code of a finding, such as F012; without one, all codes are listed
    code: Option<String>,
}

/// Prints the page, or the list.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(code) = &args.code else {
        for page in check::pages() {
            out::line(&format!("{}  {:<8} {}", page.code, word(page), page.title));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(page) = check::explain(code) else {
        let known = check::pages().map(|page| page.code);
        let meant = did_you_mean(code, known).unwrap_or_else(|| "`intake explain` lists all".to_owned());
        bail!("there is no code `{code}`; {meant}");
    };
    out::text(&shown(page));
    Ok(ExitCode::SUCCESS)
}

const fn word(page: &Page) -> &'static str {
    match page.level {
        crate::flow::Level::Note => "note",
        crate::flow::Level::Warning => "warning",
        crate::flow::Level::Error => "error",
    }
}

fn shown(page: &Page) -> String {
    let example = |text: &str| text.trim_end().lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!(
        "{} ({}): {}\n\n{}\n\nWhy it matters: {}\n\nSo not:\n\n{}\nBut:\n\n{}",
        page.code,
        word(page),
        page.title,
        page.what,
        page.why,
        example(page.bad),
        example(page.good)
    )
}
