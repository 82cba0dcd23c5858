//! The real thing in small: `intake serve` processes, killed at random, a real store, and a provider on loopback that counts.
//!
//! Many patients write `m1`, `m2`, … to a flow that says each word back. A word is lost where nothing says it back, its effect is
//! doubled where two messages do, and a send is doubled where the provider gets one message twice. By default short enough for every run
//! of the tests. Longer: `INTAKE_CHAOS_MESSAGES=100000 INTAKE_CHAOS_KILLS=500 cargo test --release --test all chaos -- --nocapture`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, clippy::panic)]

mod nodes;
mod provider;
mod report;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use intake::{base::clock::Clock, runtime::http::install_ring};
use tokio::time::sleep;

use self::{
    nodes::{Nodes, Place},
    provider::Provider,
    report::Report,
};
use crate::support::{redis::RedisServer, twilio};

/// What providers sign.
pub const PUBLIC_URL: &str = "https://intake.test";
/// One in seven webhooks comes a second time, to whichever node.
const AGAIN_PER_MILLE: u64 = 150;
/// How long what was in the air at a kill may take: a lease runs out after 10 s, an attempt after 30 s.
const DRAIN: Duration = Duration::from_secs(75);
/// Patients who write beside each other, each the next word when the last one was acknowledged.
const BESIDE: u64 = 24;
/// Words of one patient: the stored conversation keeps them all, so there is a bound.
const WORDS: u64 = 250;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How much of it.
#[derive(Clone, Copy, Debug)]
struct Plan {
    n_nodes: usize,
    n_messages: u64,
    n_kills: u64,
    /// Between kills, in ms.
    every_ms: u64,
}

/// The acknowledged words of all patients, and figures.
#[derive(Debug, Default)]
struct Sent {
    acknowledged: AtomicU64,
    tries: AtomicU64,
    again: AtomicU64,
    killed_enough: AtomicBool,
}

#[test]
fn killed_nodes_on_redis_lose_and_double_nothing() {
    let plan =
        Plan { n_nodes: 2, n_messages: number("INTAKE_CHAOS_MESSAGES", 600), n_kills: number("INTAKE_CHAOS_KILLS", 12), every_ms: 450 };
    let redis = RedisServer::start();
    let report = run(plan, &redis.url(), Some(redis));
    report.must_be_clean();
}

#[test]
fn a_killed_node_on_its_own_file_loses_and_doubles_nothing() {
    let plan =
        Plan { n_nodes: 1, n_messages: number("INTAKE_CHAOS_MESSAGES", 600), n_kills: number("INTAKE_CHAOS_KILLS", 8), every_ms: 900 };
    let report = run(plan, "sqlite:intake.db", None);
    report.must_be_clean();
}

fn run(plan: Plan, store: &str, redis: Option<RedisServer>) -> Report {
    install_ring();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(chaos(plan, store, redis))
}

async fn chaos(plan: Plan, store: &str, mut redis: Option<RedisServer>) -> Report {
    let began = Instant::now();
    let provider = Provider::start().await;
    let place = Place::new(store, plan.n_nodes, &provider.url);
    let nodes = Arc::new(Nodes::start(&place).await);
    provider.tell(nodes.urls());
    let sent = Arc::new(Sent::default());
    let writers: Vec<_> = (0..BESIDE).map(|nth| tokio::spawn(write(nth, plan.n_messages / BESIDE, nodes.clone(), sent.clone()))).collect();
    let dice = Clock::machine();
    let mut n_redis_kills = 0;
    for nth in 0..plan.n_kills {
        sleep(Duration::from_millis(plan.every_ms / 2 + dice.below(plan.every_ms))).await;
        if nth % 5 == 4
            && let Some(redis) = &mut redis
        {
            nodes.store_was_killed();
            redis.kill();
            sleep(Duration::from_millis(dice.below(300))).await;
            redis.restart();
            n_redis_kills += 1;
            continue;
        }
        nodes.kill(usize::try_from(dice.below(plan.n_nodes as u64)).unwrap()).await;
    }
    sent.killed_enough.store(true, Ordering::Relaxed);
    let mut words = Vec::new();
    for writer in writers {
        words.extend(writer.await.unwrap());
    }
    let acknowledged = sent.acknowledged.load(Ordering::Relaxed);
    let until = Instant::now() + DRAIN;
    while Instant::now() < until && provider.n_words() < acknowledged {
        sleep(Duration::from_millis(100)).await;
    }
    let loaded = began.elapsed();
    // Whatever would still come twice has its time to do so.
    sleep(Duration::from_millis(700)).await;
    let report = Report::of(&provider, &nodes, &words, acknowledged).with(
        sent.tries.load(Ordering::Relaxed),
        sent.again.load(Ordering::Relaxed),
        n_redis_kills,
        loaded,
    );
    println!("{report}");
    report
}

/// Patients one after the other, until enough was written and enough was killed: how many words each wrote.
async fn write(nth: u64, n_words: u64, nodes: Arc<Nodes>, sent: Arc<Sent>) -> Vec<(u64, u64)> {
    let (mut patients, mut written) = (Vec::new(), 0);
    while written < n_words || !sent.killed_enough.load(Ordering::Relaxed) {
        let patient = nth + BESIDE * patients.len() as u64;
        let wrote = patient_writes(patient, n_words.saturating_sub(written), &nodes, &sent).await;
        patients.push((patient, wrote));
        written += wrote;
    }
    patients
}

/// One patient: the next word once the last one was acknowledged, by whichever node.
async fn patient_writes(patient: u64, at_least: u64, nodes: &Nodes, sent: &Sent) -> u64 {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(4)).build().unwrap();
    let dice = Clock::machine();
    let from = format!("+1415555{patient:04}");
    for n in 0..=WORDS {
        if n > at_least && sent.killed_enough.load(Ordering::Relaxed) {
            return n - 1;
        }
        let sid = format!("SM{patient:08}{n:024}");
        let body = if n == 0 { "hello".to_owned() } else { format!("m{n}") };
        let form =
            [("MessageSid", sid.as_str()), ("From", &from), ("To", "+15550100000"), ("Body", &body), ("AccountSid", twilio::ACCOUNT)];
        let signed = Arc::new(twilio::sign(PUBLIC_URL, "/in/sms", &form));
        if dice.below(1_000) < AGAIN_PER_MILLE {
            sent.again.fetch_add(1, Ordering::Relaxed);
            let (client, url, signed, wait_ms) = (client.clone(), nodes.any_url(), signed.clone(), dice.below(60));
            tokio::spawn(async move {
                sleep(Duration::from_millis(wait_ms)).await;
                let _ = post(&client, &url, &signed).await;
            });
        }
        loop {
            sent.tries.fetch_add(1, Ordering::Relaxed);
            if post(&client, &nodes.any_url(), &signed).await {
                break;
            }
            sleep(Duration::from_millis(20 + dice.below(100))).await;
        }
        if n > 0 {
            sent.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }
    WORDS
}

/// Whether a webhook was acknowledged.
pub async fn post(client: &reqwest::Client, url: &str, signed: &twilio::Signed) -> bool {
    let request = client
        .post(format!("{url}{}", signed.path))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", &signed.signature)
        .body(signed.form.clone());
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            assert!(status.is_success() || status.is_server_error(), "{status}");
            status.is_success()
        }
        Err(_) => false,
    }
}
