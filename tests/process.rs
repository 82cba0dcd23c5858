//! `intake serve` as an operator runs it: killed between any two messages, and two of them beside each other.

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
