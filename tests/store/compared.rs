//! The embedded store and Redis do what the one in memory does, step by step, whatever comes.

use std::collections::BTreeMap;

use intake::{
    base::{
        clock::Clock,
        id::{ConversationId, OutboxId},
    },
    channel::Delivery,
    engine::{Purpose, event::Undeliverable},
    store::{Commit, Entry, Held, Pending, Settlement},
};

use super::bench::{Bench, Kind, Patient, at, bands, receipt};

const PATIENTS: u32 = 4;
const STEPS: u64 = 400;
/// The seed of every run, unless `INTAKE_SEED` gives one.
const SEED: u64 = 20_261_123;

const PURPOSES: [Purpose; 7] =
    [Purpose::Dialogue, Purpose::Reminder, Purpose::Safety, Purpose::Confirmation, Purpose::Handover, Purpose::Tracer, Purpose::Notice];
const DELIVERIES: [Delivery; 5] =
    [Delivery::Accepted, Delivery::Sent, Delivery::Delivered, Delivery::Read, Delivery::Failed(Undeliverable::GaveUp)];

/// One step, the same for both stores.
#[derive(Clone, Debug)]
enum Step {
    Commit(Box<Commit>),
    /// The nth of what is ready.
    Begin(usize),
    /// The nth ever begun or tried to.
    Settle(usize, Settlement),
    Receipt(OutboxId, Delivery),
    Look,
    Trim(usize),
}

/// What one store remembers of its own between steps: what it gave out.
#[derive(Default)]
struct Seen {
    held: Held,
    pending: Vec<Pending>,
}

fn pick<T: Clone>(dice: &Clock, of: &[T]) -> T {
    of[usize::try_from(dice.below(of.len() as u64)).unwrap()].clone()
}

/// A step by chance; `now` grows slowly, so that retries and attempts run out.
fn step(dice: &Clock, bench: &Bench, patients: &[Patient], latest: &BTreeMap<ConversationId, Vec<Commit>>, n: u64, now_ms: i64) -> Step {
    let who = pick(dice, patients);
    let turns = latest.get(&who.id).cloned().unwrap_or_default();
    let nth = |bound: u64| usize::try_from(dice.below(bound)).unwrap();
    match dice.below(10) {
        0..=2 => {
            // Mostly on the latest version, at times on an old one, at times a repeat.
            let last = turns.last();
            if dice.below(12) == 0
                && let Some(last) = last
            {
                return Step::Commit(Box::new(last.clone()));
            }
            let expected = if dice.below(10) == 0 { turns.first().map(|turn| turn.etag) } else { last.map(|turn| turn.etag) };
            let mut conversation = who.conversation(n);
            conversation.epoch = last.map_or(0, |turn| turn.conversation.epoch) + u64::from(dice.below(6) == 0);
            let says: Vec<(Purpose, &str)> = (0..dice.below(4)).map(|_| (pick(dice, &PURPOSES), "words")).collect();
            // At times an event that was run before.
            let event = format!("m{}", if dice.below(8) == 0 { dice.below(n + 1) } else { n });
            let mut turn = who.turn_of(conversation, dice.random(), now_ms, expected, &event, &says);
            turn.cancel_waiting = dice.below(8) == 0;
            turn.wake_at = (dice.below(2) == 0).then(|| at(now_ms + i64::try_from(dice.below(20_000)).unwrap()));
            Step::Commit(Box::new(turn))
        }
        3..=5 => Step::Begin(nth(4)),
        6..=7 => {
            let soon = at(now_ms + i64::try_from(dice.below(8_000)).unwrap());
            let settlement = match dice.below(7) {
                0 | 1 => Settlement::Accepted { provider_id: "SM1".into() },
                2 => Settlement::RetryAt(soon),
                3 => Settlement::AmbiguousUntil(soon),
                4 => Settlement::Failed { code: "30003".into(), reason: Undeliverable::WrongNumber },
                5 => Settlement::ThrottledUntil(soon),
                _ => Settlement::Delivered,
            };
            Step::Settle(nth(3), settlement)
        }
        8 => {
            let ids: Vec<OutboxId> = turns.iter().rev().take(6).flat_map(|turn| turn.outbox.iter().map(|item| item.id.clone())).collect();
            if ids.is_empty() { Step::Look } else { Step::Receipt(pick(dice, &ids), pick(dice, &DELIVERIES)) }
        }
        _ => {
            let _ = bench;
            if dice.below(4) == 0 { Step::Trim(nth(5)) } else { Step::Look }
        }
    }
}

/// What a store says to a step, in words that do not tell it from the other.
async fn answer(bench: &Bench, seen: &mut Seen, step: &Step, now_ms: i64) -> String {
    let store = &bench.store;
    match step {
        Step::Commit(turn) => format!("{:?}", store.commit((**turn).clone()).await.unwrap()),
        Step::Begin(nth) => {
            let ready = store.outbox(&seen.held, &bands(), at(now_ms), 100).await.unwrap();
            let Some(pending) = ready.get(nth % ready.len().max(1)) else { return "nothing".into() };
            seen.pending.push(pending.clone());
            let begun = store.begin(pending, at(now_ms)).await.unwrap();
            format!("{:?} {} {} {begun:?}", pending.item.id, pending.n_attempts, pending.ambiguous)
        }
        Step::Settle(back, settlement) => {
            let Some(pending) = seen.pending.iter().rev().nth(*back).cloned() else { return "nothing".into() };
            store.settle(&pending, settlement.clone(), at(now_ms)).await.unwrap();
            format!("{:?}", pending.item.id)
        }
        Step::Receipt(id, state) => format!("{:?}", store.receipt(&receipt(id, *state)).await.unwrap()),
        Step::Look => look(bench, seen, now_ms).await,
        Step::Trim(nth) => {
            // Redis has a journal for each shard: trim that of one conversation, all of it up to its nth line.
            let lines = store.journal(&seen.held, &[], 10_000).await.unwrap();
            let mut by_conversation: BTreeMap<Option<ConversationId>, Vec<_>> = BTreeMap::new();
            for line in lines {
                by_conversation.entry(line.conversation).or_default().push(line.cursor);
            }
            let _ = nth;
            for cursors in by_conversation.values() {
                store.trim(std::slice::from_ref(cursors.last().unwrap())).await.unwrap();
            }
            String::new()
        }
    }
}

/// All that can be seen of a store.
async fn look(bench: &Bench, seen: &Seen, now_ms: i64) -> String {
    let store = &bench.store;
    let ready: Vec<_> = store.outbox(&seen.held, &bands(), at(now_ms), 100).await.unwrap();
    let ready: Vec<_> =
        ready.into_iter().map(|pending| (pending.item, pending.band, pending.n_attempts, pending.n_throttled, pending.ambiguous)).collect();
    let due = store.due(&seen.held, at(now_ms), 100).await.unwrap();
    let mut journal: BTreeMap<Option<ConversationId>, Vec<Entry>> = BTreeMap::new();
    for line in store.journal(&seen.held, &[], 10_000).await.unwrap() {
        journal.entry(line.conversation).or_default().push(line.entry);
    }
    let mut loaded = Vec::new();
    for n in 0..PATIENTS {
        loaded.push(store.load(&bench.patient(n).id).await.unwrap().map(|loaded| (loaded.etag, loaded.conversation.n_turns)));
    }
    format!("ready {ready:?}\ndue {due:?}\ndepth {:?}\nloaded {loaded:?}\njournal {journal:?}", store.depth().await.unwrap())
}

async fn compare(kind: Kind) {
    let seed = std::env::var("INTAKE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    println!("to repeat: INTAKE_SEED={seed} cargo test --test all store::compared");
    let dice = Clock::set_to(at(0), seed);
    let (model, bench) = (Bench::open(Kind::Memory).await, Bench::open(kind).await);
    let patients: Vec<Patient> = (0..PATIENTS).map(|n| model.patient(n)).collect();
    let mut seen = [Seen::default(), Seen::default()];
    seen[0].held = model.store.hold("node-a", 3_600_000).await.unwrap();
    seen[1].held = bench.store.hold("node-a", 3_600_000).await.unwrap();
    let mut latest: BTreeMap<ConversationId, Vec<Commit>> = BTreeMap::new();
    let mut now_ms = 0;
    for n in 0..STEPS {
        now_ms += i64::try_from(dice.below(3_000)).unwrap();
        let step = step(&dice, &bench, &patients, &latest, n, now_ms);
        let wanted = answer(&model, &mut seen[0], &step, now_ms).await;
        let given = answer(&bench, &mut seen[1], &step, now_ms).await;
        assert_eq!(given, wanted, "seed {seed}, step {n}: {step:?}");
        if let Step::Commit(turn) = step
            && wanted == "Done"
        {
            latest.entry(turn.id.clone()).or_default().push(*turn);
        }
        let wanted = look(&model, &seen[0], now_ms).await;
        assert_eq!(look(&bench, &seen[1], now_ms).await, wanted, "seed {seed}, after step {n}");
    }
    let n_turns: usize = latest.values().map(Vec::len).sum();
    assert!(n_turns > 50 && seen[0].pending.len() > 50, "the run did something: {n_turns} turns, {} attempts", seen[0].pending.len());
}

#[tokio::test]
async fn the_embedded_store_does_what_memory_does() {
    compare(Kind::Embedded).await;
}

#[tokio::test]
async fn redis_does_what_memory_does() {
    compare(Kind::Redis).await;
}
