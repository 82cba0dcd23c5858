//! The store in memory: for tests, `chat` and the simulator. The exact and simple one: the other two are compared with it.
//!
//! All of it is one plain [`State`] behind a lock; every operation is one method of it, without a wait inside. A copy of the state is
//! a store that can come back older than it was.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{
    between::{Between, Call, Fate, Nothing},
    codec::{self, Header, Kind},
    contract::{Begin, Cursor, Due, Held, Receipted, SentState, StoreError},
    erase::RawErase,
    lane::Band,
    pace::Senders,
    raw::{self, RawBegin, RawBody, RawCommit, RawCommitted, RawItem, RawLine, RawReady, RawSettle, Settled, Standing},
    reseal::Page,
    single::{Lease, SHARD, after_s, only_shard, place, position},
};
use crate::{
    base::id::{ConversationId, OutboxId, RevisionId},
    channel::Delivery,
};

/// A store that ends with the process. Clones are the same store.
#[derive(Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    between: Option<Arc<dyn Between>>,
}

impl Memory {
    /// The state, for one operation.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same store, seen through a fault layer.
    #[must_use]
    pub fn seen_through(&self, between: Arc<dyn Between>) -> Self {
        Self { state: self.state.clone(), between: Some(between) }
    }

    /// One operation, through the fault layer where there is one.
    pub(super) async fn call<T>(&self, call: Call<'_>, work: impl FnOnce(&dyn Between, &mut State) -> T) -> Result<T, StoreError> {
        let Some(between) = &self.between else { return Ok(work(&Nothing, &mut self.state())) };
        let unavailable = || StoreError::Unavailable("a fault of the simulation".to_owned());
        let fate = between.meet(call).await;
        if fate == Fate::Refused {
            return Err(unavailable());
        }
        let done = work(&**between, &mut self.state());
        between.part().await;
        if fate == Fate::AnswerLost { Err(unavailable()) } else { Ok(done) }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

/// All that is kept.
#[derive(Clone, Debug, Default)]
pub struct State {
    conversations: BTreeMap<ConversationId, Kept>,
    aliases: BTreeMap<ConversationId, ConversationId>,
    items: BTreeMap<OutboxId, Waiting>,
    order: BTreeMap<ConversationId, VecDeque<OutboxId>>,
    sent: BTreeMap<OutboxId, (u8, i64)>,
    journal: BTreeMap<u64, (Option<ConversationId>, RawBody)>,
    n_lines: u64,
    revisions: BTreeMap<RevisionId, Vec<u8>>,
    small: BTreeMap<String, (Vec<u8>, i64)>,
    counts: BTreeMap<String, (u64, i64)>,
    lease: Option<Lease>,
    /// How fast senders may send.
    pub(super) senders: Senders,
}

#[derive(Clone, Debug)]
struct Kept {
    value: Vec<u8>,
    header: Header,
    wake_ms: Option<i64>,
}

#[derive(Clone, Debug)]
struct Waiting {
    item: RawItem,
    n_attempts: u16,
    n_throttled: u16,
    fence: u64,
    standing: Standing,
    stopped: bool,
    not_before_ms: i64,
}

impl State {
    /// A conversation's stored form.
    pub fn load(&self, id: &ConversationId) -> Option<Vec<u8>> {
        self.conversations.get(id).map(|kept| kept.value.clone())
    }

    /// Where an alias leads.
    pub fn alias(&self, id: &ConversationId) -> Option<ConversationId> {
        self.aliases.get(id).cloned()
    }

    /// Keeps an alias, unless there is one.
    pub fn put_alias(&mut self, id: ConversationId, target: ConversationId) {
        self.aliases.entry(id).or_insert(target);
    }

    /// Takes an alias away, where it still leads there.
    pub fn drop_alias(&mut self, id: &ConversationId, target: &ConversationId) {
        if self.aliases.get(id) == Some(target) {
            self.aliases.remove(id);
        }
    }

    /// Keeps a turn. `clock_ms` decides what is still remembered as sent.
    pub fn commit(&mut self, commit: RawCommit, clock_ms: i64) -> RawCommitted {
        let current = self.conversations.get(&commit.id).map(|kept| kept.header.etag);
        if current == Some(commit.etag) {
            return RawCommitted::Done;
        }
        if commit.by_address && self.aliases.contains_key(&commit.id) {
            return RawCommitted::Moved;
        }
        if current != commit.expected {
            return RawCommitted::Stale(self.load(&commit.id));
        }
        let header = Header { etag: commit.etag, epoch: commit.epoch };
        self.conversations.insert(commit.id.clone(), Kept { value: commit.value, header, wake_ms: commit.wake_ms });
        if commit.cancel_waiting {
            self.cancel_waiting(&commit.id, commit.now_ms);
        }
        self.append(Some(commit.id.clone()), RawBody::Sealed(commit.journal));
        for item in commit.items {
            let sent = self.sent.get(&item.id).is_some_and(|(_, until_ms)| *until_ms > clock_ms);
            if sent || self.items.contains_key(&item.id) {
                continue;
            }
            self.order.entry(commit.id.clone()).or_default().push_back(item.id.clone());
            let not_before_ms = item.decided_ms;
            let waiting =
                Waiting { item, n_attempts: 0, n_throttled: 0, fence: 0, standing: Standing::Waiting, stopped: false, not_before_ms };
            self.items.insert(waiting.item.id.clone(), waiting);
        }
        RawCommitted::Done
    }

    /// Puts a tombstone in the place of a conversation, or nothing.
    pub fn erase(&mut self, erase: RawErase) -> bool {
        let current = self.conversations.get(&erase.id).map(|kept| kept.header.etag);
        let header = erase.tombstone.as_deref().and_then(Header::read);
        if header.is_some() && current == header.map(|header| header.etag) {
            return true;
        }
        if current != Some(erase.expected) {
            return false;
        }
        for id in self.order.remove(&erase.id).unwrap_or_default() {
            self.items.remove(&id);
        }
        match (erase.tombstone, header) {
            (Some(value), Some(header)) => self.conversations.insert(erase.id.clone(), Kept { value, header, wake_ms: None }),
            _ => self.conversations.remove(&erase.id),
        };
        if let Some(journal) = erase.journal {
            self.append(Some(erase.id), RawBody::Sealed(journal));
        }
        true
    }

    fn cancel_waiting(&mut self, conversation: &ConversationId, now_ms: i64) {
        for id in self.order.get(conversation).cloned().unwrap_or_default() {
            let Some(waiting) = self.items.get_mut(&id).filter(|waiting| waiting.item.stoppable) else { continue };
            if waiting.standing == Standing::UnderWay {
                waiting.stopped = true;
            } else {
                self.finish(conversation, &id);
                self.note(conversation, &id, SentState::Cancelled, "", now_ms);
            }
        }
    }

    /// Takes or renews the lease.
    pub fn hold(&mut self, node: &str, now_ms: i64, lease_ms: u64, fresh_fence: u64) -> Held {
        let fence = Lease::hold(&mut self.lease, node, now_ms, lease_ms, fresh_fence);
        Held { shards: fence.map(|fence| (SHARD, fence)).into_iter().collect() }
    }

    /// Gives the lease up.
    pub fn let_go(&mut self, node: &str) {
        Lease::let_go(&mut self.lease, node);
    }

    /// Of each conversation the oldest item, where its time has come; by class, then the longest due first.
    pub fn outbox(&self, held: &Held, bands: &[Band], now_ms: i64, each: usize) -> Vec<RawReady> {
        let Some(shard) = only_shard(held) else { return Vec::new() };
        let mut heads: Vec<(Band, i64, &Waiting)> =
            self.order.values().filter_map(|ids| self.head(ids, now_ms)).filter(|(band, ..)| bands.contains(band)).collect();
        heads.sort_by(|a, b| (a.0.class, a.1, &a.2.item.id).cmp(&(b.0.class, b.1, &b.2.item.id)));
        let mut n_taken: BTreeMap<Band, usize> = BTreeMap::new();
        heads.retain(|(band, ..)| {
            let n = n_taken.entry(*band).or_default();
            *n += 1;
            *n <= each
        });
        heads.into_iter().map(|(band, _, head)| ready(band, head, shard)).collect()
    }

    /// The same for a few conversations, in the order given.
    pub fn outbox_of(&self, held: &Held, of: &[ConversationId], now_ms: i64) -> Vec<RawReady> {
        let Some(shard) = only_shard(held) else { return Vec::new() };
        let heads = of.iter().filter_map(|id| self.head(self.order.get(id)?, now_ms));
        heads.map(|(band, _, head)| ready(band, head, shard)).collect()
    }

    /// The oldest item, if its time has come, in the class of the first in rank that waits with it.
    fn head(&self, ids: &VecDeque<OutboxId>, now_ms: i64) -> Option<(Band, i64, &Waiting)> {
        let head = self.items.get(ids.front()?).filter(|head| head.not_before_ms <= now_ms)?;
        let class = ids.iter().filter_map(|id| self.items.get(id)).map(|waiting| waiting.item.band.class).min()?;
        Some((Band { class, lane: head.item.band.lane }, head.not_before_ms, head))
    }

    /// An item that a look found, as one that reads it only now finds it; none where it is finished.
    pub fn as_it_is_now(&self, found: &RawReady) -> Option<RawReady> {
        self.items.get(&found.id).map(|waiting| ready(found.band, waiting, found.shard))
    }

    /// Puts an item aside until a time; one that waits longer already goes on doing so.
    pub fn set_aside(&mut self, id: &OutboxId, until_ms: i64) {
        if let Some(waiting) = self.items.get_mut(id) {
            waiting.not_before_ms = waiting.not_before_ms.max(until_ms);
        }
    }

    /// Notes an attempt.
    pub fn begin(&mut self, begin: &RawBegin, clock_ms: i64) -> Begin {
        if !Lease::allows(self.lease.as_ref(), begin.shard.1, clock_ms) {
            return Begin::NotOurs;
        }
        let is_head = self.order.get(&begin.conversation).and_then(VecDeque::front) == Some(&begin.id);
        let epoch = self.conversations.get(&begin.conversation).map(|kept| kept.header.epoch);
        // The number of attempts alone does not tell: it may have been read after an attempt had moved what was found due.
        let is_known = |waiting: &&mut Waiting| is_head && waiting.n_attempts == begin.n_attempts && waiting.not_before_ms <= begin.now_ms;
        let Some(waiting) = self.items.get_mut(&begin.id).filter(is_known) else { return Begin::NotOurs };
        let given_up = if waiting.stopped {
            Some(SentState::Cancelled)
        } else if begin.epoch.is_some_and(|wanted| Some(wanted) != epoch) {
            Some(SentState::Superseded)
        } else {
            None
        };
        if let Some(state) = given_up {
            self.finish(&begin.conversation, &begin.id);
            self.note(&begin.conversation, &begin.id, state, "", begin.now_ms);
            return Begin::Superseded;
        }
        waiting.n_attempts = waiting.n_attempts.saturating_add(1);
        waiting.fence = begin.shard.1;
        waiting.standing = Standing::UnderWay;
        waiting.not_before_ms = begin.under_way_until_ms;
        Begin::Go
    }

    /// Keeps what came of an attempt.
    pub fn settle(&mut self, settle: &RawSettle, clock_ms: i64) {
        let Some(waiting) = self.items.get_mut(&settle.id) else { return };
        let begun = waiting.n_attempts == settle.n_attempts.saturating_add(1) && waiting.fence == settle.shard.1;
        let not_begun = waiting.n_attempts == settle.n_attempts && Lease::allows(self.lease.as_ref(), settle.shard.1, clock_ms);
        let ours = begun || not_begun;
        match &settle.settled {
            Settled::Accepted => {
                self.finish(&settle.conversation, &settle.id);
                self.sent_as(&settle.id, raw::rank(Delivery::Accepted), clock_ms);
                self.note(&settle.conversation, &settle.id, SentState::Delivery(Delivery::Accepted), "", settle.now_ms);
            }
            Settled::Delivered => self.finish(&settle.conversation, &settle.id),
            Settled::Again { .. } if ours && waiting.stopped => {
                self.finish(&settle.conversation, &settle.id);
                self.note(&settle.conversation, &settle.id, SentState::Cancelled, "", settle.now_ms);
            }
            Settled::Again { at_ms, how } if ours => {
                waiting.standing = how.standing();
                waiting.n_throttled = waiting.n_throttled.saturating_add(how.n_throttled());
                waiting.not_before_ms = *at_ms;
            }
            Settled::Failed { reason, code } if ours => {
                self.finish(&settle.conversation, &settle.id);
                self.sent_as(&settle.id, raw::RANK_FAILED, clock_ms);
                let state = SentState::Delivery(Delivery::Failed(*reason));
                self.note(&settle.conversation, &settle.id, state, code, settle.now_ms);
            }
            Settled::Again { .. } | Settled::Failed { .. } => {}
        }
    }

    /// Keeps a provider's word.
    pub fn receipt(&mut self, id: &OutboxId, conversation: &ConversationId, delivery: Delivery, at_ms: i64, clock_ms: i64) -> Receipted {
        let sent = self.sent.get(id).filter(|(_, until_ms)| *until_ms > clock_ms).map(|(rank, _)| *rank);
        let begun = self.items.get(id).is_some_and(|waiting| waiting.n_attempts > 0);
        if begun {
            self.finish(conversation, id);
        }
        let rank = raw::rank(delivery);
        if sent == Some(rank) {
            return Receipted::Known;
        }
        let forward = sent.map_or(begun, |earlier| raw::advances(rank, earlier));
        if !forward {
            return Receipted::NoChange;
        }
        self.sent_as(id, rank, clock_ms);
        self.note(conversation, id, SentState::Delivery(delivery), "", at_ms);
        Receipted::Forward
    }

    /// Conversations whose wake has come, the longest due first.
    pub fn due(&self, held: &Held, now_ms: i64, limit: usize) -> Vec<Due> {
        let mut due: Vec<(i64, &ConversationId)> = self
            .conversations
            .iter()
            .filter_map(|(id, kept)| kept.wake_ms.filter(|at_ms| *at_ms <= now_ms).map(|at_ms| (at_ms, id)))
            .collect();
        due.sort();
        due.truncate(if only_shard(held).is_some() { limit } else { 0 });
        due.into_iter()
            .filter_map(|(at_ms, id)| Some(Due { conversation: id.clone(), at: Timestamp::from_millisecond(at_ms).ok()? }))
            .collect()
    }

    /// Lines of the journal after a cursor.
    pub fn journal(&self, held: &Held, after: &[Cursor], limit: usize) -> Vec<RawLine> {
        if only_shard(held).is_none() {
            return Vec::new();
        }
        let from = after.iter().filter(|cursor| cursor.shard == SHARD).map(|cursor| place(cursor).saturating_add(1)).max().unwrap_or(0);
        self.journal
            .range(from..)
            .take(limit)
            .map(|(n, (conversation, body))| RawLine {
                shard: SHARD,
                position: position(*n),
                conversation: conversation.clone(),
                body: body.clone(),
            })
            .collect()
    }

    /// Drops lines.
    pub fn trim(&mut self, through: &Cursor) {
        self.journal = self.journal.split_off(&place(through).saturating_add(1));
    }

    /// Appends a line.
    pub fn append(&mut self, conversation: Option<ConversationId>, body: RawBody) {
        self.n_lines += 1;
        self.journal.insert(self.n_lines, (conversation, body));
    }

    /// Keeps a revision, unless there is one.
    pub fn put_revision(&mut self, id: RevisionId, value: Vec<u8>) {
        self.revisions.entry(id).or_insert(value);
    }

    /// A revision.
    pub fn revision(&self, id: &RevisionId) -> Option<Vec<u8>> {
        self.revisions.get(id).cloned()
    }

    /// Keeps a small value.
    pub fn put_small(&mut self, key: String, value: Vec<u8>, until_ms: i64) {
        self.small.insert(key, (value, until_ms));
    }

    /// A small value.
    pub fn small(&self, key: &str, clock_ms: i64) -> Option<Vec<u8>> {
        self.small.get(key).filter(|(_, until_ms)| *until_ms > clock_ms).map(|(value, _)| value.clone())
    }

    /// Drops a small value.
    pub fn drop_small(&mut self, key: &str) {
        self.small.remove(key);
    }

    /// All sealed values of a kind.
    pub(super) fn sealed(&self, kind: Kind) -> Page {
        let values = match kind {
            Kind::Conversation => self.conversations.iter().map(|(id, kept)| (id.0.clone(), kept.value.clone())).collect(),
            Kind::OutboxItem => self.items.iter().map(|(id, waiting)| (id.0.clone(), waiting.item.value.clone())).collect(),
            Kind::Revision => self.revisions.iter().map(|(id, value)| (id.0.clone(), value.clone())).collect(),
            Kind::Small => self.small.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect(),
            Kind::JournalEntry => {
                let sealed = |(n, (_, body)): (&u64, &(Option<ConversationId>, RawBody))| match body {
                    RawBody::Sealed(value) => Some((n.to_string(), value.clone())),
                    RawBody::Delivery(_) => None,
                };
                self.journal.iter().filter_map(sealed).collect()
            }
        };
        Page { values, next: None }
    }

    /// Puts a value in the place of another, if that is still there.
    pub fn replace(&mut self, kind: Kind, scope: &str, old: &[u8], new: Vec<u8>) -> bool {
        let place = match kind {
            Kind::Conversation => self.conversations.get_mut(&ConversationId(scope.to_owned())).map(|kept| &mut kept.value),
            Kind::OutboxItem => self.items.get_mut(&OutboxId(scope.to_owned())).map(|waiting| &mut waiting.item.value),
            Kind::Revision => self.revisions.get_mut(&RevisionId(scope.to_owned())),
            Kind::Small => self.small.get_mut(scope).map(|(value, _)| value),
            Kind::JournalEntry => None,
        };
        match place {
            Some(value) if value == old => {
                *value = new;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Counts one more.
    pub fn count(&mut self, key: String, clock_ms: i64, window_s: u64) -> u64 {
        let until_ms = after_s(clock_ms, window_s);
        let count = self.counts.entry(key).or_insert((0, until_ms));
        if count.1 <= clock_ms {
            *count = (0, until_ms);
        }
        count.0 += 1;
        count.0
    }

    /// Items, and when the oldest was decided.
    pub fn depth(&self) -> (u64, Option<i64>) {
        let oldest = self.items.values().map(|waiting| waiting.item.decided_ms).min();
        (u64::try_from(self.items.len()).unwrap_or(u64::MAX), oldest)
    }

    /// Forgets what has run out.
    pub fn sweep(&mut self, clock_ms: i64) {
        self.sent.retain(|_, (_, until_ms)| *until_ms > clock_ms);
        self.small.retain(|_, (_, until_ms)| *until_ms > clock_ms);
        self.counts.retain(|_, (_, until_ms)| *until_ms > clock_ms);
        self.senders.sweep(clock_ms);
    }

    fn finish(&mut self, conversation: &ConversationId, id: &OutboxId) {
        self.items.remove(id);
        if let Some(ids) = self.order.get_mut(conversation) {
            ids.retain(|waiting| waiting != id);
            if ids.is_empty() {
                self.order.remove(conversation);
            }
        }
    }

    fn sent_as(&mut self, id: &OutboxId, rank: u8, clock_ms: i64) {
        self.sent.insert(id.clone(), (rank, after_s(clock_ms, raw::SENT_LEDGER_S)));
    }

    fn note(&mut self, conversation: &ConversationId, id: &OutboxId, state: SentState, code: &str, at_ms: i64) {
        // Through its written form, as in the other stores.
        if let Ok(entry) = codec::read_delivery_line(&codec::delivery_line(id, state, code, at_ms)) {
            self.append(Some(conversation.clone()), RawBody::Delivery(entry));
        }
    }
}

fn ready(band: Band, head: &Waiting, shard: (u16, u64)) -> RawReady {
    RawReady {
        id: head.item.id.clone(),
        shard,
        value: head.item.value.clone(),
        band,
        n_attempts: head.n_attempts,
        n_throttled: head.n_throttled,
        ambiguous: head.standing.perhaps_taken(),
    }
}
