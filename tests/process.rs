//! `intake serve` as an operator runs it: killed between any two messages, and two of them beside each other.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use intake::{
    base::{Private, clock::Clock, id::TracerId},
    config::Settings,
    runtime::start,
    security::password::{self, PasswordHash},
};
use reqwest::StatusCode;

use crate::{
    running::{Place, Taken},
    support::redis::RedisServer,
};

const NUMBER: &str = "+15550100001";
const TALK: [(&str, &str, &str); 3] =
    [("SM1", "hi", "Are you well?"), ("SM2", "yes", "Do you cough?"), ("SM3", "no", "Thank you, that is all.")];

/// The questions that reached the phone, in order. The same message twice in a row is one that was in the air at a kill.
fn heard(taken: &[Taken]) -> Vec<&'static str> {
    let mut heard = Vec::new();
    let mut last = None;
    for one in taken {
        if last.replace(&one.token) == Some(&one.token) {
            continue;
        }
        heard.extend(TALK.iter().map(|(_, _, question)| *question).filter(|question| one.text.contains(question)));
    }
    heard
}

async fn a_talk_survives_kills(store: &str) {
    let place = Place::new(store).await;
    let mut node = place.node().await;
    for (nth, (sid, text, _)) in TALK.iter().enumerate() {
        assert_eq!(node.running.text(sid, NUMBER, text).await.0, StatusCode::OK);
        node.killed_and_started_again().await;
        // The provider did not hear of its success and comes again.
        assert_eq!(node.running.text(sid, NUMBER, text).await.0, StatusCode::OK);
        place.provider.taken_with(TALK[nth].2).await;
    }
    assert_eq!(heard(&place.provider.taken(3).await), TALK.map(|(_, _, question)| question));
}

#[tokio::test]
async fn a_talk_survives_kills_on_sqlite() {
    a_talk_survives_kills("sqlite:intake.db").await;
}

#[tokio::test]
async fn a_talk_survives_kills_on_redis() {
    let redis = RedisServer::start();
    a_talk_survives_kills(&redis.url()).await;
}

async fn what_waits_for_its_rate_does_not_hold_up_a_stop(store: &str) {
    let place = Place::new(store).await;
    let file = place.path().join("intake.toml");
    let config = fs::read_to_string(&file).unwrap();
    fs::write(&file, config.replacen("per_second = 2000", "per_second = 2\nburst = 2", 1)).unwrap();
    let mut node = place.node().await;
    for n in 10..30 {
        assert_eq!(node.running.text(&format!("SM{n}"), &format!("+155501000{n}"), "hi").await.0, StatusCode::OK);
    }
    // Twenty replies take nine seconds at this rate.
    place.provider.taken(2).await;
    let took = node.stopped_and_started_again().await;
    assert!(took < Duration::from_secs(6), "it waited for the rate: {took:?}");
    let before = place.provider.taken(2).await.len();
    assert!(before < 15, "{before} had left when it ended");
    let mut heard: Vec<String> = place.provider.taken(20).await.into_iter().map(|taken| taken.to).collect();
    heard.sort();
    assert_eq!(heard, (10..30).map(|n| format!("+155501000{n}")).collect::<Vec<_>>(), "everybody has one reply");
}

#[tokio::test]
async fn what_waits_for_its_rate_does_not_hold_up_a_stop_on_sqlite() {
    what_waits_for_its_rate_does_not_hold_up_a_stop("sqlite:intake.db").await;
}

#[tokio::test]
async fn what_waits_for_its_rate_does_not_hold_up_a_stop_on_redis() {
    let redis = RedisServer::start();
    what_waits_for_its_rate_does_not_hold_up_a_stop(&redis.url()).await;
}

#[tokio::test]
async fn the_same_webhook_at_two_nodes_has_one_effect() {
    let redis = RedisServer::start();
    let place = Place::new(&redis.url()).await;
    let (one, other) = (place.node().await, place.node().await);
    for (sid, text, question) in TALK {
        let calls = (0..10).map(|nth| if nth % 2 == 0 { &one } else { &other }).map(|node| node.running.text(sid, NUMBER, text));
        for (status, _) in futures_util::future::join_all(calls).await {
            assert_eq!(status, StatusCode::OK);
        }
        place.provider.taken_with(question).await;
    }
    let taken = place.provider.taken(3).await;
    assert_eq!(heard(&taken), TALK.map(|(_, _, question)| question));
    assert_eq!(taken.len(), 3, "{taken:?}");
}

#[tokio::test]
async fn the_demo_opens_with_nothing_but_a_folder_name() {
    intake::runtime::http::install_ring();
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_intake"))
        .args(["demo", "--dir", "try", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(demo.stdout.take().unwrap());
    let lines: Vec<String> = said.lines().map(Result::unwrap).take_while(|line| !line.contains("Ctrl-C")).collect();
    let address = |part: &str| {
        let line = lines.iter().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part} in {lines:?}"));
        line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned()
    };
    assert!(lines.iter().any(|line| line.contains("password")), "{lines:?}");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (part, expected) in [("/phone", "A phone to try with"), ("/desk", "<form")] {
        let page = client.get(address(part)).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK, "{part}");
        assert!(page.text().await.unwrap().contains(expected), "{part}");
    }
    assert!(folder.path().join("try/intake.key").is_file());
    demo.kill().unwrap();
    demo.wait().unwrap();
}

#[tokio::test]
async fn a_user_is_added_with_a_password_and_a_key_is_never_written_over() {
    let place = Place::new("sqlite:intake.db").await;
    let run = |args: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_intake")).args(args).current_dir(place.path()).output().unwrap();
        (done.status.success(), String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap())
    };
    let (well, said) = run(&["user", "add", "bo", "--role", "tracer", "--first-name", "Bo"]);
    assert!(well, "{said}");
    let password = said.lines().find_map(|line| line.strip_prefix("Password: ")).unwrap().to_owned();
    let settings = Settings::read(&place.path().join("intake.toml")).unwrap();
    let records = start::open_records(&settings, &Clock::machine()).await.unwrap();
    let user = records.user(&TracerId::from("bo")).await.unwrap().unwrap();
    assert_eq!((user.role.as_str(), user.first_name.reveal().as_str()), ("tracer", "Bo"));
    let stored = PasswordHash::from_stored(user.password_hash.reveal().as_str());
    assert!(password::verify(&Private::new(password), Some(&stored)));
    for (args, part) in [
        (&["user", "add", "bo", "--first-name", "Bo"][..], "a user `bo` exists already"),
        (&["user", "add", "bo2", "--role", "boss", "--first-name", "Bo"], "write one of tracer, supervisor"),
        (&["user", "add", "nobody", "--first-name", "Bo"], "neither `bot` nor `nobody`"),
        (&["keys", "new"], "intake.key is there already and is left alone"),
        (&["serve", "--config", "nowhere.toml"], "nowhere.toml cannot be used"),
    ] {
        let (well, said) = run(args);
        assert!(!well && said.contains(part), "{args:?}: {said}");
    }
    let (well, said) = run(&["keys", "new", "other.key"]);
    assert!(well && said.contains("key = { file = \"other.key\" }"), "{said}");
}
