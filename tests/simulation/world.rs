//! One simulated world: nodes, patients, tracers, a provider's webhooks, and time that jumps.
//!
//! Every node is a runtime of its own with time standing still; the world moves time and lets each node poll so many tasks. Dropping the
//! runtime is `kill -9`: every task of the node ends at the await it stands at. All is on one thread, so a seed repeats itself exactly.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use intake::{
    base::{
        Address, Medium, Private,
        clock::Clock,
        id::{ConversationId, TracerId},
    },
    config::Settings,
    engine::{
        Event, EventKind,
        event::{DeskAct, DeskOutcome, HandBack, IfBusy, NewPerson, Start},
    },
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
use tower::ServiceExt;

use super::{
    between::{Waits, Watch},
    ledger::{Broken, Ledger, Shared, Wrong},
    provider::Provider,
};
use crate::support::twilio;

const PUBLIC_URL: &str = "https://intake.test";
const N_NODES: usize = 3;
/// Rounds of the last drain: twenty minutes of back-off fit in.
const DRAIN_ROUNDS: u32 = 20_000;

const WORDS: &[&str] = &[
    "yes",
    "no",
    "1",
    "2",
    "0",
    "3",
    "yes",
    "no",
    "1",
    "none",
    "all well",
    "Luis",
    "ayer",
    "yesterday",
    "38.5",
    "1980",
    "STOP",
    "START",
    "HUMAN",
    "BACK",
    "SKIP",
    "español",
    "DONE",
    "NOBODY",
    "TELL",
    "HELP",
    "cant breath",
    "who is this?",
    "",
    "???",
    "no thanks",
    "+1 415 555 0133",
    "fever and cough",
    "2026-02-28",
    "CHECK",
    "not sure",
    "home",
    "👍",
];
const FLOWS: [&str; 5] = ["daily-check", "case-interview", "contact-notice", "identity", "welcome"];

/// How a world is made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub n_events: u64,
    pub broken: Broken,
    pub rolls_back: bool,
}

/// Something for a node: a webhook, an act at the desk, a flow to start.
#[derive(Clone, Debug)]
struct Letter {
    what: What,
    due_ms: i64,
    /// On its way to these lives.
    at: Vec<u32>,
}

#[derive(Clone, Debug)]
enum What {
    Hook { path: String, form: Vec<(String, String)>, event: Option<String> },
    Turn { target: Target, event: Event },
}

/// Shared by the tasks of all nodes: what came back, by letter.
type Answers = Arc<Mutex<Vec<(u64, u32, bool)>>>;

struct Node {
    up: Option<Up>,
    up_at_ms: i64,
    paused_until_ms: i64,
    behind_ms: u64,
    version: usize,
}

struct Up {
    runtime: Runtime,
    service: Service,
    router: Router,
    loops: Option<Loops>,
    life: u32,
    stopped: Arc<Mutex<bool>>,
}

/// The world.
pub struct World {
    pub shared: Arc<Shared>,
    pub memory: Memory,
    plan: Plan,
    nodes: Vec<Node>,
    n_lives: u32,
    letters: BTreeMap<u64, Letter>,
    n_letters: u64,
    answers: Answers,
    n_patients: u64,
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
        channel("wa", "whatsapp:+15550100000"),
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

/// `Kn0042`, the word that is in everything the patient of an address says.
pub fn canary_of(to: &str) -> Option<String> {
    let digits = to.strip_prefix("whatsapp:").unwrap_or(to).strip_prefix("+1415555")?;
    Some(format!("Kn{digits}"))
}

fn number(patient: u64) -> String {
    format!("+1415555{patient:04}")
}

impl World {
    pub fn new(seed: u64, plan: Plan) -> Self {
        let dice = Clock::set_to(Timestamp::UNIX_EPOCH, seed);
        let clock = Clock::set_to("2026-03-02T15:00:00Z".parse().unwrap(), seed ^ 0x5EED);
        let sealer = Sealer::parse(&Sealer::generate(&dice)).unwrap();
        let n_patients = [3, 10, 30, 200][usize::try_from(dice.below(4)).unwrap()];
        let shared = Arc::new(Shared::new(clock, dice, sealer, plan.broken, plan.rolls_back));
        let nodes = (0..N_NODES).map(|_| Node { up: None, up_at_ms: 0, paused_until_ms: 0, behind_ms: 0, version: 0 }).collect();
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
            mixes_flows: seed % 4 == 1,
            waits: Arc::default(),
            snapshot: None,
            outage_until_ms: 0,
            acknowledged: Vec::new(),
        };
        world.raise_nodes();
        world
    }

    fn below(&self, bound: u64) -> u64 {
        self.shared.dice.below(bound)
    }

    fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.shared.ledger()
    }

    /// Runs it to its end: events with faults, then calm until nothing is left to do.
    pub fn run(&mut self) {
        for _ in 0..self.plan.n_events {
            self.event();
            for _ in 0..=self.below(5) {
                self.pass_time();
            }
        }
        self.calm_down();
    }

    // What happens.

    fn event(&mut self) {
        self.ledger().counts.events += 1;
        match self.below(1_000) {
            0..660 => self.patient_writes(),
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
            _ if self.plan.rolls_back => self.roll_back(),
            _ => self.patient_writes(),
        }
    }

    fn patient_writes(&mut self) {
        // Some patients write a lot.
        let patient = if self.shared.chance(400) { self.below(3) } else { self.below(self.n_patients) };
        let canary = format!("Kn{patient:04}");
        let words = match self.below(10) {
            0 => format!("I am {canary}"),
            1 => format!("my friend {canary} is ill"),
            _ => (*self.pick(WORDS)).to_owned(),
        };
        let n = {
            let mut ledger = self.ledger();
            ledger.counts.messages += 1;
            ledger.counts.messages
        };
        let sid = format!("SMi{n:029}");
        let wa = patient % 2 == 1;
        let from = if wa { format!("whatsapp:{}", number(patient)) } else { number(patient) };
        let form =
            [("MessageSid", sid.as_str()), ("From", &from), ("To", "+15550100000"), ("Body", &words), ("AccountSid", twilio::ACCOUNT)];
        let form = form.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let path = if wa { "/in/wa" } else { "/in/sms" };
        let what = What::Hook { path: path.to_owned(), form, event: Some(sid.clone()) };
        if self.plan.broken == Broken::EarlyAck {
            self.acknowledged.push(sid);
        }
        // Out of order by up to two seconds; one in six comes again, at once or much later.
        let late_ms = self.below(10).saturating_sub(6) * 700;
        self.post(what.clone(), late_ms);
        if self.shared.chance(170) {
            let again_ms = if self.shared.chance(200) { self.below(3_600_000) } else { self.below(3_000) };
            self.post(what, again_ms);
        }
    }

    fn tracer_acts(&mut self) {
        let ids: Vec<ConversationId> =
            self.ledger().hands.iter().filter(|(_, hands)| hands.last().is_some_and(|h| !h.bot)).map(|(id, _)| id.clone()).collect();
        let id = if ids.is_empty() || self.shared.chance(250) {
            let all: Vec<ConversationId> = self.ledger().hands.keys().cloned().collect();
            if all.is_empty() {
                return;
            }
            self.pick(&all).clone()
        } else {
            self.pick(&ids).clone()
        };
        let Some(conversation) = self.read(&id) else { return };
        let canary = canary_of(conversation.address.id.reveal()).unwrap_or_default();
        let tracers = ["marta", "omar", "june"].map(TracerId::from);
        // Most often who has it goes on.
        let tracer = match &conversation.holder {
            intake::engine::Holder::Tracer(tracer) if self.shared.chance(850) => tracer.clone(),
            _ => self.pick(&tracers).clone(),
        };
        let act = match self.below(12) {
            0..3 => DeskAct::Claim,
            3..6 => DeskAct::Reply(Private::from(format!("Hello {canary}, this is a person."))),
            6..8 => DeskAct::HandBack(HandBack::AsPlanned),
            8 => DeskAct::Resolve(DeskOutcome::Reached),
            9 => DeskAct::Release,
            10 => DeskAct::Park(None),
            _ => DeskAct::Note(Private::from("looked at it")),
        };
        let n = {
            let mut ledger = self.ledger();
            ledger.counts.acts += 1;
            ledger.counts.acts
        };
        let kind = EventKind::Desk { tracer, first_name: "Marta".to_owned(), epoch: conversation.epoch, act };
        let event = Event { id: format!("act_{n}").into(), at: self.shared.clock.now(), kind };
        let what = What::Turn { target: Target::Conversation(id), event };
        self.post(what.clone(), 0);
        if self.shared.chance(200) {
            self.post(what, self.below(500));
        }
    }

    fn flow_starts(&mut self) {
        let patient = self.below(self.n_patients);
        let canary = format!("Kn{patient:04}");
        let wa = patient % 2 == 1;
        let (medium, channel) = if wa { (Medium::WhatsApp, "wa") } else { (Medium::Sms, "sms") };
        let people = ["", "b", "c"][..=usize::try_from(self.below(3)).unwrap()].iter();
        let people = people
            .map(|end| NewPerson { first_name: Private::from(format!("{canary}{end}")), birth_year: Some(1980), record: None })
            .collect();
        let start = Start {
            flow: (*self.pick(&FLOWS)).to_owned(),
            channel: channel.to_owned(),
            language: None,
            people,
            if_busy: if self.shared.chance(500) { IfBusy::Wait } else { IfBusy::Refuse },
        };
        let id = format!("api_{}", self.n_letters);
        let event = Event { id: id.into(), at: self.shared.clock.now(), kind: EventKind::Start(start) };
        let target = Target::Address { address: Address::new(medium, number(patient)), channel: channel.to_owned() };
        self.post(What::Turn { target, event }, 0);
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
        self.shared.ledger().excuse(up.life, "its node stood still");
        self.nodes[nth].paused_until_ms = self.shared.now_ms() + 1_000 + i64::try_from(self.below(60_000)).unwrap();
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
            let version = self.nodes[nth].version;
            self.nodes[nth].up = Some(self.start(self.n_lives, version));
        }
    }

    fn start(&self, life: u32, version: usize) -> Up {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).event_interval(1).build().unwrap();
        let shared = self.shared.clone();
        let watch = Watch::new(shared.clone(), life, version, self.waits.clone());
        let constant = constant();
        let service = Service::new(Parts {
            settings: constant.settings.clone(),
            store: Store::of_memory(self.memory.seen_through(Arc::new(watch)), shared.sealer.clone(), shared.clock.clone()),
            records: constant.records.clone(),
            shelf: constant.shelves[version].clone(),
            clock: shared.clock.clone(),
            http: Http::played(Arc::new(Provider { shared, life })),
        });
        let loops = runtime.block_on(async { Loops::start(&service) });
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
    fn move_time(&mut self, ms: u64, polls: Option<u64>) {
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

    // Letters.

    fn post(&mut self, what: What, after_ms: u64) {
        self.n_letters += 1;
        let due_ms = self.shared.now_ms() + i64::try_from(after_ms).unwrap();
        self.letters.insert(self.n_letters, Letter { what, due_ms, at: Vec::new() });
    }

    /// Hands every letter whose time has come to a node.
    fn deliver(&mut self) {
        let now_ms = self.shared.now_ms();
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.ledger().words).into_iter().partition(|word| word.due_ms <= now_ms);
        self.ledger().words = later;
        for word in due {
            let path = format!("/receipt/{}?m={}", word.channel, word.outbox);
            let form = vec![("MessageSid".to_owned(), word.sid), ("MessageStatus".to_owned(), word.status.to_owned())];
            self.post(What::Hook { path, form, event: None }, 0);
        }
        let ready: Vec<u64> =
            self.letters.iter().filter(|(_, letter)| letter.at.is_empty() && letter.due_ms <= now_ms).map(|(n, _)| *n).collect();
        for n in ready {
            let nth = usize::try_from(self.below(N_NODES as u64)).unwrap();
            let Some(letter) = self.letters.get_mut(&n) else { continue };
            let Some(up) = &self.nodes[nth].up else {
                // No connection: the next try may find another node.
                letter.due_ms = now_ms + 500;
                continue;
            };
            letter.at.push(up.life);
            let (answers, life) = (self.answers.clone(), up.life);
            match letter.what.clone() {
                What::Hook { path, form, .. } => {
                    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    let signed = twilio::sign(PUBLIC_URL, &path, &form);
                    let request = Request::post(&signed.path)
                        .header("content-type", "application/x-www-form-urlencoded")
                        .header("x-twilio-signature", signed.signature)
                        .body(Body::from(signed.form))
                        .unwrap();
                    let router = up.router.clone();
                    up.runtime.spawn(async move {
                        let status = router.oneshot(request).await.unwrap().status();
                        assert!(status.is_success() || status == 503, "{status} for {path}");
                        answers.lock().unwrap().push((n, life, status.is_success()));
                    });
                }
                What::Turn { target, event } => {
                    let service = up.service.clone();
                    up.runtime.spawn(async move {
                        let well = match service.turn(target, event).await {
                            Ok(_) => true,
                            Err(intake::runtime::TurnError::Unknown(_)) => true,
                            Err(_) => false,
                        };
                        answers.lock().unwrap().push((n, life, well));
                    });
                }
            }
        }
    }

    fn take_answers(&mut self) {
        let now_ms = self.shared.now_ms();
        for (n, life, well) in std::mem::take(&mut *self.answers.lock().unwrap()) {
            let Some(letter) = self.letters.get_mut(&n) else { continue };
            letter.at.retain(|at| *at != life);
            let early = self.plan.broken == Broken::EarlyAck && matches!(letter.what, What::Hook { event: Some(_), .. });
            if !well && !early {
                letter.due_ms = now_ms + 1_000 + i64::try_from(self.shared.dice.below(4_000)).unwrap();
                continue;
            }
            let Some(letter) = self.letters.remove(&n) else { continue };
            if let What::Hook { event: Some(event), .. } = letter.what {
                self.shared.ledger().counts.acknowledged += 1;
                self.acknowledged.push(event);
            }
        }
        // Who is answered before the turn is kept never asks again.
        if self.plan.broken == Broken::EarlyAck {
            self.letters.retain(|_, letter| {
                !(letter.at.is_empty() && letter.due_ms < now_ms && matches!(letter.what, What::Hook { event: Some(_), .. }))
            });
        }
    }

    /// What stands in the store now, past all faults.
    pub fn read(&self, id: &ConversationId) -> Option<intake::engine::Conversation> {
        let value = self.memory.state().load(id)?;
        let opened = intake::store::codec::decode(&self.shared.sealer, intake::store::codec::Kind::Conversation, id.as_str(), &value);
        Some(opened.unwrap().1)
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
                return;
            }
        }
        let (depth, _) = self.memory.state().depth();
        let what = format!("{} webhooks, {depth} messages after {DRAIN_ROUNDS} rounds without a fault", self.letters.len());
        self.ledger().wrong(Wrong::Stuck, what);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for nth in 0..N_NODES {
            self.down(nth, false);
        }
    }
}
