//! What several suites need.

pub mod many;
pub mod meta;
pub mod power;
pub mod redis;
pub mod replay;
pub mod twilio;

use std::process::{Child, Command};

/// Sends a process a signal by its name: `STOP`, `CONT`.
pub fn signal(child: &Child, name: &str) {
    send(name, &child.id().to_string());
}

/// Sends a signal to the process group that a process leads.
pub fn signal_group(leader: &Child, name: &str) {
    send(name, &format!("-{}", leader.id()));
}

fn send(name: &str, to: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg("--").arg(to).status();
    assert!(sent.expect("`kill` can be run").success(), "{name} could not be sent to {to}");
}
