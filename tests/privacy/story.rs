//! A whole life of a service, by HTTP: patients, programs, tracers, strangers, and providers that fail. Everybody says canaries.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::Engine;
use intake::{
    base::{Private, clock::Clock, id::TracerId},
    config::Settings,
    records::NewUser,
    runtime::start,
    security::password,
};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::canaries::{API_NUMBER, CARD_NUMBER, NAMED_NUMBER, PASSWORD, PHONE_NUMBER, SMS_NUMBER, STRANGER, WA_NUMBER, WRONG_PASSWORD};
use crate::running::{Caller, Place, TWILIO_TOKEN, answered, form};

const FLOW: &str = "\
flow: visit
title: A visit
languages: [en]
for: anyone
emergency: emergency-text
starts on: [VISIT]
ends: [complete]
steps:
  why:
    label: Reason
    say: Hello{{#if you.first_name}} {{you.first_name}}{{/if}}. What brings you here?
    ask: text
  met:
    repeat: contact, up to 5
    first: Whom did you meet?
    more: Anyone else?
    steps:
      name:
        label: Name
        say: What is their name?
        ask: name
      phone:
        label: Phone
        say: What is {{name}}'s number?
        ask: phone
  last:
    label: More
    say: Anything else?
    ask: text
  thanks:
    say: Thank you, that is all.
    end: complete
";

const PATIENCE: Duration = Duration::from_secs(20);

/// What the outside saw.
#[derive(Default)]
pub struct Seen {
    /// Every address that was requested by us, or linked to.
    pub urls: Vec<String>,
    /// Answers to strangers and errors of the API: where, and the body with its headers.
    pub strangers: Vec<(String, String)>,
    /// What `/metrics` showed at the end.
    pub metrics: String,
    /// Cookies and tokens that were given out.
    pub tokens: Vec<String>,
    /// What reached the collector of traces.
    pub traces: Vec<u8>,
}

/// `intake serve` as an operator runs it, with every line of its log kept.
pub struct Process {
    child: Child,
    pub caller: Caller,
}

impl Process {
    /// `collector`: where its traces go.
    pub async fn start(place: &Place, collector: &str) -> Self {
        fs::write(place.path().join("flows/visit.yaml"), FLOW).unwrap();
        let port = crate::support::redis::free_port();
        let config = fs::read_to_string(place.path().join("intake.toml")).unwrap();
        let listening = config.replacen("[server]", &format!("[server]\nlisten = \"127.0.0.1:{port}\""), 1);
        fs::write(place.path().join("intake.toml"), listening).unwrap();
        let file = |name: &str| fs::File::create(place.path().join(name)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_intake"))
            .args(["serve", "--config"])
            .arg(place.path().join("intake.toml"))
            .env("INTAKE_LOG", "trace")
            .env("RUST_BACKTRACE", "1")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
            .stdout(Stdio::from(file("log.out")))
            .stderr(Stdio::from(file("log.err")))
            .spawn()
            .unwrap();
        let process = Self { child, caller: Caller::of(format!("http://127.0.0.1:{port}")) };
        let until = Instant::now() + PATIENCE;
        loop {
            let asked = process.caller.client.get(format!("{}/readyz", process.caller.url)).send().await;
            if asked.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return process;
            }
            assert!(Instant::now() < until, "{}", fs::read_to_string(place.path().join("log.err")).unwrap());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks it to stop, as an operator does, and waits.
    pub fn stop(mut self) {
        Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tells the whole story to a process.
pub async fn tell(place: &Place, caller: &Caller) -> Seen {
    let mut teller = Teller { place, caller, seen: Seen::default() };
    teller.strangers().await;
    teller.program().await;
    let conversation = teller.patient().await;
    teller.whatsapp().await;
    teller.failures().await;
    teller.desk(&conversation).await;
    teller.phone().await;
    let Teller { mut seen, .. } = teller;
    seen.urls.extend(place.provider.urls());
    seen.metrics = caller.client.get(format!("{}/metrics", caller.url)).send().await.unwrap().text().await.unwrap();
    seen
}

struct Teller<'a> {
    place: &'a Place,
    caller: &'a Caller,
    seen: Seen,
}

/// A message id as WhatsApp makes them: the number stands in it.
fn wamid(nth: usize) -> String {
    format!("wamid.{}", base64::engine::general_purpose::STANDARD.encode(format!("\u{1d}\u{b}{WA_NUMBER}\u{15}canary{nth}")))
}

fn delivery(value: &Value) -> String {
    let mut value = value.clone();
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({ "display_phone_number": "15550100000", "phone_number_id": "106540352242922" });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] })
        .to_string()
}

fn message(nth: usize, kind: &str, content: &Value) -> String {
    let mut message =
        json!({ "id": wamid(nth), "from": WA_NUMBER, "timestamp": jiff::Timestamp::now().as_second().to_string(), "type": kind });
    message[kind] = content.clone();
    delivery(&json!({
        "contacts": [{ "profile": { "name": "Canaryprofile" }, "wa_id": WA_NUMBER }],
        "messages": [message],
    }))
}

impl Teller<'_> {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.caller.url)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.place.path().join("log.err")).unwrap()
    }

    /// An answer that a stranger or a program sees, kept whole.
    async fn stranger(&mut self, what: &str, request: RequestBuilder) -> (StatusCode, String) {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let headers: String = answer.headers().iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap())).collect();
        let body = answer.text().await.unwrap();
        self.links(&headers, &body);
        self.seen.strangers.push((what.to_owned(), format!("{status}\n{headers}\n{body}")));
        (status, body)
    }

    /// Every address in an answer.
    fn links(&mut self, headers: &str, body: &str) {
        for mark in ["href=\"", "action=\"", "src=\"", "formaction=\""] {
            self.seen.urls.extend(body.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
        self.seen.urls.extend(headers.lines().filter_map(|line| line.strip_prefix("location: ")).map(str::to_owned));
    }

    async fn strangers(&mut self) {
        let text = form(&[("MessageSid", "SMcanary1"), ("From", STRANGER), ("To", "+15550100000"), ("Body", "canary forged")]);
        assert_eq!(self.caller.twilio("/in/sms", &text, "canary token").await.0, StatusCode::FORBIDDEN);
        let client = self.caller.client.clone();
        let post = |url: String, body: String| client.post(url).body(body);
        let cases = [
            ("unsigned", self.url("/in/wa"), message(0, "text", &json!({ "body": "canary unsigned" })), 403),
            ("no such channel", self.url("/in/canarychannel"), "canary".to_owned(), 404),
            ("no such page", self.url("/canary/+15550197005?text=canary"), "canary".to_owned(), 404),
            ("no such route", self.url("/api/canary?to=+15550197005"), "canary".to_owned(), 404),
            ("too large", self.url("/in/wa"), "canary".repeat(20_000), 413),
            ("no such method", self.url("/healthz"), "canary".to_owned(), 405),
            ("not logged in", self.url("/desk/0123456789abcdef0123456789abcdef"), form(&[("text", "canary")]), 303),
        ];
        for (what, url, body, status) in cases {
            assert_eq!(self.stranger(what, post(url, body)).await.0.as_u16(), status, "{what}");
        }
        // Well signed, and not to be understood.
        for body in
            ["{\"canary\": ", "[\"canary +15550197005\"]", "{\"object\": \"canary\", \"entry\": [{\"changes\": \"canary\"}]}", "canary"]
        {
            self.caller.meta(body).await;
        }
        for fields in [
            form(&[("MessageSid", "SMcanary2"), ("Body", "canary without a sender")]),
            form(&[("MessageSid", "SMcanary3"), ("From", "canary"), ("To", "+15550100000"), ("Body", "canary")]),
            form(&[("MessageSid", "SMcanary4"), ("From", STRANGER), ("To", "canary"), ("Body", "canary")]),
            "%ff%fecanary=canary".to_owned(),
        ] {
            self.caller.twilio("/in/sms", &fields, TWILIO_TOKEN).await;
            self.caller.twilio("/receipt/sms?m=canary", &fields, TWILIO_TOKEN).await;
        }
        let challenge = form(&[("hub.mode", "subscribe"), ("hub.verify_token", "canary"), ("hub.challenge", "1")]);
        self.stranger("a wrong challenge", client.get(self.url(&format!("/in/wa?{challenge}")))).await;
        self.stranger("the login", client.get(self.url("/desk/login"))).await;
        self.stranger("a phone that is not there", client.get(self.url("/phone/canary"))).await;
    }

    async fn program(&mut self) {
        let api = |method: Method, path: &str, body: &Value| self.caller.api(method, path).body(body.to_string());
        let session = |to: &str, flow: &str| {
            let people = json!([{ "first_name": "Canaryana", "birth_year": 1971, "record": "canary-record-9" }]);
            json!({ "flow": flow, "address": { "channel": "sms", "to": to }, "people": people })
        };
        let wrong_type = json!({ "flow": "visit", "address": { "channel": "sms", "to": API_NUMBER }, "people": "Canaryana" });
        let requests = [
            ("wrong token", self.caller.client.get(self.url("/api/v1/escalations")).header("authorization", "Bearer canarytoken"), 401),
            ("no such flow", api(Method::POST, "/sessions", &session(API_NUMBER, "canaryflow")), 422),
            ("no number", api(Method::POST, "/sessions", &session("Canaryana", "visit")), 422),
            ("a wrong type", api(Method::POST, "/sessions", &wrong_type), 400),
            ("no JSON", self.caller.api(Method::POST, "/sessions").body("{\"flow\": canary"), 400),
            ("started", api(Method::POST, "/sessions", &session(API_NUMBER, "visit")).header("idempotency-key", "canary-key-1"), 201),
            ("repeated", api(Method::POST, "/sessions", &session(API_NUMBER, "visit")).header("idempotency-key", "canary-key-1"), 200),
            ("another body", api(Method::POST, "/sessions", &session(SMS_NUMBER, "visit")).header("idempotency-key", "canary-key-1"), 422),
            ("it runs", api(Method::POST, "/sessions", &session(API_NUMBER, "visit")), 409),
            (
                "no conversation",
                api(Method::POST, "/conversations/lookup", &json!({ "address": { "channel": "sms", "to": PHONE_NUMBER } })),
                404,
            ),
            ("no id", self.caller.api(Method::GET, "/conversations/+15550197004"), 404),
            ("a flow that is none", self.caller.api(Method::GET, "/answers.csv?flow=canary+15550197004"), 200),
            ("a state that is none", self.caller.api(Method::GET, "/escalations?state=canary"), 422),
        ];
        for (what, request, status) in requests {
            let (got, body) = self.stranger(what, request).await;
            assert_eq!(got.as_u16(), status, "{what}: {body}");
        }
        self.place.provider.taken_with("Canaryana").await;
    }

    /// A conversation in which a name, numbers, answers and an emergency are written; its id.
    async fn patient(&mut self) -> String {
        let texts = [
            "VISIT",
            "my canary has a fever",
            "Canarybeto",
            NAMED_NUMBER,
            "done",
            "canary canary canary",
            "VISIT",
            "I cant breathe, says my canary",
        ];
        for (nth, text) in texts.iter().enumerate() {
            assert_eq!(self.caller.text(&format!("SMcanary1{nth}"), SMS_NUMBER, text).await.0, StatusCode::OK, "{text}");
            self.caller.text(&format!("SMcanary1{nth}"), SMS_NUMBER, text).await;
        }
        self.place.provider.taken_with("911").await;
        let body = json!({ "address": { "channel": "sms", "to": SMS_NUMBER } });
        let (_, found) = crate::running::answered(self.caller.api(Method::POST, "/conversations/lookup").body(body.to_string())).await;
        let found: Value = serde_json::from_str(&found).unwrap();
        found["id"].as_str().unwrap().to_owned()
    }

    async fn whatsapp(&mut self) {
        let card = json!([{
            "name": { "formatted_name": "Canarydora Ruiz", "first_name": "Canarydora" },
            "phones": [{ "phone": CARD_NUMBER, "wa_id": CARD_NUMBER.trim_start_matches('+'), "type": "CELL" }],
            "origin": "other",
        }]);
        let kinds = [
            ("text", json!({ "body": "VISIT" })),
            ("text", json!({ "body": "a canary on my shoulder" })),
            ("contacts", card),
            ("image", json!({ "id": "canary-media", "caption": "my canary", "mime_type": "image/jpeg", "sha256": "x" })),
            ("location", json!({ "latitude": 40.5, "longitude": -73.25, "name": "Canary Wharf" })),
            ("reaction", json!({ "message_id": wamid(1), "emoji": "👍" })),
            ("canarykind", json!({ "body": "canary" })),
            ("text", json!({ "body": "HUMAN canary" })),
        ];
        for (nth, (kind, content)) in kinds.iter().enumerate() {
            assert_eq!(self.caller.meta(&message(nth, kind, content)).await.0, StatusCode::OK, "{kind}");
        }
        self.place.provider.taken_with("Whom did you meet?").await;
    }

    /// Providers that refuse and say back what they were given; receipts that say too much.
    async fn failures(&mut self) {
        let number: u64 = SMS_NUMBER.trim_start_matches('+').parse().unwrap();
        let echo = json!({
            "code": number, "message": format!("The 'To' number {SMS_NUMBER} is not valid: canary"), "status": 400, "more_info": "canary",
            "error": { "code": number, "message": format!("canary {WA_NUMBER}"), "error_data": { "details": "canary" } },
        })
        .to_string();
        // Before anything is refused, or it might be these.
        let (ours, theirs) = (self.place.provider.taken_by(SMS_NUMBER).await, self.place.provider.taken_by(WA_NUMBER).await);
        for (nth, status) in [400_u16, 500, 429, 503, 418].into_iter().enumerate() {
            let refused = self.place.provider.n_refused();
            self.place.provider.answers(&[(status, &echo)]);
            self.caller.text(&format!("SMcanary2{nth}"), STRANGER, "hi canary").await;
            let until = Instant::now() + PATIENCE;
            while self.place.provider.n_refused() == refused {
                assert!(Instant::now() < until, "{status}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        self.place.provider.answers(&[]);
        let told = [
            ("MessageSid", "SMcanary40"),
            ("MessageStatus", "undelivered"),
            ("ErrorCode", "15550197001"),
            ("ErrorMessage", "canary"),
            ("To", SMS_NUMBER),
        ];
        self.caller.twilio(&format!("/receipt/sms?m={}", ours.token), &form(&told), TWILIO_TOKEN).await;
        let status = json!({
            "id": wamid(90), "status": "failed", "timestamp": jiff::Timestamp::now().as_second().to_string(), "recipient_id": WA_NUMBER,
            "biz_opaque_callback_data": theirs.token,
            "errors": [{ "code": 15_550_197_002_u64, "title": "canary", "message": "canary", "error_data": { "details": "canary" } }],
        });
        assert_eq!(self.caller.meta(&delivery(&json!({ "statuses": [status] }))).await.0, StatusCode::OK);
    }

    async fn desk(&mut self, conversation: &str) {
        let settings = Settings::read(&self.place.path().join("intake.toml")).unwrap();
        let records = start::open_records(&settings, &Clock::machine()).await.unwrap();
        let password_hash = password::hash(&Private::from(PASSWORD), &Clock::machine()).unwrap();
        for (login, role) in [("tess", "supervisor"), ("leo", "author")] {
            let password_hash = Private::from(password_hash.to_stored());
            let user = NewUser { login: TracerId::from(login), first_name: "Canarytess".into(), role: role.into(), password_hash };
            records.add_user(&user).await.unwrap();
        }
        // A password typed where the name belongs comes back to who typed it, in their own form: not a stranger's page.
        for (login, password) in [("tess", WRONG_PASSWORD), ("canary", WRONG_PASSWORD), (PASSWORD, "")] {
            assert_eq!(self.login(login, password).await.status(), StatusCode::UNAUTHORIZED);
        }
        let answer = self.login("tess", PASSWORD).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        self.seen.tokens.push(cookie.split('=').nth(1).unwrap().to_owned());
        let page = format!("/desk/{conversation}");
        let until = Instant::now() + PATIENCE;
        loop {
            let (_, queue) = self.get(&cookie, "/desk").await;
            if queue.contains("cant breathe") {
                break;
            }
            assert!(Instant::now() < until, "the queue never showed the emergency: {queue}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (_, body) = self.get(&cookie, &page).await;
        assert!(body.contains("my canary has a fever"), "the tracer reads what was said: {body}");
        self.seen.tokens.push(field(&body, "csrf"));
        let acts: [&[(&str, &str)]; 9] = [
            &[("do", "claim")],
            &[("do", "reply"), ("text", "Hello, this is canaryreply")],
            &[("do", "note"), ("text", "canarynote")],
            &[("do", "answer"), ("step", "why"), ("text", "canaryanswer")],
            &[("do", "answer"), ("step", "canarystep"), ("text", "canaryanswer")],
            &[("do", "transfer"), ("to", "canarycolleague")],
            &[("do", "resolve"), ("outcome", "canaryoutcome")],
            &[("do", "task-done"), ("task", "task_canary")],
            &[("do", "hand-back"), ("at", "canarystep")],
        ];
        for act in acts {
            self.act(&cookie, &page, &page, act).await;
        }
        self.place.provider.taken_with("canaryreply").await;
        self.act(&cookie, &page, &page, &[("do", "hand-back"), ("at", "")]).await;
        for (path, status) in [
            ("/desk/+15550197001", 404),
            ("/desk/canary", 404),
            ("/desk/canary?before=canary", 400),
            ("/desk/audit", 200),
            ("/desk/answers.csv", 200),
            ("/desk/answers.csv?flow=canary", 200),
            ("/desk/static/canary", 404),
        ] {
            assert_eq!(self.get(&cookie, path).await.0.as_u16(), status, "{path}");
        }
        for unknown in ["/desk/+15550197001", "/desk/canary", "/desk/0123456789abcdef0123456789abcdef"] {
            self.act(&cookie, &page, unknown, &[("do", "note"), ("text", "canarynote")]).await;
        }
        let author = self.login("leo", PASSWORD).await;
        let theirs = author.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        self.seen.tokens.push(theirs.split('=').nth(1).unwrap().to_owned());
        assert_eq!(self.get(&theirs, &page).await.0, StatusCode::FORBIDDEN);
        self.second_factor(&theirs).await;
        self.erasure(&cookie).await;
    }

    /// The author sets up a second factor and uses it: secret and codes are shown once, to them alone.
    async fn second_factor(&mut self, cookie: &str) {
        let (_, own) = self.get(cookie, "/desk/second").await;
        let csrf = field(&own, "csrf");
        let offer = self.post(cookie, "/desk/second", &[("csrf", &csrf), ("do", "offer"), ("password", PASSWORD)]).await;
        let (_, rest) = offer.1.split_once("<code class=\"secret\">").unwrap_or_else(|| panic!("{}", offer.1));
        let secret = rest.split('<').next().unwrap().replace(' ', "");
        let key = totp_rs::Secret::try_from_base32(&secret).unwrap().as_bytes().to_vec();
        let totp = totp_rs::Builder::new().with_secret(key).build().unwrap();
        let code = |ahead: u64| totp.generate(Clock::machine().now().as_second().unsigned_abs() + ahead).to_string();
        assert_eq!(self.post(cookie, "/desk/second", &[("csrf", &csrf), ("do", "confirm"), ("code", "canarycode")]).await.0, 401);
        let (status, codes) = self.post(cookie, "/desk/second", &[("csrf", &csrf), ("do", "confirm"), ("code", &code(0))]).await;
        assert_eq!(status, StatusCode::OK, "{codes}");
        self.seen.tokens.push(secret);
        let recovery = codes.split("<li><code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        self.seen.tokens.push(recovery.clone());
        let half = self.login("leo", PASSWORD).await.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        self.seen.tokens.push(half.split('=').nth(1).unwrap().to_owned());
        assert_eq!(self.post(&half, "/desk/login/code", &[("code", "canarycode"), ("next", "/desk/canary")]).await.0, 401);
        assert_eq!(self.post(&half, "/desk/login/code", &[("code", &recovery), ("next", "")]).await.0, 303);
    }

    /// Everything of one address is erased.
    async fn erasure(&mut self, cookie: &str) {
        let body = json!({ "address": { "channel": "sms", "to": API_NUMBER } });
        let (_, found) = answered(self.caller.api(Method::POST, "/conversations/lookup").body(body.to_string())).await;
        let id = serde_json::from_str::<Value>(&found).unwrap()["id"].as_str().unwrap().to_owned();
        let page = format!("/desk/{id}");
        let csrf = field(&self.get(cookie, &page).await.1, "csrf");
        assert_eq!(self.post(cookie, &format!("{page}/erase"), &[("csrf", &csrf), ("sure", "yes")]).await.0, 303);
        let (status, _) = answered(self.caller.api(Method::GET, &format!("/conversations/{id}"))).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }

    async fn post(&self, cookie: &str, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let request = self.caller.client.post(self.url(path)).header("content-type", "application/x-www-form-urlencoded");
        answered(request.header("cookie", cookie).body(form(fields))).await
    }

    async fn login(&self, login: &str, password: &str) -> reqwest::Response {
        let body = form(&[("login", login), ("password", password), ("next", "/desk/canary")]);
        let request = self.caller.client.post(self.url("/desk/login")).header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.unwrap()
    }

    async fn get(&mut self, cookie: &str, path: &str) -> (StatusCode, String) {
        let answer = self.caller.client.get(self.url(path)).header("cookie", cookie).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        self.links("", &body);
        (status, body)
    }

    /// Does an act with the fields that a conversation's page shows.
    async fn act(&mut self, cookie: &str, page: &str, to: &str, fields: &[(&str, &str)]) {
        let (_, body) = self.get(cookie, page).await;
        let (csrf, epoch, act) = (field(&body, "csrf"), field(&body, "epoch"), field(&body, "act"));
        let all = [&[("csrf", csrf.as_str()), ("epoch", &epoch), ("act", &act)], fields].concat();
        let request = self.caller.client.post(self.url(to)).header("cookie", cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form(&all));
        let answer = request.send().await.unwrap();
        let location = answer.headers().get("location").map(|place| format!("location: {}", place.to_str().unwrap())).unwrap_or_default();
        assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{fields:?}");
        let body = answer.text().await.unwrap();
        self.links(&location, &body);
    }

    async fn phone(&mut self) {
        let post = |url: String, pairs: &[(&str, &str)]| {
            let request = self.caller.client.post(url).header("content-type", "application/x-www-form-urlencoded");
            request.body(form(pairs))
        };
        let opened = post(self.url("/phone"), &[("channel", "phone"), ("number", PHONE_NUMBER)]).send().await.unwrap();
        let phone = opened.headers()["location"].to_str().unwrap().to_owned();
        self.seen.urls.push(phone.clone());
        self.seen.tokens.push(phone.trim_start_matches("/phone/").to_owned());
        for (id, text) in [("tap_1", "VISIT"), ("tap_2", "canary on the phone")] {
            assert_eq!(post(self.url(&phone), &[("id", id), ("text", text)]).send().await.unwrap().status(), StatusCode::SEE_OTHER);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let page = self.caller.client.get(self.url(&phone)).send().await.unwrap().text().await.unwrap();
            if page.contains("Whom did you meet?") {
                return;
            }
            assert!(Instant::now() < until, "{page}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&mark).unwrap_or_else(|| panic!("the page has a field `{name}`:\n{page}"));
    rest.split('"').next().unwrap().to_owned()
}
