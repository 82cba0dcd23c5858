//! Facts about how fast senders may send: over all nodes, giving way, and leaving room.

use std::time::Instant;

use intake::{
    security::Sealer,
    store::{Grant, Pace, Pair, Store, Want},
};

use super::bench::{Bench, Kind};

const PACE: Pace = Pace { per_1000_s: 50_000, burst: 10, pair: None };

fn wants(n: u32, reserve: u32) -> Vec<Want> {
    (0..n).map(|n| Want { conversation: format!("{n:032}").into(), cost: 1, reserve }).collect()
}

fn n_now(grants: &[Grant]) -> usize {
    grants.iter().filter(|grant| **grant == Grant::Now).count()
}

/// Another node on the same store, where several may share it.
async fn other_node(bench: &Bench) -> Store {
    match bench.kind {
        Kind::Redis => Store::open(&bench.url, Sealer::parse(&bench.keys).unwrap(), bench.clock.clone()).await.unwrap().0,
        Kind::Memory | Kind::Embedded => bench.store.clone(),
    }
}

pub async fn a_senders_rate_holds_over_all_nodes_in_every_second(bench: Bench) {
    let nodes = [bench.store.clone(), other_node(&bench).await];
    let began = Instant::now();
    let mut granted_at_ms = Vec::new();
    for nth in 0..90_usize {
        let before_ms = began.elapsed().as_millis();
        let grants = nodes[nth % 2].grant("twilio +15550100000", PACE, &wants(7, 0)).await.unwrap();
        let at_ms = match bench.kind {
            // By the server's clock: it was granted between the question and the answer.
            Kind::Redis => before_ms,
            Kind::Memory | Kind::Embedded => u128::try_from(bench.clock.now().as_millisecond()).unwrap(),
        };
        granted_at_ms.extend(std::iter::repeat_n(at_ms, n_now(&grants)));
        bench.pass(20).await;
    }
    // Within 950 ms, since what was granted to a question may have been granted a little after it was asked.
    let most = granted_at_ms.iter().map(|from| granted_at_ms.iter().filter(|at| (*from..from + 950).contains(at)).count()).max();
    assert!(most.is_some_and(|most| (20..=60).contains(&most)), "{most:?} within a second");
    assert!(granted_at_ms.len() >= 70, "the rate is used: {}", granted_at_ms.len());
    assert_eq!(n_now(&nodes[1].grant("another", PACE, &wants(30, 0)).await.unwrap()), 10, "another sender has its own");
}

pub async fn a_reserve_is_left_for_those_before_in_rank(bench: Bench) {
    assert_eq!(n_now(&bench.store.grant("a", PACE, &wants(20, 4)).await.unwrap()), 6);
    assert!(n_now(&bench.store.grant("a", PACE, &wants(20, 0)).await.unwrap()) >= 4);
}

pub async fn a_provider_that_says_too_many_is_sent_less(bench: Bench) {
    bench.store.slow("a", PACE, 5_000).await.unwrap();
    let Grant::SenderAfter(wait_ms) = bench.store.grant("a", PACE, &wants(1, 0)).await.unwrap()[0] else { panic!("it waits") };
    assert!((4_900..=5_000).contains(&wait_ms), "{wait_ms}");
    bench.store.slow("b", PACE, 0).await.unwrap();
    let Grant::SenderAfter(wait_ms) = bench.store.grant("b", PACE, &wants(1, 9)).await.unwrap()[0] else { panic!("no burst is left") };
    assert!((200..=360).contains(&wait_ms), "nine gaps of half the rate: {wait_ms}");
}

pub async fn one_address_that_has_had_enough_holds_back_nobody_else(bench: Bench) {
    let pace = Pace { pair: Some(Pair { gap_ms: 6_000, burst: 2 }), ..PACE };
    let to = |n: u32| Want { conversation: format!("{n:032}").into(), cost: 1, reserve: 0 };
    let grants = bench.store.grant("a", pace, &[to(1), to(1), to(1), to(2)]).await.unwrap();
    assert_eq!((grants[0], grants[1], grants[3]), (Grant::Now, Grant::Now, Grant::Now));
    let Grant::PairAfter(wait_ms) = grants[2] else { panic!("{grants:?}") };
    assert!((5_900..=6_000).contains(&wait_ms), "{wait_ms}");
}
