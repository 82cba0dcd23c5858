//! What was measured, as a table: one column for each server.

use std::{fmt::Write, time::Duration};

use super::{
    load::Loaded,
    machine::{Figures, Stored},
    part::Part,
};

/// One server's measurements.
pub struct Row {
    pub part: Part,
    pub full: Loaded,
    pub half: Loaded,
    /// During `full`.
    pub spent: Figures,
    /// Whole way: how long the outbox took to drain after the last message; `Some(None)`: longer than it was waited for.
    pub drained: Option<Option<Duration>>,
    pub stored: Stored,
}

/// One line as soon as a server is done, beside those of the same round.
pub fn told(row: &Row, round: &[Row]) -> String {
    let share = share(round, Part::Empty, row).map_or_else(String::new, |share| format!(", {share:.0} % of the empty engine"));
    let (part, rate, ms) = (row.part.word(), row.full.per_second(), row.half.ms(990));
    format!("{part}: {rate:.0} messages a second{share}; p99 at half of it {ms:.1} ms")
}

/// Of each server the row in the middle by its messages a second.
pub fn middles(mut rows: Vec<Row>, parts: &[Part]) -> Vec<Row> {
    rows.sort_by(|a, b| a.full.per_second().total_cmp(&b.full.per_second()));
    let mut middles = Vec::new();
    for part in parts {
        let (mut of_part, others): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.part == *part);
        rows = others;
        if !of_part.is_empty() {
            middles.push(of_part.swap_remove(of_part.len() / 2));
        }
    }
    middles
}

/// Messages a second of a row, in hundredths of those of a server beside it.
fn share(rows: &[Row], part: Part, row: &Row) -> Option<f64> {
    let base = rows.iter().find(|row| row.part == part)?.full.per_second();
    Some(100.0 * row.full.per_second() / base)
}

/// All of it.
pub fn table(rows: &[Row]) -> String {
    let of = |part: Part, row: &Row| share(rows, part, row).map_or_else(String::new, |share| format!("{share:.0}"));
    let mut text = String::new();
    let mut line = |name: &str, cell: &dyn Fn(&Row) -> String| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{name:<44}");
        for row in rows {
            let _ = write!(text, "{:>14}", cell(row));
        }
        text.push('\n');
    };
    line("", &|row| row.part.word().to_owned());
    line("messages a second", &|row| format!("{:.0}", row.full.per_second()));
    line("of the empty engine, %", &|row| of(Part::Empty, row));
    line("of the bare commit, %", &|row| of(Part::Bare, row));
    line("p50 / p99 at full load, ms", &|row| format!("{:.1} / {:.1}", row.full.ms(500), row.full.ms(990)));
    line("p50 / p99 at half load, ms", &|row| format!("{:.1} / {:.1}", row.half.ms(500), row.half.ms(990)));
    line("asked to come again", &|row| (row.full.n_again + row.half.n_again).to_string());
    line("CPU of the server, µs a message", &|row| each(row.spent.server, row));
    line("CPU of Redis, µs a message", &|row| each(row.spent.redis, row));
    line("CPU of patients and provider, µs a message", &|row| each(row.spent.generator, row));
    line("round trips to Redis a message", &|row| row.spent.round_trips().map_or("-".to_owned(), |n| ratio(n, row)));
    line("replies taken by the provider a message", &|row| ratio(row.spent.n_taken, row));
    line("journal lines recorded a message", &|row| ratio(row.spent.n_recorded, row));
    line("outbox empty after, s", &|row| match row.drained {
        None => "-".to_owned(),
        Some(None) => "not yet".to_owned(),
        Some(Some(took)) => format!("{:.1}", took.as_secs_f64()),
    });
    line("conversations", &|row| row.stored.n_conversations.to_string());
    line("bytes of one conversation in Redis", &|row| row.stored.conversation_bytes.map_or("-".to_owned(), |n| n.to_string()));
    line("bytes in the store, all, a conversation", &|row| {
        (row.stored.total_bytes / u64::try_from(row.stored.n_conversations.max(1)).unwrap_or(1)).to_string()
    });
    for row in rows {
        let _ = writeln!(text, "\n{}: commands of Redis, a message (scripts' own included)", row.part.word());
        for (name, n) in &row.spent.commands {
            let _ = writeln!(text, "  {name:<20}{:>8}", ratio(*n, row));
        }
        for (kind, bytes) in &row.stored.by_kind {
            let _ = writeln!(text, "  bytes in keys of kind {kind:<8}{bytes:>12}");
        }
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn each(spent: Duration, row: &Row) -> String {
    format!("{:.1}", spent.as_secs_f64() * 1e6 / (row.full.n().max(1)) as f64)
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn ratio(n: u64, row: &Row) -> String {
    format!("{:.2}", n as f64 / row.full.n().max(1) as f64)
}
