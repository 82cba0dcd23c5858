//! Somebody, or something, that writes faster than anybody can: more than so many messages at once and so many a second.
//!
//! What is over it is kept, shown at the desk and read for STOP and emergency words, but walks through no flow: nothing that was
//! acknowledged is lost from sight, no emergency is missed, and no loop with another machine costs more than its own messages. Counted over
//! the ids that the conversation remembers, by the provider's times: messages that come late and together, after an outage, are no flood.

use super::{
    conversation::Seen,
    effect::Fact,
    event::{Content, EventKind},
    heard,
    run::Run,
};
use crate::{base::Private, flow::model::Urgency};

/// How much one address may write before its messages are only kept. Counted within the last 64 events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flood {
    /// Messages in a minute.
    pub per_minute: u32,
    /// Messages at once, beside those.
    pub burst: u32,
}

/// Whether a message at a time is over it, after those that were seen.
fn is_over(flood: Flood, seen: &Seen, at_ms: i64) -> bool {
    let mut ages_ms: Vec<i64> = seen.ring.iter().map(|(_, seen_ms)| at_ms - seen_ms).filter(|age_ms| *age_ms >= 0).collect();
    ages_ms.sort_unstable();
    // With this one, n + 2 messages came within the age of the nth before it.
    let over = |(n, age_ms): (usize, &i64)| {
        let allowed = i64::from(flood.burst) + age_ms * i64::from(flood.per_minute) / 60_000;
        i64::try_from(n).is_ok_and(|n| n + 2 > allowed)
    };
    ages_ms.iter().enumerate().any(over)
}

/// Whether a message of theirs is one too many; asked before it is remembered. The provider's own word on STOP always counts.
pub(super) fn is_one_too_many(run: &Run<'_>, content: &Content) -> bool {
    let counts = !matches!(content, Content::OptOut { .. } | Content::Reaction { .. } | Content::Revoked { .. });
    run.world.flood.is_some_and(|flood| counts && is_over(flood, &run.conversation.seen, run.event.at.as_millisecond()))
}

/// A message too many: kept, shown, read for STOP and emergency words. The desk is told of the first.
pub(super) fn kept_only(run: &mut Run<'_>, channel: &str, content: &Content) {
    let first = !run.conversation.seen.ring.last().is_some_and(|(_, last_ms)| {
        let mut before = run.conversation.seen.clone();
        before.ring.pop();
        run.world.flood.is_some_and(|flood| is_over(flood, &before, *last_ms))
    });
    run.conversation.channel = channel.to_owned();
    run.conversation.last_inbound_at = Some(run.event.at.min(run.now));
    let words = match content {
        Content::Text(text) | Content::Tap { title: text, .. } | Content::Media { caption: text, .. } | Content::Edited { text, .. } => {
            text.clone()
        }
        Content::Cards(_)
        | Content::OwnNumber(_)
        | Content::Location { .. }
        | Content::Reaction { .. }
        | Content::Revoked { .. }
        | Content::Unsupported { .. }
        | Content::OptOut { .. } => Private::from("[not text]"),
    };
    run.fact(Fact::Throttled { text: words.clone() });
    if first {
        run.task(Urgency::Routine, "Writes faster than can be answered: the last messages were only kept", "flood", None, None);
    }
    heard::stop_and_alarm(run, &words);
}

/// The kind of event that this is about.
pub(super) fn written(kind: &EventKind) -> Option<(&str, &Content)> {
    match kind {
        EventKind::Message { channel, content } => Some((channel, content)),
        EventKind::Start(_)
        | EventKind::Wake
        | EventKind::Undeliverable { .. }
        | EventKind::Fault { .. }
        | EventKind::Notice { .. }
        | EventKind::Desk { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_a_second_are_let_through_whatever_their_order() {
        let flood = Flood { per_minute: 60, burst: 10 };
        let seen = |times: &[i64]| Seen { ring: times.iter().map(|ms| (0, *ms)).collect(), evicted_through_ms: 0 };
        let at_once = |n: usize| seen(&vec![0; n]);
        for (seen, at_ms, over) in [
            (at_once(0), 0, false),
            (at_once(9), 0, false),
            (at_once(10), 0, true),
            (at_once(10), 1_000, false),
            (seen(&(0..60).map(|n| n * 1_000).collect::<Vec<_>>()), 60_000, false),
            (seen(&(0..60).map(|n| n * 500).collect::<Vec<_>>()), 30_000, true),
            // They came over an hour and are told now, in disorder.
            (seen(&(0..40).rev().map(|n| n * 90_000).collect::<Vec<_>>()), 45_000, false),
        ] {
            assert_eq!(is_over(flood, &seen, at_ms), over, "{seen:?} {at_ms}");
        }
    }
}
