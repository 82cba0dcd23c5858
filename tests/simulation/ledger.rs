//! What really happened, written down by everybody who is in the middle: the truth that the judge compares with.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use intake::{
    base::{
        clock::Clock,
        id::{ConversationId, OutboxId},
    },
    security::Sealer,
};

use super::people::Patient;

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// An acknowledged message has no effect.
    Lost,
    /// An event was committed twice.
    Repeated,
    /// A message was sent twice without an excuse, or before its first send could be told of.
    Doubled,
    /// A message that was decided never left, and nothing says why.
    Unsent,
    /// Messages to one address left in another order than they were decided in.
    Order,
    /// The stored conversation is not what its journal makes.
    Replay,
    /// The bot spoke while somebody else had the conversation.
    Hands,
    /// Something was sent after STOP.
    AfterStop,
    /// Words of one patient reached another.
    CrossTalk,
    /// The outbox, the wakes or the webhooks do not come to an end.
    Stuck,
    /// A wake came twice, or too early, or is not there.
    Wake,
    /// A call for a human was gone, and nobody had taken it.
    Unheard,
    /// Two ids of one person lead to two conversations.
    Alias,
    /// A webhook heard what makes no provider come again.
    Answer,
    /// The simulation itself fell over, or the service under it.
    Panicked,
}

/// One thing that is wrong.
#[derive(Clone)]
pub struct Finding(pub Wrong, pub String);

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0, self.1)
    }
}

/// A way to break the service on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Nothing is broken.
    Nothing,
    /// The ring of ids seen is never kept.
    NoDedupe,
    /// Versions are numbers that count up: what a node kept of a conversation passes for another that has the same number.
    CachedCounter,
    /// Webhooks are answered before the turn is kept.
    EarlyAck,
    /// Messages leave whatever the epoch says.
    NoEpoch,
    /// Messages leave before their time has come, where they were read by a look that found them due.
    NoTime,
    /// Any message may leave, whether or not an older one waits.
    NoOrder,
    /// A turn is kept whatever happened since it was read.
    CheckThenAct,
    /// One wake in four is not kept.
    LostWake,
}

/// Why a message may be sent once more, at any time: whoever stands still knows of no time.
pub const STOOD_STILL: &str = "its node stood still";

/// One send that a provider took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// By which life of which node.
    pub life: u32,
    /// When.
    pub at_ms: i64,
    /// Why it may be sent once more: its answer never came.
    pub excuse: Option<&'static str>,
}

/// An attempt under way.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When it was allowed, in events of the ledger.
    pub at: u64,
    /// By which life.
    pub life: u32,
    /// Whether the node stood still meanwhile.
    pub stalled: bool,
}

/// A message that a commit put into the outbox.
#[derive(Clone, Debug)]
pub struct Decided {
    /// In which event of the ledger.
    pub at: u64,
    /// Whether STOP stops it.
    pub stoppable: bool,
}

/// Who had a conversation from some event of the ledger on.
#[derive(Clone, Copy, Debug)]
pub struct Hands {
    /// From when on.
    pub from: u64,
    /// Whether the bot has it.
    pub bot: bool,
    /// Whether they have opted out.
    pub opted_out: bool,
}

/// Figures of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub events: u64,
    pub messages: u64,
    pub acknowledged: u64,
    pub commits: u64,
    pub sent: u64,
    pub doubled_with_excuse: u64,
    pub kills: u64,
    pub killed_webhooks: u64,
    pub killed_sends: u64,
    pub refused_calls: u64,
    pub lost_answers: u64,
    pub rollbacks: u64,
    pub wakes: u64,
    pub acts: u64,
    pub starts: u64,
    /// Webhooks, acts and calls that a node answered.
    pub answered: u64,
    /// Requests that a provider answered, or let wait.
    pub requests: u64,
    /// Messages of which it is not known whether they were sent: more cannot be sent twice.
    pub in_the_air: u64,
}

impl Counts {
    /// What the service had to deal with: webhooks, receipts, acts and calls that it answered, wakes, answers of providers.
    pub const fn handled(&self) -> u64 {
        self.answered + self.requests + self.wakes
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.events, other.events),
            (&mut self.messages, other.messages),
            (&mut self.acknowledged, other.acknowledged),
            (&mut self.commits, other.commits),
            (&mut self.sent, other.sent),
            (&mut self.doubled_with_excuse, other.doubled_with_excuse),
            (&mut self.kills, other.kills),
            (&mut self.killed_webhooks, other.killed_webhooks),
            (&mut self.killed_sends, other.killed_sends),
            (&mut self.refused_calls, other.refused_calls),
            (&mut self.lost_answers, other.lost_answers),
            (&mut self.rollbacks, other.rollbacks),
            (&mut self.wakes, other.wakes),
            (&mut self.acts, other.acts),
            (&mut self.starts, other.starts),
            (&mut self.answered, other.answered),
            (&mut self.requests, other.requests),
            (&mut self.in_the_air, other.in_the_air),
        ];
        for (sum, more) in pairs {
            *sum += more;
        }
    }
}

/// A provider's word that is to come.
#[derive(Clone, Debug)]
pub struct Word {
    pub due_ms: i64,
    pub channel: &'static str,
    pub outbox: OutboxId,
    pub sid: String,
    pub status: &'static str,
}

/// The book.
#[derive(Debug, Default)]
pub struct Ledger {
    pub n: u64,
    pub n_sids: u64,
    pub hands: BTreeMap<ConversationId, Vec<Hands>>,
    pub decided: BTreeMap<OutboxId, Decided>,
    pub attempts: BTreeMap<OutboxId, Attempt>,
    pub fenced: BTreeSet<OutboxId>,
    pub taken: BTreeMap<OutboxId, Vec<Taken>>,
    pub first_taken: BTreeMap<String, Vec<OutboxId>>,
    pub words: Vec<Word>,
    /// What each patient read last.
    pub shown: BTreeMap<Patient, String>,
    /// Which flows were in service at each commit of a conversation, in order.
    pub versions: BTreeMap<ConversationId, Vec<usize>>,
    pub findings: Vec<Finding>,
    pub counts: Counts,
    /// A line for everything that happened: two runs of one seed have the same.
    pub diary: u64,
}

impl Ledger {
    /// The next event's number.
    pub fn next(&mut self) -> u64 {
        self.n += 1;
        self.n
    }

    pub fn wrong(&mut self, wrong: Wrong, what: String) {
        if self.findings.len() < 20 {
            self.findings.push(Finding(wrong, what));
        }
    }

    /// Adds to the diary.
    pub fn line(&mut self, line: &str) {
        for byte in line.bytes() {
            self.diary = (self.diary ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    /// Sends of this life that are in the air may be sent once more.
    pub fn excuse(&mut self, life: u32, excuse: &'static str) -> u64 {
        let mut n = 0;
        let in_air: Vec<OutboxId> = self.attempts.iter().filter(|(_, attempt)| attempt.life == life).map(|(id, _)| id.clone()).collect();
        for id in in_air {
            if let Some(attempt) = self.attempts.get_mut(&id) {
                attempt.stalled = true;
            }
            for taken in self.taken.get_mut(&id).into_iter().flatten().filter(|taken| taken.life == life) {
                taken.excuse.get_or_insert(excuse);
                n += 1;
            }
        }
        n
    }

    /// Who had a conversation at an event.
    pub fn hands_at(&self, id: &ConversationId, at: u64) -> Option<Hands> {
        self.hands.get(id)?.iter().rev().find(|hands| hands.from <= at).copied()
    }
}

/// What all parts of one simulated world hold.
pub struct Shared {
    /// Of the services: shared time, and their randomness.
    pub clock: Clock,
    /// Of the simulation.
    pub dice: Clock,
    pub sealer: Sealer,
    pub broken: Broken,
    /// Whether the store may still roll back: then only consistency is judged.
    pub rolls_back: bool,
    faults: AtomicBool,
    outage: AtomicBool,
    ledger: Mutex<Ledger>,
}

impl Shared {
    pub fn new(clock: Clock, dice: Clock, sealer: Sealer, broken: Broken, rolls_back: bool) -> Self {
        let (faults, outage) = (AtomicBool::new(true), AtomicBool::new(false));
        Self { clock, dice, sealer, broken, rolls_back, faults, outage, ledger: Mutex::default() }
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    pub fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// Whether something happens that happens so many times in a thousand.
    pub fn chance(&self, per_mille: u64) -> bool {
        self.dice.below(1_000) < per_mille
    }

    pub fn faults(&self) -> bool {
        self.faults.load(Ordering::Relaxed)
    }

    pub fn calm(&self) {
        self.faults.store(false, Ordering::Relaxed);
        self.outage.store(false, Ordering::Relaxed);
    }

    pub fn outage(&self) -> bool {
        self.outage.load(Ordering::Relaxed)
    }

    pub fn set_outage(&self, outage: bool) {
        self.outage.store(outage, Ordering::Relaxed);
    }
}
