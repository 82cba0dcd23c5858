//! One of the three stores, behind the front: every operation is handed on as it is.

use super::{
    between::{Between, Call},
    codec::Kind,
    contract::{Begin, Cursor, Due, Etag, Held, Receipted, StoreError},
    embedded::Embedded,
    erase::RawErase,
    lane::Band,
    memory::{Memory, State},
    pace::{Grant, Pace, Want},
    raw::{RawBegin, RawBody, RawCommit, RawCommitted, RawLine, RawReady, RawSettle},
    redis::Redis,
    reseal::Page,
    single,
};
use crate::{
    base::{
        clock::Clock,
        id::{ConversationId, OutboxId, RevisionId},
    },
    channel::Delivery,
};

#[expect(clippy::large_enum_variant, reason = "there is one in a process, behind an `Arc`")]
pub enum Back {
    Redis(Redis),
    Embedded(Embedded),
    Memory(Memory, Clock),
}

/// Randomness for the fence of a lease that is taken anew.
pub fn fresh_fence(clock: &Clock) -> u64 {
    // Fences travel as text and through SQLite's signed integers: 63 bits serve everywhere.
    u64::from_le_bytes(clock.random()) >> 1
}

fn ms(clock: &Clock) -> i64 {
    clock.now().as_millisecond()
}

impl Back {
    pub async fn load(&self, id: &ConversationId) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Redis(redis) => redis.load(id).await,
            Self::Embedded(embedded) => embedded.load(id).await,
            Self::Memory(memory, _) => memory.call(Call::Load(id), |between, state| between.load(state, id)).await,
        }
    }

    /// Where an alias leads and the conversation of an id, in one round trip.
    pub async fn alias_and_load(&self, id: &ConversationId) -> Result<(Option<ConversationId>, Option<Vec<u8>>), StoreError> {
        match self {
            Self::Redis(redis) => redis.alias_and_load(id).await,
            Self::Embedded(embedded) => Ok((embedded.alias(id).await?, embedded.load(id).await?)),
            Self::Memory(memory, _) => memory.call(Call::Load(id), |between, state| (state.alias(id), between.load(state, id))).await,
        }
    }

    pub async fn put_alias(&self, id: &ConversationId, target: &ConversationId) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.put_alias(id, target).await,
            Self::Embedded(embedded) => embedded.put_alias(id, target).await,
            Self::Memory(memory, _) => memory.call(Call::Other("put alias"), |_, state| state.put_alias(id.clone(), target.clone())).await,
        }
    }

    /// Takes an alias away, where it still leads there.
    pub async fn drop_alias(&self, id: &ConversationId, target: &ConversationId) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.drop_alias(id, target).await,
            Self::Embedded(embedded) => embedded.drop_alias(id, target).await,
            Self::Memory(memory, _) => memory.call(Call::Other("drop alias"), |_, state| state.drop_alias(id, target)).await,
        }
    }

    pub async fn commit(&self, commit: RawCommit) -> Result<RawCommitted, StoreError> {
        match self {
            Self::Redis(redis) => redis.commit(commit).await,
            Self::Embedded(embedded) => embedded.commit(commit).await,
            Self::Memory(memory, clock) => {
                let kept = commit.clone();
                memory.call(Call::Commit(&commit), |between, state| between.commit(state, kept, ms(clock))).await
            }
        }
    }

    /// Whether a conversation still is of a version, where everything that a failover would take back is left out.
    pub async fn confirm(&self, id: &ConversationId, etag: &Etag) -> Result<bool, StoreError> {
        match self {
            Self::Redis(redis) => redis.confirm(id, etag).await,
            // One copy: what was read is what is kept.
            Self::Embedded(_) | Self::Memory(..) => Ok(true),
        }
    }

    /// Puts a tombstone in the place of a conversation, or nothing; whether the version that it names was there.
    pub async fn erase(&self, erase: RawErase) -> Result<bool, StoreError> {
        match self {
            Self::Redis(redis) => redis.erase(erase).await,
            Self::Embedded(embedded) => embedded.erase(erase).await,
            Self::Memory(memory, _) => memory.call(Call::Other("erase"), |_, state| state.erase(erase)).await,
        }
    }

    pub async fn hold(&self, node: &str, lease_ms: u64, clock: &Clock) -> Result<Held, StoreError> {
        match self {
            Self::Redis(redis) => redis.hold(node, lease_ms).await,
            Self::Embedded(embedded) => Ok(embedded.hold(node, lease_ms)),
            Self::Memory(memory, own) => {
                let hold = |state: &mut State| {
                    state.sweep(ms(own));
                    state.hold(node, ms(own), lease_ms, fresh_fence(clock))
                };
                memory.call(Call::Other("hold"), |_, state| hold(state)).await
            }
        }
    }

    pub async fn let_go(&self, node: &str) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.let_go(node).await,
            Self::Embedded(embedded) => {
                embedded.let_go(node);
                Ok(())
            }
            Self::Memory(memory, _) => memory.call(Call::Other("let go"), |_, state| state.let_go(node)).await,
        }
    }

    pub async fn outbox(&self, held: &Held, bands: &[Band], now_ms: i64, each: usize) -> Result<Vec<RawReady>, StoreError> {
        match self {
            Self::Redis(redis) => redis.outbox(held, bands, now_ms, each).await,
            Self::Embedded(embedded) => embedded.outbox(held, bands, now_ms, each).await,
            Self::Memory(memory, _) => {
                memory.call(Call::Other("outbox"), |between, state| between.outbox(state, held, bands, now_ms, each)).await
            }
        }
    }

    pub async fn outbox_of(&self, held: &Held, of: &[ConversationId], now_ms: i64) -> Result<Vec<RawReady>, StoreError> {
        match self {
            Self::Redis(redis) => redis.outbox_of(held, of, now_ms).await,
            Self::Embedded(embedded) => embedded.outbox_of(held, of, now_ms).await,
            Self::Memory(memory, _) => memory.call(Call::Other("outbox of"), |_, state| state.outbox_of(held, of, now_ms)).await,
        }
    }

    pub async fn grant(&self, sender: &str, pace: Pace, wants: &[Want]) -> Result<Vec<Grant>, StoreError> {
        match self {
            Self::Redis(redis) => redis.grant(sender, pace, wants).await,
            Self::Embedded(embedded) => Ok(embedded.grant(sender, pace, wants)),
            Self::Memory(memory, clock) => {
                memory.call(Call::Other("grant"), |_, state| state.senders.grant(sender, pace, wants, ms(clock))).await
            }
        }
    }

    pub async fn slow(&self, sender: &str, pace: Pace, pause_ms: i64) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.slow(sender, pace, pause_ms).await,
            Self::Embedded(embedded) => {
                embedded.slow(sender, pace, pause_ms);
                Ok(())
            }
            Self::Memory(memory, clock) => {
                memory.call(Call::Other("slow"), |_, state| state.senders.slow(sender, pace, pause_ms, ms(clock))).await
            }
        }
    }

    pub async fn set_aside(&self, id: &OutboxId, until_ms: i64) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.set_aside(id, until_ms).await,
            Self::Embedded(embedded) => embedded.set_aside(id, until_ms).await,
            Self::Memory(memory, _) => memory.call(Call::Other("set aside"), |_, state| state.set_aside(id, until_ms)).await,
        }
    }

    pub async fn begin(&self, begin: RawBegin) -> Result<Begin, StoreError> {
        match self {
            Self::Redis(redis) => redis.begin(&begin).await,
            Self::Embedded(embedded) => embedded.begin(begin).await,
            Self::Memory(memory, clock) => memory.call(Call::Begin(&begin), |between, state| between.begin(state, &begin, ms(clock))).await,
        }
    }

    pub async fn settle(&self, settle: RawSettle) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.settle(&settle).await,
            Self::Embedded(embedded) => embedded.settle(settle).await,
            Self::Memory(memory, clock) => {
                memory.call(Call::Settle(&settle), |between, state| between.settle(state, &settle, ms(clock))).await
            }
        }
    }

    pub async fn receipt(
        &self,
        id: &OutboxId,
        conversation: &ConversationId,
        delivery: Delivery,
        at_ms: i64,
    ) -> Result<Receipted, StoreError> {
        match self {
            Self::Redis(redis) => redis.receipt(id, conversation, delivery, at_ms).await,
            Self::Embedded(embedded) => embedded.receipt(id, conversation, delivery, at_ms).await,
            Self::Memory(memory, clock) => {
                let keep = |between: &dyn Between, state: &mut State| between.receipt(state, id, conversation, delivery, at_ms, ms(clock));
                memory.call(Call::Receipt(id), keep).await
            }
        }
    }

    pub async fn due(&self, held: &Held, now_ms: i64, limit: usize) -> Result<Vec<Due>, StoreError> {
        match self {
            Self::Redis(redis) => redis.due(held, now_ms, limit).await,
            Self::Embedded(embedded) => embedded.due(held, now_ms, limit).await,
            Self::Memory(memory, _) => memory.call(Call::Other("due"), |_, state| state.due(held, now_ms, limit)).await,
        }
    }

    pub async fn journal(&self, held: &Held, after: &[Cursor], limit: usize) -> Result<Vec<RawLine>, StoreError> {
        match self {
            Self::Redis(redis) => redis.journal(held, after, limit).await,
            Self::Embedded(embedded) => embedded.journal(held, after, limit).await,
            Self::Memory(memory, _) => {
                memory.call(Call::Other("journal"), |between, state| between.journal(state, held, after, limit)).await
            }
        }
    }

    pub async fn trim(&self, through: &[Cursor]) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.trim(through).await,
            Self::Embedded(embedded) => embedded.trim(through).await,
            Self::Memory(memory, _) => {
                memory.call(Call::Other("trim"), |_, state| through.iter().for_each(|cursor| state.trim(cursor))).await
            }
        }
    }

    pub async fn fault(&self, stored: Vec<u8>) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.fault(&stored).await,
            Self::Embedded(embedded) => embedded.fault(stored).await,
            Self::Memory(memory, _) => memory.call(Call::Other("fault"), |_, state| state.append(None, RawBody::Sealed(stored))).await,
        }
    }

    pub async fn put_revision(&self, id: &RevisionId, stored: Vec<u8>) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.put_revision(id, &stored).await,
            Self::Embedded(embedded) => embedded.put_revision(id, stored).await,
            Self::Memory(memory, _) => memory.call(Call::Other("put revision"), |_, state| state.put_revision(id.clone(), stored)).await,
        }
    }

    pub async fn revision(&self, id: &RevisionId) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Redis(redis) => redis.revision(id).await,
            Self::Embedded(embedded) => embedded.revision(id).await,
            Self::Memory(memory, _) => memory.call(Call::Other("revision"), |_, state| state.revision(id)).await,
        }
    }

    pub async fn put_small(&self, key: &str, stored: Vec<u8>, ttl_s: u64) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.put_small(key, &stored, ttl_s).await,
            Self::Embedded(embedded) => embedded.put_small(key, stored, ttl_s).await,
            Self::Memory(memory, clock) => {
                let until_ms = single::after_s(ms(clock), ttl_s);
                memory.call(Call::Other("put small"), |_, state| state.put_small(key.to_owned(), stored, until_ms)).await
            }
        }
    }

    pub async fn small(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Redis(redis) => redis.small(key).await,
            Self::Embedded(embedded) => embedded.small(key).await,
            Self::Memory(memory, clock) => memory.call(Call::Other("small"), |_, state| state.small(key, ms(clock))).await,
        }
    }

    pub async fn drop_small(&self, key: &str) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.drop_small(key).await,
            Self::Embedded(embedded) => embedded.drop_small(key).await,
            Self::Memory(memory, _) => memory.call(Call::Other("drop small"), |_, state| state.drop_small(key)).await,
        }
    }

    pub async fn count(&self, key: &str, window_s: u64) -> Result<u64, StoreError> {
        match self {
            Self::Redis(redis) => redis.count(key, window_s).await,
            Self::Embedded(embedded) => embedded.count(key, window_s).await,
            Self::Memory(memory, clock) => {
                memory.call(Call::Other("count"), |_, state| state.count(key.to_owned(), ms(clock), window_s)).await
            }
        }
    }

    /// Items in the outbox, and when the oldest was decided in ms.
    pub async fn depth(&self) -> Result<(u64, Option<i64>), StoreError> {
        match self {
            Self::Redis(redis) => redis.depth().await,
            Self::Embedded(embedded) => embedded.depth().await,
            Self::Memory(memory, _) => memory.call(Call::Other("depth"), |_, state| state.depth()).await,
        }
    }

    pub async fn ping(&self) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.ping().await,
            Self::Embedded(embedded) => embedded.ping().await,
            Self::Memory(..) => Ok(()),
        }
    }

    pub async fn sealed(&self, kind: Kind, after: &str, limit: usize) -> Result<Page, StoreError> {
        match self {
            Self::Redis(redis) => redis.sealed(kind, after, limit).await,
            Self::Embedded(embedded) => embedded.sealed(kind, after, limit).await,
            Self::Memory(memory, _) => memory.call(Call::Other("sealed"), |_, state| state.sealed(kind)).await,
        }
    }

    /// Puts a value in the place of another, if that is still there; whether it was.
    pub async fn replace(&self, kind: Kind, scope: &str, old: &[u8], new: Vec<u8>) -> Result<bool, StoreError> {
        match self {
            Self::Redis(redis) => redis.replace(kind, scope, old, &new).await,
            Self::Embedded(embedded) => embedded.replace(kind, scope, old, new).await,
            Self::Memory(memory, _) => memory.call(Call::Other("replace"), |_, state| state.replace(kind, scope, old, new)).await,
        }
    }
}
