//! What survives: reopening, `kill -9` of the process and of Redis; and who is kept out.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use intake::{
    base::clock::Clock,
    engine::Purpose,
    security::Sealer,
    store::{Committed, Entry, Settlement, Store, StoreError},
};

use super::bench::{Bench, Kind, Patient, at};

/// Where the child finds the store and its keys.
const URL: &str = "INTAKE_TEST_STORE";
const KEYS: &str = "INTAKE_TEST_KEYS";

#[tokio::test]
async fn everything_survives_reopening() {
    for kind in [Kind::Embedded, Kind::Redis] {
        let mut bench = Bench::open(kind).await;
        let ana = bench.patient(1);
        let mut turn = ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "one"), (Purpose::Dialogue, "two")]);
        turn.wake_at = Some(at(7));
        let etag = bench.kept(turn).await;
        bench.store.alias(&bench.patient(2).address, &ana.address).await.unwrap();
        bench.store.put_small("login", "a", b"ana", 1_000).await.unwrap();
        let pending = bench.ready(0).await.pop().unwrap();
        bench.store.begin(&pending, at(0)).await.unwrap();
        bench.store.settle(&pending, Settlement::RetryAt(at(5)), at(1)).await.unwrap();
        let cursors: Vec<_> = bench.lines().await.into_iter().map(|line| line.cursor).collect();
        bench.reopen().await;
        assert_eq!(bench.store.load(&ana.id).await.unwrap().unwrap().etag, etag);
        assert_eq!(bench.store.resolve(&bench.patient(2).address).await.unwrap(), ana.id);
        assert_eq!(bench.store.small("login", "a").await.unwrap().as_deref(), Some(b"ana".as_slice()));
        assert!(bench.ready(4).await.is_empty());
        assert_eq!(bench.ready(5).await.pop().map(|pending| pending.n_attempts), Some(1));
        assert_eq!(bench.store.due(&bench.held().await, at(9), 9).await.unwrap().len(), 1);
        assert_eq!(bench.lines().await.into_iter().map(|line| line.cursor).collect::<Vec<_>>(), cursors);
    }
}

#[tokio::test]
async fn a_second_opening_of_the_file_is_refused_until_the_first_is_closed() {
    let mut bench = Bench::open(Kind::Embedded).await;
    let again = Store::open(&bench.url, Sealer::parse(&bench.keys).unwrap(), bench.clock.clone()).await;
    assert!(matches!(&again, Err(StoreError::Configuration(what)) if what.contains("another intake process")), "{again:?}");
    bench.store.close().await;
    assert!(matches!(bench.store.ping().await, Err(StoreError::Unavailable(_))));
    let turn = bench.patient(1).turn(&bench, 0, None, "e", &[]);
    assert!(matches!(bench.store.commit(turn).await, Err(StoreError::Unavailable(_))));
    bench.reopen().await;
    bench.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_url_that_is_no_store_is_told_without_its_password() {
    let clock = Clock::machine();
    let sealer = Sealer::parse(&Sealer::generate(&clock)).unwrap();
    for url in ["mysql://me:secret@host/", "intake.db", "sqlite:", "sqlite:/nowhere/at/all/intake.db", "redis://[secret"] {
        let error = Store::open(url, sealer.clone(), clock.clone()).await.unwrap_err();
        assert!(matches!(error, StoreError::Configuration(_)), "{url}: {error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let nobody = Store::open("redis://:secret@127.0.0.1:1/0", sealer, clock).await.unwrap_err();
    assert!(matches!(&nobody, StoreError::Unavailable(what) if !what.contains("secret")), "{nobody:?}");
}

/// Commits turn after turn, one item each; tells the number of each that was acknowledged. Ends at the first error.
async fn write(store: &Store, clock: &Clock, ana: &Patient, mut tell: impl FnMut(u64)) {
    loop {
        let Ok(loaded) = store.load(&ana.id).await else { return };
        let n = loaded.as_ref().map_or(0, |loaded| loaded.conversation.n_turns) + 1;
        let expected = loaded.map(|loaded| loaded.etag);
        let event = format!("m{n}");
        let turn = ana.turn_of(ana.conversation(n), clock.random(), 0, expected, &event, &[(Purpose::Dialogue, "hello")]);
        match store.commit(turn).await {
            Ok(Committed::Done) => tell(n),
            Ok(Committed::Stale(_) | Committed::Moved) => {}
            Err(_) => return,
        }
    }
}

/// Conversation, journal and outbox agree, and nothing acknowledged is missing.
async fn assert_whole(bench: &Bench, ana: &Patient, n_acknowledged: u64) -> u64 {
    let n_kept = bench.store.load(&ana.id).await.unwrap().map_or(0, |loaded| loaded.conversation.n_turns);
    assert!(n_kept >= n_acknowledged, "{n_acknowledged} acknowledged, {n_kept} kept");
    let held = bench.held().await;
    let mut turns = Vec::new();
    let mut after = Vec::new();
    loop {
        let lines = bench.store.journal(&held, &after, 500).await.unwrap();
        let Some(last) = lines.last() else { break };
        after = vec![last.cursor.clone()];
        turns.extend(lines.iter().filter_map(|line| if let Entry::Turn(turn) = &line.entry { Some(turn.n_turn) } else { None }));
    }
    assert_eq!(turns, (1..=n_kept).collect::<Vec<_>>());
    assert_eq!(bench.store.depth().await.unwrap().0, n_kept);
    n_kept
}

#[tokio::test]
#[ignore = "run, and killed, by the test below"]
async fn child_that_writes_until_killed() {
    let (Ok(url), Ok(keys)) = (std::env::var(URL), std::env::var(KEYS)) else { return };
    let clock = Clock::machine();
    let (store, _) = Store::open(&url, Sealer::parse(&keys).unwrap(), clock.clone()).await.unwrap();
    let address = intake::base::Address::new(intake::base::Medium::Sms, "+15550100001");
    let ana = Patient { id: store.conversation_id(&address), address };
    write(&store, &clock, &ana, |n| println!("kept {n}")).await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_of_the_process() {
    const KILLS: u64 = 4;
    for kind in [Kind::Embedded, Kind::Redis] {
        let mut bench = Bench::open(kind).await;
        let address = intake::base::Address::new(intake::base::Medium::Sms, "+15550100001");
        let ana = Patient { id: bench.store.conversation_id(&address), address };
        let mut n_kept = 0;
        for kill in 1..=KILLS {
            bench.store.close().await;
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::lives::child_that_writes_until_killed", "--ignored", "--nocapture"])
                .env(URL, &bench.url)
                .env(KEYS, &bench.keys)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut n_acknowledged = 0;
            for line in BufReader::new(child.stdout.take().unwrap()).lines() {
                // The test runner's own words may stand before the first.
                let line = line.unwrap();
                let Some((_, n)) = line.split_once("kept ") else { continue };
                n_acknowledged = n.parse().unwrap();
                if n_acknowledged == n_kept + 20 * kill {
                    child.kill().unwrap();
                }
            }
            child.wait().unwrap();
            assert!(n_acknowledged >= n_kept + 20 * kill, "{kind:?}: the child wrote");
            bench.reopen().await;
            n_kept = assert_whole(&bench, &ana, n_acknowledged).await;
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_of_redis_and_the_store_recovers_by_itself() {
    let mut bench = Bench::open(Kind::Redis).await;
    let ana = bench.patient(1);
    let mut n_acknowledged = 0;
    for round in 1..=3 {
        let (store, clock, who) = (bench.store.clone(), bench.clock.clone(), ana.clone());
        let (tell, mut told) = tokio::sync::watch::channel(n_acknowledged);
        let task = tokio::spawn(async move { write(&store, &clock, &who, |n| _ = tell.send_replace(n)).await });
        told.wait_for(|n| *n >= n_acknowledged + 30 * round).await.unwrap();
        bench.redis.as_mut().unwrap().kill();
        task.await.unwrap();
        n_acknowledged = *told.borrow();
        let gone = bench.store.ping().await;
        assert!(matches!(gone, Err(StoreError::Unavailable(_))), "{gone:?}");
        bench.redis.as_mut().unwrap().restart();
        let until = Instant::now() + Duration::from_secs(10);
        while bench.store.ping().await.is_err() {
            assert!(Instant::now() < until, "the store did not recover");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        n_acknowledged = assert_whole(&bench, &ana, n_acknowledged).await;
    }
}

#[tokio::test]
async fn scripts_that_redis_forgot_are_loaded_again() {
    let bench = Bench::open(Kind::Redis).await;
    let ana = bench.patient(1);
    let mut connection = redis::Client::open(bench.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let mut etag = None;
    for n in 0..3 {
        let _: () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut connection).await.unwrap();
        assert_eq!(bench.held().await.shards.len(), 256);
        etag = Some(bench.kept(ana.turn(&bench, n, etag, &format!("m{n}"), &[])).await);
        assert_eq!(bench.store.count("n", "n", 100).await.unwrap(), u64::try_from(n).unwrap() + 1);
    }
}

#[tokio::test]
async fn a_redis_that_can_lose_messages_is_warned_about() {
    let bench = Bench::open(Kind::Redis).await;
    let open = async || Store::open(&bench.url, Sealer::parse(&bench.keys).unwrap(), Clock::machine()).await.unwrap().1;
    assert_eq!(open().await, Vec::<String>::new());
    let mut connection = redis::Client::open(bench.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
    for (setting, value) in [("appendfsync", "everysec"), ("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")] {
        let _: () = redis::cmd("CONFIG").arg("SET").arg(setting).arg(value).query_async(&mut connection).await.unwrap();
        assert!(open().await.iter().any(|warning| warning.contains(&format!("`{setting} {value}`"))));
    }
    // Out of memory is no panic and no silence.
    for (setting, value) in [("maxmemory-policy", "noeviction"), ("maxmemory", "1")] {
        let _: () = redis::cmd("CONFIG").arg("SET").arg(setting).arg(value).query_async(&mut connection).await.unwrap();
    }
    let full = bench.store.commit(bench.patient(1).turn(&bench, 0, None, "e", &[])).await;
    assert!(matches!(&full, Err(StoreError::Unavailable(what)) if what.contains("OOM")), "{full:?}");
}

#[tokio::test]
async fn the_newer_protocol_of_redis_and_a_socket_serve_as_well() {
    let mut bench = Bench::open(Kind::Redis).await;
    bench.url = bench.redis.as_ref().unwrap().socket_url();
    bench.reopen().await;
    bench.store.ping().await.unwrap();
    bench.url = format!("{}?protocol=resp3", bench.redis.as_ref().unwrap().url());
    bench.reopen().await;
    let ana = bench.patient(1);
    let mut turn = ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "one")]);
    turn.wake_at = Some(at(1));
    bench.kept(turn).await;
    assert_eq!(bench.ready_ids(0).await, [ana.outbox("e", 0)]);
    assert_eq!(bench.store.due(&bench.held().await, at(1), 9).await.unwrap().len(), 1);
    assert_eq!(bench.lines().await.len(), 1);
    assert_eq!(bench.store.depth().await.unwrap().0, 1);
}

#[tokio::test]
async fn nodes_come_to_hold_fair_shares_and_take_over_those_of_the_gone() {
    let bench = Bench::open(Kind::Redis).await;
    let hold = async |node: &str| bench.store.hold(node, 60_000).await.unwrap().shards;
    assert_eq!(hold("a").await.len(), 256);
    for _ in 0..3 {
        for node in ["a", "b", "c"] {
            hold(node).await;
        }
    }
    let (a, b, c) = (hold("a").await, hold("b").await, hold("c").await);
    let mut all: Vec<u16> = [&a, &b, &c].into_iter().flatten().map(|(shard, _)| *shard).collect();
    all.sort_unstable();
    assert_eq!(all, (0..256).collect::<Vec<_>>(), "every shard once");
    assert!([&a, &b, &c].iter().all(|held| (84..=86).contains(&held.len())), "{} {} {}", a.len(), b.len(), c.len());
    bench.store.let_go("b").await.unwrap();
    for _ in 0..2 {
        hold("a").await;
        hold("c").await;
    }
    assert_eq!(hold("a").await.len() + hold("c").await.len(), 256);
}

#[tokio::test]
async fn a_node_started_again_takes_over_from_its_life_before_at_once() {
    let mut bench = Bench::open(Kind::Redis).await;
    let hold = async |bench: &Bench, node: &str| bench.store.hold(node, 60_000).await.unwrap().shards;
    let before = hold(&bench, "here/1").await;
    // Killed: nothing was let go.
    bench.reopen().await;
    let after = hold(&bench, "here/2").await;
    let shards = |held: &[(u16, u64)]| held.iter().map(|(shard, _)| *shard).collect::<Vec<_>>();
    assert_eq!(shards(&after), shards(&before));
    assert!(before.iter().zip(&after).all(|(before, after)| before.1 != after.1), "under new fences");
    assert_eq!(hold(&bench, "here/2").await, after, "and they are kept");
    // Another machine does not: it waits for the lease.
    bench.reopen().await;
    assert_eq!(hold(&bench, "there/1").await, []);
}
