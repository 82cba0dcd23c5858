//! What goes wrong, when, and for how long.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use intake::base::clock::Clock;
use tokio::time::sleep;

use super::{
    nodes::Nodes,
    wire::{Mode, Wire},
};
use crate::support::{power::Cut, redis::RedisServer};

/// Longer than a lease: others have taken over, and what wakes up has lost its shards.
const PAST_A_LEASE_MS: u64 = 11_000;

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// `kill -9` of a node, started again at once.
    KillNode,
    /// `kill -9` of a node, started again when others have taken over.
    LeaveDown,
    /// A node stands still for up to 2 s.
    PauseNode,
    /// A node stands still until its lease is gone.
    PausePastLease,
    /// `kill -9` of Redis.
    KillStore,
    /// Redis dies, and what it had not synced is gone.
    CutPower,
    /// Redis stands still for up to 3 s.
    PauseStore,
    /// Bytes between a node and Redis are kept back for up to 4 s.
    HoldWire,
    /// Every piece between a node and Redis takes up to 30 ms, for up to 3 s.
    SlowWire,
    /// All connections between a node and Redis are reset, and refused for up to 1.5 s.
    CutWire,
    /// All connections to the provider are reset, and refused for up to 800 ms.
    CutProvider,
}

/// How many of each.
#[derive(Clone, Debug)]
pub struct Deck(pub Vec<(Fault, u64)>);

impl Deck {
    /// All of them, in a random order.
    pub fn shuffled(&self, dice: &Clock) -> Vec<Fault> {
        let mut all: Vec<Fault> =
            self.0.iter().flat_map(|(fault, n)| std::iter::repeat_n(*fault, usize::try_from(*n).unwrap_or_default())).collect();
        for n in (1..all.len()).rev() {
            all.swap(n, usize::try_from(dice.below(n as u64 + 1)).unwrap_or_default());
        }
        all
    }
}

/// Something that went wrong.
#[derive(Clone, Copy, Debug)]
pub struct Happened {
    pub fault: Fault,
    /// To which node; `None`: to all.
    pub node: Option<usize>,
    pub from: Instant,
    /// Until it was well again.
    pub to: Instant,
}

impl Happened {
    /// What it was and when, in seconds after something else.
    pub fn seen_from(&self, at: Instant) -> String {
        let after = |moment: Instant| if moment >= at { (moment - at).as_secs_f64() } else { -(at - moment).as_secs_f64() };
        format!("{:?} of {:?} {:.2}..{:.2}", self.fault, self.node, after(self.from), after(self.to))
    }
}

/// All that can go wrong, and the book of what did.
pub struct Faults {
    nodes: Arc<Nodes>,
    /// Between each node and Redis; none with SQLite.
    wires: Vec<Wire>,
    provider: Wire,
    redis: Option<tokio::sync::Mutex<RedisServer>>,
    /// Nodes that something is done to already.
    busy: Vec<AtomicBool>,
    dice: Clock,
    book: Mutex<Vec<Happened>>,
    cut_bytes: AtomicU64,
    spared_bytes: AtomicU64,
}

impl Faults {
    pub fn new(nodes: Arc<Nodes>, wires: Vec<Wire>, provider: Wire, redis: Option<RedisServer>) -> Self {
        Self {
            busy: (0..nodes.n()).map(|_| AtomicBool::new(false)).collect(),
            nodes,
            wires,
            provider,
            redis: redis.map(tokio::sync::Mutex::new),
            dice: Clock::machine(),
            book: Mutex::default(),
            cut_bytes: AtomicU64::new(0),
            spared_bytes: AtomicU64::new(0),
        }
    }

    /// What happened, in the order of its beginning.
    pub fn happened(&self) -> Vec<Happened> {
        let mut all = self.book.lock().unwrap().clone();
        all.sort_by_key(|happened| happened.from);
        all
    }

    /// Bytes that power cuts took, and bytes that were not synced and stayed.
    pub fn cut(&self) -> Cut {
        Cut { bytes: self.cut_bytes.load(Ordering::Relaxed), spared: self.spared_bytes.load(Ordering::Relaxed) }
    }

    /// Does one; what takes long goes on by itself.
    pub async fn happen(self: &Arc<Self>, fault: Fault) -> Option<tokio::task::JoinHandle<()>> {
        let long = matches!(fault, Fault::LeaveDown | Fault::PauseNode | Fault::PausePastLease | Fault::HoldWire | Fault::SlowWire);
        let this = self.clone();
        if long {
            return Some(tokio::spawn(async move { this.one(fault).await }));
        }
        self.one(fault).await;
        None
    }

    async fn one(&self, fault: Fault) {
        match fault {
            Fault::KillNode => self.to_a_node(fault, 0).await,
            Fault::LeaveDown => self.to_a_node(fault, PAST_A_LEASE_MS + self.dice.below(2_000)).await,
            Fault::PauseNode => self.to_a_node(fault, 50 + self.dice.below(2_000)).await,
            Fault::PausePastLease => self.to_a_node(fault, PAST_A_LEASE_MS + self.dice.below(2_000)).await,
            Fault::KillStore | Fault::CutPower | Fault::PauseStore => self.to_the_store(fault).await,
            Fault::HoldWire => self.to_a_wire(fault, Mode::Hold, 100 + self.dice.below(4_000)).await,
            Fault::SlowWire => self.to_a_wire(fault, Mode::Slow(30), 500 + self.dice.below(2_500)).await,
            Fault::CutWire => self.to_a_wire(fault, Mode::Cut, 20 + self.dice.below(1_500)).await,
            Fault::CutProvider => {
                let from = Instant::now();
                self.provider.set(Mode::Cut);
                sleep(Duration::from_millis(20 + self.dice.below(800))).await;
                self.provider.set(Mode::Pass);
                self.note(fault, None, from);
            }
        }
    }

    fn note(&self, fault: Fault, node: Option<usize>, from: Instant) {
        self.book.lock().unwrap().push(Happened { fault, node, from, to: Instant::now() });
    }

    /// A node that nothing is done to.
    async fn free_node(&self) -> usize {
        loop {
            let nth = usize::try_from(self.dice.below(self.busy.len() as u64)).unwrap();
            if self.busy[nth].compare_exchange(false, true, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return nth;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn to_a_node(&self, fault: Fault, ms: u64) {
        let nth = self.free_node().await;
        let from = Instant::now();
        let pauses = matches!(fault, Fault::PauseNode | Fault::PausePastLease);
        if pauses {
            self.nodes.signal(nth, "STOP");
        } else {
            self.nodes.kill(nth);
        }
        sleep(Duration::from_millis(ms)).await;
        // A node that is killed is dead from its first moment; one that stands still, until it goes on.
        if pauses {
            self.nodes.signal(nth, "CONT");
            self.note(fault, Some(nth), from);
        } else {
            self.note(fault, Some(nth), from);
            self.nodes.start_again(nth).await;
        }
        self.busy[nth].store(false, Ordering::Relaxed);
    }

    async fn to_a_wire(&self, fault: Fault, mode: Mode, ms: u64) {
        if self.wires.is_empty() {
            return;
        }
        let nth = usize::try_from(self.dice.below(self.wires.len() as u64)).unwrap();
        let from = Instant::now();
        self.wires[nth].set(mode);
        sleep(Duration::from_millis(ms)).await;
        self.wires[nth].set(Mode::Pass);
        self.note(fault, Some(nth), from);
    }

    async fn to_the_store(&self, fault: Fault) {
        let Some(redis) = &self.redis else { return };
        let mut redis = redis.lock().await;
        let from = Instant::now();
        match fault {
            Fault::PauseStore => {
                redis.signal("STOP");
                sleep(Duration::from_millis(50 + self.dice.below(3_000))).await;
                redis.signal("CONT");
            }
            Fault::CutPower if redis.has_power() => {
                let cut = redis.cut_power(&self.dice);
                self.cut_bytes.fetch_add(cut.bytes, Ordering::Relaxed);
                self.spared_bytes.fetch_add(cut.spared, Ordering::Relaxed);
            }
            _ => redis.kill(),
        }
        if fault != Fault::PauseStore {
            sleep(Duration::from_millis(self.dice.below(300))).await;
            tokio::task::block_in_place(|| redis.restart());
        }
        self.note(fault, None, from);
    }
}
