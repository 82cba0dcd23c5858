//! Twilio's error codes, by what they mean for us. Source: Twilio's error dictionary, 2026-07.

use crate::{
    channel::{Meaning, Throttled},
    engine::event::Undeliverable,
};

/// What a code means; `None` for one that is not listed here.
pub const fn meaning(code: u64) -> Option<Meaning> {
    use Undeliverable::{Configuration, Content, OptedOut, WindowShut, WrongNumber};
    Some(match code {
        // Too many, by account, queue, carrier or WhatsApp.
        20429 | 21611 | 30001 | 30022 | 63017 | 63018 => Meaning::TooMany(Throttled::Sender),
        // A fault over there: it passes.
        20500 | 20503 | 30008 | 63010 | 63012 => Meaning::Passing,
        // They wrote STOP, or blocked us.
        21610 | 63014 | 63033 => Meaning::Lasting(OptedOut),
        // No such number, not a mobile, not reachable from here, not on WhatsApp.
        21211 | 21217 | 21604 | 21612 | 21614 | 30003 | 30005 | 30006 | 63003 | 63024 => Meaning::Lasting(WrongNumber),
        // Outside WhatsApp's window of 24 hours.
        63016 => Meaning::Lasting(WindowShut),
        // Too long, empty, filtered as spam; then faults of the template.
        21602 | 21617 | 21619 | 30007 | 63005 | 63013 | 63026 => Meaning::Lasting(Content),
        21655 | 21656 | 63027 | 63028 | 63040 | 63041 => Meaning::Lasting(Content),
        // Credentials, then the account, then the number we send from or its registration.
        20001 | 20003 | 20004 | 20005 | 20006 | 20008 | 20404 | 63001 => Meaning::Lasting(Configuration),
        21408 | 30002 | 30010 => Meaning::Lasting(Configuration),
        21212 | 21603 | 21606 | 21608 | 21609 | 21659 | 21660 | 21703 | 21704 | 21705 | 30032 | 30034 | 63002 | 63007 => {
            Meaning::Lasting(Configuration)
        }
        _ => return None,
    })
}
