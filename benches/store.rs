//! The store alone: `cargo bench --bench store`. Time on the wall, since most of it is waiting; each beside a bare yardstick in the same run.
//!
//! Numbers that would make us act: SQLite in groups under 3,000 commits a second, or under a fifth of bare inserts in groups; a commit on
//! Redis under a third of bare SETs of the same bytes at the same number of callers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, clippy::cast_precision_loss)]
#![allow(dead_code, reason = "the server of the tests can do more")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{future::Future, path::Path, time::Instant};

use intake::{
    base::{Address, EventId, Language, Medium, clock::Clock, id::OutboxId},
    engine::{Content, Conversation, Event, EventKind, Purpose},
    render::{Outgoing, Shape},
    security::Sealer,
    store::{Commit, Committed, Etag, Load, OutboxItem, Store, TurnEntry},
};
use jiff::Timestamp;
use sqlx::{
    Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use support::redis::RedisServer;

/// Callers beside each other.
const CALLERS: usize = 64;
/// Calls of one measurement, by all callers together.
const CALLS: usize = 6_400;
/// One caller alone makes fewer.
const ALONE: usize = 1_000;
/// Bytes that a turn of the interview keeps, about: conversation, journal, outbox.
const TURN_BYTES: usize = 1_450;

/// Calls a second of so many callers, each with its own conversation.
async fn rate<F: Future<Output = ()> + Send + 'static>(n_callers: usize, n_calls: usize, call: impl Fn(usize, usize) -> F) -> f64 {
    let each = n_calls / n_callers;
    let began = Instant::now();
    for nth in 0..each {
        // All callers at once, then all again: as many under way as there are callers.
        let round: Vec<_> = (0..n_callers).map(|caller| tokio::spawn(call(caller, nth))).collect();
        for one in round {
            one.await.unwrap();
        }
    }
    (each * n_callers) as f64 / began.elapsed().as_secs_f64()
}

fn told(name: &str, rate: f64, yardstick: f64) {
    println!("{name:<52}{rate:>10.0} a second{:>8.0} % of the yardstick", 100.0 * rate / yardstick);
}

fn etag(caller: usize, nth: usize) -> Etag {
    let mut etag = [0; 16];
    etag[..8].copy_from_slice(&(caller as u64).to_be_bytes());
    etag[8..].copy_from_slice(&(nth as u64 + 1).to_be_bytes());
    etag
}

/// A turn as the interview has them: one message in, one out.
fn turn(store: &Store, caller: usize, nth: usize, now: Timestamp) -> Commit {
    let address = Address::new(Medium::Sms, format!("+1555{caller:07}"));
    let id = store.conversation_id(&address);
    let event = EventId(format!("SM{caller:016x}{nth:016x}"));
    let mut conversation = Conversation::new(address.clone(), "sms");
    conversation.n_turns = nth as u64 + 1;
    for n in 0..64 {
        conversation.seen.remember(&EventId(format!("SM{n}")), now);
    }
    let text = "On which day did it begin?\nReply with a date, for example March 2 or yesterday.";
    let item = OutboxItem {
        id: OutboxId::derive(&id, &event, 0),
        address: address.clone(),
        channel: "sms".into(),
        purpose: Purpose::Dialogue,
        epoch: 0,
        decided_at: now,
        last_inbound_at: Some(now),
        load: Load::Message(Outgoing { text: text.into(), shape: Shape::Text, language: Language::parse("en").unwrap(), template: None }),
    };
    let kind = EventKind::Message { channel: "sms".into(), content: Content::Text("fever and cough".into()) };
    let entry = TurnEntry {
        address,
        n_turn: nth as u64 + 1,
        event: Event { id: event, at: now, kind },
        now,
        revision: None,
        facts: Vec::new(),
        said: Vec::new(),
    };
    let expected = (nth > 0).then(|| etag(caller, nth - 1));
    Commit {
        id,
        by_address: true,
        expected,
        etag: etag(caller, nth),
        conversation,
        outbox: vec![item],
        cancel_waiting: false,
        wake_at: Some(now),
        entry,
    }
}

async fn store(name: &str, url: &str, alone: f64, beside: f64) {
    let clock = Clock::machine();
    let (store, _) = Store::open(url, Sealer::parse(&Sealer::generate(&clock)).unwrap(), clock.clone()).await.unwrap();
    let now = clock.now();
    let commit = |offset: usize| {
        let store = store.clone();
        move |caller: usize, nth: usize| {
            let store = store.clone();
            async move { assert!(matches!(store.commit(turn(&store, caller + offset, nth, now)).await.unwrap(), Committed::Done)) }
        }
    };
    let load = |caller: usize, _| {
        let store = store.clone();
        let address = Address::new(Medium::Sms, format!("+1555{caller:07}"));
        async move { assert!(store.find(&address).await.unwrap().1.is_some()) }
    };
    told(&format!("{name}/commit/1 caller"), rate(1, ALONE, commit(0)).await, alone);
    told(&format!("{name}/commit/{CALLERS} callers"), rate(CALLERS, CALLS, commit(1)).await, beside);
    told(&format!("{name}/find and open/{CALLERS} callers"), rate(CALLERS, CALLS, load).await, beside);
    store.close().await;
}

async fn bare_sqlite(path: &Path, group: usize) -> f64 {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut db = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, value BLOB)").execute(&mut db).await.unwrap();
    let (value, n_groups) = (vec![7_u8; TURN_BYTES], (2_000 / group).max(100));
    let began = Instant::now();
    for _ in 0..n_groups {
        let mut transaction = db.begin().await.unwrap();
        for _ in 0..group {
            sqlx::query("INSERT INTO bare (value) VALUES (?1)").bind(&value).execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }
    (n_groups * group) as f64 / began.elapsed().as_secs_f64()
}

async fn bare_redis(url: &str, n_callers: usize, n_calls: usize) -> f64 {
    let connection = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let value = vec![7_u8; TURN_BYTES];
    rate(n_callers, n_calls, |caller, _| {
        let (mut connection, value) = (connection.clone(), value.clone());
        async move {
            let _: () = redis::cmd("SET").arg(format!("bare:{caller}")).arg(value).query_async(&mut connection).await.unwrap();
        }
    })
    .await
}

async fn nothing(n_callers: usize, n_calls: usize) -> f64 {
    rate(n_callers, n_calls, |_, _| async { tokio::task::yield_now().await }).await
}

#[tokio::main]
async fn main() {
    let dir = tempfile::TempDir::new().unwrap();
    let (alone, beside) = (nothing(1, ALONE).await, nothing(CALLERS, CALLS).await);
    println!("{:<52}{alone:>10.0} and {beside:.0} a second", "yardstick: a task that does nothing, 1 and 64 callers");
    store("memory", "memory:", alone, beside).await;

    let (alone, beside) = (bare_sqlite(&dir.path().join("bare.db"), 1).await, bare_sqlite(&dir.path().join("bare.db"), CALLERS).await);
    println!("{:<52}{alone:>10.0} and {beside:.0} a second", "yardstick: bare inserts, durable, one by one and by 64");
    store("sqlite", &format!("sqlite:{}", dir.path().join("intake.db").display()), alone, beside).await;

    if std::process::Command::new("redis-server").arg("--version").output().is_err() {
        println!("redis is left out: there is no redis-server");
        return;
    }
    let redis = RedisServer::start();
    let (alone, beside) = (bare_redis(&redis.url(), 1, ALONE).await, bare_redis(&redis.url(), CALLERS, CALLS).await);
    println!("{:<52}{alone:>10.0} and {beside:.0} a second", "yardstick: bare SET, appendfsync always, 1 and 64 callers");
    store("redis", &redis.url(), alone, beside).await;
}
