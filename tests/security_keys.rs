//! Rotation of the sealing key: in mid-traffic, with everything sealed anew after it, and the old key gone.

use std::{fs, path::Path, process::Command, time::Duration};

use intake::{
    base::clock::Clock,
    config::Settings,
    records::NewUser,
    runtime::{keys, start},
    security::Sealer,
    store::{codec::HEADER_BYTES, reseal::Resealed},
};
use redis::AsyncCommands;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{Connection, Row, SqliteConnection};

use crate::{
    running::{Place, Running, answered, sms},
    support::redis::RedisServer,
};

/// Takes the line of a data key out of the key file, as an operator does.
fn take_out(file: &Path, id: u16) {
    let text = fs::read_to_string(file).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with(&format!("data {id} "))).collect();
    assert!(kept.len() < text.lines().count());
    fs::write(file, kept.join("\n")).unwrap();
}

/// The ids of the keys that seal what stands in all sealed columns of a file, with their columns.
async fn keys_in_sqlite(file: &Path) -> Vec<(String, Option<u16>)> {
    let mut db = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'rec_%' OR name LIKE 'live_%')")
            .fetch_all(&mut db)
            .await
            .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let columns = sqlx::query("SELECT name FROM pragma_table_info(?)").bind(&table).fetch_all(&mut db).await.unwrap();
        for column in columns.iter().map(|row| row.get::<String, _>(0)) {
            let live = table.starts_with("live_") && column == "value" && table != "live_meta";
            if !live && !column.ends_with("_sealed") {
                continue;
            }
            let query = format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL");
            let values: Vec<Vec<u8>> = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&mut db).await.unwrap();
            let skipped = if live { HEADER_BYTES } else { 0 };
            found.extend(values.iter().map(|value| (format!("{table}.{column}"), Sealer::key_id_of(&value[skipped..]))));
        }
    }
    found
}

async fn keys_in_redis(url: &str) -> Vec<(String, Option<u16>)> {
    let mut redis = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis.keys("in:*").await.unwrap();
    let mut found = Vec::new();
    for key in keys {
        let values: Vec<Vec<u8>> = if key.contains(":s:") || key.starts_with("in:rev:") || key.starts_with("in:small:") {
            vec![redis.get(&key).await.unwrap()]
        } else if key.ends_with(":o") {
            redis.hvals(&key).await.unwrap()
        } else {
            continue;
        };
        found.extend(values.iter().map(|value| (key.clone(), Sealer::key_id_of(&value[HEADER_BYTES..]))));
    }
    found
}

/// Talks with so many people beside each other.
async fn talk(running: &Running, from: u32, n_people: u32) {
    let talks = (from..from + n_people).map(|n| async move {
        for (nth, text) in ["hi", "yes", "no", "hi", "yes"].iter().enumerate() {
            assert_eq!(running.text(&format!("SM{n}-{nth}"), &format!("+1555010{n:04}"), text).await.0, StatusCode::OK);
        }
    });
    futures_util::future::join_all(talks).await;
}

async fn a_key_is_rotated_in_mid_traffic(store: &str) {
    let place = Place::new(store).await;
    let key_file = place.path().join("intake.key");
    let running = place.run(&Clock::machine()).await;
    let user = NewUser { login: "ana".into(), first_name: "Ana".into(), role: "tracer".into(), password_hash: "x".into() };
    running.service.records().add_user(&user).await.unwrap();
    running.service.store().put_small("draft", "a", b"words", 3_600).await.unwrap();
    let people = json!([{ "first_name": "Ana", "birth_year": 1980, "record": "7" }]);
    let session = json!({ "flow": "hello", "address": { "channel": "sms", "to": "+15550109999" }, "people": people });
    assert_eq!(answered(running.api(Method::POST, "/sessions").body(session.to_string())).await.0, StatusCode::CREATED);
    talk(&running, 1, 8).await;
    running.text("SM-e", "+15550100001", "cant breathe").await;

    // The command adds the key; the service is told as its loop would tell it; messages go on coming meanwhile.
    let rotation = ["keys", "rotate", "--after", "0"];
    let done = Command::new(env!("CARGO_BIN_EXE_intake")).args(rotation).current_dir(place.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let rotate = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        running.service.store().sealer().reload(&fs::read_to_string(&key_file).unwrap()).unwrap();
        keys::sweep(&running.service).await.unwrap();
    };
    tokio::join!(talk(&running, 9, 8), rotate);
    talk(&running, 1, 16).await; // what the old key sealed is read: these messages are all known
    assert_eq!(running.service.store().sealer().n_keys(), 2);

    let mut left = u64::MAX;
    for _ in 0..200 {
        left = keys::sweep(&running.service).await.unwrap().n_left;
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left, 0, "a sweep comes to its end");
    assert_eq!(keys::sweep(&running.service).await.unwrap(), Resealed::default(), "a further one finds nothing to do");
    running.stop().await;

    let mut sealed = keys_in_sqlite(&place.path().join("intake.db")).await;
    if store.starts_with("redis") {
        sealed.extend(keys_in_redis(store).await);
    }
    let old: Vec<_> = sealed.iter().filter(|(_, key)| *key != Some(2)).collect();
    assert!(old.is_empty() && sealed.len() > 100, "{} of {} are sealed with another key: {old:?}", old.len(), sealed.len());

    take_out(&key_file, 1);
    let running = place.run(&Clock::machine()).await;
    assert_eq!(running.text("SM-9", "+15550100002", "no").await.0, StatusCode::OK);
    let id = running.service.store().resolve(&sms("+15550100001")).await.unwrap();
    let page = running.service.records().conversation(&id, None).await.unwrap().unwrap();
    assert!(page.transcript.iter().any(|message| message.text.reveal() == "cant breathe"), "the record opens without the old key");
    assert_eq!(running.service.store().small("draft", "a").await.unwrap().as_deref(), Some(&b"words"[..]));
    assert_eq!(running.service.records().users().await.unwrap().len(), 1);
    running.service.records().rebuild().await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn a_key_is_rotated_in_mid_traffic_on_sqlite() {
    a_key_is_rotated_in_mid_traffic("sqlite:intake.db").await;
}

#[tokio::test]
async fn a_key_is_rotated_in_mid_traffic_on_redis() {
    let redis = RedisServer::start();
    a_key_is_rotated_in_mid_traffic(&redis.url()).await;
}

#[tokio::test]
async fn a_service_that_runs_reads_its_key_file_again_and_seals_anew_by_itself() {
    let place = Place::new("sqlite:intake.db").await;
    let key_file = place.path().join("intake.key");
    let running = place.run(&Clock::machine()).await;
    talk(&running, 1, 2).await;
    let text = fs::read_to_string(&key_file).unwrap();
    fs::write(&key_file, Sealer::rotated(&text, &Clock::machine(), 0).unwrap()).unwrap();
    let file = place.path().join("intake.db");
    for _ in 0..120 {
        if keys_in_sqlite(&file).await.iter().all(|(_, key)| *key == Some(2)) {
            running.stop().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{:?}", keys_in_sqlite(&file).await);
}

#[tokio::test]
async fn everything_is_sealed_anew_by_a_command_where_no_service_runs() {
    let place = Place::new("sqlite:intake.db").await;
    let running = place.run(&Clock::machine()).await;
    talk(&running, 1, 2).await;
    let run = |args: &[&str]| {
        let command = || Command::new(env!("CARGO_BIN_EXE_intake"));
        let done = command().args(args).current_dir(place.path()).env("INTAKE_LOG", "off").output().unwrap();
        (done.status.success(), String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap())
    };
    let (well, said) = run(&["keys", "reseal"]);
    assert!(!well && said.contains("is served by another intake process"), "{said}");
    running.stop().await;
    let key_file = place.path().join("intake.key");
    for key in 2..4 {
        let (well, said) = run(&["keys", "rotate", "--after", "0"]);
        assert!(well && said.contains(&format!("Data key {key} was added")), "{said}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (well, said) = run(&["keys", "reseal"]);
    assert!(well && said.contains("Nothing is sealed with another"), "{said}");
    take_out(&key_file, 1);
    take_out(&key_file, 2);
    let settings = Settings::read(&place.path().join("intake.toml")).unwrap();
    let service = start::open(settings, Clock::machine()).await.unwrap();
    let id = service.store().resolve(&sms("+15550100001")).await.unwrap();
    assert!(service.store().load(&id).await.unwrap().is_some());
    assert!(service.records().conversation(&id, None).await.unwrap().is_some());
}
