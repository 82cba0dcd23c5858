//! Loops with machines: our own words that come back, and the same text again and again.

use super::{
    conversation::{Conversation, Repeats},
    run::Run,
};
use crate::{
    answer::{Reply, auto_reply},
    base::{Private, limit},
    flow::model::Urgency,
};

/// What the welcome is counted under.
pub(super) const WELCOME: u64 = 0;

/// Keeps by what messages are known when they come back: call it with the words that a step was put into, before it is kept.
pub fn remember_said<'w>(conversation: &mut Conversation, words: impl Iterator<Item = &'w Private<String>>) {
    conversation.sent.extend(words.filter_map(|words| auto_reply::print(words.reveal())));
    let n_old = conversation.sent.len().saturating_sub(limit::SENT_PRINTS);
    conversation.sent.drain(..n_old);
}

impl Run<'_> {
    /// Counts a text that came; gives whether it came too often to be a person's. The desk is told once.
    pub fn again_and_again(&mut self, reply: &Reply<'_>) -> bool {
        auto_reply::sameness(reply).is_some_and(|key| self.counted(key))
    }

    /// Counts the same thing once more.
    pub fn counted(&mut self, key: u64) -> bool {
        let now = self.now;
        let repeats = self.conversation.repeats.get_or_insert_with(|| Repeats { since: now, counts: Vec::new() });
        if now.as_second() - repeats.since.as_second() >= limit::LOOP_WINDOW_S {
            *repeats = Repeats { since: now, counts: Vec::new() };
        }
        let n = match repeats.counts.iter_mut().find(|(known, _)| *known == key) {
            Some((_, n)) => {
                *n = n.saturating_add(1);
                *n
            }
            None => {
                if repeats.counts.len() >= limit::LOOP_TEXTS {
                    repeats.counts.remove(0);
                }
                repeats.counts.push((key, 1));
                1
            }
        };
        if n == limit::SAME_TEXT {
            self.task(Urgency::Routine, "The same message comes again and again: it is not answered any more", "loop", None, None);
        }
        n >= limit::SAME_TEXT
    }

    /// A message that was understood as an answer is no machine's.
    pub fn understood(&mut self) {
        self.conversation.n_unread_in_a_row = 0;
        if let Some(repeats) = &mut self.conversation.repeats {
            repeats.counts.retain(|(key, _)| *key == WELCOME);
            if repeats.counts.is_empty() {
                self.conversation.repeats = None;
            }
        }
    }

    /// Counts a message that brought no answer and is answered all the same; gives whether there were too many in a row.
    pub fn aside_in_a_row(&mut self) -> bool {
        let n = self.conversation.n_unread_in_a_row.saturating_add(1);
        self.conversation.n_unread_in_a_row = n;
        if n == limit::ASIDES_IN_A_ROW {
            self.task(
                Urgency::Routine,
                "Many messages in a row without an answer: they are not replied to",
                "no answer in a row",
                None,
                None,
            );
        }
        n >= limit::ASIDES_IN_A_ROW
    }
}
