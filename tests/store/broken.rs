//! What somebody finds who reads the store without the key, and what happens when they change it.

use intake::{
    base::id::OutboxId,
    channel::Delivery,
    engine::Purpose,
    security::Sealer,
    store::{Store, StoreError},
};
use sqlx::{Connection, SqliteConnection};

use super::bench::{Bench, Kind, Patient, at, receipt};

/// Words and numbers that must not be found.
const CANARIES: [&str; 5] = ["canary", "5550100", "Marisol", "+1555", "words"];

/// Everything kept of one patient carries a canary.
async fn fill(bench: &Bench, ana: &Patient) {
    let mut conversation = ana.conversation(1);
    conversation.roster[0].first_name = "Marisol".into();
    let says = [(Purpose::Dialogue, "canary one"), (Purpose::Dialogue, "canary two")];
    let turn = ana.turn_of(conversation, bench.etag(), 0, None, "e", &says);
    bench.kept(turn).await;
    let pending = bench.ready(0).await.into_iter().find(|pending| pending.item.address == ana.address).unwrap();
    bench.store.begin(&pending, at(0)).await.unwrap();
    bench.store.settle(&pending, intake::store::Settlement::Accepted { provider_id: "SM1".into() }, at(1)).await.unwrap();
    bench.store.receipt(&receipt(&pending.item.id, Delivery::Read)).await.unwrap();
    bench.store.put_small("login", "+15550100777", b"canary three", 1_000).await.unwrap();
    bench.store.count("tries", "Marisol", 1_000).await.unwrap();
    bench.store.alias(&bench.patient(99).address, &ana.address).await.unwrap();
    bench.store.fault("sms", "canary four", at(1)).await.unwrap();
}

fn assert_no_canary(dump: &[u8]) {
    assert!(dump.len() > 500, "{} bytes", dump.len());
    for canary in CANARIES {
        assert!(!dump.windows(canary.len()).any(|bytes| bytes == canary.as_bytes()), "`{canary}` stands in the store");
    }
}

async fn redis_connection(bench: &Bench) -> redis::aio::MultiplexedConnection {
    redis::Client::open(bench.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test]
async fn the_file_and_its_log_hold_nothing_readable() {
    let bench = Bench::open(Kind::Embedded).await;
    fill(&bench, &bench.patient(1)).await;
    let mut dump = Vec::new();
    for entry in std::fs::read_dir(bench.dir.path()).unwrap() {
        dump.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    assert_no_canary(&dump);
}

#[tokio::test]
async fn redis_holds_nothing_readable_in_keys_and_values() {
    let bench = Bench::open(Kind::Redis).await;
    fill(&bench, &bench.patient(1)).await;
    let mut connection = redis_connection(&bench).await;
    let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    assert!(keys.len() >= 10, "{} keys", keys.len());
    let mut dump = Vec::new();
    for key in keys {
        assert!(key.starts_with(b"in:"));
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut connection).await.unwrap();
        let read: (&str, &[&str]) = match kind.as_str() {
            "string" => ("GET", &[]),
            "hash" => ("HGETALL", &[]),
            "list" => ("LRANGE", &["0", "-1"]),
            "zset" => ("ZRANGE", &["0", "-1"]),
            "stream" => ("XRANGE", &["-", "+"]),
            other => panic!("a key of type {other}"),
        };
        let value: redis::Value = redis::cmd(read.0).arg(&key).arg(read.1).query_async(&mut connection).await.unwrap();
        dump.extend(&key);
        flatten(&value, &mut dump);
    }
    assert_no_canary(&dump);
}

fn flatten(value: &redis::Value, dump: &mut Vec<u8>) {
    match value {
        redis::Value::BulkString(bytes) => dump.extend(bytes),
        redis::Value::SimpleString(text) => dump.extend(text.as_bytes()),
        redis::Value::Array(values) => values.iter().for_each(|value| flatten(value, dump)),
        redis::Value::Int(_) | redis::Value::Okay | redis::Value::Nil => {}
        other => panic!("unexpected {other:?}"),
    }
}

/// Runs SQL on the file, beside the store.
async fn sql(bench: &Bench, statement: &'static str, texts: &[&str]) {
    let mut connection = SqliteConnection::connect(&bench.url).await.unwrap();
    let mut query = sqlx::query(statement);
    for text in texts {
        query = query.bind(*text);
    }
    assert!(query.execute(&mut connection).await.unwrap().rows_affected() > 0);
}

/// Gives `to` the stored conversation of `from`, behind the store's back.
async fn give(bench: &Bench, from: &Patient, to: &Patient) {
    match bench.kind {
        Kind::Embedded => {
            let copy = "UPDATE live_conversation SET value = (SELECT value FROM live_conversation WHERE id = ?1) WHERE id = ?2";
            sql(bench, copy, &[from.id.as_str(), to.id.as_str()]).await;
        }
        Kind::Redis => {
            let mut connection = redis_connection(bench).await;
            let keys: Vec<String> = redis::cmd("KEYS").arg("in:*:s:*").query_async(&mut connection).await.unwrap();
            let of = |patient: &Patient| keys.iter().find(|key| key.ends_with(patient.id.as_str())).unwrap();
            let _: i64 = redis::cmd("COPY").arg(of(from)).arg(of(to)).arg("REPLACE").query_async(&mut connection).await.unwrap();
        }
        Kind::Memory => panic!("nobody gets at it"),
    }
}

/// Puts the sealed value of one outbox item in the place of another's.
async fn give_item(bench: &Bench, from: &OutboxId, to: &OutboxId) {
    match bench.kind {
        Kind::Embedded => {
            let copy = "UPDATE live_outbox SET value = (SELECT value FROM live_outbox WHERE id = ?1) WHERE id = ?2";
            sql(bench, copy, &[from.as_str(), to.as_str()]).await;
        }
        Kind::Redis => {
            let mut connection = redis_connection(bench).await;
            let keys: Vec<String> = redis::cmd("KEYS").arg("in:*:o").query_async(&mut connection).await.unwrap();
            let mut value = None;
            for key in &keys {
                let found: Option<Vec<u8>> = redis::cmd("HGET").arg(key).arg(from.as_str()).query_async(&mut connection).await.unwrap();
                value = value.or(found);
            }
            for key in &keys {
                let has: bool = redis::cmd("HEXISTS").arg(key).arg(to.as_str()).query_async(&mut connection).await.unwrap();
                if has {
                    let set = redis::cmd("HSET").arg(key).arg(to.as_str()).arg(value.clone().unwrap()).clone();
                    let _: i64 = set.query_async(&mut connection).await.unwrap();
                }
            }
        }
        Kind::Memory => panic!("nobody gets at it"),
    }
}

#[tokio::test]
async fn a_conversation_put_in_anothers_place_does_not_open() {
    for kind in [Kind::Embedded, Kind::Redis] {
        let bench = Bench::open(kind).await;
        let (ana, ben) = (bench.patient(1), bench.patient(2));
        for who in [&ana, &ben] {
            bench.kept(who.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "hello")])).await;
        }
        give(&bench, &ana, &ben).await;
        let opened = bench.store.load(&ben.id).await;
        assert!(matches!(&opened, Err(StoreError::Corrupt(what)) if what.contains(ben.id.as_str())), "{kind:?}: {opened:?}");
        assert!(bench.store.load(&ana.id).await.is_ok());
    }
}

#[tokio::test]
async fn an_item_that_does_not_open_holds_back_only_its_conversation() {
    for kind in [Kind::Embedded, Kind::Redis] {
        let bench = Bench::open(kind).await;
        let (ana, ben) = (bench.patient(1), bench.patient(2));
        for who in [&ana, &ben] {
            bench.kept(who.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "one"), (Purpose::Dialogue, "two")])).await;
        }
        give_item(&bench, &ana.outbox("e", 0), &ben.outbox("e", 0)).await;
        assert_eq!(bench.ready_ids(0).await, [ana.outbox("e", 0)], "{kind:?}");
        assert_eq!(bench.ready_ids(1).await, [ana.outbox("e", 0)], "{kind:?}");
        assert_eq!(bench.store.depth().await.unwrap().0, 4, "{kind:?}: it is kept for whoever repairs it");
    }
}

#[tokio::test]
async fn a_store_of_another_index_key_is_refused_at_the_start() {
    for kind in [Kind::Embedded, Kind::Redis] {
        let bench = Bench::open(kind).await;
        bench.store.close().await;
        let other = Sealer::parse(&Sealer::generate(&bench.clock)).unwrap();
        let refused = Store::open(&bench.url, other, bench.clock.clone()).await;
        assert!(matches!(&refused, Err(StoreError::Configuration(what)) if what.contains("index key")), "{kind:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_missing_data_key_is_told_as_corrupt_and_a_rotated_one_opens_both() {
    for kind in [Kind::Embedded, Kind::Redis] {
        let mut bench = Bench::open(kind).await;
        let (ana, ben) = (bench.patient(1), bench.patient(2));
        bench.kept(ana.turn(&bench, 0, None, "e", &[])).await;
        let old = bench.keys.clone();
        bench.keys = Sealer::rotated(&old, &bench.clock, 0).unwrap();
        bench.reopen().await;
        bench.kept(ben.turn(&bench, 0, None, "e", &[])).await;
        assert!(bench.store.load(&ana.id).await.unwrap().is_some() && bench.store.load(&ben.id).await.unwrap().is_some());
        bench.keys = old;
        bench.reopen().await;
        assert!(bench.store.load(&ana.id).await.unwrap().is_some());
        assert!(matches!(bench.store.load(&ben.id).await, Err(StoreError::Corrupt(_))), "{kind:?}");
    }
}

#[tokio::test]
async fn two_ids_that_lead_to_each_other_in_redis_lead_to_the_conversation_again() {
    let bench = Bench::open(Kind::Redis).await;
    let mut connection = redis_connection(&bench).await;
    let (ana, phone) = (bench.patient(1), bench.patient(2).address);
    // Two made an alias each at the same moment, one before and one after the conversation began.
    bench.store.alias(&ana.address, &phone).await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg(format!("*:a:{}", ana.id)).query_async(&mut connection).await.unwrap();
    let [key] = keys.as_slice() else { panic!("{keys:?}") };
    redis::cmd("DEL").arg(key).query_async::<()>(&mut connection).await.unwrap();
    bench.kept(ana.turn(&bench, 0, None, "e", &[])).await;
    bench.store.alias(&phone, &ana.address).await.unwrap();
    let target = bench.store.conversation_id(&phone);
    redis::cmd("SET").arg(key).arg(target.as_str()).query_async::<()>(&mut connection).await.unwrap();

    for address in [&phone, &ana.address] {
        let (id, loaded) = bench.store.find(address).await.unwrap();
        assert!(id == ana.id && loaded.is_some());
    }
    assert!(!redis::cmd("EXISTS").arg(key).query_async::<bool>(&mut connection).await.unwrap());
}
