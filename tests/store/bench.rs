//! One store to try a fact on, and the shortest ways to make turns, items and receipts.

use std::time::Duration;

use intake::{
    base::{
        Address, EventId, Language, Medium,
        clock::Clock,
        id::{ConversationId, OutboxId},
    },
    channel::{Delivery, Receipt},
    engine::{Content, Conversation, Event, EventKind, Purpose},
    render::{Outgoing, Shape},
    security::Sealer,
    store::{Band, Commit, Committed, Entry, Etag, Held, Lane, Line, Load, OutboxItem, Pending, Store, TurnEntry},
};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::support::redis::RedisServer;

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Memory,
    Embedded,
    Redis,
}

/// When every test begins.
pub const START_MS: i64 = 1_800_000_000_000;

/// A store with its clock and its ground.
pub struct Bench {
    pub kind: Kind,
    pub store: Store,
    pub clock: Clock,
    pub keys: String,
    pub url: String,
    pub redis: Option<RedisServer>,
    pub dir: TempDir,
}

/// A time so many ms after the start.
pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(START_MS + ms).unwrap()
}

/// All that the items of these tests wait in.
pub fn bands() -> Vec<Band> {
    Band::all(&[Lane::HAND_OVER, Lane::of("sms")])
}

impl Bench {
    pub async fn open(kind: Kind) -> Self {
        let clock = Clock::set_to(at(0), 42);
        let keys = Sealer::generate(&clock);
        let dir = TempDir::new().unwrap();
        let redis = (kind == Kind::Redis).then(RedisServer::start);
        let url = match kind {
            Kind::Memory => "memory:".to_owned(),
            Kind::Embedded => format!("sqlite:{}", dir.path().join("intake.db").display()),
            Kind::Redis => redis.as_ref().unwrap().url(),
        };
        let (store, _) = Store::open(&url, Sealer::parse(&keys).unwrap(), clock.clone()).await.unwrap();
        Self { kind, store, clock, keys, url, redis, dir }
    }

    /// The same store, opened again; not for memory.
    pub async fn reopen(&mut self) {
        self.store.close().await;
        let sealer = Sealer::parse(&self.keys).unwrap();
        (self.store, _) = Store::open(&self.url, sealer, self.clock.clone()).await.unwrap();
    }

    /// Lets time pass: the store's where it is ours, Redis's by waiting.
    pub async fn pass(&self, ms: u64) {
        let now = self.clock.now().as_millisecond() + i64::try_from(ms).unwrap();
        self.clock.move_to(Timestamp::from_millisecond(now).unwrap());
        if self.kind == Kind::Redis {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
    }

    pub fn etag(&self) -> Etag {
        self.clock.random()
    }

    pub async fn held(&self) -> Held {
        let held = self.store.hold("node-a", 60_000).await.unwrap();
        assert!(!held.shards.is_empty());
        held
    }

    pub fn patient(&self, n: u32) -> Patient {
        let address = Address::new(Medium::Sms, format!("+1555010{n:04}"));
        Patient { id: self.store.conversation_id(&address), address }
    }

    /// Commits; gives the etag.
    pub async fn kept(&self, turn: Commit) -> Etag {
        let etag = turn.etag;
        assert!(matches!(self.store.commit(turn).await.unwrap(), Committed::Done));
        etag
    }

    /// Items that may be begun `ms` after the start.
    pub async fn ready(&self, ms: i64) -> Vec<Pending> {
        let held = self.held().await;
        self.store.outbox(&held, &bands(), at(ms), 100).await.unwrap()
    }

    /// Their ids.
    pub async fn ready_ids(&self, ms: i64) -> Vec<OutboxId> {
        self.ready(ms).await.into_iter().map(|pending| pending.item.id).collect()
    }

    /// All lines of the journal.
    pub async fn lines(&self) -> Vec<Line> {
        let held = self.held().await;
        self.store.journal(&held, &[], 1_000).await.unwrap()
    }

    /// How far messages got, as the journal tells it, in order.
    pub async fn states(&self) -> Vec<(OutboxId, intake::store::SentState)> {
        let lines = self.lines().await.into_iter();
        lines
            .filter_map(|line| match line.entry {
                Entry::Delivery { outbox, state, .. } => Some((outbox, state)),
                Entry::Turn(_) | Entry::Fault { .. } | Entry::Erased { .. } => None,
            })
            .collect()
    }
}

/// Someone, and the id of the conversation.
#[derive(Clone, Debug)]
pub struct Patient {
    pub address: Address,
    pub id: ConversationId,
}

impl Patient {
    /// A conversation after so many turns.
    pub fn conversation(&self, n_turns: u64) -> Conversation {
        let mut conversation = Conversation::new(self.address.clone(), "sms");
        conversation.n_turns = n_turns;
        conversation
    }

    /// A turn decided `ms` after the start, on a version, by an event, with messages to send.
    pub fn turn(&self, bench: &Bench, ms: i64, expected: Option<Etag>, event: &str, says: &[(Purpose, &str)]) -> Commit {
        self.turn_of(self.conversation(1), bench.etag(), ms, expected, event, says)
    }

    /// The same, with all given.
    pub fn turn_of(
        &self,
        conversation: Conversation,
        etag: Etag,
        ms: i64,
        expected: Option<Etag>,
        event: &str,
        says: &[(Purpose, &str)],
    ) -> Commit {
        let event = EventId(event.to_owned());
        let epoch = conversation.epoch;
        let says = says.iter().enumerate();
        let outbox = says.map(|(n, (purpose, text))| self.item(&event, n, epoch, ms, *purpose, text)).collect();
        let entry = TurnEntry {
            address: self.address.clone(),
            n_turn: conversation.n_turns,
            event: Event {
                id: event,
                at: at(ms),
                kind: EventKind::Message { channel: "sms".into(), content: Content::Text("words".into()) },
            },
            now: at(ms),
            revision: None,
            facts: Vec::new(),
            said: Vec::new(),
        };
        Commit { id: self.id.clone(), expected, etag, conversation, outbox, cancel_waiting: false, wake_at: None, entry }
    }

    fn item(&self, event: &EventId, n: usize, epoch: u64, ms: i64, purpose: Purpose, text: &str) -> OutboxItem {
        OutboxItem {
            id: OutboxId::derive(&self.id, event, n),
            address: self.address.clone(),
            channel: "sms".into(),
            purpose,
            epoch,
            decided_at: at(ms),
            last_inbound_at: None,
            load: Load::Message(Outgoing {
                text: text.into(),
                shape: Shape::Text,
                language: Language::parse("en").unwrap(),
                template: None,
            }),
        }
    }

    /// The id of the nth message of an event.
    pub fn outbox(&self, event: &str, n: usize) -> OutboxId {
        OutboxId::derive(&self.id, &EventId(event.to_owned()), n)
    }
}

/// A provider's word on one of our messages.
pub fn receipt(outbox: &OutboxId, state: Delivery) -> Receipt {
    Receipt { outbox: Some(outbox.clone()), provider_id: "SM1".into(), state, at: at(0) }
}
