//! `intake test FLOWS`: plays every transcript beside the flows.

use std::{path::PathBuf, process::ExitCode};

use super::{folder, out};
use crate::{
    flow::{Finding, Level, Library, library::Folder, report},
    transcript::{self, Failure, Setting, Unvisited, Visited},
};

/// What to test.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A folder of flows with their `*.chat` files, one flow's file, or one transcript
    #[arg(default_value = "flows")]
    flows: PathBuf,
    /// Do not list the steps and arms that no transcript visits
    #[arg(long)]
    no_coverage: bool,
}

/// Ends with 1 where a transcript fails or a flow cannot be published.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let read = folder::read(&args.flows)?;
    let compiled = read.compile();
    let errors: Vec<Finding> = compiled.findings.iter().filter(|finding| finding.level == Level::Error).cloned().collect();
    let broken = !errors.is_empty();
    if broken {
        let (errors, files) = read.with_paths(errors);
        out::text(&report::text(&errors, &files, out::colour()));
    }
    let library = library(&compiled);
    let setting = Setting { welcome: library.current("welcome").map(|_| "welcome".to_owned()), ..Setting::default() };
    let mut visited = Visited::default();
    let (mut n_passed, mut n_failed) = (0_usize, 0_usize);
    let mut tested = Vec::new();
    for (path, text) in &read.chats {
        let file = path.display().to_string();
        let failures = match transcript::parse(&file, text) {
            Ok(script) if read.only.as_ref().is_some_and(|only| *only != script.flow) && !same_stem(path, read.only.as_deref()) => continue,
            Ok(script) => {
                let played = transcript::play(&library, &setting, &script);
                visited.merge(played.visited);
                tested.push(script.flow);
                played.failures
            }
            Err(unreadable) => unreadable
                .into_iter()
                .map(|fault| Failure { line: fault.line, what: format!("{}; {}", fault.what, fault.help), expected: None, got: None })
                .collect(),
        };
        if failures.is_empty() {
            n_passed += 1;
            out::line(&format!("passed  {file}"));
        } else {
            n_failed += 1;
            out::line(&format!("FAILED  {file}"));
            failures.iter().for_each(|failure| out::text(&shown(&file, failure)));
        }
    }
    if !args.no_coverage {
        coverage(&read, &compiled, &tested, &visited);
    }
    out::line(&format!("{n_passed} passed, {n_failed} failed"));
    Ok(if n_failed > 0 || broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The flows without errors, in service.
pub(super) fn library(compiled: &Folder) -> Library {
    let mut library = Library::default();
    compiled.revisions.values().for_each(|revision| library.publish(revision.clone()));
    library
}

fn same_stem(path: &std::path::Path, only: Option<&str>) -> bool {
    path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next()) == only
}

/// One difference, as a diff.
fn shown(file: &str, failure: &Failure) -> String {
    let mut text = format!("  {file}:{}: {}\n", failure.line, failure.what);
    if let Some(expected) = &failure.expected {
        text.push_str(&format!("    - {expected}\n"));
    }
    if let Some(got) = &failure.got {
        text.push_str(&format!("    + {got}\n"));
    }
    text
}

/// Lists what no transcript visits.
fn coverage(read: &folder::Read, compiled: &Folder, tested: &[String], visited: &Visited) {
    let mut untested = Vec::new();
    let mut missing: Vec<Unvisited> = Vec::new();
    for (name, flow) in &compiled.flows {
        if read.only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let of_flow = visited.missing(flow);
        if !tested.contains(name) && of_flow.iter().filter(|place| place.arm.is_none()).count() == flow.steps.len() {
            untested.push(name.clone());
        } else {
            missing.extend(of_flow);
        }
    }
    if !missing.is_empty() {
        out::line("\nNo transcript visits:");
    }
    for place in &missing {
        let what = match (&place.when, place.arm) {
            (Some(when), Some(arm)) => format!("arm {arm} of `{}` ({when})", place.step),
            (_, _) => format!("step `{}`", place.step),
        };
        out::line(&format!("  {}:{}: {what}", read.path(&place.span.file), place.span.line));
    }
    if !untested.is_empty() {
        out::line(&format!("\nNo transcript at all: {}", untested.join(", ")));
    }
    if !missing.is_empty() || !untested.is_empty() {
        out::line("");
    }
}
