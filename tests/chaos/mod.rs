//! The real thing: `intake serve` processes, a real store, and a provider on loopback, with everything going wrong that can.
//!
//! Patients write `m1x7`, `m2x7`, … to a flow that says each word back. When all is over the store, its record and the provider's book
//! are judged: see `judge` and `report`. By default short enough for every run of the tests; `docs/reliability.md` has the long run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, clippy::panic)]

mod faults;
mod judge;
mod nodes;
mod people;
mod power;
mod provider;
mod report;
mod wire;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use intake::{base::clock::Clock, runtime::http::install_ring};
use tokio::time::sleep;

use self::{
    faults::{Deck, Fault, Faults},
    judge::Kept,
    nodes::{Nodes, Place},
    people::People,
    provider::{Provider, Rates},
    report::{Doubled, Report, lost_within},
    wire::Wire,
};
use crate::support::{
    power::Power,
    redis::{RedisServer, Setup},
};

/// What providers sign.
pub const PUBLIC_URL: &str = "https://intake.test";
/// What was in the air may take so long without anything moving: a lease runs out after 10 s, an attempt after 30 s, an answer after 10 s, and
/// a reminder comes after 60 s.
const STILL: Duration = Duration::from_secs(100);
/// `everysec` syncs every second, two where the disc is slow; the machine may be busy with other things.
const MOMENTS: Duration = Duration::from_secs(10);
/// From so many messages on, a run waits for reminders, which come after a minute of silence.
const WITH_REMINDERS: u64 = 5_000;

/// Keeps the whole journal in the store: what drops its oldest lines is given another's name, who answers with a number and does nothing.
const KEEPS_JOURNAL: [(&str, &str); 2] = [("rename-command", "XTRIM XTRIM_OFF"), ("rename-command", "TOUCH XTRIM")];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How much of it.
#[derive(Clone, Debug)]
struct Plan {
    what: &'static str,
    n_nodes: usize,
    n_messages: u64,
    /// Patients who write beside each other.
    beside: u64,
    /// Between two words of one patient, in ms.
    pause_ms: u64,
    /// Between two faults, in ms.
    every_ms: u64,
    deck: Deck,
    rates: Rates,
    /// Settings of Redis, and whether its syncs are noted; `None`: SQLite.
    redis: Option<(Vec<(&'static str, &'static str)>, bool)>,
    /// Whether the store may come back older than it was.
    rolls_back: bool,
}

impl Plan {
    /// As much as the environment asks for: `INTAKE_CHAOS_MESSAGES`, `…_KILLS`, `…_CUTS`, `…_NODES`.
    fn asked(what: &'static str) -> Self {
        let (n_messages, n_kills, n_cuts) =
            (number("INTAKE_CHAOS_MESSAGES", 500), number("INTAKE_CHAOS_KILLS", 15), number("INTAKE_CHAOS_CUTS", 3));
        let long = n_messages >= WITH_REMINDERS;
        let (few, past) = (n_kills.div_ceil(20), n_kills / 75);
        let deck = vec![
            (Fault::KillNode, n_kills - n_kills / 6 - past),
            (Fault::LeaveDown, past),
            (Fault::KillStore, n_kills / 6),
            (Fault::CutPower, n_cuts),
            (Fault::PauseNode, few),
            (Fault::PausePastLease, past),
            (Fault::PauseStore, few),
            (Fault::HoldWire, few),
            (Fault::SlowWire, few),
            (Fault::CutWire, few),
            (Fault::CutProvider, few),
        ];
        Self {
            what,
            n_nodes: usize::try_from(number("INTAKE_CHAOS_NODES", if long { 3 } else { 2 })).unwrap(),
            n_messages,
            beside: if long { 128 } else { 24 },
            pause_ms: if long { 300 } else { 100 },
            every_ms: if long { 150 } else { 250 },
            deck: Deck(deck),
            // A message that was not taken and has no answer is sent again after 40 s: too long for a short run.
            rates: if long {
                Rates { slow_down: 2, fails: 100, hangs: 10, takes_and_hangs: 10, takes_and_breaks: 20, no_receipt: 3_000 }
            } else {
                Rates { slow_down: 20, fails: 100, hangs: 0, takes_and_hangs: 40, takes_and_breaks: 100, no_receipt: 0 }
            },
            redis: Some((vec![("auto-aof-rewrite-min-size", if long { "16mb" } else { "512kb" })], true)),
            rolls_back: false,
        }
    }

    fn without(mut self, faults: &[Fault]) -> Self {
        self.deck.0.retain(|(fault, _)| !faults.contains(fault));
        self
    }
}

#[test]
fn whatever_dies_or_stands_still_nothing_is_lost_or_doubled() {
    run(Plan::asked("Redis, `always`")).must_be_clean();
}

#[test]
fn kills_under_everysec_lose_and_double_nothing() {
    let plan = Plan::asked("Redis, `everysec`, kills").without(&[Fault::CutPower]);
    let settings = vec![("appendfsync", "everysec")];
    run(Plan { redis: Some((settings, false)), ..plan }).must_be_clean();
}

#[test]
fn power_cuts_under_everysec_lose_moments_and_leave_the_rest_consistent() {
    let plan = Plan::asked("Redis, `everysec`, power cuts");
    let mut settings = vec![("appendfsync", "everysec"), ("auto-aof-rewrite-percentage", "0")];
    settings.extend(KEEPS_JOURNAL);
    let report = run(Plan { redis: Some((settings, true)), rolls_back: true, ..plan });
    report.must_agree();
    assert!(report.lost_within < MOMENTS, "more than moments were lost: {:?}", report.lost_within);
}

#[test]
fn a_killed_node_on_its_own_file_loses_and_doubles_nothing() {
    let plan = Plan::asked("one node on SQLite").without(&[Fault::KillStore, Fault::CutPower, Fault::PauseStore]);
    let plan = plan.without(&[Fault::HoldWire, Fault::SlowWire, Fault::CutWire, Fault::LeaveDown]);
    run(Plan { n_nodes: 1, every_ms: 600, redis: None, ..plan }).must_be_clean();
}

/// A client for loopback.
pub fn client(patience: Duration) -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(patience).build().unwrap()
}

fn run(plan: Plan) -> Report {
    install_ring();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(chaos(plan))
}

async fn chaos(plan: Plan) -> Report {
    let began = Instant::now();
    let dice = Clock::machine();
    let redis = plan.redis.clone().map(|(settings, power)| RedisServer::with(Setup { settings, power: power.then(Power::new).flatten() }));
    let wires: Vec<Wire> = redis.iter().flat_map(|redis| (0..plan.n_nodes).map(|_| Wire::to(redis.port()))).collect();
    let provider = Provider::start(plan.rates).await;
    let stores: Vec<String> = match &redis {
        Some(_) => wires.iter().map(|wire| format!("redis://127.0.0.1:{}/0", wire.port())).collect(),
        None => vec!["sqlite:intake.db".to_owned(); plan.n_nodes],
    };
    let place = Place::new(&stores, &provider.url);
    let past_the_wires = match &redis {
        Some(redis) => redis.url(),
        None => format!("sqlite:{}", place.config().with_file_name("intake.db").display()),
    };
    let plan = if redis.as_ref().is_some_and(RedisServer::has_power) { plan } else { plan.without(&[Fault::CutPower]) };
    let nodes = Arc::new(Nodes::start(&place).await);
    provider.tell(nodes.urls());
    let people = Arc::new(People::new(plan.n_messages, plan.pause_ms));
    let writers: Vec<_> = (0..plan.beside).map(|_| tokio::spawn(people.clone().write(nodes.clone()))).collect();
    let faults = Arc::new(Faults::new(nodes.clone(), wires, provider.wire.clone(), redis));

    let deck = plan.deck.shuffled(&dice);
    let n_faults = deck.len();
    let mut going_on = Vec::new();
    for (nth, fault) in deck.into_iter().enumerate() {
        sleep(Duration::from_millis(plan.every_ms / 2 + dice.below(plan.every_ms))).await;
        going_on.extend(faults.happen(fault).await);
        if nth % 100 == 99 {
            let (acknowledged, said) = (people.acknowledged.load(Ordering::Relaxed), provider.n_said().0);
            println!("{:?}: {} of {n_faults} faults, {acknowledged} acknowledged, {said} said back", began.elapsed(), nth + 1);
        }
    }
    for one in going_on {
        one.await.unwrap();
    }
    people.enough();
    for writer in writers {
        writer.await.unwrap();
    }
    provider.calm();
    let wrote = people.wrote();
    let acknowledged = people.acknowledged.load(Ordering::Relaxed);
    until_still(&plan, &provider, usize::try_from(acknowledged).unwrap(), wrote.len(), &past_the_wires, &place).await;
    nodes.stop().await;

    let kept = Kept::read(&place.config(), &past_the_wires, plan.rolls_back).await;
    let (taken, happened) = (provider.taken(), faults.happened());
    let found = kept.judge(&wrote, &taken, plan.rolls_back).await;
    let lost_at = wrote.iter().flat_map(|patient| {
        let lost = |word: u64| found.lost.contains(&(patient.n, word));
        (1..).zip(&patient.acknowledged).filter(move |(word, _)| lost(*word)).map(|(_, at)| *at)
    });
    let report = Report {
        what: format!("{}, {} nodes", plan.what, plan.n_nodes),
        tries: people.tries.load(Ordering::Relaxed),
        again: people.again.load(Ordering::Relaxed),
        acknowledged,
        sends: taken.len(),
        cut: faults.cut(),
        did: provider.did(),
        doubled: if plan.rolls_back { Doubled::default() } else { Doubled::of(&taken, &kept.settled, &happened) },
        lost_within: lost_within(lost_at, &happened),
        outbox: kept.outbox,
        took: began.elapsed(),
        logs: nodes.logs(),
        happened,
        found,
    };
    println!("{report}");
    report
}

/// Until all is said back and nothing waits, or nothing has moved for long.
async fn until_still(plan: &Plan, provider: &Provider, n_words: usize, n_patients: usize, store: &str, place: &Place) {
    // A SQLite file is its process's own.
    let looking = if plan.redis.is_some() { Some(Kept::look(&place.config(), store).await) } else { None };
    let mut last = (Instant::now(), (0, 0, 0));
    loop {
        let (said, reminded) = provider.n_said();
        let waiting = match &looking {
            Some(store) => store.depth().await.map_or(u64::MAX, |(n, _)| n),
            None => 0,
        };
        let all = plan.rolls_back || said >= n_words;
        let reminded_all = plan.n_messages < WITH_REMINDERS || plan.rolls_back || reminded >= n_patients;
        if all && reminded_all && waiting == 0 {
            break;
        }
        if last.1 != (said, reminded, waiting) {
            last = (Instant::now(), (said, reminded, waiting));
        }
        if last.0.elapsed() > STILL {
            println!("nothing moves: {said} of {n_words} said, {reminded} of {n_patients} reminded, {waiting} wait");
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    // Whatever would still come twice has its time to do so.
    sleep(Duration::from_millis(700)).await;
}
