//! A backlog, a flood, a provider that lost webhooks, heads that are too large: the service keeps its order and its bounds.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::{sync::Arc, time::Instant};

use axum::{Json, Router, extract::Query, routing::get};
use futures_util::{StreamExt, stream};
use intake::{
    base::{Address, Language, Medium, clock::Clock, id::OutboxId},
    channel::{Channel, TwilioChannel},
    engine::{Conversation, Event, EventKind, Purpose},
    render::{Outgoing, Shape},
    runtime::{
        Loops,
        reconciler::{Reconciled, Reconciler},
    },
    store::{Commit, Committed, Load, OutboxItem, Store, TurnEntry},
};
use jiff::{Timestamp, ToSpan};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    running::{Place, Running, sms},
    support::redis::RedisServer,
};

/// Messages that wait; `INTAKE_BACKLOG=100000` for the long run. More than is read ahead of all shards together.
fn backlog() -> u32 {
    std::env::var("INTAKE_BACKLOG").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000)
}

/// Changes the configuration of a place.
fn set(place: &Place, from: &str, to: &str) {
    let file = place.path().join("intake.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "`{from}` is not in the configuration");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
}

/// A reminder that waits, as a scheduler of yesterday left it.
async fn reminder(store: &Store, clock: &Clock, n: u32) {
    let address = Address::new(Medium::Sms, format!("+1415{n:07}"));
    let id = store.conversation_id(&address);
    let now = clock.now();
    let event = Event { id: "wake:1".into(), at: now, kind: EventKind::Wake };
    let item = OutboxItem {
        id: OutboxId::derive(&id, &event.id, 0),
        address: address.clone(),
        channel: "sms".to_owned(),
        purpose: Purpose::Reminder,
        epoch: 0,
        decided_at: now,
        last_inbound_at: None,
        load: Load::Message(Outgoing {
            text: "Your daily check".into(),
            shape: Shape::Text,
            language: Language::parse("en").unwrap(),
            template: None,
        }),
    };
    let entry = TurnEntry { address: address.clone(), n_turn: 1, event, now, revision: None, facts: Vec::new(), said: Vec::new() };
    let mut conversation = Conversation::new(address, "sms");
    conversation.n_turns = 1;
    let commit = Commit {
        id,
        expected: None,
        etag: clock.random(),
        conversation,
        outbox: vec![item],
        cancel_waiting: false,
        by_address: false,
        wake_at: None,
        entry,
    };
    assert!(matches!(store.commit(commit).await.unwrap(), Committed::Done));
}

/// Somebody writes while a backlog waits: the answer is among the next that leave.
async fn an_answer_overtakes(store: &str) {
    let place = Place::new(store).await;
    set(&place, "per_second = 2000", "per_second = 400\nburst = 40");
    let clock = Clock::machine();
    let filling = place.run_without_loops(&clock).await;
    let n_waiting = backlog();
    let began = Instant::now();
    stream::iter(0..n_waiting).for_each_concurrent(256, |n| reminder(filling.service.store(), &clock, n)).await;
    let filled = began.elapsed();
    filling.stop().await;

    let began = Instant::now();
    let running = place.run_without_loops(&clock).await;
    let opened = began.elapsed();
    let loops = Loops::start(&running.service);
    place.provider.taken(1).await;
    let first = began.elapsed();
    place.provider.taken(50).await;
    assert!(running.text("SM1", "+15550100001", "hi").await.0.is_success());
    let n_before = place.provider.taken(50).await.len();
    let is_answer = |taken: &crate::running::Taken| taken.to == "+15550100001";
    let mut taken = place.provider.taken(n_before).await;
    while !taken.iter().any(is_answer) {
        let n_taken = taken.len();
        taken = place.provider.taken(n_taken + 1).await;
    }
    let at = taken.iter().position(is_answer).unwrap();
    println!(
        "{n_waiting} waited (filled in {filled:?}); opened in {opened:?}, first message after {first:?}; answer after {} others",
        at - n_before.min(at)
    );
    // What was in the air, and what the pace let go while the webhook was on its way.
    assert!(at < n_before + 128, "the answer left as number {at}, decided after {n_before}");
    assert!(taken.len() < usize::try_from(n_waiting).unwrap(), "the backlog was not sent yet");
    loops.stop().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_overtakes_a_backlog_on_sqlite() {
    an_answer_overtakes("sqlite:intake.db").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_overtakes_a_backlog_on_redis() {
    let redis = RedisServer::start();
    an_answer_overtakes(&redis.url()).await;
}

#[tokio::test]
async fn two_nodes_keep_one_senders_rate_together() {
    let redis = RedisServer::start();
    let place = Place::new(&redis.url()).await;
    set(&place, "per_second = 2000", "per_second = 20\nburst = 5");
    let clock = Clock::machine();
    let (one, two) = (place.run_without_loops(&clock).await, place.run_without_loops(&clock).await);
    for n in 0..80 {
        reminder(one.service.store(), &clock, n).await;
    }
    let loops = [Loops::start(&one.service), Loops::start(&two.service)];
    let mut counts = vec![(Instant::now(), 0)];
    while counts.last().is_some_and(|(_, n)| *n < 50) {
        let (_, n) = counts[counts.len() - 1];
        let taken = place.provider.taken(n + 1).await.len();
        counts.push((Instant::now(), taken));
    }
    for (from, n_from) in &counts {
        // What left within a second, with a little for the way from the grant to the provider.
        let n = counts.iter().filter(|(at, _)| at.duration_since(*from).as_millis() < 900).map(|(_, n)| n - n_from.min(n)).max().unwrap();
        assert!(n <= 25 + 5, "{n} within a second");
    }
    for loops in loops {
        loops.stop().await;
    }
    one.stop().await;
    two.stop().await;
}

async fn conversation(running: &Running, number: &str) -> Conversation {
    let id = running.service.store().resolve(&sms(number)).await.unwrap();
    running.service.store().load(&id).await.unwrap().expect("there is a conversation").conversation
}

#[tokio::test]
async fn a_flood_is_kept_and_shown_but_walks_no_flow_and_stop_is_still_heard() {
    let place = Place::new("memory:").await;
    set(&place, "messages_per_minute = 0", "messages_per_minute = 60");
    let clock = Clock::set_to("2026-03-02T14:00:00Z".parse().unwrap(), 1);
    let running = place.run(&clock).await;
    for n in 0..14 {
        assert!(running.text(&format!("SM{n}"), "+15550100001", "what").await.0.is_success(), "acknowledged all the same");
    }
    let id = running.service.store().resolve(&sms("+15550100001")).await.unwrap();
    running
        .recorded(async |service| {
            let page = service.records().conversation(&id, None).await.unwrap();
            page.is_some_and(|page| page.transcript.iter().filter(|message| message.text.reveal() == "what").count() == 14)
        })
        .await;
    let replies = place.provider.taken(1).await.len();
    assert!(replies <= 11, "only ten walk a flow: {replies} replies");
    assert!(running.text("SM20", "+15550100001", "I can't breathe").await.0.is_success());
    assert!(conversation(&running, "+15550100001").await.escalation.is_some(), "no emergency is missed");
    assert!(running.text("SM21", "+15550100001", "STOP").await.0.is_success());
    assert!(conversation(&running, "+15550100001").await.opted_out_at.is_some());
    assert!(running.metric("intake_effects_total{kind=\"throttled\"}").await.iter().any(|line| !line.ends_with(" 0")));
    running.stop().await;
}

/// Asks for words for as long as there are any.
const DIARY: &str = "flow: diary
title: Diary
languages: [en]
for: anyone
starts on: [diary]
ends: [complete]
steps:
  days:
    repeat: day, up to 50
    more: Another day?
    steps:
      told:
        say: What did you do?
        ask: text up to 2000
  thanks:
    say: Thank you.
    end: complete
";

#[tokio::test]
async fn an_interview_that_outgrows_what_is_stored_of_a_conversation_goes_to_a_human_and_nothing_of_it_is_lost() {
    let place = Place::new("memory:").await;
    std::fs::write(place.path().join("flows/diary.yaml"), DIARY).unwrap();
    let running = place.run(&Clock::machine()).await;
    let from = "+15550100001";
    assert!(running.text("SM0", from, "diary").await.0.is_success());
    let mut n_told = 0;
    for n in 1..=50 {
        let told = format!("day {n}: {}", "I was at home and then at work. ".repeat(45));
        for (sid, text) in [(format!("SM{n}a"), told.as_str()), (format!("SM{n}b"), "yes")] {
            let (status, answer) = running.text(&sid, from, text).await;
            assert!(status.is_success(), "{n}: {status} {answer}");
        }
        n_told += 1;
        if conversation(&running, from).await.escalation.is_some() {
            break;
        }
    }
    println!("a human was called after {n_told} long answers");
    let id = running.service.store().resolve(&sms(from)).await.unwrap();
    let all_there = async |service: &intake::runtime::Service| {
        let page = service.records().conversation(&id, None).await.unwrap();
        page.is_some_and(|page| page.transcript.iter().filter(|message| message.text.reveal().starts_with("day ")).count() == n_told)
    };
    running.recorded(all_there).await;
    assert!((12..50).contains(&n_told), "{n_told}");
    let said = place.provider.taken(1).await;
    let n_promised = said.iter().filter(|taken| taken.text.contains("will write to you here as soon as they can")).count();
    assert_eq!(n_promised, 1, "they are told so, once: {:?}", said.last().map(|taken| &taken.text));
    // The conversation goes on being heard.
    assert!(running.text("SM90", from, "I can't breathe").await.0.is_success());
    assert!(running.text("SM91", from, "STOP").await.0.is_success());
    assert!(conversation(&running, from).await.opted_out_at.is_some());
    running.stop().await;
}

#[tokio::test]
async fn heads_that_are_too_large_are_told_so() {
    let place = Place::new("memory:").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    let host = running.url.strip_prefix("http://").unwrap();
    let many: String = (0..100).map(|n| format!("X-N{n}: 1\r\n")).collect();
    for head in [format!("X-Long: {}\r\n", "x".repeat(64 * 1024)), many] {
        let mut stream = TcpStream::connect(host).await.unwrap();
        let _ = stream.write_all(format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{head}\r\n").as_bytes()).await;
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 431");
    }
    let ok = running.client.get(format!("{}/healthz", running.url)).send().await.unwrap();
    assert_eq!(ok.status(), StatusCode::OK);
}

/// Twilio's list of messages: two pages, newest first.
async fn twilio_list(messages: Vec<Value>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let path = "/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";
    let messages = Arc::new(messages);
    let list = move |Query(query): Query<std::collections::BTreeMap<String, String>>| async move {
        let (page, next) = match query.get("Page") {
            Some(_) => (&messages[2..], Value::Null),
            None => {
                assert_eq!(query["To"], "+15550100000");
                assert!(query.contains_key("DateSent>") && query.contains_key("DateSent<"), "{query:?}");
                (&messages[..2], json!(format!("{path}?Page=1&PageToken=PASM1")))
            }
        };
        Json(json!({ "messages": page, "next_page_uri": next }))
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().route(path, get(list))).await.unwrap() });
    url
}

fn listed(sid: &str, direction: &str, body: &str, at: Timestamp) -> Value {
    let date = jiff::fmt::rfc2822::to_string(&at.to_zoned_datetime(jiff::tz::TimeZone::UTC)).unwrap();
    json!({ "sid": sid, "direction": direction, "from": "+15550100001", "to": "+15550100000", "body": body, "num_media": "0",
            "status": "received", "date_sent": date, "date_created": date })
}

#[tokio::test]
async fn a_message_whose_webhook_was_lost_is_found_in_the_list_and_has_its_effect_once() {
    let place = Place::new("memory:").await;
    let now: Timestamp = "2026-03-02T14:30:00Z".parse().unwrap();
    let ago = |minutes: i64| now.checked_sub(minutes.minutes()).unwrap();
    let url = twilio_list(vec![
        listed("SM2", "inbound", "yes", ago(4)),
        listed("SMx", "outbound-api", "no", ago(5)),
        listed("SM1", "inbound", "hi", ago(6)),
    ])
    .await;
    set(&place, &format!("base_url = \"{}\"", place.provider.url), &format!("base_url = \"{url}\""));
    let clock = Clock::set_to(ago(6), 1);
    let running = place.run_without_loops(&clock).await;
    assert!(running.text("SM1", "+15550100001", "hi").await.0.is_success());
    clock.move_to(now);
    let channel: TwilioChannel = running
        .service
        .settings()
        .channels
        .iter()
        .find_map(|channel| match channel {
            Channel::Twilio(channel) => Some(channel.clone()),
            Channel::WhatsApp(_) | Channel::Browser(_) => None,
        })
        .unwrap();
    let mut reconciler = Reconciler::new(running.service.clone());
    let found = |n_missing| Reconciled { n_listed: 2, n_missing };
    assert_eq!(reconciler.since(&channel, ago(30), true).await.unwrap(), found(1), "only told");
    assert_eq!(conversation(&running, "+15550100001").await.n_turns, 1);
    assert_eq!(reconciler.since(&channel, ago(30), false).await.unwrap(), found(1));
    let after = conversation(&running, "+15550100001").await;
    assert_eq!((after.n_turns, after.last_inbound_at), (2, Some(ago(4))), "by the time that it was sent");
    assert_eq!(reconciler.since(&channel, ago(30), false).await.unwrap(), found(0));
    // Its webhook comes after all.
    assert!(running.text("SM2", "+15550100001", "yes").await.0.is_success());
    assert_eq!(conversation(&running, "+15550100001").await.n_turns, 2);
    // The first round sets the mark and answers nothing that came before; another node goes on from there.
    assert_eq!(reconciler.since_the_mark(&channel).await.unwrap(), Reconciled::default());
    clock.move_to(now.checked_add(2.minutes()).unwrap());
    let mut other = Reconciler::new(running.service.clone());
    assert_eq!(other.since_the_mark(&channel).await.unwrap(), found(0));
}
