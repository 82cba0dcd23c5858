//! How long a call for a human may wait: the one table, by urgency.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{base::calendar::Hours, flow::model::Urgency};

/// Minutes until somebody must have claimed a call.
pub const fn claim_by_min(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Emergency => 5,
        Urgency::Urgent => 30,
        Urgency::Routine => 240,
    }
}

/// Minutes between notices to staff while nobody has claimed an overdue call.
pub const fn notice_every_min(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Emergency => 5,
        Urgency::Urgent => 15,
        Urgency::Routine => 240,
    }
}

/// Minutes until a tracer who has the conversation must have answered.
pub const fn reply_by_min(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Emergency => 5,
        Urgency::Urgent => 15,
        Urgency::Routine => 120,
    }
}

/// Hours until a call that nobody took goes back to the bot as "not reached"; `None`: a person must act.
pub const fn give_up_hours(urgency: Urgency) -> Option<i64> {
    match urgency {
        Urgency::Emergency | Urgency::Urgent => None,
        Urgency::Routine => Some(48),
    }
}

/// Until when a call must be claimed. A routine one that comes while the desk is shut counts from the next opening.
pub fn claim_by(urgency: Urgency, raised_at: Timestamp, hours: &Hours, zone: &TimeZone) -> Timestamp {
    let from = match urgency {
        Urgency::Routine => hours.next_opening(raised_at, zone).unwrap_or(raised_at),
        Urgency::Emergency | Urgency::Urgent => raised_at,
    };
    later(from, claim_by_min(urgency))
}

/// Until when a patient who wrote must have been answered by the tracer who has the conversation.
pub fn reply_by(urgency: Urgency, since: Timestamp) -> Timestamp {
    later(since, reply_by_min(urgency))
}

/// When a call that nobody took goes back to the bot; `None`: a person must act.
pub fn give_up_at(urgency: Urgency, raised_at: Timestamp) -> Option<Timestamp> {
    give_up_hours(urgency).map(|hours| later(raised_at, hours * 60))
}

/// When staff are told again of an overdue call.
pub fn next_notice(urgency: Urgency, now: Timestamp) -> Timestamp {
    later(now, notice_every_min(urgency))
}

fn later(from: Timestamp, minutes: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
}
