//! What is in the air: one message of each conversation, and so many of each gate.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{base::id::ConversationId, engine::Class, store::Pending};

/// Messages of one gate in the air at once: what a provider's account bears, and a bound on memory.
pub(super) const IN_FLIGHT: usize = 64;

/// How many may be in the air before one of a class must wait: what nobody waits for never takes the last seats, and an answer never the
/// very last, which are for safety texts.
pub(super) const fn seats(class: Class) -> usize {
    match class {
        Class::Safety => IN_FLIGHT,
        Class::Interactive => IN_FLIGHT - 4,
        Class::Bulk => IN_FLIGHT / 4 * 3,
    }
}

/// All that is in the air.
#[derive(Clone, Debug, Default)]
pub(super) struct Air(Arc<Mutex<Flying>>);

#[derive(Debug, Default)]
struct Flying {
    conversations: BTreeSet<ConversationId>,
    by_gate: BTreeMap<String, usize>,
}

/// A place in the air: free again when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    air: Air,
    conversation: ConversationId,
    gate: Option<String>,
}

impl Air {
    fn flying(&self) -> MutexGuard<'_, Flying> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of a gate are in the air.
    pub fn n_of(&self, gate: &str) -> usize {
        self.flying().by_gate.get(gate).copied().unwrap_or(0)
    }

    /// Whether a message of a conversation is in the air.
    pub fn has(&self, conversation: &ConversationId) -> bool {
        self.flying().conversations.contains(conversation)
    }

    /// A seat for a message, unless another of its conversation is in the air.
    pub fn take(&self, gate: &str, pending: &Pending) -> Option<Seat> {
        let conversation = pending.item.id.conversation()?;
        let mut flying = self.flying();
        if !flying.conversations.insert(conversation.clone()) {
            return None;
        }
        *flying.by_gate.entry(gate.to_owned()).or_default() += 1;
        Some(Seat { air: self.clone(), conversation, gate: Some(gate.to_owned()) })
    }
}

impl Seat {
    /// Whose message it is.
    pub fn conversation(&self) -> &ConversationId {
        &self.conversation
    }

    /// Gives the gate's seat to others; the conversation still waits.
    pub fn leave_gate(&mut self) {
        if let Some(gate) = self.gate.take()
            && let Some(n) = self.air.flying().by_gate.get_mut(&gate)
        {
            *n = n.saturating_sub(1);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave_gate();
        self.air.flying().conversations.remove(&self.conversation);
    }
}
