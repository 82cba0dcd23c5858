//! One simulated world: nodes, patients, tracers, a provider's webhooks, and time that jumps.
//!
//! Every node is a runtime of its own with time standing still; the world moves time and lets each node poll so many tasks. Dropping the
//! runtime is `kill -9`: every task of the node ends at the await it stands at. All is on one thread, so a seed repeats itself exactly.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use axum::Router;
use intake::{
    base::{clock::Clock, id::ConversationId},
    config::Settings,
    engine::Event,
    flow::Library,
    records::Records,
    render::{Catalog, phrases},
    runtime::{Loops, Parts, Service, Shelf, Target, http::Http},
    security::Sealer,
    store::{
        Store,
        memory::{Memory, State},
    },
    web,
};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;

use super::{
    between::{Waits, Watch},
    ledger::{Broken, Ledger, STOOD_STILL, Shared, Wrong},
    people::Patient,
    provider::Provider,
};
use crate::support::{meta, twilio};

pub(super) const PUBLIC_URL: &str = "https://intake.test";
pub(super) const N_NODES: usize = 3;
/// Rounds of the last drain: twenty minutes of back-off fit in.
const DRAIN_ROUNDS: u32 = 20_000;
/// Tenths of a second, once all is calm, in which a message is acknowledged, and in which its replies have left.
const PROGRESS_ROUNDS: u32 = 50;
const LEAVING_ROUNDS: u32 = 100;
const LEAVING_MS: i64 = 100 * LEAVING_ROUNDS as i64;
/// By how much the clock of a node may be wrong, in ms.
const SKEW_MS: u64 = 2_000;

/// How a world is made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub n_events: u64,
    pub broken: Broken,
    pub rolls_back: bool,
}

/// Something for a node: a webhook, an act at the desk, a flow to start.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub what: What,
    pub due_ms: i64,
    /// On its way to these lives.
    pub at: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// A webhook: the messages in it, and who was told of by both ids.
    Hook { path: String, body: Body, events: Vec<String>, both_ids: Option<Patient> },
    /// An act at the desk, a call of the API.
    Turn { target: Target, event: Event },
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    /// Twilio's.
    Form(Vec<(String, String)>),
    /// Meta's.
    Json(String),
}

/// What a node answered to a letter.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub letter: u64,
    pub life: u32,
    pub well: bool,
    /// Whether it said that the turn is kept.
    pub kept: bool,
}

/// Shared by the tasks of all nodes: what came back.
pub(super) type Answers = Arc<Mutex<Vec<Answer>>>;

pub(super) struct Node {
    pub up: Option<Up>,
    up_at_ms: i64,
    paused_until_ms: i64,
    behind_ms: u64,
    version: usize,
    /// How wrong its clock is.
    skew_ms: i64,
}

pub(super) struct Up {
    pub runtime: Runtime,
    pub service: Service,
    pub router: Router,
    loops: Option<Loops>,
    pub life: u32,
    stopped: Arc<Mutex<bool>>,
}

/// The world.
pub struct World {
    pub shared: Arc<Shared>,
    pub memory: Memory,
    pub(super) plan: Plan,
    pub(super) nodes: Vec<Node>,
    n_lives: u32,
    pub(super) letters: BTreeMap<u64, Letter>,
    pub(super) n_letters: u64,
    pub(super) answers: Answers,
    pub(super) n_patients: u64,
    /// What patients who keep to a script will say.
    pub(super) scripts: BTreeMap<Patient, VecDeque<String>>,
    /// Patients whose two ids came in one message that was acknowledged.
    pub(super) joined: BTreeSet<Patient>,
    /// Whether nodes serve different revisions of the flows.
    mixes_flows: bool,
    waits: Arc<Mutex<Waits>>,
    snapshot: Option<(State, BTreeMap<ConversationId, Vec<usize>>)>,
    outage_until_ms: i64,
    /// Ids of events that were acknowledged.
    pub acknowledged: Vec<String>,
}

/// What is the same in all worlds: read and opened once.
pub struct Constant {
    pub settings: Settings,
    pub shelves: Vec<Shelf>,
    records: Records,
    _records_runtime: Runtime,
}

pub fn constant() -> &'static Constant {
    static CONSTANT: OnceLock<Constant> = OnceLock::new();
    CONSTANT.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH, 1);
        let sealer = Sealer::parse(&Sealer::generate(&clock)).unwrap();
        let records = runtime.block_on(Records::open("memory:", sealer, clock)).unwrap();
        Constant { settings: settings(), shelves: vec![shelf(""), shelf("\n# second revision\n")], records, _records_runtime: runtime }
    })
}

fn settings() -> Settings {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("intake.toml");
    let (account, token) = (twilio::ACCOUNT, twilio::TOKEN);
    let channel = |name: &str, from: &str| {
        format!(
            "[[channel]]\nname = \"{name}\"\nprovider = \"twilio\"\naccount_sid = \"{account}\"\nauth_token = \"{token}\"\nfrom = \"{from}\"\nper_second = 40\nreconcile_seconds = 0\n"
        )
    };
    let text = format!(
        "[server]\npublic_url = \"{PUBLIC_URL}\"\n[store]\nurl = \"memory:\"\n[records]\nurl = \"memory:\"\n[flows]\nwelcome = \"welcome\"\n\
         [agency]\nname = \"City Health\"\nemergency_number = \"911\"\nphone_line = \"+15550100999\"\ncountry = \"US\"\n\
         time_zone = \"America/New_York\"\n[desk]\nhours = \"Mon-Fri 08:00-18:00\"\non_call = [\"sms:+15550100777\"]\n{}{}",
        channel("sms", "+15550100000"),
        channel("wa", "whatsapp:+15550100000")
            + &format!(
                "[[channel]]\nname = \"meta\"\nprovider = \"whatsapp\"\nphone_number_id = \"{}\"\napp_secret = \"{}\"\n\
                 verify_token = \"verify\"\naccess_token = \"access\"\ntemplates = {{ reminder = \"reminder\" }}\n",
                meta::NUMBER_ID,
                meta::SECRET
            ),
    );
    std::fs::write(&file, text).unwrap();
    Settings::read(&file).unwrap()
}

/// The shipped flows; with something after each file, another revision of them.
fn shelf(after: &str) -> Shelf {
    let mut files = phrases::files();
    files.extend(intake::config::folder::shipped().into_iter().map(|(name, text)| (name, format!("{text}{after}"))));
    let (library, findings) = Library::from_files(&files);
    assert!(findings.iter().all(|finding| finding.level != intake::flow::Level::Error), "{findings:#?}");
    let shared = library.all_current().next().map(|(_, revision)| revision.partials.clone()).unwrap();
    Shelf::new(library, Catalog::shared(&shared))
}

impl World {
    pub fn new(seed: u64, plan: Plan) -> Self {
        let dice = Clock::set_to(Timestamp::UNIX_EPOCH, seed);
        let clock = Clock::set_to("2026-03-02T15:00:00Z".parse().unwrap(), seed ^ 0x5EED);
        let sealer = Sealer::parse(&Sealer::generate(&dice)).unwrap();
        let n_patients = [3, 10, 30, 200][usize::try_from(dice.below(4)).unwrap()];
        let shared = Arc::new(Shared::new(clock, dice, sealer, plan.broken, plan.rolls_back));
        let nodes =
            (0..N_NODES).map(|_| Node { up: None, up_at_ms: 0, paused_until_ms: 0, behind_ms: 0, version: 0, skew_ms: 0 }).collect();
        let mut world = Self {
            shared,
            memory: Memory::default(),
            plan,
            nodes,
            n_lives: 0,
            letters: BTreeMap::new(),
            n_letters: 0,
            answers: Answers::default(),
            n_patients,
            scripts: BTreeMap::new(),
            joined: BTreeSet::new(),
            mixes_flows: seed % 4 == 1,
            waits: Arc::default(),
            snapshot: None,
            outage_until_ms: 0,
            acknowledged: Vec::new(),
        };
        world.raise_nodes();
        world
    }

    pub(super) fn below(&self, bound: u64) -> u64 {
        self.shared.dice.below(bound)
    }

    pub(super) fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    pub(super) fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.shared.ledger()
    }

    /// Runs it to its end: events with faults, then calm until nothing is left to do.
    pub fn run(&mut self) {
        for _ in 0..self.plan.n_events {
            self.event();
            for _ in 0..=self.below(4) {
                self.pass_time();
            }
        }
        self.calm_down();
    }

    // What happens.

    fn event(&mut self) {
        self.ledger().counts.events += 1;
        match self.below(1_000) {
            0..660 => self.patients_write(),
            660..770 => self.tracer_acts(),
            770..840 => self.flow_starts(),
            840..880 => self.kill(),
            880..895 => self.stop_one(),
            895..910 => self.pause_one(),
            910..950 => self.jump(),
            950..970 if self.mixes_flows => self.other_flows(),
            970..980 => {
                self.outage_until_ms = self.shared.now_ms() + 500 + i64::try_from(self.below(6_000)).unwrap();
                self.shared.set_outage(true);
            }
            980..985 => self.clock_jumps(),
            _ if self.plan.rolls_back => self.roll_back(),
            _ => self.patients_write(),
        }
    }

    fn kill(&mut self) {
        let nth = usize::try_from(self.below(N_NODES as u64)).unwrap();
        self.down(nth, true);
        self.nodes[nth].up_at_ms = self.shared.now_ms() + i64::try_from(self.below(4_000)).unwrap();
    }

    /// A node is no more; with it goes what was on its way.
    fn down(&mut self, nth: usize, killed: bool) {
        let Some(up) = self.nodes[nth].up.take() else { return };
        self.nodes[nth].behind_ms = 0;
        self.nodes[nth].paused_until_ms = 0;
        let now_ms = self.shared.now_ms();
        let mut n_hooks = 0;
        for letter in self.letters.values_mut().filter(|letter| letter.at.contains(&up.life)) {
            letter.at.retain(|life| *life != up.life);
            letter.due_ms = now_ms + 1_000;
            n_hooks += 1;
        }
        let mut ledger = self.shared.ledger();
        let n_sends = ledger.excuse(up.life, "its node died");
        ledger.attempts.retain(|_, attempt| attempt.life != up.life);
        if killed {
            ledger.counts.kills += 1;
            ledger.counts.killed_webhooks += n_hooks;
            ledger.counts.killed_sends += n_sends;
        }
        ledger.line(&format!("{now_ms} {} down", up.life));
        drop(ledger);
        let Up { runtime, service, router, loops, .. } = up;
        drop(runtime);
        drop((service, router, loops));
    }

    fn stop_one(&mut self) {
        let nth = usize::try_from(self.below(N_NODES as u64)).unwrap();
        let Some(up) = &mut self.nodes[nth].up else { return };
        let Some(loops) = up.loops.take() else { return };
        let stopped = up.stopped.clone();
        up.runtime.spawn(async move {
            loops.stop().await;
            *stopped.lock().unwrap() = true;
        });
    }

    fn pause_one(&mut self) {
        let nth = usize::try_from(self.below(N_NODES as u64)).unwrap();
        let Some(up) = &self.nodes[nth].up else { return };
        self.shared.ledger().excuse(up.life, STOOD_STILL);
        self.nodes[nth].paused_until_ms = self.shared.now_ms() + 1_000 + i64::try_from(self.below(60_000)).unwrap();
    }

    /// A node's clock is set: it was wrong, or it is wrong from now on.
    fn clock_jumps(&mut self) {
        let nth = usize::try_from(self.below(N_NODES as u64)).unwrap();
        self.nodes[nth].skew_ms = self.skew();
    }

    fn skew(&self) -> i64 {
        if self.shared.chance(500) { 0 } else { i64::try_from(self.below(2 * SKEW_MS)).unwrap() - i64::try_from(SKEW_MS).unwrap() }
    }

    /// Hours pass while nothing is in the air.
    fn jump(&mut self) {
        if !self.ledger().attempts.is_empty() {
            return;
        }
        let ms = if self.shared.chance(500) { self.below(3_600_000) } else { self.below(30 * 3_600_000) };
        self.move_time(ms, None);
    }

    fn other_flows(&mut self) {
        let nth = usize::try_from(self.below(N_NODES as u64)).unwrap();
        // At the next start: what a commit was decided by must be known to the judge.
        self.nodes[nth].version = 1 - self.nodes[nth].version;
        self.down(nth, true);
        self.nodes[nth].up_at_ms = self.shared.now_ms();
    }

    fn roll_back(&mut self) {
        match self.snapshot.take() {
            Some((state, versions)) => {
                *self.memory.state() = state;
                let mut ledger = self.ledger();
                ledger.versions = versions;
                ledger.attempts.clear();
                ledger.counts.rollbacks += 1;
            }
            None => {
                let versions = self.ledger().versions.clone();
                self.snapshot = Some((self.memory.state().clone(), versions));
            }
        }
    }

    // Time and nodes.

    fn raise_nodes(&mut self) {
        let now_ms = self.shared.now_ms();
        for nth in 0..N_NODES {
            if self.nodes[nth].up.as_ref().is_some_and(|up| *up.stopped.lock().unwrap()) {
                self.down(nth, false);
                self.nodes[nth].up_at_ms = now_ms + 500;
            }
            if self.nodes[nth].up.is_some() || self.nodes[nth].up_at_ms > now_ms {
                continue;
            }
            self.n_lives += 1;
            self.nodes[nth].skew_ms = self.skew();
            self.nodes[nth].up = Some(self.start(nth));
        }
    }

    fn start(&self, nth: usize) -> Up {
        let (life, version) = (self.n_lives, self.nodes[nth].version);
        // Its own clock and chance; the store has the world's.
        let clock = Clock::set_to(self.shared.clock.now(), self.below(u64::MAX));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).event_interval(1).build().unwrap();
        let shared = self.shared.clone();
        let watch = Watch::new(shared.clone(), life, version, self.waits.clone());
        let constant = constant();
        let service = Service::new(Parts {
            settings: constant.settings.clone(),
            store: Store::of_memory(self.memory.seen_through(Arc::new(watch)), shared.sealer.clone(), shared.clock.clone()),
            records: constant.records.clone(),
            shelf: constant.shelves[version].clone(),
            clock,
            http: Http::played(Arc::new(Provider { shared, life })),
            engine: intake::engine::step,
        });
        let loops = runtime.block_on(async { Loops::start_without_record(&service) });
        Up { router: web::router(&service), service, runtime, loops: Some(loops), life, stopped: Arc::default() }
    }

    fn pass_time(&mut self) {
        let (ms, polls) = match self.below(100) {
            0..60 => (1 + self.below(15), Some(1 + self.below(20))),
            60..90 => (10 + self.below(200), None),
            _ => (300 + self.below(900), None),
        };
        self.move_time(ms, polls);
    }

    /// Time passes, and every node gets so many polls; `None`: as many as its tasks want.
    pub(super) fn move_time(&mut self, ms: u64, polls: Option<u64>) {
        let shared = self.shared.clone();
        let now = shared.clock.now().checked_add(SignedDuration::from_millis(i64::try_from(ms).unwrap())).unwrap();
        shared.clock.move_to(now);
        let now_ms = now.as_millisecond();
        if shared.outage() && now_ms >= self.outage_until_ms {
            shared.set_outage(false);
        }
        self.raise_nodes();
        self.deliver();
        let first = usize::try_from(self.below(N_NODES as u64)).unwrap();
        for turn in 0..N_NODES {
            let node = &mut self.nodes[(first + turn) % N_NODES];
            node.behind_ms += ms;
            let Some(up) = &node.up else { continue };
            if node.paused_until_ms > now_ms {
                continue;
            }
            let own = now.checked_add(SignedDuration::from_millis(node.skew_ms)).unwrap();
            up.service.clock().move_to(own);
            let behind = Duration::from_millis(std::mem::take(&mut node.behind_ms));
            up.runtime.block_on(async {
                tokio::time::advance(behind).await;
                match polls {
                    Some(n) => {
                        for _ in 0..n {
                            tokio::task::yield_now().await;
                        }
                    }
                    // Time that stands still moves by itself once no task can go on.
                    None => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            });
        }
        self.take_answers();
    }

    /// What stands in the store now, past all faults.
    pub fn read(&self, id: &ConversationId) -> Option<intake::engine::Conversation> {
        let value = self.memory.state().load(id)?;
        let opened = intake::store::codec::decode(&self.shared.sealer, intake::store::codec::Kind::Conversation, id.as_str(), &value);
        Some(opened.unwrap().1)
    }

    /// All conversations that began here, past all faults.
    pub fn conversations(&self) -> Vec<(ConversationId, intake::engine::Conversation)> {
        let ids: Vec<ConversationId> = self.ledger().hands.keys().cloned().collect();
        ids.into_iter().filter_map(|id| Some((id.clone(), self.read(&id)?))).collect()
    }

    // The end.

    fn calm_down(&mut self) {
        self.shared.calm();
        for node in &mut self.nodes {
            node.up_at_ms = 0;
            node.paused_until_ms = 0;
        }
        for round in 0..DRAIN_ROUNDS {
            let (depth, _) = self.memory.state().depth();
            // Attempts whose item is gone (finished by a receipt, or rolled away) never end: two minutes are enough for the others.
            let in_air = round < 1_200 && !self.ledger().attempts.is_empty();
            let next_ms = self.letters.values().map(|letter| letter.due_ms).chain(self.ledger().words.iter().map(|word| word.due_ms)).min();
            let ms = match next_ms {
                _ if round < 50 || in_air => 100,
                Some(next_ms) if depth == 0 => u64::try_from(next_ms - self.shared.now_ms()).unwrap_or(0).max(100),
                Some(_) | None => 1_000,
            };
            self.move_time(ms, None);
            let (depth, _) = self.memory.state().depth();
            let due = {
                let state = self.memory.state();
                let all = intake::store::Held { shards: vec![(0, 0)] };
                state.due(&all, self.shared.now_ms(), 1).len()
            };
            if self.letters.is_empty() && self.ledger().words.is_empty() && depth == 0 && due == 0 {
                return self.progress();
            }
        }
        let (depth, _) = self.memory.state().depth();
        let what = format!("{} webhooks, {depth} messages after {DRAIN_ROUNDS} rounds without a fault", self.letters.len());
        self.ledger().wrong(Wrong::Stuck, what);
    }
}

impl World {
    /// Nobody is stuck: who writes now is heard at once, and answered soon.
    fn progress(&mut self) {
        let n = self.everybody_writes();
        for _ in 0..PROGRESS_ROUNDS {
            self.move_time(100, None);
        }
        let waiting = self.letters.values().filter(|letter| matches!(&letter.what, What::Hook { events, .. } if !events.is_empty()));
        let n_waiting = waiting.count();
        for _ in 0..LEAVING_ROUNDS {
            self.move_time(100, None);
        }
        // What was decided since may still be on its way: a word that something did not arrive, come late, brings more.
        let (depth, oldest_ms) = self.memory.state().depth();
        let waited_ms = oldest_ms.map_or(0, |oldest_ms| self.shared.now_ms() - oldest_ms);
        if n_waiting > 0 || waited_ms > LEAVING_MS {
            let what = format!(
                "of {n} messages without a fault {n_waiting} were not taken in 5 s; {depth} replies did not leave, the oldest in {waited_ms} ms"
            );
            self.ledger().wrong(Wrong::Stuck, what);
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for nth in 0..N_NODES {
            self.down(nth, false);
        }
    }
}
