//! Meta's error codes, by what they mean for us. Source: Meta's list of Cloud API error codes, v23.0.

use crate::{
    channel::{Meaning, Throttled},
    engine::event::Undeliverable,
};

/// What a code means; `None` for one that is not listed here.
pub const fn meaning(code: i64) -> Option<Meaning> {
    use Undeliverable::{Configuration, Content, OptedOut, WindowShut, WrongNumber};
    Some(match code {
        // Too many, by account or number; then by pair.
        4 | 80007 | 130_429 | 131_048 => Meaning::TooMany(Throttled::Sender),
        131_056 => Meaning::TooMany(Throttled::Pair),
        // Faults over there: they pass.
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_004 => Meaning::Passing,
        // They do not want messages of this kind.
        131_050 => Meaning::Lasting(OptedOut),
        // Not on WhatsApp, or ourselves.
        131_026 | 131_021 => Meaning::Lasting(WrongNumber),
        // Outside the window of 24 hours.
        131_047 => Meaning::Lasting(WindowShut),
        // A fault of the message or of its template.
        100 | 131_008 | 131_009 | 131_051 | 131_052 | 131_053 | 132_000..=132_999 => Meaning::Lasting(Content),
        // Credentials and permissions, the account, the number.
        0 | 3 | 10 | 190 | 200..=299 | 131_005 => Meaning::Lasting(Configuration),
        33 | 368 | 130_497 | 131_030 | 131_031 | 131_037 | 131_042 | 131_045 | 133_000..=133_999 => Meaning::Lasting(Configuration),
        _ => return None,
    })
}
