//! Walking over all sealed values, and putting one in the place of another.

use redis::{Cmd, streams::StreamRangeReply};

use super::{
    Redis,
    keys::{self, N_SHARDS, Shard},
    link::{Lane, Repeat},
    scripts::{Call, there},
    sweep::some_away,
    unavailable,
};
use crate::{
    base::id::{ConversationId, RevisionId},
    store::{codec::Kind, contract::StoreError, reseal::Page},
};

impl Redis {
    /// A page of sealed values: of the whole keyspace by `SCAN`, of items and journals shard by shard.
    pub async fn sealed(&self, kind: Kind, after: &str, limit: usize) -> Result<Page, StoreError> {
        match kind {
            Kind::Conversation => self.scanned("in:*:s:*", ":s:", after, limit).await,
            Kind::Revision => self.scanned("in:rev:*", "in:rev:", after, limit).await,
            Kind::Small => self.scanned("in:small:*", "in:small:", after, limit).await,
            Kind::OutboxItem => {
                let shard = shard_of(after);
                let key = Shard(shard).items();
                let all = Cmd::hgetall(&key);
                let items: Vec<(String, Vec<u8>)> = self.link.one(Lane::Looks, &key, &all, Repeat::Once).await.map_err(unavailable)?;
                Ok(Page { values: items, next: next_shard(shard) })
            }
            Kind::JournalEntry => {
                // The oldest of each shard are enough to know that some are left.
                let shard = shard_of(after);
                let mut read = redis::cmd("XRANGE");
                let key = Shard(shard).journal();
                read.arg(&key).arg("-").arg("+").arg("COUNT").arg(limit);
                let lines: StreamRangeReply = self.link.one(Lane::Looks, &key, &read, Repeat::Once).await.map_err(unavailable)?;
                let sealed = lines.ids.iter().filter_map(|line| Some((line.id.clone(), line.get::<Vec<u8>>("v")?)));
                Ok(Page { values: sealed.collect(), next: next_shard(shard) })
            }
        }
    }

    /// Every master is walked over, one after the other: a place is `<master> <cursor>`.
    async fn scanned(&self, pattern: &str, mark: &str, after: &str, limit: usize) -> Result<Page, StoreError> {
        let masters = self.link.masters();
        let (name, cursor) = after.split_once(' ').unwrap_or_default();
        let nth = if after.is_empty() { Some(0) } else { masters.iter().position(|master| master.name == name) };
        let Some((nth, master)) = nth.and_then(|nth| Some((nth, masters.get(nth)?))) else {
            return Err(StoreError::Unavailable("redis: the masters changed under the walk over all values".to_owned()));
        };
        let mut scan = redis::cmd("SCAN");
        scan.arg(if cursor.is_empty() { "0" } else { cursor }).arg("MATCH").arg(pattern).arg("COUNT").arg(limit).arg("TYPE").arg("string");
        let (next, found): (String, Vec<String>) = master.one(Lane::Looks, &scan).await.map_err(unavailable)?;
        let next = match masters.get(nth + 1) {
            _ if next != "0" => Some(format!("{} {next}", master.name)),
            Some(other) => Some(format!("{} 0", other.name)),
            None => None,
        };
        let commands: Vec<(String, Cmd)> = found.iter().map(|key| (key.clone(), Cmd::get(key))).collect();
        let values: Vec<Option<Option<Vec<u8>>>> = there(self.link.many(Lane::Looks, &commands).await)?;
        let values = values.into_iter().collect::<Option<Vec<_>>>().ok_or_else(some_away)?;
        let scopes = found.iter().filter_map(|key| key.split_once(mark)).map(|(_, scope)| scope.to_owned());
        Ok(Page { values: scopes.zip(values).filter_map(|(scope, value)| Some((scope, value?))).collect(), next })
    }

    /// Puts a value in the place of another, if that is still there.
    pub async fn replace(&self, kind: Kind, scope: &str, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let (key, field) = match kind {
            Kind::Conversation => (keys::conversation(&ConversationId(scope.to_owned())), ""),
            Kind::Revision => (keys::revision(&RevisionId(scope.to_owned())), ""),
            Kind::Small => (keys::small(scope), ""),
            Kind::OutboxItem => {
                let conversation = scope.split('.').next().unwrap_or_default().to_owned();
                (Shard(keys::shard_of(&ConversationId(conversation))).items(), scope)
            }
            Kind::JournalEntry => return Ok(false),
        };
        let call = Call::new(&self.scripts.replace, &[key]).arg(field).arg(old).arg(new);
        Ok(call.run_over::<i64>(&self.link, Lane::Turns).await? == 1)
    }
}

fn shard_of(after: &str) -> u16 {
    after.parse().unwrap_or(0)
}

fn next_shard(shard: u16) -> Option<String> {
    let next = shard.saturating_add(1);
    (next < N_SHARDS).then(|| next.to_string())
}
