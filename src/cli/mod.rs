//! The command line: one command a file, one line in the table.

mod audit;
mod bench;
mod chat;
mod check;
mod demo;
mod erase;
mod explain;
mod folder;
mod keys;
mod out;
mod reconcile;
mod serve;
mod test;
mod unclear;
mod understand;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A conversational intake engine for public health.
#[derive(Parser)]
#[command(name = "intake", version, about)]
struct Intake {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Try it: a phone in the browser and a desk, on this machine alone
    Demo(demo::Args),
    /// Run the service that a configuration file describes
    Serve(serve::Args),
    /// Tell what is wrong with flows, where, and what to write instead
    Check(check::Args),
    /// Print the page of a finding's code
    Explain(explain::Args),
    /// Talk to a flow in the terminal
    Chat(chat::Args),
    /// Play the transcripts beside flows
    Test(test::Args),
    /// Tell how replies are read: JSON lines, or `--ask` in the terminal
    Understand(understand::Args),
    /// List what was not understood, grouped, so that words can be added
    Unclear(unclear::Args),
    /// Look for messages that the provider has and that never came
    Reconcile(reconcile::Args),
    /// Make keys that stored values are sealed with
    Keys(keys::Args),
    /// Tell whether the audit stands as it was written
    Audit(audit::Args),
    /// Erase what is kept of one address
    Erase(erase::Args),
    /// Add, list and shut out desk users; new passwords, lost second factors
    User(user::Args),
    /// Measure the whole service on this machine, beside a yardstick
    Bench(bench::Args),
}

/// Runs the command that was asked for.
///
/// Ends with 0 where all is well, 1 where something was found or failed, 2 where the command was not understood.
pub fn main() -> ExitCode {
    let outcome = match Intake::parse().command {
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Chat(args) => chat::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Understand(args) => understand::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Erase(args) => erase::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Unclear(args) => unclear::run(&args),
        Command::Reconcile(args) => reconcile::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::User(args) => user::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            out::problem(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
