//! Walking over all sealed values, and putting one in the place of another.

use redis::streams::StreamRangeReply;

use super::{
    Redis,
    keys::{self, N_SHARDS, Shard},
    scripts::Call,
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
                let items: Vec<(String, Vec<u8>)> =
                    redis::cmd("HGETALL").arg(key).query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
                Ok(Page { values: items, next: next_shard(shard) })
            }
            Kind::JournalEntry => {
                // The oldest of each shard are enough to know that some are left.
                let shard = shard_of(after);
                let mut read = redis::cmd("XRANGE");
                read.arg(Shard(shard).journal()).arg("-").arg("+").arg("COUNT").arg(limit);
                let lines: StreamRangeReply = read.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
                let sealed = lines.ids.iter().filter_map(|line| Some((line.id.clone(), line.get::<Vec<u8>>("v")?)));
                Ok(Page { values: sealed.collect(), next: next_shard(shard) })
            }
        }
    }

    async fn scanned(&self, pattern: &str, mark: &str, after: &str, limit: usize) -> Result<Page, StoreError> {
        let mut connection = self.looks.clone();
        let mut scan = redis::cmd("SCAN");
        scan.arg(if after.is_empty() { "0" } else { after }).arg("MATCH").arg(pattern).arg("COUNT").arg(limit).arg("TYPE").arg("string");
        let (next, found): (String, Vec<String>) = scan.query_async(&mut connection).await.map_err(unavailable)?;
        let next = (next != "0").then_some(next);
        if found.is_empty() {
            return Ok(Page { values: Vec::new(), next });
        }
        let mut pipe = redis::pipe();
        for key in &found {
            pipe.cmd("GET").arg(key);
        }
        let values: Vec<Option<Vec<u8>>> = pipe.query_async(&mut connection).await.map_err(unavailable)?;
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
        Ok(call.run_over(&self.turns).await? == 1)
    }
}

fn shard_of(after: &str) -> u16 {
    after.parse().unwrap_or(0)
}

fn next_shard(shard: u16) -> Option<String> {
    let next = shard.saturating_add(1);
    (next < N_SHARDS).then(|| next.to_string())
}
