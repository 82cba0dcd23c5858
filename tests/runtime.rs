//! Turns, sending, waking and recording, as a whole process does them.

use intake::{
    base::{EventId, clock::Clock, id::RevisionId},
    engine::{
        Conversation, Event, EventKind,
        event::{DeskAct, IfBusy, Start},
        session::{Frame, Session},
    },
    render::{Catalog, Partials},
    runtime::{Target, TurnError, Turned, shelf::Shelf},
    store::{Commit, Committed, TurnEntry},
};
use jiff::{Timestamp, ToSpan};

use crate::{
    running::{Place, Running, sms},
    support::redis::RedisServer,
};

fn start_of_flow(id: &str, at: Timestamp) -> Event {
    let start = Start { flow: "hello".to_owned(), channel: "sms".to_owned(), language: None, people: Vec::new(), if_busy: IfBusy::Refuse };
    Event { id: EventId::from(id), at, kind: EventKind::Start(start) }
}

fn target(number: &str) -> Target {
    Target::Address { address: sms(number), channel: "sms".to_owned() }
}

async fn conversation(running: &Running, number: &str) -> Conversation {
    let id = running.service.store().resolve(&sms(number)).await.unwrap();
    running.service.store().load(&id).await.unwrap().expect("there is a conversation").conversation
}

#[tokio::test]
async fn who_wrote_what_cannot_be_answered_is_told_that_a_human_will_where_even_that_can_be_said() {
    let unsayable = Partials::from([("handed-over".to_owned(), [("en".to_owned(), "{{nobody-knows this}}".to_owned())].into())]);
    for (partials, n_said) in [(Partials::new(), 1), (unsayable, 0)] {
        let place = Place::new("memory:").await;
        let running = place.run_without_loops(&Clock::machine()).await;
        // The words of the flow are not there.
        let library = running.service.shelf().library.clone();
        running.service.put_in_service(Shelf { library, catalog: Catalog::shared(&partials) });
        assert!(running.text("SM1", "+15550100001", "hi").await.0.is_success());
        let called = conversation(&running, "+15550100001").await.escalation.expect("a human is called");
        assert_eq!(called.rule, "fault");
        assert_eq!(running.service.store().depth().await.unwrap().0, n_said);
        running.stop().await;
    }
}

#[tokio::test]
async fn what_was_kept_by_a_process_that_died_is_sent_by_the_next_one_once() {
    let place = Place::new("sqlite:intake.db").await;
    let clock = Clock::machine();
    let first = place.run_without_loops(&clock).await;
    assert!(first.text("SM1", "+15550100001", "hi").await.0.is_success());
    first.stop().await;
    let second = place.run(&clock).await;
    // The provider comes again, since it is not sure: no second effect.
    assert!(second.text("SM1", "+15550100001", "hi").await.0.is_success());
    assert!(second.text("SM2", "+15550100001", "yes").await.0.is_success());
    let taken = place.provider.taken(2).await;
    assert!(taken[0].text.contains("Are you well?") && taken[1].text.contains("Do you cough?"), "{taken:?}");
    second.stop().await;
}

#[tokio::test]
async fn a_reminder_fires_from_its_stored_wake_after_a_restart() {
    let place = Place::new("sqlite:intake.db").await;
    let morning: Timestamp = "2026-03-02T14:00:00Z".parse().unwrap();
    let first = place.run(&Clock::set_to(morning, 1)).await;
    assert_eq!(first.service.turn(target("+15550100001"), start_of_flow("a", morning)).await.unwrap(), Turned::Done);
    place.provider.taken(1).await;
    first.stop().await;
    let clock = Clock::set_to(morning, 2);
    let second = place.run(&clock).await;
    clock.move_to(morning.checked_add(59.minutes()).unwrap());
    second.text("SM8", "+15550100002", "hi").await;
    assert_eq!(place.provider.taken(2).await[1].to, "+15550100002", "a reminder came too early");
    clock.move_to(morning.checked_add(61.minutes()).unwrap());
    let taken = place.provider.taken(3).await;
    assert_eq!(taken[2].to, "+15550100001");
    assert!(taken[2].text.contains("Are you still there?"), "{taken:?}");
    second.stop().await;
}

#[tokio::test]
async fn a_message_that_is_not_taken_is_tried_again_and_the_order_is_kept() {
    let place = Place::new("memory:").await;
    place.provider.answers(&[(503, "{}"), (429, r#"{"code": 20429}"#)]);
    let running = place.run(&Clock::machine()).await;
    for (sid, text) in [("SM1", "hi"), ("SM2", "yes"), ("SM3", "no")] {
        assert!(running.text(sid, "+15550100001", text).await.0.is_success());
    }
    // Somebody else's message does not wait for it.
    running.text("SM9", "+15550100002", "hi").await;
    let taken = place.provider.taken(4).await;
    assert_eq!(place.provider.n_refused(), 2);
    let theirs: Vec<&str> = taken.iter().filter(|taken| taken.to == "+15550100001").map(|taken| taken.text.as_str()).collect();
    let at = |part: &str| theirs.iter().position(|text| text.contains(part)).unwrap_or_else(|| panic!("`{part}` is not in {theirs:?}"));
    assert!(at("Are you well?") < at("Do you cough?") && at("Do you cough?") < at("Thank you"), "{theirs:?}");
    running.stop().await;
}

#[tokio::test]
async fn a_number_that_does_not_exist_calls_a_human() {
    let place = Place::new("memory:").await;
    place.provider.answers(&[(400, r#"{"code": 21211, "status": 400}"#)]);
    let running = place.run(&Clock::machine()).await;
    let now = Timestamp::now();
    running.service.turn(target("+15550100001"), start_of_flow("a", now)).await.unwrap();
    let id = running.service.store().resolve(&sms("+15550100001")).await.unwrap();
    running
        .recorded(async |service| {
            let page = service.records().conversation(&id, None).await.unwrap();
            page.is_some_and(|page| page.transcript.iter().any(|message| message.state.as_deref() == Some("failed")))
        })
        .await;
    assert!(conversation(&running, "+15550100001").await.escalation.is_some());
    running.stop().await;
}

#[tokio::test]
async fn a_message_decided_before_a_tracer_took_over_does_not_leave() {
    let place = Place::new("sqlite:intake.db").await;
    let clock = Clock::machine();
    let first = place.run_without_loops(&clock).await;
    first.text("SM1", "+15550100001", "hi").await;
    let id = first.service.store().resolve(&sms("+15550100001")).await.unwrap();
    let epoch = conversation(&first, "+15550100001").await.epoch;
    let act = DeskAct::Reply("Ana here.".into());
    let reply = Event {
        id: EventId::from("act_1"),
        at: clock.now(),
        kind: EventKind::Desk { tracer: "ana".into(), first_name: "Ana".to_owned(), epoch, act },
    };
    assert_eq!(first.service.turn(Target::Conversation(id.clone()), reply.clone()).await.unwrap(), Turned::Done);
    assert_eq!(first.service.turn(Target::Conversation(id), reply).await.unwrap(), Turned::Repeated);
    first.stop().await;
    let second = place.run(&clock).await;
    let all = place.provider.taken(1).await;
    assert!(all.iter().all(|taken| !taken.text.contains("Are you well?")), "the bot spoke over a tracer: {all:?}");
    second.stop().await;
}

#[tokio::test]
async fn a_revision_that_nobody_has_calls_a_human_and_is_not_tried_again() {
    let place = Place::new("memory:").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    let store = running.service.store();
    let now = Timestamp::now();
    let id = store.resolve(&sms("+15550100001")).await.unwrap();
    let mut before = Conversation::new(sms("+15550100001"), "sms");
    before.sessions.push(Session {
        id: "ses_1".to_owned(),
        flow: "hello".to_owned(),
        revision: RevisionId::from("f".repeat(64)),
        started_at: now,
        frames: vec![Frame { flow: "hello".to_owned(), at: "well".to_owned(), loops: Vec::new() }],
        answers: Vec::new(),
        lists: Vec::new(),
        open: None,
        n_askings: 1,
        called: Vec::new(),
        fired: Vec::new(),
        handover_not_reached: false,
        beside: Vec::new(),
        language_offered: false,
        fix: None,
    });
    let entry = TurnEntry {
        address: sms("+15550100001"),
        n_turn: 1,
        event: start_of_flow("a", now),
        now,
        revision: None,
        facts: Vec::new(),
        said: Vec::new(),
    };
    let commit = Commit {
        id: id.clone(),
        by_address: true,
        expected: None,
        etag: [7; 16],
        conversation: before,
        outbox: Vec::new(),
        cancel_waiting: false,
        wake_at: None,
        entry,
    };
    assert!(matches!(store.commit(commit).await.unwrap(), Committed::Done));
    assert!(running.text("SM1", "+15550100001", "yes").await.0.is_success());
    let after = conversation(&running, "+15550100001").await;
    assert!(after.escalation.is_some(), "no human was called");
    let n_turns = after.n_turns;
    assert!(running.text("SM1", "+15550100001", "yes").await.0.is_success());
    assert_eq!(conversation(&running, "+15550100001").await.n_turns, n_turns, "the same event was handled twice");
}

#[tokio::test]
async fn a_session_goes_on_with_its_revision_when_the_flow_has_changed() {
    let place = Place::new("sqlite:intake.db").await;
    let clock = Clock::machine();
    let first = place.run(&clock).await;
    first.text("SM1", "+15550100001", "hi").await;
    place.provider.taken(1).await;
    first.stop().await;
    let changed = crate::running::FLOW.replace("Do you cough?", "Do you sneeze?");
    std::fs::write(place.path().join("flows/hello.yaml"), changed).unwrap();
    let second = place.run(&clock).await;
    second.text("SM2", "+15550100001", "yes").await;
    assert!(place.provider.taken(2).await[1].text.contains("Do you cough?"), "the session left its revision");
    second.text("SM3", "+15550100002", "hi").await;
    place.provider.taken(3).await;
    second.text("SM4", "+15550100002", "yes").await;
    assert!(place.provider.taken(4).await[3].text.contains("Do you sneeze?"), "a new session has the old flow");
    second.stop().await;
}

#[tokio::test]
async fn an_act_on_a_conversation_that_is_not_there_is_told() {
    let place = Place::new("memory:").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    let unknown = Target::Conversation("0".repeat(32).into());
    let wake = Event { id: EventId::from("wake:1"), at: Timestamp::now(), kind: EventKind::Wake };
    assert!(matches!(running.service.turn(unknown, wake).await, Err(TurnError::Unknown(_))));
}

#[tokio::test]
async fn the_record_has_what_was_said_on_both_sides() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    running.text("SM1", "+15550100001", "hi").await;
    running.text("SM2", "+15550100001", "yes").await;
    let id = running.service.store().resolve(&sms("+15550100001")).await.unwrap();
    let page = async |service: &intake::runtime::Service| service.records().conversation(&id, None).await.unwrap();
    running.recorded(async |service| page(service).await.is_some_and(|page| !page.answers.is_empty())).await;
    let page = page(&running.service).await.unwrap();
    let said: Vec<String> = page.transcript.iter().map(|message| message.text.reveal().clone()).collect();
    assert!(said.iter().any(|text| text == "hi") && said.iter().any(|text| text.contains("Do you cough?")), "{said:?}");
    assert_eq!(page.answers[0].step, "well");
    running.stop().await;
}

/// A connection to the Redis behind a service.
async fn raw(redis: &RedisServer) -> redis::aio::MultiplexedConnection {
    redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test]
async fn a_repeat_is_not_acknowledged_by_what_a_process_remembers_of_a_store_that_came_back_older() {
    const NUMBER: &str = "+15550100001";
    let redis = RedisServer::start();
    let place = Place::new(&redis.url()).await;
    let running = place.run_without_loops(&Clock::machine()).await;
    let mut raw = raw(&redis).await;
    assert!(running.text("SM1", NUMBER, "hi").await.0.is_success());
    let keys: Vec<String> = redis::cmd("KEYS").arg("in:*:s:*").query_async(&mut raw).await.unwrap();
    let older: Vec<u8> = redis::cmd("GET").arg(&keys).query_async(&mut raw).await.unwrap();
    assert!(running.text("SM2", NUMBER, "yes").await.0.is_success());
    let _: () = redis::cmd("SET").arg(&keys).arg(older).query_async(&mut raw).await.unwrap();
    assert_eq!(conversation(&running, NUMBER).await.n_turns, 1);
    assert!(running.text("SM2", NUMBER, "yes").await.0.is_success());
    assert_eq!(conversation(&running, NUMBER).await.n_turns, 2, "SM2 was acknowledged, and is not there");
    running.stop().await;
}

#[tokio::test]
async fn a_message_costs_one_round_trip_where_the_process_had_the_conversation_and_two_where_not() {
    const NUMBER: &str = "+15550100001";
    let redis = RedisServer::start();
    let place = Place::new(&redis.url()).await;
    let (one, other) = (place.run_without_loops(&Clock::machine()).await, place.run_without_loops(&Clock::machine()).await);
    let mut raw = raw(&redis).await;
    assert!(one.text("SM1", NUMBER, "hi").await.0.is_success());
    assert!(other.text("SM9", "+15550100009", "hi").await.0.is_success());
    for (running, sid, text, expected) in [(&one, "SM2", "yes", (1, 0)), (&other, "SM3", "no", (1, 2)), (&one, "SM4", "hi", (2, 0))] {
        let _: () = redis::cmd("CONFIG").arg("RESETSTAT").query_async(&mut raw).await.unwrap();
        assert!(running.text(sid, NUMBER, text).await.0.is_success());
        let stats: String = redis::cmd("INFO").arg("commandstats").query_async(&mut raw).await.unwrap();
        let calls = |name: &str| {
            let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{name}:calls=")));
            line.and_then(|rest| rest.split(',').next()?.parse::<u32>().ok()).unwrap_or(0)
        };
        // The two GETs of alias and conversation are one pipeline; the last turn is told of the other node's by its own commit, which
        // reads the conversation once.
        assert_eq!((calls("evalsha"), calls("get").saturating_sub(u32::from(expected.0 == 2))), expected, "{sid}: {stats}");
    }
    one.stop().await;
    other.stop().await;
}
