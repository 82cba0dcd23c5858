//! The API, HTTP to HTTP.

use intake::base::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::running::{Place, Running, answered};

const NUMBER: &str = "+15550100001";

async fn post(running: &Running, path: &str, key: Option<&str>, body: &Value) -> (StatusCode, Value) {
    let mut request = running.api(Method::POST, path).body(body.to_string());
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let (status, text) = answered(request).await;
    (status, serde_json::from_str(&text).unwrap())
}

fn session(to: &str) -> Value {
    json!({ "flow": "hello", "address": { "channel": "sms", "to": to }, "people": [{ "first_name": "Ana", "birth_year": 1980 }] })
}

#[tokio::test]
async fn a_flow_is_started_once_however_often_it_is_asked_for() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    let (status, first) = post(&running, "/sessions", Some("key-1"), &session("+1 (555) 010-0001")).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    let (status, again) = post(&running, "/sessions", Some("key-1"), &session("+1 (555) 010-0001")).await;
    assert_eq!((status, &again["conversation"]), (StatusCode::OK, &first["conversation"]), "{again}");
    let (status, other) = post(&running, "/sessions", Some("key-1"), &session("+15550100002")).await;
    assert_eq!((status, &other["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("key-reused")));
    let (status, busy) = post(&running, "/sessions", Some("key-2"), &session(NUMBER)).await;
    assert_eq!((status, &busy["code"]), (StatusCode::CONFLICT, &json!("session-runs")), "{busy}");
    let taken = place.provider.taken(1).await;
    assert_eq!((taken.len(), taken[0].to.as_str()), (1, NUMBER));
    running.stop().await;
}

#[tokio::test]
async fn who_opted_out_is_left_alone() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    running.text("SM1", NUMBER, "STOP").await;
    let (status, told) = post(&running, "/sessions", None, &session(NUMBER)).await;
    assert_eq!((status, &told["code"]), (StatusCode::CONFLICT, &json!("opted-out")), "{told}");
    running.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_told_without_saying_it_back() {
    let place = Place::new("memory:").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    for (body, status, part) in [
        (json!({ "flow": "nothing", "address": { "channel": "sms", "to": NUMBER } }), 422, "there are hello"),
        (json!({ "flow": "hello", "address": { "channel": "fax", "to": NUMBER } }), 422, "there are sms, wa, phone"),
        (json!({ "flow": "hello", "address": { "channel": "sms", "to": "Ana Canary" } }), 422, "no telephone number"),
        (json!({ "flow": "hello", "address": { "channel": "sms", "to": NUMBER }, "language": "Spanish" }), 422, "`language`"),
        (
            json!({ "flow": "hello", "address": { "channel": "sms", "to": NUMBER }, "people": [{ "first_name": "" }] }),
            422,
            "people[0].first_name",
        ),
        (
            json!({ "flow": "hello", "address": { "channel": "sms", "to": NUMBER }, "people": [{ "first_name": "Ana", "record": "7".repeat(201) }] }),
            422,
            "people[0].record",
        ),
        (json!({ "flow": "hello", "adress": { "channel": "sms", "to": NUMBER } }), 400, "unknown field `adress`"),
        (
            json!({ "flow": "hello", "address": { "channel": "sms", "to": NUMBER }, "people": [{ "first_name": "Ana", "birth_year": "Canary" }] }),
            400,
            "invalid type",
        ),
        (json!("Canary"), 400, "does not fit"),
    ] {
        let (got, told) = post(&running, "/sessions", None, &body).await;
        let detail = told["detail"].as_str().unwrap();
        assert_eq!(got.as_u16(), status, "{body}: {told}");
        assert!(detail.contains(part), "{body}: {detail}");
        assert!(!told.to_string().contains("Canary"), "{told}");
        assert_eq!(told["status"], status);
    }
}

#[tokio::test]
async fn every_route_asks_who_calls_and_what_they_may() {
    let place = Place::new("memory:").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    let body = session(NUMBER).to_string();
    for (method, path) in [
        (Method::POST, "/sessions"),
        (Method::POST, "/conversations/lookup"),
        (Method::GET, "/conversations/00000000000000000000000000000000"),
        (Method::GET, "/escalations"),
        (Method::GET, "/answers.csv"),
    ] {
        let body =
            if path.ends_with("lookup") { json!({ "address": { "channel": "sms", "to": NUMBER } }).to_string() } else { body.clone() };
        let call = |token: Option<&str>| {
            let mut request = running.client.request(method.clone(), format!("{}/api/v1{path}", running.url)).body(body.clone());
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            request
        };
        for token in [None, Some(""), Some("guessed")] {
            let answer = call(token).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{path}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        }
        assert_eq!(call(Some("a token of an author")).send().await.unwrap().status(), StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_conversation_is_found_by_address_and_read_by_id() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    let address = json!({ "address": { "channel": "sms", "to": NUMBER } });
    assert_eq!(post(&running, "/conversations/lookup", None, &address).await.0, StatusCode::NOT_FOUND);
    let (_, started) = post(&running, "/sessions", None, &session(NUMBER)).await;
    running.text("SM1", NUMBER, "yes").await;
    let (status, found) = post(&running, "/conversations/lookup", None, &address).await;
    assert_eq!((status, &found["id"]), (StatusCode::OK, &started["conversation"]));
    let id = found["id"].as_str().unwrap();
    assert!(!id.contains("5550100001"));
    let (status, text) = answered(running.api(Method::GET, &format!("/conversations/{id}"))).await;
    let read: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status, StatusCode::OK, "{read}");
    assert_eq!(read["holder"], "bot");
    assert_eq!(read["people"][0]["first_name"], "Ana");
    assert_eq!(read["sessions"][0]["flow"], "hello");
    assert_eq!(read["sessions"][0]["at"]["step"], "cough");
    assert_eq!(read["sessions"][0]["answers"][0]["step"], "well");
    assert_eq!(read["sessions"][0]["answers"][0]["said"], "yes");
    let rows = running.service.records().audit_rows(None, None, 10).await.unwrap();
    let done: Vec<(&str, &str)> = rows.iter().map(|row| (row.actor.as_str(), row.action.as_str())).collect();
    assert_eq!(done, [("api:ops", "viewed"), ("api:ops", "started a flow")]);
    running.stop().await;
}

#[tokio::test]
async fn emergencies_are_listed_first_and_answers_exported() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    running.text("SM1", NUMBER, "hi").await;
    running.text("SM2", NUMBER, "yes").await;
    running.text("SM3", NUMBER, "I can't breathe").await;
    let listed = async || -> Value { serde_json::from_str(&answered(running.api(Method::GET, "/escalations")).await.1).unwrap() };
    running.recorded(async |_| listed().await["escalations"][0]["urgency"] == "emergency").await;
    assert!(!listed().await.to_string().contains("breathe"), "a quote stands in the list");
    let (status, csv) = answered(running.api(Method::GET, "/answers.csv?flow=hello")).await;
    assert_eq!(status, StatusCode::OK);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let heads = rows.headers().unwrap().clone();
    let step = heads.iter().position(|head| head == "step").unwrap();
    let typed = heads.iter().position(|head| head == "typed").unwrap();
    let rows: Vec<(String, String)> =
        rows.records().map(|row| row.unwrap()).map(|row| (row[step].to_owned(), row[typed].to_owned())).collect();
    assert_eq!(rows.first().map(|(step, typed)| (step.as_str(), typed.as_str())), Some(("well", "yes")));
    assert_eq!(answered(running.api(Method::GET, "/escalations?state=some")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    running.stop().await;
}
