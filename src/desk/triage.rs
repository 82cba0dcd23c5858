//! Who is served first.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::flow::model::Urgency;

/// What decides a place in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// How urgent.
    pub urgency: Urgency,
    /// Whether a tracer has it.
    pub taken: bool,
    /// Whether it was put aside by its tracer.
    pub parked: bool,
    /// Since when they wait; the time it was raised where they do not.
    pub since: Timestamp,
}

/// The place of a call: smaller is served earlier. Urgency first, always: an emergency that somebody has stands before a routine call
/// that nobody has. Within an urgency what nobody has, then what is worked on, then what is put aside; then who has waited longest.
pub fn place(call: &Call) -> (Reverse<Urgency>, bool, bool, Timestamp) {
    (Reverse(call.urgency), call.parked, call.taken, call.since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn red_flags_come_first_then_who_has_waited_longest() {
        let call = |urgency, taken, parked, since| Call { urgency, taken, parked, since: Timestamp::from_second(since).unwrap() };
        let in_order = [
            call(Urgency::Emergency, false, false, 50),
            call(Urgency::Emergency, false, false, 60),
            call(Urgency::Emergency, true, false, 1),
            call(Urgency::Emergency, true, true, 0),
            call(Urgency::Urgent, false, false, 40),
            call(Urgency::Urgent, true, false, 2),
            call(Urgency::Routine, false, false, 3),
            call(Urgency::Routine, false, false, 4),
        ];
        // Whatever the order they come in, they leave in this one.
        for turn in 0..in_order.len() {
            let mut calls = in_order.to_vec();
            calls.rotate_left(turn);
            calls.reverse();
            calls.sort_by_key(place);
            assert_eq!(calls, in_order, "rotated by {turn}");
        }
    }
}
