//! What stands between each node and the store: faults, the ledger's eyes, and the service broken on purpose.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use intake::{
    base::id::{ConversationId, OutboxId},
    channel::Delivery,
    engine::{Conversation, Holder},
    store::{
        Band, Begin, Cursor, Etag, Held, Receipted,
        between::{Between, Call, Fate, Waiting},
        codec::{self, Header, Kind},
        memory::State,
        raw::{RawBegin, RawCommit, RawCommitted, RawLine, RawReady, RawSettle, Settled},
    },
};

use super::ledger::{Attempt, Broken, Decided, Hands, Shared, Wrong};

/// How long a look may take whose store answers slowly.
const LOOK_MS: i64 = 2_000;

/// Between one life of a node and the store.
pub struct Watch {
    pub shared: Arc<Shared>,
    /// Which life of which node.
    pub life: u32,
    /// Which flows it serves.
    pub version: usize,
    /// For versions that count: the number behind each random one that this life knows.
    counted: Mutex<BTreeMap<Etag, Etag>>,
    /// For the sender without order: every item that waits.
    waiting: Arc<Mutex<Waits>>,
    /// What was found of late, and when: a look of several steps may read an item after something became of it.
    found: Mutex<Vec<(i64, RawReady)>>,
}

/// Items that wait, as a sender without order knows them; shared by all nodes.
#[derive(Debug, Default)]
pub struct Waits(BTreeMap<OutboxId, (Vec<u8>, i64, Band)>, BTreeSet<OutboxId>);

impl Watch {
    pub fn new(shared: Arc<Shared>, life: u32, version: usize, waiting: Arc<Mutex<Waits>>) -> Self {
        Self { shared, life, version, counted: Mutex::default(), waiting, found: Mutex::default() }
    }

    fn open(&self, id: &ConversationId, value: &[u8]) -> (Header, Conversation) {
        codec::decode(&self.shared.sealer, Kind::Conversation, id.as_str(), value).expect("what a node keeps can be opened")
    }

    fn seal(&self, id: &ConversationId, header: Header, conversation: &Conversation) -> Vec<u8> {
        codec::encode(&self.shared.sealer, &self.shared.dice, Kind::Conversation, id.as_str(), header, conversation).unwrap()
    }

    /// Breaks a commit on its way to the store.
    fn break_commit(&self, state: &State, commit: &mut RawCommit) {
        let current = || state.load(&commit.id).and_then(|value| Header::read(&value)).map(|header| header.etag);
        match self.shared.broken {
            Broken::NoDedupe => {
                let (header, mut conversation) = self.open(&commit.id, &commit.value);
                conversation.seen = Default::default();
                commit.value = self.seal(&commit.id, header, &conversation);
            }
            Broken::CachedCounter => {
                let (header, conversation) = self.open(&commit.id, &commit.value);
                let mut counted = self.counted.lock().unwrap();
                // What was read from the store is a number already; what the node kept itself has the random version it was given.
                let number = |etag: Etag| counted.get(&etag).copied().unwrap_or(etag);
                let before = commit.expected.map(number);
                let etag: Etag = (before.map_or(0, u128::from_be_bytes) + 1).to_be_bytes();
                // The store takes the same new version for the same commit: a number must not be taken so.
                if current() == Some(etag) {
                    commit.expected = Some([255; 16]);
                    return;
                }
                counted.insert(commit.etag, etag);
                commit.expected = before;
                commit.etag = etag;
                commit.value = self.seal(&commit.id, Header { etag, ..header }, &conversation);
            }
            Broken::CheckThenAct => commit.expected = current(),
            Broken::LostWake if self.shared.chance(250) => commit.wake_ms = None,
            Broken::Nothing | Broken::EarlyAck | Broken::NoEpoch | Broken::NoTime | Broken::NoOrder | Broken::LostWake => {}
        }
    }

    async fn wait(&self, most: u64) {
        for _ in 0..self.shared.dice.below(most + 1) {
            tokio::task::yield_now().await;
        }
    }
}

impl Between for Watch {
    fn meet<'a>(&'a self, call: Call<'a>) -> Waiting<'a, Fate> {
        Box::pin(async move {
            self.wait(2).await;
            let shared = &self.shared;
            if !shared.faults() {
                return Fate::Well;
            }
            let fate = match shared.dice.below(1_000) {
                _ if shared.outage() => Fate::Refused,
                0..8 => Fate::Refused,
                8..16 => Fate::AnswerLost,
                _ => Fate::Well,
            };
            let mut ledger = shared.ledger();
            match (fate, call) {
                (Fate::Well, _) => {}
                (Fate::Refused, Call::Settle(settle)) => {
                    ledger.counts.refused_calls += 1;
                    for taken in ledger.taken.get_mut(&settle.id).into_iter().flatten() {
                        taken.excuse.get_or_insert("the store refused its settlement");
                    }
                }
                (Fate::Refused, _) => ledger.counts.refused_calls += 1,
                (Fate::AnswerLost, _) => ledger.counts.lost_answers += 1,
            }
            fate
        })
    }

    fn part(&self) -> Waiting<'_, ()> {
        Box::pin(self.wait(2))
    }

    fn commit(&self, state: &mut State, mut commit: RawCommit, clock_ms: i64) -> RawCommitted {
        self.break_commit(state, &mut commit);
        let before = state.load(&commit.id).and_then(|value| Header::read(&value)).map(|header| header.etag);
        let kept = commit.clone();
        let committed = state.commit(commit, clock_ms);
        let fresh = before != Some(kept.etag);
        if !matches!(committed, RawCommitted::Done) || !fresh {
            return committed;
        }
        let (_, conversation) = self.open(&kept.id, &kept.value);
        let mut ledger = self.shared.ledger();
        let at = ledger.next();
        ledger.line(&format!("{} {at} {} commit {} {}", self.shared.now_ms(), self.life, kept.id, kept.items.len()));
        ledger.counts.commits += 1;
        let hands = Hands { from: at, bot: conversation.holder == Holder::Bot, opted_out: conversation.opted_out_at.is_some() };
        ledger.hands.entry(kept.id.clone()).or_default().push(hands);
        ledger.versions.entry(kept.id.clone()).or_default().push(self.version);
        for item in &kept.items {
            ledger.decided.insert(item.id.clone(), Decided { at, stoppable: item.stoppable });
        }
        if self.shared.broken == Broken::NoOrder {
            let mut waiting = self.waiting.lock().unwrap();
            waiting.0.extend(kept.items.into_iter().map(|item| (item.id, (item.value, item.decided_ms, item.band))));
        }
        committed
    }

    fn outbox(&self, state: &mut State, held: &Held, bands: &[Band], now_ms: i64, each: usize) -> Vec<RawReady> {
        let mut ready = state.outbox(held, bands, now_ms, each);
        let mut found = self.found.lock().unwrap();
        found.retain(|(at_ms, before)| now_ms - at_ms < LOOK_MS && ready.iter().all(|found| found.id != before.id));
        if self.shared.faults() && self.shared.chance(300) {
            ready.extend(found.iter().filter_map(|(_, before)| state.as_it_is_now(before)));
        }
        found.extend(ready.iter().map(|ready| (now_ms, ready.clone())));
        drop(found);
        if self.shared.broken == Broken::NoOrder
            && let Some(shard) = held.shards.first()
        {
            let waiting = self.waiting.lock().unwrap();
            let others =
                waiting.0.iter().filter(|(id, (_, at_ms, band))| *at_ms <= now_ms && bands.contains(band) && !waiting.1.contains(*id));
            let heads: BTreeSet<OutboxId> = ready.iter().map(|ready| ready.id.clone()).collect();
            let others: Vec<RawReady> = others
                .filter(|(id, _)| !heads.contains(*id))
                .map(|(id, (value, _, band))| RawReady {
                    id: id.clone(),
                    shard: *shard,
                    value: value.clone(),
                    band: *band,
                    n_attempts: 0,
                    n_throttled: 0,
                    ambiguous: false,
                })
                .collect();
            ready.extend(others);
        }
        ready
    }

    fn begin(&self, state: &mut State, begin: &RawBegin, clock_ms: i64) -> Begin {
        let shared = &self.shared;
        let mut begun = match shared.broken {
            Broken::NoEpoch => state.begin(&RawBegin { epoch: None, ..begin.clone() }, clock_ms),
            Broken::NoTime => state.begin(&RawBegin { now_ms: i64::MAX, ..begin.clone() }, clock_ms),
            Broken::Nothing
            | Broken::NoDedupe
            | Broken::CachedCounter
            | Broken::EarlyAck
            | Broken::NoOrder
            | Broken::CheckThenAct
            | Broken::LostWake => state.begin(begin, clock_ms),
        };
        if shared.broken == Broken::NoOrder {
            let mut waiting = self.waiting.lock().unwrap();
            if begun == Begin::NotOurs && waiting.0.contains_key(&begin.id) && waiting.1.insert(begin.id.clone()) {
                begun = Begin::Go;
            }
            waiting.1.insert(begin.id.clone());
        }
        if begun == Begin::Go {
            let mut ledger = shared.ledger();
            let at = ledger.next();
            ledger.line(&format!("{} {at} {} begin {}", shared.now_ms(), self.life, begin.id));
            ledger.attempts.insert(begin.id.clone(), Attempt { at, life: self.life, stalled: false });
            if begin.epoch.is_some() {
                ledger.fenced.insert(begin.id.clone());
            }
        }
        begun
    }

    fn settle(&self, state: &mut State, settle: &RawSettle, clock_ms: i64) {
        state.settle(settle, clock_ms);
        let mut ledger = self.shared.ledger();
        if ledger.attempts.get(&settle.id).is_some_and(|attempt| attempt.life == self.life) {
            ledger.attempts.remove(&settle.id);
        }
        if self.shared.broken == Broken::NoOrder {
            let mut waiting = self.waiting.lock().unwrap();
            waiting.1.remove(&settle.id);
            if !matches!(settle.settled, Settled::Again { .. }) {
                waiting.0.remove(&settle.id);
            }
        }
    }

    fn receipt(
        &self,
        state: &mut State,
        id: &OutboxId,
        conversation: &ConversationId,
        delivery: Delivery,
        at_ms: i64,
        clock_ms: i64,
    ) -> Receipted {
        if !self.shared.ledger().decided.contains_key(id) && !self.shared.rolls_back {
            self.shared.ledger().wrong(Wrong::CrossTalk, format!("a receipt for {id}, which nobody decided"));
        }
        state.receipt(id, conversation, delivery, at_ms, clock_ms)
    }

    /// The recorder has a test of its own: here it finds nothing, so that the journal stays whole for the judge.
    fn journal(&self, _: &mut State, _: &Held, _: &[Cursor], _: usize) -> Vec<RawLine> {
        Vec::new()
    }
}
