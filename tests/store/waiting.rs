//! What waiting for replicas costs, by the way it is done: `cargo test --release --test all -- --ignored what_waiting_costs --nocapture`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use redis::{AsyncConnectionConfig, aio::MultiplexedConnection};
use tokio::sync::Mutex;

use super::{bench::Bench, cluster::ONE};
use crate::support::many::RedisPair;

/// Writers beside each other, and writes of each.
const WRITERS: u32 = 64;
const WRITES: u32 = 20;

async fn connection(url: &str) -> MultiplexedConnection {
    let patient = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(30)));
    redis::Client::open(url).unwrap().get_multiplexed_async_connection_with_config(&patient).await.unwrap()
}

async fn write_and_wait(connection: &mut MultiplexedConnection, key: String) {
    let mut pipe = redis::pipe();
    pipe.cmd("SET").arg(key).arg([7_u8; 1_024].as_slice()).ignore().cmd("WAIT").arg(1).arg(1_000);
    let (n,): (u64,) = pipe.query_async(connection).await.unwrap();
    assert_eq!(n, 1);
}

/// Runs all writers; prints how many a second and how long one took.
async fn measured<F: Future<Output = ()> + Send>(what: &str, write: impl Fn(u32, u32) -> F + Clone + Send + 'static) {
    let began = Instant::now();
    let writers = (0..WRITERS).map(|writer| {
        let write = write.clone();
        async move {
            let mut took = Vec::new();
            for nth in 0..WRITES {
                let at = Instant::now();
                write(writer, nth).await;
                took.push(at.elapsed());
            }
            took
        }
    });
    let mut took: Vec<Duration> = futures_util::future::join_all(writers).await.into_iter().flatten().collect();
    took.sort_unstable();
    let rate = f64::from(WRITERS * WRITES) / began.elapsed().as_secs_f64();
    let (p50, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!("| {what} | {rate:.0} | {:.1} | {:.1} |", p50.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "figures, not facts"]
async fn what_waiting_costs() {
    let pair = RedisPair::start();
    println!("| way | writes a second | p50 ms | p99 ms |\n|---|---|---|---|");
    let shared = connection(&pair.url()).await;
    measured("write and `WAIT`, each by itself on the shared connection", move |writer, nth| {
        let mut connection = shared.clone();
        async move { write_and_wait(&mut connection, format!("{writer}:{nth}")).await }
    })
    .await;
    let mut pool = Vec::new();
    for _ in 0..16 {
        pool.push(Mutex::new(connection(&pair.url()).await));
    }
    let pool = Arc::new(pool);
    measured("the same on a pool of 16 connections", move |writer, nth| {
        let pool = pool.clone();
        async move {
            let mut connection = pool[writer as usize % pool.len()].lock().await;
            write_and_wait(&mut connection, format!("{writer}:{nth}")).await;
        }
    })
    .await;
    for (what, replicas) in [("whole commits, not waited for", None), ("whole commits that share their `WAIT`", ONE)] {
        pair.servers[0].must(&["FLUSHALL"]);
        let bench = Arc::new(Bench::on(&pair.url(), replicas).await);
        measured(what, move |writer, nth| {
            let bench = bench.clone();
            async move {
                let patient = bench.patient(writer * WRITES + nth);
                bench.kept(patient.turn(&bench, 0, None, "e", &[])).await;
            }
        })
        .await;
    }
}
