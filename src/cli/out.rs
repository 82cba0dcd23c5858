//! The only place that prints, and reads what is typed.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::Context;

use crate::base::Private;

/// A line on standard output. A reader that went away (`| head`) is no error.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Text on standard output as it is, without a line end of its own.
pub(super) fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// What stopped a command, on standard error.
pub(super) fn problem(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {text}");
}

/// Whether standard output is a terminal that wants colour.
pub(super) fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// One line of standard input, without its end.
pub(super) fn typed(otherwise: &'static str) -> anyhow::Result<Private<String>> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context(otherwise)?;
    Ok(Private::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}
