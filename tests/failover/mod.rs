//! Masters that die or are cut off while people write: two services on one Redis of several servers, a provider on loopback that counts.
//!
//! Everybody writes one word after the other, each once the last one was acknowledged, to a flow that says each word back. Judged when all is over:
//! words that were acknowledged and are not in the stored conversation are *lost*; those never said back are *unsaid*; those said back by two
//! messages are *doubled*. Longer: `INTAKE_FAILOVERS=20 cargo test --release --test all -- failover --nocapture --test-threads 1`.

mod load;
mod way;

use intake::config::Replicas;
use tokio::task::block_in_place;

use self::{
    load::{Load, Outcome},
    way::Way,
};
use crate::support::many::{RedisCluster, RedisPair, until};

const ONE: Option<Replicas> = Some(Replicas { n: 1, within_ms: 500 });
/// Words acknowledged between two failovers, by all together.
const WORDS: usize = 150;

/// How many failovers: one where nothing is said.
fn n_failovers() -> usize {
    std::env::var("INTAKE_FAILOVERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn run<T>(what: impl Future<Output = T>) -> T {
    if std::env::var_os("INTAKE_LOG").is_some() {
        intake::telemetry::start_logging(None);
    }
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(what)
}

#[test]
fn a_cluster_whose_masters_are_killed_loses_and_doubles_nothing_and_goes_on_by_itself() {
    let mut cluster = RedisCluster::start();
    let url = cluster.url();
    let outcome = run(load::under("cluster, masters killed", &url, ONE, async |load: &Load| {
        for nth in 0..n_failovers() {
            load.acknowledged_more(WORDS).await;
            let killed = block_in_place(|| cluster.kill_master(nth % 3));
            load.failovers(1);
            // What the new master takes counts once it has a replica again.
            block_in_place(|| {
                until("its replica takes over", || cluster.masters().count() == 3);
                cluster.servers[killed].restart();
                until("the cluster is in step again", || cluster.is_in_step(6));
            });
            load.everybody_goes_on().await;
        }
        load.acknowledged_more(WORDS).await;
    }));
    outcome.must_be_whole();
}

#[test]
fn a_master_behind_sentinels_that_is_killed_loses_and_doubles_nothing() {
    let mut pair = RedisPair::watched();
    let url = pair.url();
    let outcome = run(load::under("sentinel, master killed", &url, ONE, async |load: &Load| {
        for _ in 0..n_failovers() {
            load.acknowledged_more(WORDS).await;
            let master = block_in_place(|| pair.servers.iter().position(|server| server.is_master()).unwrap());
            pair.servers[master].kill();
            load.failovers(1);
            // The other one is promoted, and alone: what it takes counts once the first is back as its replica.
            block_in_place(|| {
                until("the other is promoted", || pair.servers[1 - master].is_master());
                pair.servers[master].restart();
                until("the first is its replica", || pair.servers[master].is_replica_in_step());
            });
            load.everybody_goes_on().await;
        }
        load.acknowledged_more(WORDS).await;
    }));
    outcome.must_be_whole();
}

#[test]
fn a_dead_master_stops_its_own_conversations_only_and_those_until_its_replica_takes_over() {
    let mut cluster = RedisCluster::start();
    let url = cluster.url();
    run(load::under("cluster, replicas = 0, master killed", &url, None, async |load: &Load| {
        load.acknowledged_more(WORDS).await;
        let before = load.words();
        block_in_place(|| cluster.kill_master(0));
        load.failovers(1);
        let (n_going, n_standing) = load.some_go_on_and_some_do_not(before).await;
        assert!(n_going >= load::PATIENTS / 2 && n_standing >= 1, "{n_going} go on, {n_standing} do not");
        load.everybody_goes_on().await;
    }));
}

/// The master is cut off from its replica and still reached; then the replica is promoted, and the way leads there.
fn cut_off(what: &'static str, replicas: Option<Replicas>) -> Outcome {
    let pair = RedisPair::start();
    run(async {
        let way = Way::to(pair.servers[0].port).await;
        let url = format!("redis://127.0.0.1:{}/0", way.port);
        load::under(what, &url, replicas, async |load: &Load| {
            let (mut master, mut replica) = (0, 1);
            for _ in 0..n_failovers() {
                load.acknowledged_more(WORDS).await;
                block_in_place(|| pair.servers[replica].must(&["REPLICAOF", "127.0.0.1", "1"]));
                let before = load.acknowledged();
                load.some_are_refused_or(WORDS).await;
                load.acknowledged_behind(before);
                block_in_place(|| pair.servers[replica].must(&["REPLICAOF", "NO", "ONE"]));
                let port = pair.servers[replica].port.to_string();
                way.lead_to(pair.servers[replica].port);
                load.failovers(1);
                block_in_place(|| {
                    pair.servers[master].must(&["REPLICAOF", "127.0.0.1", &port]);
                    until("the old master is a replica", || pair.servers[master].is_replica_in_step());
                });
                (master, replica) = (replica, master);
                load.everybody_goes_on().await;
            }
            load.acknowledged_more(WORDS).await;
        })
        .await
    })
}

#[test]
fn a_failover_behind_a_partition_loses_nothing_where_replicas_are_waited_for() {
    let outcome = cut_off("partition, replicas = 1", ONE);
    outcome.must_be_whole();
    assert!(outcome.n_behind <= load::PATIENTS * n_failovers(), "{} acknowledged by a master that was cut off", outcome.n_behind);
}

#[test]
fn a_failover_behind_a_partition_loses_what_was_acknowledged_where_replicas_are_not_waited_for() {
    let outcome = cut_off("partition, replicas = 0", None);
    assert!(outcome.n_behind >= WORDS && outcome.n_lost > 0, "what the setting is for is not seen: {outcome}");
}
