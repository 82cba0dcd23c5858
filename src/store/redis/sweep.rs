//! Looking over the shards: outbox, wakes, journal, depth. Many shards in one round trip, few commands each, nothing that blocks, so
//! that a node with nothing to do costs next to nothing. Shards whose master is away are left for the next look.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use jiff::Timestamp;
use redis::{Cmd, FromRedisValue, streams::StreamRangeReply};

use super::{
    Redis,
    keys::{N_SHARDS, Shard},
    link::Lane,
    scripts::there,
};
use crate::{
    base::id::{ConversationId, OutboxId},
    store::{
        codec,
        contract::{Cursor, Due, Held, StoreError},
        raw::{RawBody, RawLine, RawReady, Standing},
    },
};

/// Added to the time of conversations in which nothing interactive waits; `BULK` in `common.lua`.
const BULK: i64 = 1_000_000_000_000_000;
/// Entries asked of one shard at least: a node of one busy shard must not crawl.
const LEAST_EACH: usize = 8;

/// A stretch of one sorted set.
#[derive(Clone, Debug)]
struct Range {
    shard: (u16, u64),
    bulk: bool,
    key: String,
    from: String,
    to: i64,
}

/// What stands in one: class, score, member, shard.
type Head = (bool, i64, String, (u16, u64));

/// Where the next reading of journals begins, so that no shard is always last.
static TURN: AtomicUsize = AtomicUsize::new(0);

impl Redis {
    /// The oldest item of each conversation, where its time has come; two round trips, three where one shard has much.
    pub async fn outbox(&self, held: &Held, now_ms: i64, limit: usize) -> Result<Vec<RawReady>, StoreError> {
        let interactive = ("-inf".to_owned(), now_ms);
        let bulk = ((BULK / 2).to_string(), now_ms.saturating_add(BULK));
        let ranges: Vec<Range> = held
            .shards
            .iter()
            .flat_map(|shard| {
                let key = Shard(shard.0).ready();
                [(false, &interactive), (true, &bulk)].map(|(bulk, (from, to))| Range {
                    shard: *shard,
                    bulk,
                    key: key.clone(),
                    from: from.clone(),
                    to: *to,
                })
            })
            .collect();
        let mut heads = self.ranges(ranges, limit).await?;
        heads.truncate(limit);
        self.items_of(heads).await
    }

    /// What stands in ranges of sorted sets, in order. Every set is asked for a few; those that have more are asked again where there
    /// is room, interactive ones whatever bulk there is.
    async fn ranges(&self, ranges: Vec<Range>, limit: usize) -> Result<Vec<Head>, StoreError> {
        let few = each(limit, ranges.len());
        let mut heads = Vec::new();
        let mut more = Vec::new();
        for (range, found) in ranges.iter().zip(self.ask(&ranges, 0, few).await?) {
            if found.len() == few {
                more.push(range.clone());
            }
            heads.extend(found);
        }
        let n_interactive = heads.iter().filter(|head| !head.0).count();
        more.retain(|range| if range.bulk { heads.len() < limit } else { n_interactive < limit });
        heads.extend(self.ask(&more, few, limit).await?.into_iter().flatten());
        heads.sort_unstable();
        heads.dedup();
        Ok(heads)
    }

    async fn ask(&self, ranges: &[Range], skip: usize, limit: usize) -> Result<Vec<Vec<Head>>, StoreError> {
        let ask = |range: &Range| {
            let mut ask = redis::cmd("ZRANGEBYSCORE");
            ask.arg(&range.key).arg(&range.from).arg(range.to).arg("WITHSCORES").arg("LIMIT").arg(skip).arg(limit);
            (range.key.clone(), ask)
        };
        let found: Vec<Option<Vec<(String, f64)>>> = self.looked(ranges.iter().map(ask)).await?;
        let heads = |(range, entries): (&Range, Option<Vec<(String, f64)>>)| {
            entries.into_iter().flatten().map(|(id, score)| (range.bulk, whole(score), id, range.shard)).collect()
        };
        Ok(ranges.iter().zip(found).map(heads).collect())
    }

    /// Looks over shards: what is found of those whose master is there.
    async fn looked<T: FromRedisValue>(&self, commands: impl Iterator<Item = (String, Cmd)>) -> Result<Vec<Option<T>>, StoreError> {
        there(self.link.many(Lane::Looks, &commands.collect::<Vec<_>>()).await)
    }

    async fn items_of(&self, heads: Vec<Head>) -> Result<Vec<RawReady>, StoreError> {
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let ask = |(_, _, id, (shard, _)): &Head| {
            let (items, ledger) = (Shard(*shard).items(), Shard(*shard).ledger());
            [(items.clone(), Cmd::hget(items, id)), (ledger.clone(), Cmd::hget(ledger, id))]
        };
        let found: Vec<Option<Option<Vec<u8>>>> = self.looked(heads.iter().flat_map(ask)).await?;
        let mut ready = Vec::with_capacity(heads.len());
        let mut found = found.into_iter();
        for (_, _, id, shard) in heads {
            // Finished since: no item any more. A master that went away in between: later.
            let (Some(Some(Some(value))), Some(Some(ledger))) = (found.next(), found.next()) else { continue };
            let (n_attempts, standing) = read_ledger(ledger.as_deref());
            ready.push(RawReady { id: OutboxId(id), shard, value, n_attempts, ambiguous: standing.perhaps_taken() });
        }
        Ok(ready)
    }

    /// Conversations whose wake has come, the longest due first.
    pub async fn due(&self, held: &Held, now_ms: i64, limit: usize) -> Result<Vec<Due>, StoreError> {
        let range =
            |shard: &(u16, u64)| Range { shard: *shard, bulk: false, key: Shard(shard.0).wakes(), from: "-inf".to_owned(), to: now_ms };
        let mut due = self.ranges(held.shards.iter().map(range).collect(), limit).await?;
        due.truncate(limit);
        let due = due.into_iter();
        Ok(due
            .filter_map(|(_, ms, id, _)| Some(Due { conversation: ConversationId(id), at: Timestamp::from_millisecond(ms).ok()? }))
            .collect())
    }

    /// Lines after the cursors, in order within each shard.
    pub async fn journal(&self, held: &Held, after: &[Cursor], limit: usize) -> Result<Vec<RawLine>, StoreError> {
        let mut from: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
        for cursor in after {
            let furthest = from.entry(cursor.shard).or_default();
            *furthest = (*furthest).max(place(cursor));
        }
        let mut shards: Vec<u16> = held.shards.iter().map(|(shard, _)| *shard).collect();
        if !shards.is_empty() {
            let n_shards = shards.len();
            shards.rotate_left(TURN.fetch_add(1, Ordering::Relaxed) % n_shards);
        }
        let mut lines = Vec::new();
        // Every journal is read a little; those that have more, further, while there is room.
        while !shards.is_empty() && lines.len() < limit {
            let few = each(limit.saturating_sub(lines.len()), shards.len());
            let mut more = Vec::new();
            for (shard, reply) in shards.iter().zip(self.stretch(&shards, &from, few).await?) {
                let entries = reply.map(|reply| reply.ids).unwrap_or_default();
                if entries.len() == few {
                    more.push(*shard);
                }
                for entry in entries {
                    from.insert(*shard, numbers(&entry.id));
                    lines.push(read_line(*shard, &entry)?);
                }
            }
            shards = more;
        }
        // Whatever is cut off was the last of its shard.
        lines.truncate(limit);
        Ok(lines)
    }

    async fn stretch(
        &self,
        shards: &[u16],
        from: &BTreeMap<u16, (u64, u64)>,
        few: usize,
    ) -> Result<Vec<Option<StreamRangeReply>>, StoreError> {
        let read = |shard: &u16| {
            let start = from.get(shard).map_or_else(|| "-".to_owned(), |(ms, nth)| format!("({ms}-{nth}"));
            let key = Shard(*shard).journal();
            let mut read = redis::cmd("XRANGE");
            read.arg(&key).arg(start).arg("+").arg("COUNT").arg(few);
            (key, read)
        };
        self.looked(shards.iter().map(read)).await
    }

    /// Items of all shards, and when the oldest was decided.
    ///
    /// # Errors
    /// Where a master is away too: a part is no depth.
    pub async fn depth(&self) -> Result<(u64, Option<i64>), StoreError> {
        let count = |shard| (Shard(shard).ages(), Cmd::zcard(Shard(shard).ages()));
        let counts: Vec<Option<u64>> = self.looked((0..N_SHARDS).map(count)).await?;
        let counts = counts.into_iter().collect::<Option<Vec<u64>>>().ok_or_else(some_away)?;
        let some = (0..N_SHARDS).zip(&counts).filter(|(_, n)| **n > 0);
        let oldest = some.map(|(shard, _)| {
            let mut oldest = redis::cmd("ZRANGE");
            oldest.arg(Shard(shard).ages()).arg(0).arg(0).arg("WITHSCORES");
            (Shard(shard).ages(), oldest)
        });
        let oldest: Vec<Option<Vec<(String, f64)>>> = self.looked(oldest).await?;
        let oldest = oldest.into_iter().collect::<Option<Vec<_>>>().ok_or_else(some_away)?;
        Ok((counts.iter().sum(), oldest.into_iter().flatten().map(|(_, score)| whole(score)).min()))
    }
}

pub fn some_away() -> StoreError {
    StoreError::Unavailable("redis: some masters are away".to_owned())
}

/// Entries to ask of each shard so that about `limit` come together, and no one shard is drained before the others.
fn each(limit: usize, n_shards: usize) -> usize {
    limit.saturating_mul(4).div_ceil(n_shards.max(1)).max(LEAST_EACH).min(limit)
}

/// Scores are whole numbers far below 2⁵³.
fn whole(score: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "scores are ms of Unix time, plus BULK: exact in an f64")]
    let ms = score as i64;
    ms
}

fn read_ledger(ledger: Option<&[u8]>) -> (u16, Standing) {
    let text = ledger.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    let mut parts = text.split(':');
    let n_attempts = parts.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let standing = parts.nth(1).and_then(Standing::of_letter).unwrap_or(Standing::Waiting);
    (n_attempts, standing)
}

fn read_line(shard: u16, entry: &redis::streams::StreamId) -> Result<RawLine, StoreError> {
    let (ms, nth) = numbers(&entry.id);
    // Padded, so that places sort as text.
    let position = format!("{ms:015}-{nth:010}");
    if let Some(line) = entry.get::<String>("d") {
        let read = codec::read_delivery_line(&line)?;
        let conversation = line.split('\t').nth(1).and_then(|id| OutboxId(id.to_owned()).conversation());
        return Ok(RawLine { shard, position, conversation, body: RawBody::Delivery(read) });
    }
    let conversation = entry.get::<String>("c").map(ConversationId);
    Ok(RawLine { shard, position, conversation, body: RawBody::Sealed(entry.get::<Vec<u8>>("v").unwrap_or_default()) })
}

/// The two numbers of a place; zeros where it is none of ours.
pub fn place(cursor: &Cursor) -> (u64, u64) {
    numbers(&cursor.position)
}

fn numbers(text: &str) -> (u64, u64) {
    let (ms, nth) = text.split_once('-').unwrap_or(("0", "0"));
    (ms.parse().unwrap_or(0), nth.parse().unwrap_or(0))
}
