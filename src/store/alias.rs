//! Two ids of one person that lead to one conversation.

use super::{Store, contract::StoreError};
use crate::base::{Address, id::ConversationId};

/// For how long two ids need not be joined again, in ms.
const JOINED_MS: i64 = 60_000;

impl Store {
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
