//! Several redis-servers: every fact holds on a cluster too, work is found on all masters, and what too few replicas have is not
//! acknowledged.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use intake::{
    base::clock::Clock,
    config::Replicas,
    engine::Purpose,
    security::Sealer,
    store::{Committed, Store, StoreError},
};

use super::bench::{Bench, Patient, at, bands};
use crate::support::many::{RedisCluster, RedisPair, until};

pub const ONE: Option<Replicas> = Some(Replicas { n: 1, within_ms: 1_000 });
/// The same, for tests that wait in vain.
const SOON: Option<Replicas> = Some(Replicas { n: 1, within_ms: 800 });
/// Conversations: enough for each master to have some.
const PATIENTS: u32 = 60;

/// Ids in the names of keys, and the tags they stand under.
fn tags(cluster: &RedisCluster) -> BTreeMap<String, Vec<String>> {
    let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for master in cluster.masters() {
        for key in master.asked::<Vec<String>>(&["KEYS", "in:{*}:*:*"]).unwrap() {
            let (tag, rest) = key.trim_start_matches("in:{").split_once("}:").unwrap();
            let id = rest.split(':').nth(1).unwrap().split('.').next().unwrap();
            tags.entry(id.to_owned()).or_default().push(tag.to_owned());
        }
    }
    tags
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_found_on_all_masters_and_one_that_dies_costs_its_own_shards_only() {
    let mut cluster = RedisCluster::start();
    let bench = Bench::on(&cluster.url(), ONE).await;
    let patients: Vec<Patient> = (0..PATIENTS).map(|n| bench.patient(n)).collect();
    let mut etags = Vec::new();
    for patient in &patients {
        let mut turn = patient.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "one")]);
        turn.wake_at = Some(at(1));
        etags.push(bench.kept(turn).await);
    }
    let n = patients.len();
    let held = bench.held().await;
    assert_eq!(held.shards.len(), 256);
    let found = async || {
        let outbox = bench.store.outbox(&held, &bands(), at(1), 200).await.unwrap().len();
        (outbox, bench.store.due(&held, at(1), 200).await.unwrap().len())
    };
    assert_eq!(found().await, (n, n));
    assert_eq!(bench.store.journal(&held, &[], 1_000).await.unwrap().len(), n);
    assert_eq!(bench.store.depth().await.unwrap().0, n as u64);
    let tags = tags(&cluster);
    assert_eq!(tags.len(), n);
    for (id, tags) in &tags {
        assert!(tags.len() >= 2 && tags.iter().all(|tag| tag == &tags[0]), "{id}: {tags:?}");
    }

    let killed = cluster.kill_master(0);
    let began = Instant::now();
    let (outbox, due) = found().await;
    assert!(began.elapsed() < Duration::from_secs(4) && (n / 3..n).contains(&outbox) && due == outbox, "{outbox} {due}");
    bench.store.ping().await.unwrap();
    let mut left: Vec<usize> = (0..n).collect();
    for round in 0.. {
        assert!(began.elapsed() < Duration::from_secs(60), "{} cannot go on", left.len());
        let mut failed = Vec::new();
        for nth in left {
            let turn = patients[nth].turn(&bench, 1, Some(etags[nth]), "f", &[(Purpose::Dialogue, "two")]);
            match bench.store.commit(turn).await {
                // Too late for its answer, not for the store: the next try is one turn further, and finds its own.
                Ok(Committed::Done | Committed::Stale(_) | Committed::Moved) => {}
                Err(StoreError::Unavailable(_)) => failed.push(nth),
                Err(other) => panic!("{other}"),
            }
        }
        left = failed;
        if round == 0 {
            assert!((1..=n / 2).contains(&left.len()), "{} of {n} did not go on while one master was away", left.len());
            // What its replica takes over counts once that one has a replica again.
            until("its replica takes over", || cluster.masters().count() == 3);
            cluster.servers[killed].restart();
        }
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(found().await.0, n);
    assert_eq!(bench.store.depth().await.unwrap().0, 2 * n as u64);
    assert_eq!(bench.store.hold("node-a", 60_000).await.unwrap().shards.len(), 256);
    bench.store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_too_few_replicas_have_is_not_acknowledged_nor_recorded() {
    let mut pair = RedisPair::start();
    let bench = Bench::on(&pair.url(), SOON).await;
    let ana = bench.patient(1);
    let etag = bench.kept(ana.turn(&bench, 0, None, "e", &[])).await;
    pair.servers[1].kill();
    let turn = ana.turn(&bench, 1, Some(etag), "f", &[(Purpose::Dialogue, "one")]);
    let is_too_few = |error: &StoreError| matches!(error, StoreError::Unavailable(what) if what.contains("too few replicas"));
    for _ in 0..2 {
        let refused = bench.store.commit(turn.clone()).await.unwrap_err();
        assert!(is_too_few(&refused), "{refused}");
    }
    // It stands there, but it is not known as a duplicate that may be acknowledged, and the record hears nothing.
    assert_eq!(bench.store.load(&ana.id).await.unwrap().unwrap().etag, turn.etag);
    let held = bench.held().await;
    for refused in [bench.store.confirm(&ana.id, &turn.etag).await.map(|_| ()), bench.store.journal(&held, &[], 9).await.map(|_| ())] {
        assert!(refused.as_ref().is_err_and(is_too_few), "{refused:?}");
    }
    pair.servers[1].restart();
    until("the replica is in step", || pair.servers[1].is_replica_in_step());
    let mut again = bench.store.commit(turn.clone()).await;
    while again.as_ref().is_err_and(is_too_few) {
        // In step, and slower than it may be: the machine is busy.
        again = bench.store.commit(turn.clone()).await;
    }
    assert!(matches!(again.unwrap(), Committed::Done));
    assert!(bench.store.confirm(&ana.id, &turn.etag).await.unwrap());
    assert!(!bench.store.confirm(&ana.id, &etag).await.unwrap());
    assert_eq!(bench.store.journal(&held, &[], 9).await.unwrap().len(), 2);
    assert_eq!(bench.store.depth().await.unwrap().0, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_is_told_what_replicas_are_missing_or_not_waited_for() {
    let pair = RedisPair::start();
    let clock = Clock::machine();
    let keys = Sealer::generate(&clock);
    let open = async |replicas| Store::open_replicated(&pair.url(), replicas, Sealer::parse(&keys).unwrap(), clock.clone()).await;
    for (replicas, expected) in [
        (None, vec!["redis has replicas, but nothing waits for them: a failover may lose acknowledged messages; set `store.replicas = 1`"]),
        (ONE, vec![]),
        (
            Some(Replicas { n: 2, within_ms: 50 }),
            vec!["redis has 1 replicas in step and `store.replicas` is 2: nothing is acknowledged until there are enough"],
        ),
    ] {
        let mut told = open(replicas).await.unwrap().1;
        for _ in 0..100 {
            // The master takes a moment longer than its replica to know that both are in step.
            if told == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            told = open(replicas).await.unwrap().1;
        }
        assert_eq!(told, expected);
    }
    pair.servers[0].must(&["ACL", "SETUSER", "default", "-wait"]);
    let refused = open(ONE).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Configuration(what) if what.contains("`WAIT`")), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_url_of_another_kind_than_the_servers_is_told() {
    let (cluster, pair) = (RedisCluster::start(), RedisPair::watched());
    let (node, server, sentinel) = (cluster.servers[0].port, pair.servers[0].port, pair.sentinels[0].port);
    let clock = Clock::machine();
    let keys = Sealer::generate(&clock);
    for (url, part) in [
        (format!("redis://127.0.0.1:{node}/0"), "is a node of a cluster: write `redis-cluster://`"),
        (format!("redis-cluster://127.0.0.1:{server}"), "are no cluster"),
        (format!("redis-sentinel://127.0.0.1:{sentinel}/other"), "know no master of the name"),
    ] {
        let error = Store::open(&url, Sealer::parse(&keys).unwrap(), clock.clone()).await.unwrap_err();
        assert!(matches!(&error, StoreError::Configuration(what) if what.contains(part)), "{url}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_rights_suffice_in_a_cluster_and_for_replicas_too() {
    let cluster = RedisCluster::start();
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md")).unwrap();
    let rights = document.split("```text\nuser intake ").nth(1).unwrap().split("```").next().unwrap();
    for server in &cluster.servers {
        let words: Vec<&str> = ["ACL", "SETUSER", "intake"].into_iter().chain(rights.split_whitespace()).collect();
        server.must(&words);
    }
    let bench = Bench::on(&cluster.url().replace("//", "//intake:PASSWORD@"), ONE).await;
    for n in 0..9 {
        let patient = bench.patient(n);
        bench.kept(patient.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "one")])).await;
        bench.store.alias(&bench.patient(100 + n).address, &patient.address).await.unwrap();
        bench.store.count("n", &format!("{n}"), 9).await.unwrap();
        bench.store.put_small("draft", &format!("{n}"), b"words", 9).await.unwrap();
    }
    for pending in bench.ready(0).await {
        bench.store.begin(&pending, at(0)).await.unwrap();
        bench.store.settle(&pending, intake::store::Settlement::Accepted { provider_id: "SM".into() }, at(1)).await.unwrap();
    }
    bench.store.reseal().await.unwrap();
    let through: Vec<_> = bench.lines().await.into_iter().map(|line| line.cursor).collect();
    bench.store.trim(&through).await.unwrap();
    assert!(bench.lines().await.is_empty(), "lines of all masters are dropped at once");
    bench.store.depth().await.unwrap();
    bench.store.let_go("node-a").await.unwrap();
    for server in &cluster.servers {
        let refused: Vec<redis::Value> = server.asked(&["ACL", "LOG"]).unwrap();
        assert!(refused.is_empty(), "{refused:?}");
    }
}
