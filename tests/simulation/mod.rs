//! Whole services in one thread over a store in memory, with faults at every await and time that jumps. Seeded: a seed repeats itself.
//!
//! `INTAKE_SEED=7` runs one seed, `INTAKE_SEEDS=5000` that many, `INTAKE_EVENTS=2000` so many events in each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, clippy::panic)]

mod between;
mod judge;
mod ledger;
mod provider;
mod recording;
mod world;

use std::time::Instant;

use self::{
    judge::judge,
    ledger::{Broken, Counts, Finding, Wrong},
    world::{Plan, World},
};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

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

/// Many lives; the first that is not well ends the test with the command that repeats it.
fn lives(name: &str, default_seeds: u64, plan: Plan) {
    if std::env::var_os("INTAKE_LOG").is_some() {
        intake::telemetry::start_logging();
    }
    let n_events = number("INTAKE_EVENTS").unwrap_or(plan.n_events);
    let plan = Plan { n_events, ..plan };
    let seeds = match number("INTAKE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("INTAKE_SEEDS").unwrap_or(default_seeds),
    };
    let (mut sum, began) = (Counts::default(), Instant::now());
    let n_seeds = seeds.end - seeds.start;
    for seed in seeds {
        let (findings, counts, _) = life(seed, plan);
        sum.add(&counts);
        assert!(
            findings.is_empty(),
            "seed {seed} is not well: {findings:#?}\nagain: INTAKE_SEED={seed} INTAKE_EVENTS={n_events} cargo test --test all simulation::{name}"
        );
    }
    println!("{n_seeds} seeds in {:?}: {sum:?}", began.elapsed());
    assert!(number("INTAKE_SEED").is_some() || (sum.kills > 0 && sum.commits > 0 && sum.acknowledged > 0 && sum.lost_answers > 0));
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
    let plan = Plan { n_events: 200, broken: Broken::Nothing, rolls_back: false };
    let runs: Vec<u64> = (0..2).map(|_| life(3, plan).2).collect();
    assert_eq!(runs[0], runs[1]);
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
fn a_sender_without_order_overtakes_itself() {
    is_caught(Broken::NoOrder, false, &[Wrong::Order]);
}

#[test]
fn check_then_act_loses_turns() {
    is_caught(Broken::CheckThenAct, false, &[Wrong::Replay]);
}
