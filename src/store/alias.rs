//! Two ids of one person that lead to one conversation.

use super::{
    Store,
    contract::{Loaded, StoreError},
};
use crate::base::{Address, id::ConversationId};

/// Looks on the way from an address to its conversation: one more than aliases, of which there is one in practice, more only where two
/// conversations of one person met late or a ring was opened.
const LOOKS: usize = 16;
/// For how long two ids need not be joined again, in ms.
const JOINED_MS: i64 = 60_000;

impl Store {
    /// The conversation an address leads to, through its aliases where it has any.
    pub async fn resolve(&self, address: &Address) -> Result<ConversationId, StoreError> {
        Ok(self.follow(self.conversation_id(address)).await?.0)
    }

    /// The conversation an address leads to, and what is kept of it: [`Store::resolve`] and [`Store::load`] in one round trip, one more
    /// for each alias.
    pub async fn find(&self, address: &Address) -> Result<(ConversationId, Option<Loaded>), StoreError> {
        let (id, stored) = self.follow(self.conversation_id(address)).await?;
        let loaded = stored.as_deref().map(|stored| self.loaded(&id, stored)).transpose()?;
        if let Some(stored) = stored {
            self.0.recent.keep(&id, stored);
        }
        Ok((id, loaded))
    }

    async fn follow(&self, own: ConversationId) -> Result<(ConversationId, Option<Vec<u8>>), StoreError> {
        let (mut way, mut id) = (Vec::new(), own);
        for _ in 0..LOOKS {
            let (target, stored) = self.0.back.alias_and_load(&id).await?;
            let Some(target) = target else { return Ok((id, stored)) };
            way.push(id);
            if let Some(nth) = way.iter().position(|known| *known == target) {
                self.untangle(way.get(nth..).unwrap_or_default()).await?;
                // From there on as it is now: whoever saw the ring at the same time did the same.
                way.clear();
            }
            id = target;
        }
        Err(StoreError::Corrupt(format!("the aliases that lead to conversation `{id}`")))
    }

    /// Opens a ring of aliases: two that learned of one person's two ids at the same moment, one before and one after their conversation
    /// began, may each have made one id lead to the other (they are in different places of the store, which no script can change at
    /// once). Whoever has the conversation is the end. No conversation can begin in a ring, so all who see it choose the same.
    async fn untangle(&self, ring: &[ConversationId]) -> Result<(), StoreError> {
        let mut end: Option<(bool, &ConversationId, &ConversationId)> = None;
        for (id, next) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let empty = self.0.back.load(id).await?.is_none();
            if end.is_none_or(|(best_empty, best, _)| (empty, id) < (best_empty, best)) {
                end = Some((empty, id, next));
            }
        }
        if let Some((_, id, next)) = end {
            tracing::info!(conversation = %id, "two ids of one person led to each other; their conversation is found again");
            self.0.back.drop_alias(id, next).await?;
        }
        Ok(())
    }

    /// Makes `other` lead to the conversation of `address`, once: an alias that exists is kept.
    ///
    /// Where only `other` has a conversation yet, `address` is made to lead there instead, so that nothing said so far (nor a STOP) is
    /// lost from sight.
    pub async fn alias(&self, other: &Address, address: &Address) -> Result<(), StoreError> {
        let (other_id, address_id) = (self.conversation_id(other), self.conversation_id(address));
        if self.joined_just_now(&other_id, &address_id) {
            return Ok(());
        }
        let (from, to) = (self.resolve(other).await?, self.resolve(address).await?);
        if from != to {
            self.put_alias(from, to, &other_id, &address_id).await?;
        }
        let now_ms = self.0.clock.now().as_millisecond();
        self.0.joined.keep(&other_id, [&now_ms.to_be_bytes(), address_id.as_str().as_bytes()].concat());
        Ok(())
    }

    /// Whether two ids were found to lead to one conversation a moment ago. Providers tell both with every message; a store that came back
    /// older than it was is noticed within the moment.
    fn joined_just_now(&self, other: &ConversationId, address: &ConversationId) -> bool {
        let Some(known) = self.0.joined.take(other) else { return false };
        let at_ms = known.first_chunk::<8>().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        let fresh = self.0.clock.now().as_millisecond().saturating_sub(at_ms) < JOINED_MS;
        let joined = fresh && known.get(8..) == Some(address.as_str().as_bytes());
        if joined {
            self.0.joined.keep(other, known);
        }
        joined
    }

    async fn put_alias(
        &self,
        from: ConversationId,
        to: ConversationId,
        other_id: &ConversationId,
        address_id: &ConversationId,
    ) -> Result<(), StoreError> {
        let back = &self.0.back;
        let has = |id: ConversationId| async move { Ok::<_, StoreError>(back.load(&id).await?.is_some()) };
        let backwards = to == *address_id && has(from.clone()).await? && !has(to.clone()).await?;
        if backwards { back.put_alias(address_id, &from).await } else { back.put_alias(other_id, &to).await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::{Medium, clock::Clock},
        security::Sealer,
        store::memory::Memory,
    };

    fn sealer(clock: &Clock) -> Sealer {
        Sealer::parse(&Sealer::generate(clock)).unwrap()
    }

    async fn a_ring_is_opened(store: Store) {
        let [one, two, three] = ["+15550100001", "+15550100002", "US.1"].map(|id| Address::new(Medium::WhatsApp, id));
        let of = |address: &Address| store.conversation_id(address);
        for ring in [vec![&one, &two], vec![&two, &three, &one]] {
            for (id, next) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                store.0.back.put_alias(&of(id), &of(next)).await.unwrap();
            }
            let end = ring.iter().map(|address| of(address)).min().unwrap();
            for address in &ring {
                assert_eq!(store.resolve(address).await.unwrap(), end);
            }
            assert_eq!(store.0.back.alias_and_load(&end).await.unwrap().0, None);
            for address in ring {
                if let Some(target) = store.0.back.alias_and_load(&of(address)).await.unwrap().0 {
                    store.0.back.drop_alias(&of(address), &target).await.unwrap();
                }
            }
        }
    }

    #[tokio::test]
    async fn a_ring_is_opened_in_memory_and_in_a_file() {
        let clock = Clock::machine();
        a_ring_is_opened(Store::of_memory(Memory::default(), sealer(&clock), clock.clone())).await;
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("intake.db").display());
        a_ring_is_opened(Store::open(&url, sealer(&clock), clock).await.unwrap().0).await;
    }
}
