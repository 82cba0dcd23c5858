//! Looking over the shards: outbox, wakes, journal, depth. Many shards in one round trip, few commands each, nothing that blocks, so
//! that a node with nothing to do costs next to nothing.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use jiff::Timestamp;
use redis::streams::StreamRangeReply;

use super::{
    Redis,
    keys::{self, N_SHARDS, Shard},
    unavailable,
};
use crate::{
    base::id::{ConversationId, OutboxId},
    store::{
        codec,
        contract::{Cursor, Due, Held, StoreError},
        lane::Band,
        raw::{RawBody, RawLine, RawReady, Standing},
    },
};

/// Shards asked in one round trip: their answers together stay small.
const CHUNK: usize = 128;
/// Between the times of one band and those of the next; `BAND` in `common.lua`.
const BAND: i64 = 10_000_000_000_000;
/// Entries asked of one shard at least: a node of one busy shard must not crawl.
const LEAST_EACH: usize = 8;

/// A stretch of one sorted set.
#[derive(Clone, Debug)]
struct Range {
    shard: (u16, u64),
    key: String,
    from: i64,
    to: i64,
}

/// What stands in one: score, member, shard.
type Head = (i64, String, (u16, u64));

/// Where the next reading of journals begins, so that no shard is always last.
static TURN: AtomicUsize = AtomicUsize::new(0);

impl Redis {
    /// The oldest item of each conversation, where its time has come; three round trips, one more where one shard has much.
    pub async fn outbox(&self, held: &Held, bands: &[Band], now_ms: i64, each: usize) -> Result<Vec<RawReady>, StoreError> {
        let busy = self.busy(held).await?;
        let mut ready = Vec::new();
        for band in bands {
            let from = band.number() * BAND;
            let range = |shard: &(u16, u64)| Range { shard: *shard, key: Shard(shard.0).ready(), from, to: from.saturating_add(now_ms) };
            let mut heads = self.ranges(busy.iter().map(range).collect(), each).await?;
            heads.truncate(each);
            ready.extend(heads);
        }
        // By class, then the longest due first, whichever the lane.
        let order = |(score, id, _): &Head| (Band::of_number(score / BAND).map(|band| band.class), score % BAND, id.clone());
        ready.sort_by_cached_key(order);
        self.items_of(ready).await
    }

    /// The held shards in which anything waits.
    async fn busy(&self, held: &Held) -> Result<Vec<(u16, u64)>, StoreError> {
        if held.shards.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for (shard, _) in &held.shards {
            pipe.cmd("ZCARD").arg(Shard(*shard).ready());
        }
        let counts: Vec<u64> = pipe.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
        Ok(held.shards.iter().zip(counts).filter(|(_, n)| *n > 0).map(|(shard, _)| *shard).collect())
    }

    /// The same for a few conversations of held shards; three round trips.
    pub async fn outbox_of(&self, held: &Held, of: &[ConversationId], now_ms: i64) -> Result<Vec<RawReady>, StoreError> {
        let fences: BTreeMap<u16, u64> = held.shards.iter().copied().collect();
        let shard_of = |id: &ConversationId| fences.get_key_value(&keys::shard_of(id)).map(|(shard, fence)| (*shard, *fence));
        let ours: Vec<(&ConversationId, (u16, u64))> = of.iter().filter_map(|id| Some((id, shard_of(id)?))).collect();
        if ours.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for (id, (shard, _)) in &ours {
            pipe.cmd("LINDEX").arg(Shard(*shard).waiting(id)).arg(0);
        }
        let lines: Vec<Option<String>> = pipe.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
        let id_of = |line: Option<String>| line.and_then(|line| line.rsplit_once(' ').map(|(_, id)| id.to_owned()));
        let heads: Vec<(String, (u16, u64))> =
            lines.into_iter().zip(&ours).filter_map(|(line, (_, shard))| Some((id_of(line)?, *shard))).collect();
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for (id, (shard, _)) in &heads {
            pipe.cmd("ZSCORE").arg(Shard(*shard).ready()).arg(id);
        }
        let scores: Vec<Option<f64>> = pipe.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
        let scored = heads.into_iter().zip(scores).filter_map(|((id, shard), score)| Some((whole(score?), id, shard)));
        self.items_of(scored.filter(|(score, ..)| score % BAND <= now_ms).collect()).await
    }

    /// What stands in ranges of sorted sets, in order. Every set is asked for a few; those that have more are asked again where there
    /// is room.
    async fn ranges(&self, ranges: Vec<Range>, limit: usize) -> Result<Vec<Head>, StoreError> {
        let few = each(limit, ranges.len());
        let mut heads = Vec::new();
        let mut more = Vec::new();
        for chunk in ranges.chunks(CHUNK) {
            for (range, found) in chunk.iter().zip(self.ask(chunk, 0, few).await?) {
                if found.len() == few {
                    more.push(range.clone());
                }
                heads.extend(found);
            }
        }
        if heads.len() < limit {
            for chunk in more.chunks(CHUNK) {
                heads.extend(self.ask(chunk, few, limit).await?.into_iter().flatten());
            }
        }
        heads.sort_unstable();
        heads.dedup();
        Ok(heads)
    }

    async fn ask(&self, ranges: &[Range], skip: usize, limit: usize) -> Result<Vec<Vec<Head>>, StoreError> {
        let mut pipe = redis::pipe();
        for range in ranges {
            pipe.cmd("ZRANGEBYSCORE").arg(&range.key).arg(range.from).arg(range.to).arg("WITHSCORES").arg("LIMIT").arg(skip).arg(limit);
        }
        let found: Vec<Vec<(String, f64)>> = pipe.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
        let heads = |(range, entries): (&Range, Vec<(String, f64)>)| {
            entries.into_iter().map(|(id, score)| (whole(score), id, range.shard)).collect()
        };
        Ok(ranges.iter().zip(found).map(heads).collect())
    }

    /// Heads of the outbox with their items and ledgers.
    async fn items_of(&self, heads: Vec<Head>) -> Result<Vec<RawReady>, StoreError> {
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for (_, id, (shard, _)) in &heads {
            pipe.cmd("HGET").arg(Shard(*shard).items()).arg(id);
            pipe.cmd("HGET").arg(Shard(*shard).ledger()).arg(id);
        }
        let found: Vec<Option<Vec<u8>>> = pipe.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
        let mut ready = Vec::with_capacity(heads.len());
        let mut found = found.into_iter();
        for (score, id, shard) in heads {
            let (value, ledger) = (found.next().flatten(), found.next().flatten());
            // Finished since: no item any more.
            let (Some(value), Some(band)) = (value, Band::of_number(score / BAND)) else { continue };
            let (n_attempts, standing, n_throttled) = read_ledger(ledger.as_deref());
            ready.push(RawReady { id: OutboxId(id), shard, value, band, n_attempts, n_throttled, ambiguous: standing.perhaps_taken() });
        }
        Ok(ready)
    }

    /// Conversations whose wake has come, the longest due first.
    pub async fn due(&self, held: &Held, now_ms: i64, limit: usize) -> Result<Vec<Due>, StoreError> {
        let range = |shard: &(u16, u64)| Range { shard: *shard, key: Shard(shard.0).wakes(), from: 0, to: now_ms };
        let mut due = self.ranges(held.shards.iter().map(range).collect(), limit).await?;
        due.truncate(limit);
        let due = due.into_iter();
        Ok(due
            .filter_map(|(ms, id, _)| Some(Due { conversation: ConversationId(id), at: Timestamp::from_millisecond(ms).ok()? }))
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
            for chunk in shards.chunks(CHUNK) {
                for (shard, reply) in chunk.iter().zip(self.stretch(chunk, &from, few).await?) {
                    if reply.ids.len() == few {
                        more.push(*shard);
                    }
                    for entry in reply.ids {
                        from.insert(*shard, numbers(&entry.id));
                        lines.push(read_line(*shard, &entry)?);
                    }
                }
            }
            shards = more;
        }
        // Whatever is cut off was the last of its shard.
        lines.truncate(limit);
        Ok(lines)
    }

    async fn stretch(&self, shards: &[u16], from: &BTreeMap<u16, (u64, u64)>, few: usize) -> Result<Vec<StreamRangeReply>, StoreError> {
        let mut pipe = redis::pipe();
        for shard in shards {
            let start = from.get(shard).map_or_else(|| "-".to_owned(), |(ms, nth)| format!("({ms}-{nth}"));
            pipe.cmd("XRANGE").arg(Shard(*shard).journal()).arg(start).arg("+").arg("COUNT").arg(few);
        }
        pipe.query_async(&mut self.looks.clone()).await.map_err(unavailable)
    }

    /// Items of all shards, and when the oldest was decided.
    pub async fn depth(&self) -> Result<(u64, Option<i64>), StoreError> {
        let mut pipe = redis::pipe();
        for shard in 0..N_SHARDS {
            pipe.cmd("ZCARD").arg(Shard(shard).ages());
        }
        let counts: Vec<u64> = pipe.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
        let mut pipe = redis::pipe();
        for (shard, _) in (0..N_SHARDS).zip(&counts).filter(|(_, n)| **n > 0) {
            pipe.cmd("ZRANGE").arg(Shard(shard).ages()).arg(0).arg(0).arg("WITHSCORES");
        }
        if pipe.is_empty() {
            return Ok((0, None));
        }
        let oldest: Vec<Vec<(String, f64)>> = pipe.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
        Ok((counts.iter().sum(), oldest.into_iter().flatten().map(|(_, score)| whole(score)).min()))
    }
}

/// Entries to ask of each shard so that about `limit` come together, and no one shard is drained before the others.
fn each(limit: usize, n_shards: usize) -> usize {
    limit.saturating_mul(4).div_ceil(n_shards.max(1)).max(LEAST_EACH).min(limit)
}

/// Scores are whole numbers below 2⁵³.
fn whole(score: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "scores are ms of Unix time, plus BAND times the band: exact in an f64")]
    let ms = score as i64;
    ms
}

/// Attempts, where it stands, attempts throttled.
fn read_ledger(ledger: Option<&[u8]>) -> (u16, Standing, u16) {
    let text = ledger.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    let mut parts = text.split(':');
    let n_attempts = parts.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let standing = parts.nth(1).and_then(Standing::of_letter).unwrap_or(Standing::Waiting);
    let n_throttled = parts.nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    (n_attempts, standing, n_throttled)
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
