//! The base's own guards: the network to Redis, the listener of figures, the audit's signed heads, values that were tampered with.

use std::{fs, process::Command};

use intake::{
    base::clock::Clock,
    config::{Settings, seal},
    records::{AuditState, Auditing},
    runtime::heads,
    security::Sealer,
    web,
};
use reqwest::StatusCode;
use sqlx::Connection;
use tokio::net::TcpListener;

use crate::running::{Caller, Place, answered};

const REDIS: &str = r#"
[store]
url = "redis://redis.example.org:6379/0"
[seal]
key = { file = "intake.key" }
[agency]
name = "City Health Department"
emergency_number = "911"
country = "US"
time_zone = "UTC"
[[channel]]
name = "sms"
provider = "browser"
[api]
tokens = []
"#;

#[test]
fn a_redis_across_a_network_without_tls_is_refused_unless_the_operator_trusts_the_network() {
    let folder = tempfile::tempdir().unwrap();
    seal::write_new(&folder.path().join("intake.key"), &Sealer::generate(&Clock::machine())).unwrap();
    let read = |text: &str| {
        fs::write(folder.path().join("intake.toml"), text).unwrap();
        Settings::read(&folder.path().join("intake.toml"))
    };
    let refused = read(REDIS).unwrap_err().to_string();
    assert!(refused.contains("store.url") && refused.contains("without TLS") && refused.contains("`network = \"trusted\"`"), "{refused}");
    let no_password = read(&REDIS.replace("redis://", "rediss://")).unwrap_err().to_string();
    assert!(no_password.contains("without a password"), "{no_password}");
    let trusted = read(&REDIS.replace("[store]", "[store]\nnetwork = \"trusted\"")).unwrap();
    assert!(trusted.warnings.iter().any(|warning| warning.key == "store.url"), "{:?}", trusted.warnings);
    assert!(read(&REDIS.replace("[store]", "[store]\nnetwork = \"yes\"")).unwrap_err().to_string().contains("can be `trusted`"));
    read(&REDIS.replace("redis://", "rediss://intake:secret@")).unwrap();
    read(&REDIS.replace("redis.example.org", "127.0.0.1")).unwrap();
}

#[tokio::test]
async fn figures_are_told_at_their_own_listener_alone_where_one_is_named() {
    let place = Place::new("memory:").await;
    let file = place.path().join("intake.toml");
    let config = fs::read_to_string(&file).unwrap().replacen("[server]", "[server]\nmetrics_listen = \"127.0.0.1:9\"", 1);
    fs::write(&file, config).unwrap();
    let running = place.run(&Clock::machine()).await;
    let (status, _) = answered(running.client.get(format!("{}/metrics", running.url))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let inside = Caller::of(format!("http://{}", listener.local_addr().unwrap()));
    let service = running.service.clone();
    let serving = tokio::spawn(async move { web::serve_figures(&service, listener).await });
    assert!(!inside.metric("intake_outbox_depth").await.is_empty());
    let (status, _) = answered(inside.client.get(format!("{}/desk/login", inside.url))).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "nothing else is told there");
    running.stop().await;
    serving.await.unwrap().unwrap();
}

fn verify(place: &Place, heads: &str) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_intake"))
        .args(["audit", "verify", "--heads"])
        .arg(place.path().join(heads))
        .arg("--config")
        .arg(place.path().join("intake.toml"))
        .output()
        .unwrap();
    (out.status.success(), String::from_utf8(out.stdout).unwrap())
}

#[tokio::test]
async fn a_head_kept_elsewhere_finds_an_audit_that_was_made_anew() {
    let place = Place::new("sqlite:intake.db").await;
    let file = place.path().join("intake.toml");
    let config = fs::read_to_string(&file).unwrap().replacen("[flows]", "[audit]\nheads = \"heads\"\n[flows]", 1);
    fs::write(&file, config).unwrap();
    let running = place.run_without_loops(&Clock::machine()).await;
    let act = |action: &'static str| Auditing { actor: "ana", role: "tracer", action, conversation: None, detail: "" };
    let records = running.service.records().clone();
    assert_eq!(heads::give_away(&running.service).await.unwrap(), None, "there are no rows yet");
    for action in ["viewed", "claims", "replies"] {
        records.audit(act(action)).await.unwrap();
        heads::give_away(&running.service).await.unwrap();
    }
    let (whole, told) = verify(&place, "heads");
    assert!(whole && told.contains("3 rows follow") && told.contains("3 heads"), "{told}");

    // Who can write the file makes the whole chain anew, without the claim.
    let mut db = sqlx::SqliteConnection::connect(&format!("sqlite:{}", place.path().join("intake.db").display())).await.unwrap();
    sqlx::raw_sql("DELETE FROM rec_audit").execute(&mut db).await.unwrap();
    for action in ["viewed", "replies", "notes"] {
        records.audit(act(action)).await.unwrap();
    }
    assert!(matches!(records.audit_verify().await.unwrap(), AuditState::Whole { n: 3, .. }), "the chain alone does not tell");
    let (whole, told) = verify(&place, "heads");
    assert!(!whole && told.contains("The audit was changed"), "{told}");

    let forged = fs::read_to_string(place.path().join("heads")).unwrap().replace("audit-head.1.3.", "audit-head.1.2.");
    fs::write(place.path().join("forged"), forged).unwrap();
    let (whole, told) = verify(&place, "forged");
    assert!(!whole && told.contains("was not signed with our key"), "{told}");
    running.stop().await;
}

#[tokio::test]
async fn a_changed_value_is_counted_and_an_older_one_put_back_is_found_by_the_record() {
    let place = Place::new("sqlite:intake.db").await;
    let running = place.run(&Clock::machine()).await;
    let mut db = sqlx::SqliteConnection::connect(&format!("sqlite:{}", place.path().join("intake.db").display())).await.unwrap();
    running.text("SM1", "+15550100001", "hi").await;
    let id = running.service.store().resolve(&crate::running::sms("+15550100001")).await.unwrap();
    let recorded = async |n_turn: u64| {
        running
            .recorded(async |service| service.records().standing(&id).await.unwrap().is_some_and(|standing| standing.n_turn >= n_turn))
            .await;
    };
    recorded(1).await;
    let older: Vec<u8> =
        sqlx::query_scalar("SELECT value FROM live_conversation WHERE id = ?").bind(id.as_str()).fetch_one(&mut db).await.unwrap();
    running.text("SM2", "+15550100001", "yes").await;
    recorded(2).await;
    let put = async |db: &mut sqlx::SqliteConnection, value: &[u8]| {
        sqlx::query("UPDATE live_conversation SET value = ? WHERE id = ?").bind(value).bind(id.as_str()).execute(db).await.unwrap();
    };
    put(&mut db, &older).await;
    assert!(running.text("SM3", "+15550100001", "no").await.0.is_success(), "it opens in its own place");
    running.recorded(async |_| running.metric("intake_rolled_back_total").await.iter().any(|line| !line.ends_with(" 0"))).await;

    let mut changed = older.clone();
    *changed.last_mut().unwrap() ^= 1;
    put(&mut db, &changed).await;
    assert_eq!(running.text("SM4", "+15550100001", "no").await.0, StatusCode::SERVICE_UNAVAILABLE);
    let counted = running.metric("intake_not_opened_total").await;
    assert!(counted.iter().any(|line| line.contains("what=\"conversation\"")), "{counted:?}");
    running.stop().await;
}
