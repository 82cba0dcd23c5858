//! Erasing: nothing of a conversation is left in either store, an opt-out holds, repeats stay repeats, and a schedule does the same.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use intake::{
    base::{clock::Clock, id::ConversationId},
    runtime::{
        erase::{Erased, Erasing},
        retention,
    },
};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{Column, Connection, Row, ValueRef};

use crate::{
    privacy,
    running::{Place, Running, answered, sms},
    support::redis::RedisServer,
};

const ANA: &str = "+15550100001";
const BEN: &str = "+15550100002";
/// Bytes of the smallest sealed value that says anything; a hash of the audit, which stays, has 32.
const SEALED: usize = 33;

async fn id(running: &Running, number: &str) -> ConversationId {
    running.service.store().resolve(&sms(number)).await.unwrap()
}

async fn settled(running: &Running, id: &ConversationId, n_turn: u64) {
    running
        .recorded(async |service| {
            let Some(page) = service.records().conversation(id, None).await.unwrap() else { return false };
            let told = page.transcript.iter().all(|message| message.state.as_deref() != Some("waiting"));
            page.standing.n_turn >= n_turn && told && service.store().depth().await.unwrap().0 == 0
        })
        .await;
}

async fn erased(running: &Running, id: &ConversationId) {
    running.recorded(async |service| service.records().erased_at(id).await.unwrap().is_some()).await;
}

/// Every sealed value of a file of SQLite.
async fn blobs(file: &Path) -> BTreeSet<Vec<u8>> {
    let mut db = sqlx::SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'").fetch_all(&mut db).await.unwrap();
    let mut all = BTreeSet::new();
    for table in tables {
        for row in sqlx::query(sqlx::AssertSqlSafe(format!("SELECT * FROM {table}"))).fetch_all(&mut db).await.unwrap() {
            for column in row.columns() {
                let value = row.try_get_raw(column.ordinal()).unwrap();
                if !value.is_null() && value.type_info().to_string() == "BLOB" {
                    all.insert(row.get::<Vec<u8>, _>(column.ordinal()));
                }
            }
        }
    }
    all.retain(|blob| blob.len() >= SEALED);
    all
}

/// Every value of a Redis that is long enough to be sealed, part by part, and its keys.
async fn parts(url: &str) -> BTreeSet<Vec<u8>> {
    let mut all = BTreeSet::new();
    privacy::dump(url, |_, bytes| {
        all.extend(bytes.split(|byte| *byte == b'\n').filter(|part| part.len() >= SEALED && !part.is_ascii()).map(<[u8]>::to_vec))
    })
    .await;
    all
}

fn stands_in(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A life: what Ana says and is told, her household, an emergency, a note, STOP.
async fn lives(running: &Running) -> ConversationId {
    let body =
        json!({ "flow": "hello", "address": { "channel": "sms", "to": ANA }, "people": [{ "first_name": "canaryN", "birth_year": 1980 }] });
    let (status, _) = answered(running.api(Method::POST, "/sessions").body(body.to_string())).await;
    assert_eq!(status, StatusCode::CREATED);
    for (n, text) in ["yes", "canaryW I cant breathe", "STOP"].into_iter().enumerate() {
        assert!(running.text(&format!("SM{n}"), ANA, text).await.0.is_success());
    }
    let id = id(running, ANA).await;
    settled(running, &id, 4).await;
    id
}

async fn erase_by_api(running: &Running, id: &ConversationId) -> StatusCode {
    answered(running.api(Method::DELETE, &format!("/conversations/{id}"))).await.0
}

async fn nothing_is_left(store: &str, redis: Option<&str>) {
    let place = Place::new(store).await;
    // Without staff on call: what they are told is theirs, and says nothing of her.
    let settings = place.path().join("intake.toml");
    let config = fs::read_to_string(&settings).unwrap().replace("on_call = [\"sms:+15550100666\"]", "");
    fs::write(&settings, config).unwrap();
    let file = place.path().join("intake.db");
    let running = place.run(&Clock::machine()).await;
    running.text("SM9", BEN, "hi").await;
    let ben = id(&running, BEN).await;
    settled(&running, &ben, 1).await;
    let mut before = blobs(&file).await;
    if let Some(url) = redis {
        before.extend(parts(url).await);
    }
    let ana = lives(&running).await;
    let mut during = blobs(&file).await;
    if let Some(url) = redis {
        during.extend(parts(url).await);
    }
    let hers: Vec<&Vec<u8>> = during.difference(&before).collect();
    assert!(hers.len() > 20 && hers.iter().all(|part| part.len() < 4_000), "{} values are hers, none over a page of SQLite", hers.len());

    assert_eq!(erase_by_api(&running, &ana).await, StatusCode::NO_CONTENT);
    erased(&running, &ana).await;
    assert_eq!(erase_by_api(&running, &ana).await, StatusCode::NOT_FOUND, "once");
    let (status, _) = answered(running.api(Method::GET, &format!("/conversations/{ana}"))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let audit = running.service.records().audit_rows(Some(&ana), None, 10).await.unwrap();
    assert_eq!((audit[0].actor.as_str(), audit[0].action.as_str()), ("api:ops", "erased"));

    let kept = running.service.store().load(&ana).await.unwrap().unwrap().conversation;
    assert!(kept.opted_out_at.is_some() && kept.roster.iter().all(|person| person.first_name.reveal().is_empty()), "{kept:?}");
    assert!(running.service.store().living(&ben).await.unwrap().is_some(), "Ben's is left alone");
    assert!(running.service.records().conversation(&ben, None).await.unwrap().is_some_and(|page| page.transcript.len() > 1));
    running.service.records().empty_log().await.unwrap();
    running.stop().await;
    let mut left = fs::read(&file).unwrap();
    left.extend(fs::read(file.with_extension("db-wal")).unwrap_or_default());
    if let Some(url) = redis {
        left.extend(parts(url).await.into_iter().flatten());
    }
    let found: Vec<String> = hers.iter().filter(|part| stands_in(&left, part)).map(|part| String::from_utf8_lossy(part).into()).collect();
    assert_eq!(found, Vec::<String>::new(), "of {} values some are left", hers.len());
}

#[tokio::test]
async fn what_was_erased_is_nowhere_left_in_a_file() {
    nothing_is_left("sqlite:intake.db", None).await;
}

#[tokio::test]
async fn what_was_erased_is_nowhere_left_in_redis_and_its_record() {
    let redis = RedisServer::start();
    nothing_is_left(&redis.url(), Some(&redis.url())).await;
}

#[tokio::test]
async fn after_an_erasure_repeats_change_nothing_and_who_opted_out_stays_so() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    let ana = lives(&running).await;
    let n_sent = place.provider.urls().len();
    assert_eq!(erase_by_api(&running, &ana).await, StatusCode::NO_CONTENT);
    erased(&running, &ana).await;
    for (n, text) in ["yes", "canaryW I cant breathe", "STOP"].into_iter().enumerate() {
        assert!(running.text(&format!("SM{n}"), ANA, text).await.0.is_success(), "a late repeat");
    }
    let start = json!({ "flow": "hello", "address": { "channel": "sms", "to": ANA } });
    let (status, body) = answered(running.api(Method::POST, "/sessions").body(start.to_string())).await;
    assert_eq!((status, body.contains("opted-out")), (StatusCode::CONFLICT, true), "{body}");
    assert!(running.service.store().living(&ana).await.unwrap().is_none(), "it is still erased");
    assert_eq!(place.provider.urls().len(), n_sent, "nothing was sent");

    // They come back: a conversation anew, of which the record knows nothing from before.
    assert!(running.text("SM7", ANA, "START").await.0.is_success());
    running.recorded(async |service| service.records().standing(&ana).await.unwrap().is_some()).await;
    let before = running.service.records().conversation(&ana, None).await.unwrap().unwrap();
    assert!(before.transcript.iter().all(|message| !message.text.reveal().contains("canary")), "{} messages", before.transcript.len());
    running.service.records().rebuild().await.unwrap();
    let again = running.service.records().conversation(&ana, None).await.unwrap().unwrap();
    assert_eq!(again.transcript.len(), before.transcript.len(), "made again from the archive it is the same");
    assert!(running.service.records().erased_at(&ana).await.unwrap().is_some());
    running.stop().await;
}

#[tokio::test]
async fn what_is_kept_long_enough_is_erased_by_schedule_unless_somebody_waits() {
    let place = Place::new("memory:").await;
    let file = place.path().join("intake.toml");
    let config = fs::read_to_string(&file).unwrap().replacen("[flows]", "[retention]\ndays = 30\n[flows]", 1);
    fs::write(&file, config).unwrap();
    let began: Timestamp = "2026-03-02T14:00:00Z".parse().unwrap();
    let clock = Clock::set_to(began, 7);
    let running = place.run(&clock).await;
    running.text("SM1", ANA, "hi").await;
    running.text("SM2", BEN, "cant breathe").await;
    let (ana, ben) = (id(&running, ANA).await, id(&running, BEN).await);
    settled(&running, &ana, 1).await;
    settled(&running, &ben, 1).await;
    let sweep_after = async |days: i64| {
        clock.move_to(began + SignedDuration::from_hours(24 * days));
        retention::sweep(&running.service).await.unwrap()
    };
    assert_eq!(sweep_after(29).await, 0, "not yet");
    // Her session's last reminder moved it forward, days ago: the days count from there.
    running.recorded(async |service| service.store().load(&ana).await.unwrap().unwrap().conversation.sessions.is_empty()).await;
    let ended = running.service.records().standing(&ana).await.unwrap().unwrap().changed_at;
    clock.move_to(ended + SignedDuration::from_hours(24 * 31));
    retention::sweep(&running.service).await.unwrap();
    erased(&running, &ana).await;
    assert!(running.service.store().living(&ben).await.unwrap().is_some(), "a call for a human is open");
    assert_eq!(running.service.records().audit_rows(Some(&ana), None, 1).await.unwrap()[0].action, "erased: kept long enough");

    clock.move_to(clock.now() + SignedDuration::from_hours(24 * 31));
    retention::sweep(&running.service).await.unwrap();
    assert!(running.service.store().load(&ana).await.unwrap().is_none(), "the tombstone is forgotten in time");
    running.stop().await;
}

#[tokio::test]
async fn only_what_is_quiet_is_erased_by_schedule() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    running.text("SM1", ANA, "hi").await;
    let ana = id(&running, ANA).await;
    let erasing = |quiet_since| Erasing { actor: "retention", role: "", action: "erased", quiet_since };
    let just_before = running.service.clock().now() - SignedDuration::from_hours(1);
    assert_eq!(running.service.erase(&ana, erasing(Some(just_before))).await.unwrap(), Erased::NotQuiet, "she wrote meanwhile");
    assert_eq!(running.service.erase(&ana, erasing(None)).await.unwrap(), Erased::Done);
    assert_eq!(running.service.erase(&ana, erasing(None)).await.unwrap(), Erased::Unknown);
    running.stop().await;
}

/// `intake erase`, with an address on its standard input: whether it went well, and what it said.
fn command(place: &Place, address: &str, more: &[&str]) -> (bool, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_intake"))
        .args(["erase", "--channel", "sms", "--config"])
        .arg(place.path().join("intake.toml"))
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{address}\n").as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    (out.status.success(), format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)))
}

#[tokio::test]
async fn the_command_erases_where_no_service_runs() {
    let place = Place::new("sqlite:intake.db").await;
    let running = place.run(&Clock::machine()).await;
    let ana = lives(&running).await;
    let (done, told) = command(&place, ANA, &["--yes"]);
    assert!(!done && told.contains("nothing was erased"), "the file is served: {told}");
    running.stop().await;
    for (more, done, words) in [
        (&[][..], true, "There is a conversation; `--yes` erases it."),
        (&["--yes"], true, "Erased."),
        (&["--yes"], false, "There is no such conversation, or it was erased before."),
    ] {
        let (was, told) = command(&place, ANA, more);
        assert!(was == done && told.contains(words) && !told.contains("5550100001"), "{more:?}: {told}");
    }
    let again = place.run(&Clock::machine()).await;
    assert!(again.service.records().standing(&ana).await.unwrap().is_none(), "the record was erased by the command");
    assert!(again.service.store().living(&ana).await.unwrap().is_none());
    again.stop().await;
}
