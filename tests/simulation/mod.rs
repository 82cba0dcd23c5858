//! Whole services in one thread over a store in memory, with faults at every await and time that jumps. Seeded: a seed repeats itself.
//!
//! `INTAKE_SEED=7` runs one seed, `INTAKE_SEEDS=5000` that many, `INTAKE_EVENTS=2000` so many things happen in each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, clippy::panic)]

mod acts;
mod between;
mod judge;
mod ledger;
mod letters;
mod people;
mod provider;
mod recording;
mod world;

use std::{
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use self::{
    judge::judge,
    ledger::{Broken, Counts, Finding, Wrong},
    world::{Plan, World},
};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The seeds to live: the one asked for, as many as were asked for, or so many.
fn seeds(default: u64) -> Range<u64> {
    match number("INTAKE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("INTAKE_SEEDS").unwrap_or(default),
    }
}

/// The command that runs one seed again: whatever built this, a seed is the same life.
fn again(seed: u64, n_events: u64, name: &str) -> String {
    format!("INTAKE_SEED={seed} INTAKE_EVENTS={n_events} cargo test --test all simulation::{name}")
}

/// A seed that is not well, and what is wrong.
type Unwell = (u64, Vec<Finding>);

/// One run: what is wrong, its figures, and the hash of its diary.
fn life(seed: u64, plan: Plan) -> (Vec<Finding>, Counts, u64) {
    let mut world = World::new(seed, plan);
    world.run();
    let findings = judge(&world);
    let ledger = world.shared.ledger();
    let (counts, diary) = (ledger.counts, ledger.diary);
    drop(ledger);
    (findings, counts, diary)
}

/// Each seed on as many threads as there are processors (a life is on one thread, so a seed repeats itself), until one is not well.
fn on_all_processors(seeds: Range<u64>, is_well: impl Fn(u64) -> bool + Sync) {
    let (next, ended) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let work = || {
        while !ended.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            if !is_well(seed) {
                ended.store(true, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
}

/// Many lives; the first that is not well ends the test with the command that repeats it.
fn lives(name: &str, default_seeds: u64, plan: Plan) {
    if std::env::var_os("INTAKE_LOG").is_some() {
        intake::telemetry::start_logging(None);
    }
    let n_events = number("INTAKE_EVENTS").unwrap_or(plan.n_events);
    let plan = Plan { n_events, ..plan };
    let seeds = seeds(default_seeds);
    let (n_seeds, began) = (seeds.end - seeds.start, Instant::now());
    let sum: Mutex<(Counts, Vec<Unwell>)> = Mutex::default();
    on_all_processors(seeds, |seed| {
        let ended = std::panic::catch_unwind(|| life(seed, plan));
        let mut sum = sum.lock().unwrap();
        let findings = match ended {
            Ok((findings, counts, _)) => {
                sum.0.add(&counts);
                findings
            }
            Err(_) => vec![Finding(Wrong::Panicked, "see above".to_owned())],
        };
        let is_well = findings.is_empty();
        if !is_well {
            sum.1.push((seed, findings));
        }
        is_well
    });
    let (sum, mut bad) = sum.into_inner().unwrap();
    bad.sort_by_key(|(seed, _)| *seed);
    if let Some((seed, findings)) = bad.first() {
        panic!("seed {seed} is not well: {findings:#?}\nagain: {}", again(*seed, n_events, name));
    }
    let (handled, took) = (sum.handled(), began.elapsed());
    println!("{n_seeds} seeds, {handled} events handled in {took:.1?} ({:.0} a second): {sum:?}", handled as f64 / took.as_secs_f64());
    assert!(n_seeds == 1 || (sum.kills > 0 && sum.commits > 0 && sum.acknowledged > 0 && sum.lost_answers > 0));
    if let Some(least) = number("INTAKE_LEAST_EVENTS") {
        assert!(handled >= least, "{handled} events, of at least {least}");
    }
}

#[test]
fn whatever_dies_nothing_is_lost_or_doubled() {
    lives("whatever_dies_nothing_is_lost_or_doubled", 20, Plan { n_events: 400, broken: Broken::Nothing, rolls_back: false });
}

#[test]
fn a_store_that_comes_back_older_stays_consistent() {
    lives("a_store_that_comes_back_older_stays_consistent", 8, Plan { n_events: 400, broken: Broken::Nothing, rolls_back: true });
}

#[test]
fn a_seed_repeats_itself() {
    let plan = Plan { n_events: number("INTAKE_EVENTS").unwrap_or(200), broken: Broken::Nothing, rolls_back: false };
    on_all_processors(seeds(15), |seed| {
        let [one, two] = [(); 2].map(|()| life(seed, plan).2);
        assert_eq!(one, two, "again: {}", again(seed, plan.n_events, "a_seed_repeats_itself"));
        true
    });
}

/// A service broken on purpose is found out by its own kind of wrong, within so many seeds.
fn is_caught(broken: Broken, rolls_back: bool, as_what: &[Wrong]) {
    for seed in 0..12 {
        let (findings, ..) = life(seed, Plan { n_events: 400, broken, rolls_back });
        if let Some(finding) = findings.iter().find(|finding| as_what.contains(&finding.0)) {
            println!("{broken:?} is caught by seed {seed}: {finding:?}");
            return;
        }
    }
    panic!("{broken:?} went through 12 seeds without {as_what:?}");
}

#[test]
fn without_the_ring_of_ids_seen_events_are_kept_twice() {
    is_caught(Broken::NoDedupe, false, &[Wrong::Repeated]);
}

#[test]
fn versions_that_count_corrupt_conversations_when_the_store_comes_back_older() {
    is_caught(Broken::CachedCounter, true, &[Wrong::Replay]);
}

#[test]
fn an_answer_before_the_commit_loses_messages() {
    is_caught(Broken::EarlyAck, false, &[Wrong::Lost]);
}

#[test]
fn without_the_epoch_the_bot_speaks_into_a_tracers_conversation() {
    is_caught(Broken::NoEpoch, false, &[Wrong::Hands]);
}

#[test]
fn without_a_look_at_the_time_what_was_perhaps_taken_is_sent_again_at_once() {
    is_caught(Broken::NoTime, false, &[Wrong::Doubled]);
}

#[test]
fn a_sender_without_order_overtakes_itself() {
    is_caught(Broken::NoOrder, false, &[Wrong::Order]);
}

#[test]
fn check_then_act_loses_turns() {
    is_caught(Broken::CheckThenAct, false, &[Wrong::Replay]);
}

#[test]
fn a_wake_that_is_not_kept_is_missed() {
    is_caught(Broken::LostWake, false, &[Wrong::Wake]);
}
