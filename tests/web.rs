//! Webhooks, HTTP to HTTP: from the signed request to the message at the provider.

use intake::base::{Address, Medium, clock::Clock};
use reqwest::{Method, StatusCode};

use crate::running::{Place, TWILIO_TOKEN, answered, form, sms};

/// A delivery of Meta's with texts of several people.
fn delivery(messages: &[(&str, &str, &str)]) -> String {
    let now = jiff::Timestamp::now().as_second().to_string();
    let messages: Vec<serde_json::Value> = messages
        .iter()
        .map(|(id, from, text)| serde_json::json!({ "id": id, "from": from, "timestamp": now, "type": "text", "text": { "body": text } }))
        .collect();
    serde_json::json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550100000", "phone_number_id": "106540352242922" },
            "contacts": [],
            "messages": messages,
        } }] }]
    })
    .to_string()
}

#[tokio::test]
async fn a_signed_text_is_answered_through_the_provider() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    assert_eq!(running.text("SM1", "+15550100001", "hi").await, (StatusCode::OK, "<Response/>".to_owned()));
    let first = place.provider.taken(1).await.remove(0);
    assert_eq!(first.to, "+15550100001");
    assert!(first.text.contains("Are you well?"), "{}", first.text);
    assert!(first.whole.contains("StatusCallback=https%3A%2F%2Fintake.example.org%2Freceipt%2Fsms%3Fm%3D"), "{}", first.whole);
    running.text("SM2", "+15550100001", "yes").await;
    assert!(place.provider.taken(2).await[1].text.contains("Do you cough?"));
    running.text("SM3", "+15550100001", "no").await;
    assert!(place.provider.taken(3).await[2].text.contains("Thank you, that is all."));
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_nothing_is_kept() {
    let place = Place::new("memory:").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    let text = form(&[("MessageSid", "SM1"), ("From", "+15550100001"), ("To", "+15550100000"), ("Body", "hi")]);
    assert_eq!(running.twilio("/in/sms", &text, "another token").await.0, StatusCode::FORBIDDEN);
    let unsigned = running.client.post(format!("{}/in/wa", running.url)).body(delivery(&[("wamid.1", "15550100001", "hi")]));
    assert_eq!(answered(unsigned).await.0, StatusCode::FORBIDDEN);
    for address in [sms("+15550100001"), Address::new(Medium::WhatsApp, "+15550100001")] {
        let id = running.service.store().resolve(&address).await.unwrap();
        assert!(running.service.store().load(&id).await.unwrap().is_none());
    }
    let refused = running.metric("intake_webhooks_total").await;
    assert!(refused.iter().any(|line| line.contains("channel=\"sms\"") && line.contains("outcome=\"refused\"")), "{refused:?}");
}

#[tokio::test]
async fn the_same_webhook_ten_times_has_one_effect() {
    let place = Place::new("memory:").await;
    let running = std::sync::Arc::new(place.run(&Clock::machine()).await);
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let running = running.clone();
            tokio::spawn(async move { running.text("SM1", "+15550100001", "hi").await.0 })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), StatusCode::OK);
    }
    running.text("SM2", "+15550100001", "yes").await;
    let taken = place.provider.taken(2).await;
    let texts: Vec<bool> = taken.iter().map(|taken| taken.text.contains("Are you well?")).collect();
    assert_eq!(texts, [true, false], "{taken:?}");
}

#[tokio::test]
async fn every_message_of_a_batch_is_kept_by_itself() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    let batch = delivery(&[("wamid.1", "15550100001", "hi"), ("wamid.2", "15550100002", "hola"), ("wamid.3", "15550100003", "hi")]);
    assert_eq!(running.meta(&batch).await.0, StatusCode::OK);
    let mut to: Vec<String> = place.provider.taken(3).await.into_iter().map(|taken| taken.to).collect();
    to.sort();
    assert_eq!(to, ["15550100001", "15550100002", "15550100003"]);
    running.stop().await;
}

#[tokio::test]
async fn what_is_well_signed_but_not_understood_is_noted_and_acknowledged() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    assert_eq!(running.meta("{\"object\": ").await.0, StatusCode::OK);
    let missing = form(&[("MessageSid", "SM1"), ("Body", "hi")]);
    assert_eq!(running.twilio("/in/sms", &missing, TWILIO_TOKEN).await.0, StatusCode::OK);
    let unreadable = running.metric("intake_webhooks_total").await;
    assert!(unreadable.iter().any(|line| line.contains("channel=\"wa\"") && line.contains("outcome=\"unreadable\"")), "{unreadable:?}");
    running.stop().await;
}

#[tokio::test]
async fn meta_is_shown_the_challenge_for_the_right_word_only() {
    let place = Place::new("memory:").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    let verify = |token: &str| {
        let query = form(&[("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", "1158201444")]);
        running.client.get(format!("{}/in/wa?{query}", running.url))
    };
    assert_eq!(answered(verify("verify me")).await, (StatusCode::OK, "1158201444".to_owned()));
    assert_eq!(answered(verify("let me in")).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_too_large_or_goes_nowhere_is_turned_away() {
    let place = Place::new("memory:").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    let large = "x".repeat(64 * 1024 + 1);
    let post = |path: &str, body: &str| running.client.post(format!("{}{path}", running.url)).body(body.to_owned());
    assert_eq!(answered(post("/in/wa", &large)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answered(post("/in/nowhere", "x")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(answered(post("/healthz", "x")).await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answered(post("/nothing", "x")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_store_that_fails_asks_the_provider_to_come_again() {
    let place = Place::new("sqlite:intake.db").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    running.service.store().close().await;
    let (status, _) = running.text("SM1", "+15550100001", "hi").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let ready = running.client.get(format!("{}/readyz", running.url)).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answered(running.client.get(format!("{}/healthz", running.url))).await.0, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let place = Place::new("memory:").await;
    let running = place.run_without_loops(&Clock::machine()).await;
    for path in ["/healthz", "/phone", "/nothing", "/api/v1/escalations", "/in/nowhere"] {
        let answer = running.client.request(Method::GET, format!("{}{path}", running.url)).send().await.unwrap();
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["strict-transport-security"], "max-age=31536000", "{path}");
    }
}

#[tokio::test]
async fn a_delivery_receipt_moves_a_message_forward_and_a_failure_tells_the_conversation() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    running.text("SM1", "+15550100001", "hi").await;
    let first = place.provider.taken(1).await.remove(0);
    let id = running.service.store().resolve(&sms("+15550100001")).await.unwrap();
    let state = async |service: &intake::runtime::Service| {
        let page = service.records().conversation(&id, None).await.unwrap();
        page.and_then(|page| page.transcript.iter().rev().find_map(|message| message.state.clone())).unwrap_or_default()
    };
    let path = format!("/receipt/sms?m={}", first.token);
    let status = |status: &str, code: &str| form(&[("MessageSid", "SM9"), ("MessageStatus", status), ("ErrorCode", code)]);
    assert_eq!(running.twilio(&path, &status("delivered", ""), TWILIO_TOKEN).await.0, StatusCode::OK);
    running.recorded(async |service| state(service).await == "delivered").await;
    // Late and out of order: nothing goes back.
    running.twilio(&path, &status("sent", ""), TWILIO_TOKEN).await;
    running.text("SM2", "+15550100001", "yes").await;
    let second = place.provider.taken(2).await.remove(1);
    let path = format!("/receipt/sms?m={}", second.token);
    assert_eq!(running.twilio(&path, &status("undelivered", "30006"), TWILIO_TOKEN).await.0, StatusCode::OK);
    let conversation = running.service.store().load(&id).await.unwrap().unwrap().conversation;
    assert!(conversation.escalation.is_some(), "nobody was called for a message that cannot be delivered");
    running.stop().await;
}

#[tokio::test]
async fn the_phone_in_the_browser_texts_and_taps_without_a_script() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    let post = |path: &str, pairs: &[(&str, &str)]| {
        let request = running.client.post(format!("{}{path}", running.url)).header("content-type", "application/x-www-form-urlencoded");
        request.body(form(pairs))
    };
    let opened = post("/phone", &[("channel", "phone"), ("number", "+1 555 010 0001")]).send().await.unwrap();
    assert_eq!(opened.status(), StatusCode::SEE_OTHER);
    let phone = opened.headers()["location"].to_str().unwrap().to_owned();
    assert!(!phone.contains("5550100001"), "a number stands in an address");
    assert_eq!(post(&phone, &[("id", "tap_1"), ("text", "hi <b>there</b>")]).send().await.unwrap().status(), StatusCode::SEE_OTHER);
    let shown = async || answered(running.client.get(format!("{}{phone}", running.url))).await.1;
    running.recorded(async |_| shown().await.contains("Are you well?")).await;
    let page = shown().await;
    assert!(page.contains("hi &lt;b&gt;there&lt;/b&gt;"), "{page}");
    assert!(!page.contains("<script>") && !page.contains("style=\""), "the page's policy forbids inline scripts and styles");
    let tap = page.split("name=\"tap\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("there are buttons").to_owned();
    post(&phone, &[("id", "tap_2"), ("tap", &tap)]).send().await.unwrap();
    running.recorded(async |_| shown().await.contains("Do you cough?")).await;
    assert!(shown().await.find("Are you well?") < shown().await.find("Do you cough?"));
    assert_eq!(answered(running.client.get(format!("{}/phone/another", running.url))).await.0, StatusCode::NOT_FOUND);
    running.stop().await;
}
