//! `intake check FLOWS`: everything that is wrong, in one pass.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use clap::ValueEnum;

use super::{folder, out};
use crate::{
    check::{Surroundings, check},
    flow::{Finding, Level, library::Folder, report},
};

/// What to check.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A folder of flows, or one flow's file
    #[arg(default_value = "flows")]
    flows: PathBuf,
    /// How findings are printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: the line, with carets
    Text,
    /// For programs: an array of objects
    Json,
}

/// Ends with 1 where there is an error; warnings and notes are no failure.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let read = folder::read(&args.flows)?;
    let compiled = read.compile();
    let findings = findings(&compiled, read.only.as_deref());
    let failed = findings.iter().any(|finding| finding.level == Level::Error);
    let (findings, files) = read.with_paths(findings);
    match args.format {
        Format::Text => out::text(&report::text(&findings, &files, out::colour())),
        Format::Json => out::line(&report::json(&findings)),
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What reading found and what the rules find; of one flow and the files it is made of, where one was named.
pub(super) fn findings(compiled: &Folder, only: Option<&str>) -> Vec<Finding> {
    let around = Surroundings::default();
    let mut findings = compiled.findings.clone();
    for (_, revision) in compiled.revisions.iter().filter(|(name, _)| only.is_none_or(|only| *name == only)) {
        findings.extend(check(revision, &around));
    }
    if let Some(only) = only {
        let own = |file: &str| file.split('.').next() == Some(only) || file.starts_with("messages/");
        let called: BTreeSet<String> =
            compiled.revisions.get(only).map(|revision| revision.flows.keys().cloned().collect()).unwrap_or_default();
        findings.retain(|finding| {
            let file = &finding.place.span.file;
            own(file) || finding.level == Level::Error && file.split('.').next().is_some_and(|stem| called.contains(stem))
        });
    }
    findings.sort_by(|a, b| {
        (&a.place.span.file, a.place.span.start, a.code, &a.message).cmp(&(&b.place.span.file, b.place.span.start, b.code, &b.message))
    });
    findings.dedup();
    findings
}
