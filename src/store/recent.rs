//! What this process saw of conversations last, so that the next turn need not ask for it: sealed, as it was stored, and bounded in bytes.
//!
//! It is never the truth. Whatever is decided on it names its etag in the commit, and the store answers what was stale with the state as
//! it is; what needs no commit is decided again on what the store says. An etag is random, so a store that came back older than it was
//! never takes it for its own.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::base::id::ConversationId;

/// Bytes of conversations that one process keeps: about 50,000 of the usual size.
pub const RECENT_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of pairs of ids that one process keeps.
pub const JOINED_BYTES: usize = 4 * 1024 * 1024;
/// What an entry takes besides its value: id, lengths, the table's share.
const ENTRY_BYTES: usize = 128;

/// Two generations: what is used goes into the young one, and when that is full it becomes the old one, which is forgotten.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<ConversationId, Vec<u8>>,
    old: HashMap<ConversationId, Vec<u8>>,
    n_young_bytes: usize,
}

/// Values by conversation; those not used for longest are forgotten first.
#[derive(Debug)]
pub struct Recent {
    generations: Mutex<Generations>,
    /// Of one generation.
    most_bytes: usize,
}

impl Recent {
    /// An empty one that keeps at most so many bytes.
    pub fn new(most_bytes: usize) -> Self {
        Self { generations: Mutex::default(), most_bytes: most_bytes / 2 }
    }

    /// Takes a value out: who does not keep it again has dropped it.
    pub fn take(&self, id: &ConversationId) -> Option<Vec<u8>> {
        let mut all = self.all();
        if let Some(value) = all.young.remove(id) {
            all.n_young_bytes = all.n_young_bytes.saturating_sub(value.len() + ENTRY_BYTES);
            return Some(value);
        }
        all.old.remove(id)
    }

    /// Keeps a value in the place of another.
    pub fn keep(&self, id: &ConversationId, value: Vec<u8>) {
        drop(self.take(id));
        let mut all = self.all();
        all.n_young_bytes += value.len() + ENTRY_BYTES;
        all.young.insert(id.clone(), value);
        if all.n_young_bytes > self.most_bytes {
            all.old = mem::take(&mut all.young);
            all.n_young_bytes = 0;
        }
    }

    fn all(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> ConversationId {
        ConversationId(n.to_string())
    }

    #[test]
    fn what_is_taken_is_gone_until_it_is_kept_again() {
        let recent = Recent::new(RECENT_BYTES);
        recent.keep(&id(1), vec![1]);
        recent.keep(&id(1), vec![2]);
        assert_eq!((recent.take(&id(1)), recent.take(&id(1))), (Some(vec![2]), None));
    }

    #[test]
    fn what_is_used_stays_and_the_bytes_are_bounded() {
        let recent = Recent::new(40 * (ENTRY_BYTES + 100));
        for n in 0..1_000 {
            recent.keep(&id(n), vec![0; 100]);
            let used = recent.take(&id(0)).expect("it is used all the time");
            recent.keep(&id(0), used);
            let all = recent.all();
            assert!(all.young.len() + all.old.len() <= 41, "{}", all.young.len() + all.old.len());
        }
        assert!(recent.take(&id(1)).is_none() && recent.take(&id(999)).is_some());
    }
}
