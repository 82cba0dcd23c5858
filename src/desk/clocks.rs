//! What runs out when: until when a call must be claimed, answered, or is given up.
//!
//! | | emergency | urgent | routine |
//! |---|---|---|---|
//! | claim by | 5 min | 30 min | 4 h, counted from the next opening |
//! | overdue: notices again every | 5 min | 15 min | once, at twice the time |
//! | reply by, once claimed | 5 min | 15 min | 2 h |
//! | given up | never | never | 48 h after it was raised |
//!
//! The engine runs these clocks and keeps the next one in the conversation; here they are told.

use jiff::Timestamp;

pub use crate::engine::clocks::{claim_by, claim_by_min, give_up_hours, notice_every_min, reply_by, reply_by_min};

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// So many minutes are left; 0 is less than one.
    Minutes(i64),
    /// It ran out so many minutes ago.
    Over(i64),
}

/// How a clock stands now.
pub fn left(due_at: Timestamp, now: Timestamp) -> Left {
    let seconds = due_at.duration_since(now).as_secs();
    if seconds >= 0 && due_at > now { Left::Minutes(seconds / 60) } else { Left::Over(-seconds / 60) }
}

/// A length of time in the largest unit that fits: `less than a minute`, `7 min`, `3 h 20 min`, `4 days`.
pub fn length(minutes: i64) -> String {
    match minutes {
        ..=0 => "less than a minute".to_owned(),
        1..60 => format!("{minutes} min"),
        60..1_440 if minutes % 60 == 0 => format!("{} h", minutes / 60),
        60..1_440 => format!("{} h {} min", minutes / 60, minutes % 60),
        1_440..2_880 => "1 day".to_owned(),
        2_880.. => format!("{} days", minutes / 1_440),
    }
}

/// The time between two moments in words.
pub fn since(from: Timestamp, now: Timestamp) -> String {
    length(now.duration_since(from).as_secs() / 60)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{base::calendar::Hours, flow::model::Urgency};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_routine_call_counts_from_the_next_opening_and_others_from_now() {
        let hours = Hours::parse("Mon-Fri 08:00-18:00").unwrap();
        for (urgency, raised, due) in [
            // 2026-07-03 is a Friday.
            (Urgency::Routine, "2026-07-03T10:00:00Z", "2026-07-03T14:00:00Z"),
            (Urgency::Routine, "2026-07-03T19:00:00Z", "2026-07-06T12:00:00Z"),
            (Urgency::Urgent, "2026-07-03T19:00:00Z", "2026-07-03T19:30:00Z"),
            (Urgency::Emergency, "2026-07-04T03:00:00Z", "2026-07-04T03:05:00Z"),
        ] {
            assert_eq!(claim_by(urgency, at(raised), &hours, &TimeZone::UTC), at(due), "{urgency:?} at {raised}");
        }
    }

    #[test]
    fn only_a_routine_call_is_ever_given_up() {
        let given_up = [Urgency::Emergency, Urgency::Urgent, Urgency::Routine].map(give_up_hours);
        assert_eq!(given_up, [None, None, Some(48)]);
    }

    #[test]
    fn a_clock_says_what_is_left_or_how_long_it_is_over() {
        let due = at("2026-07-03T10:00:00Z");
        for (now, expected) in [
            ("2026-07-03T09:45:00Z", Left::Minutes(15)),
            ("2026-07-03T09:59:30Z", Left::Minutes(0)),
            ("2026-07-03T10:00:00Z", Left::Over(0)),
            ("2026-07-03T10:03:10Z", Left::Over(3)),
        ] {
            assert_eq!(left(due, at(now)), expected, "{now}");
        }
    }

    #[test]
    fn lengths_are_told_in_the_unit_that_fits() {
        for (minutes, words) in
            [(0, "less than a minute"), (7, "7 min"), (60, "1 h"), (200, "3 h 20 min"), (1_500, "1 day"), (5_760, "4 days")]
        {
            assert_eq!(length(minutes), words);
        }
    }
}
