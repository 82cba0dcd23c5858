//! Looking over the shards: outbox, wakes, journal, depth. Many shards in one round trip, few commands each, nothing that blocks, so
//! that a node with nothing to do costs next to nothing. Shards whose master is away are left for the next look.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use redis::{Cmd, FromRedisValue, RedisResult, Value, streams::StreamRangeReply};

use super::{
    Redis,
    keys::{self, N_SHARDS, Shard},
    link::{Lane, Node},
    scripts::there,
    unavailable,
    writes::mark,
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

/// Between the times of one band and those of the next; `BAND` in `common.lua`.
pub const BAND: i64 = 10_000_000_000_000;
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
        let count = |(shard, _): &(u16, u64)| (Shard(*shard).ready(), Cmd::zcard(Shard(*shard).ready()));
        let counts: Vec<Option<u64>> = self.looked(held.shards.iter().map(count)).await?;
        Ok(held.shards.iter().zip(counts).filter(|(_, n)| n.is_some_and(|n| n > 0)).map(|(shard, _)| *shard).collect())
    }

    /// The same for a few conversations of held shards; three round trips.
    pub async fn outbox_of(&self, held: &Held, of: &[ConversationId], now_ms: i64) -> Result<Vec<RawReady>, StoreError> {
        let fences: BTreeMap<u16, u64> = held.shards.iter().copied().collect();
        let shard_of = |id: &ConversationId| fences.get_key_value(&keys::shard_of(id)).map(|(shard, fence)| (*shard, *fence));
        let ours: Vec<(&ConversationId, (u16, u64))> = of.iter().filter_map(|id| Some((id, shard_of(id)?))).collect();
        if ours.is_empty() {
            return Ok(Vec::new());
        }
        let oldest = |(id, (shard, _)): &(&ConversationId, (u16, u64))| {
            let key = Shard(*shard).waiting(id);
            (key.clone(), Cmd::lindex(key, 0))
        };
        let lines: Vec<Option<Option<String>>> = self.looked(ours.iter().map(oldest)).await?;
        let id_of = |line: Option<Option<String>>| line.flatten().and_then(|line| line.rsplit_once(' ').map(|(_, id)| id.to_owned()));
        let heads: Vec<(String, (u16, u64))> =
            lines.into_iter().zip(&ours).filter_map(|(line, (_, shard))| Some((id_of(line)?, *shard))).collect();
        let score = |(id, (shard, _)): &(String, (u16, u64))| (Shard(*shard).ready(), Cmd::zscore(Shard(*shard).ready(), id));
        let scores: Vec<Option<Option<f64>>> = self.looked(heads.iter().map(score)).await?;
        let scored = heads.into_iter().zip(scores).filter_map(|((id, shard), score)| Some((whole(score.flatten()?), id, shard)));
        self.items_of(scored.filter(|(score, ..)| score % BAND <= now_ms).collect()).await
    }

    /// What stands in ranges of sorted sets, in order. Every set is asked for a few; those that have more are asked again where there
    /// is room.
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
        if heads.len() < limit {
            heads.extend(self.ask(&more, few, limit).await?.into_iter().flatten());
        }
        heads.sort_unstable();
        heads.dedup();
        Ok(heads)
    }

    async fn ask(&self, ranges: &[Range], skip: usize, limit: usize) -> Result<Vec<Vec<Head>>, StoreError> {
        let ask = |range: &Range| {
            let mut ask = redis::cmd("ZRANGEBYSCORE");
            ask.arg(&range.key).arg(range.from).arg(range.to).arg("WITHSCORES").arg("LIMIT").arg(skip).arg(limit);
            (range.key.clone(), ask)
        };
        let found: Vec<Option<Vec<(String, f64)>>> = self.looked(ranges.iter().map(ask)).await?;
        let heads = |(range, entries): (&Range, Option<Vec<(String, f64)>>)| {
            entries.into_iter().flatten().map(|(id, score)| (whole(score), id, range.shard)).collect()
        };
        Ok(ranges.iter().zip(found).map(heads).collect())
    }

    /// Looks over shards: what is found of those whose master is there.
    async fn looked<T: FromRedisValue>(&self, commands: impl Iterator<Item = (String, Cmd)>) -> Result<Vec<Option<T>>, StoreError> {
        there(self.link.many(Lane::Looks, &commands.collect::<Vec<_>>()).await)
    }

    /// Heads of the outbox with their items and ledgers.
    async fn items_of(&self, heads: Vec<Head>) -> Result<Vec<RawReady>, StoreError> {
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let ask = |(_, id, (shard, _)): &Head| {
            let (items, ledger) = (Shard(*shard).items(), Shard(*shard).ledger());
            [(items.clone(), Cmd::hget(items, id)), (ledger.clone(), Cmd::hget(ledger, id))]
        };
        let found: Vec<Option<Option<Vec<u8>>>> = self.looked(heads.iter().flat_map(ask)).await?;
        let mut ready = Vec::with_capacity(heads.len());
        let mut found = found.into_iter();
        for (score, id, shard) in heads {
            // Finished since: no item any more. A master that went away in between: later.
            let (Some(Some(Some(value))), Some(Some(ledger))) = (found.next(), found.next()) else { continue };
            let Some(band) = Band::of_number(score / BAND) else { continue };
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
        let masters = self.link.masters();
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
        self.copied(lines, &masters).await
    }

    /// Of lines read from these masters, those that replicas have too, where that is asked for: the record must not know of what a
    /// failover takes back, nor stand at a place that the new master has not reached.
    async fn copied(&self, lines: Vec<RawLine>, masters: &[Arc<Node>]) -> Result<Vec<RawLine>, StoreError> {
        if self.link.replicas().is_none() || lines.is_empty() {
            return Ok(lines);
        }
        let mut refused = None;
        let mut copied: Vec<(Arc<Node>, bool)> = Vec::new();
        let mut kept = Vec::with_capacity(lines.len());
        for line in lines {
            let key = Shard(line.shard).journal();
            let Some(node) = self.link.master_of(&key).filter(|node| masters.iter().any(|known| Arc::ptr_eq(known, node))) else {
                continue;
            };
            let is_copied = match copied.iter().find(|(known, _)| Arc::ptr_eq(known, &node)) {
                Some((_, is_copied)) => *is_copied,
                None => {
                    let marked: RedisResult<Value> = node.kept(&key, &mark(&key)).await;
                    let is_copied = marked.is_ok();
                    refused = marked.err().or(refused);
                    copied.push((node, is_copied));
                    is_copied
                }
            };
            if is_copied {
                kept.push(line);
            }
        }
        match refused {
            Some(error) if kept.is_empty() => {
                self.link.find_again().await;
                Err(unavailable(error))
            }
            Some(_) | None => Ok(kept),
        }
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
        let count = |shard| (Shard(shard).items(), Cmd::hlen(Shard(shard).items()));
        let counts: Vec<Option<u64>> = self.looked((0..N_SHARDS).map(count)).await?;
        let counts = counts.into_iter().collect::<Option<Vec<u64>>>().ok_or_else(some_away)?;
        let some: Vec<u16> = (0..N_SHARDS).zip(&counts).filter(|(_, n)| **n > 0).map(|(shard, _)| shard).collect();
        // What was put off has its age of its own; all else stands at when it was decided, the oldest first in each band.
        let put_off = some.iter().map(|shard| (Shard(*shard).put_off(), 0)).collect();
        let mut ages: Vec<i64> = self.firsts(put_off).await?.into_iter().map(|(score, _)| score).collect();
        let mut bands: Vec<(String, i64)> = some.iter().map(|shard| (Shard(*shard).ready(), 0)).collect();
        while !bands.is_empty() {
            let firsts = self.firsts(bands).await?;
            ages.extend(firsts.iter().map(|(score, _)| score % BAND));
            bands = firsts.into_iter().map(|(score, key)| (key, (score / BAND + 1) * BAND)).collect();
        }
        Ok((counts.iter().sum(), ages.into_iter().min()))
    }

    /// The lowest score of each sorted set that is not below a bound; none of those that have none.
    async fn firsts(&self, of: Vec<(String, i64)>) -> Result<Vec<(i64, String)>, StoreError> {
        let ask = |(key, from): &(String, i64)| {
            let mut ask = redis::cmd("ZRANGEBYSCORE");
            ask.arg(key).arg(from).arg("+inf").arg("WITHSCORES").arg("LIMIT").arg(0).arg(1);
            (key.clone(), ask)
        };
        let found: Vec<Option<Vec<(String, f64)>>> = self.looked(of.iter().map(ask)).await?;
        let found = found.into_iter().collect::<Option<Vec<_>>>().ok_or_else(some_away)?;
        Ok(of.into_iter().zip(found).filter_map(|((key, _), entries)| Some((whole(entries.first()?.1), key))).collect())
    }
}

pub fn some_away() -> StoreError {
    StoreError::Unavailable("redis: some masters are away".to_owned())
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
