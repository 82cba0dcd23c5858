//! The desk by HTTP: who gets in, what a form must carry, who has a conversation, and what is shown.

mod second;

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use intake::{
    base::{Address, EventId, Medium, clock::Clock, id::ConversationId},
    config::Settings,
    desk::clocks,
    engine::{
        Content, Event, EventKind, Holder,
        event::{IfBusy, NewPerson, Start},
    },
    flow::model::Urgency,
    records::NewUser,
    runtime::{self, Service, Target, Turned},
    security::password,
    web,
};
use jiff::SignedDuration;
use tower::ServiceExt;

const CONFIG: &str = r#"
[server]
public_url = "https://intake.example.org"
[store]
url = "memory:"
[records]
url = "memory:"
[agency]
name = "City Health Department"
emergency_number = "911"
phone_line = "+15550100999"
country = "US"
time_zone = "UTC"
[desk]
hours = "always"
on_call = ["sms:+15550100666"]
[[channel]]
name = "sms"
provider = "twilio"
account_sid = "AC00000000000000000000000000000000"
auth_token = "secret"
from = "+15550100000"
per_second = 2000
[[channel]]
name = "wa"
provider = "whatsapp"
phone_number_id = "106540352242922"
app_secret = "secret"
verify_token = "secret"
access_token = "secret"
[api]
tokens = []
"#;

const PASSWORD: &str = "seven wild horses";
const ATTACK: &str = "<script>alert('x')</script> & \"more\"";

struct Desk {
    service: Service,
    router: Router,
    n_acts: AtomicU64,
}

/// What came back.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of a hidden field.
    fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&mark).unwrap_or_else(|| panic!("the page has a field `{name}`:\n{}", self.body));
        rest.split('"').next().unwrap().to_owned()
    }

    fn place(&self) -> (StatusCode, &str) {
        (self.status, self.header(header::LOCATION))
    }
}

/// A browser that is logged in.
struct Browser<'d> {
    desk: &'d Desk,
    cookie: String,
    csrf: String,
}

impl Desk {
    async fn open() -> Self {
        Self::open_with(CONFIG).await
    }

    async fn open_with(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("intake.toml");
        let flows = format!("[flows]\ndir = \"{}/flows\"\n", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(&file, format!("{config}{flows}")).unwrap();
        let settings = Settings::read(&file).unwrap_or_else(|problems| panic!("{problems}"));
        let clock = Clock::set_to("2026-07-01T12:00:00Z".parse().unwrap(), 21);
        let service = runtime::start::open(settings, clock).await.unwrap();
        let hash = password::hash(&PASSWORD.into(), service.clock()).unwrap();
        for (login, name, role) in [
            ("ana", "Ana", "tracer"),
            ("ben", "Ben", "tracer"),
            ("sue", "Sue", "supervisor"),
            ("ada", "Ada", "auditor"),
            ("leo", "Leo", "author"),
        ] {
            let user = NewUser { login: login.into(), first_name: name.into(), role: role.into(), password_hash: hash.to_stored().into() };
            service.records().add_user(&user).await.unwrap();
        }
        let router = web::router(&service);
        Self { service, router, n_acts: AtomicU64::new(0) }
    }

    async fn send(&self, request: Request<Body>) -> Got {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 22).await.unwrap();
        Got { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn try_login(&self, login: &str, password: &str) -> Got {
        let body: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs([("login", login), ("password", password), ("next", "")]).finish();
        self.send(post("/desk/login").body(Body::from(body)).unwrap()).await
    }

    async fn login(&self, login: &str) -> Browser<'_> {
        let got = self.try_login(login, PASSWORD).await;
        assert_eq!(got.place(), (StatusCode::SEE_OTHER, "/desk"), "{}", got.body);
        let cookie = got.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        let mut browser = Browser { desk: self, cookie, csrf: String::new() };
        browser.csrf = browser.get("/desk").await.field("csrf");
        browser
    }

    async fn writes(&self, medium: Medium, text: &str) -> ConversationId {
        self.wait(1);
        let (channel, number) = if medium == Medium::Sms { ("sms", "+15550100777") } else { ("wa", "+15550100888") };
        let address = Address::new(medium, number);
        let n = self.n_acts.fetch_add(1, Ordering::Relaxed);
        let content = Content::Text(text.into());
        let kind = EventKind::Message { channel: channel.into(), content };
        let event = Event { id: EventId(format!("SM{n}")), at: self.service.clock().now(), kind };
        let target = Target::Address { address: address.clone(), channel: channel.into() };
        assert_eq!(self.service.turn(target, event).await.unwrap(), Turned::Done);
        self.record().await;
        self.service.store().conversation_id(&address)
    }

    /// What the recorder does.
    async fn record(&self) {
        let held = self.service.store().hold("test", 60_000).await.unwrap();
        let cursors = self.service.records().cursors().await.unwrap();
        let lines = self.service.store().journal(&held, &cursors, 10_000).await.unwrap();
        self.service.records().apply(&lines).await.unwrap();
        self.service.hints().recorded();
    }

    fn wait(&self, seconds: i64) {
        let now = self.service.clock().now();
        self.service.clock().move_to(now + SignedDuration::from_secs(seconds));
    }

    async fn holder(&self, id: &ConversationId) -> Holder {
        self.service.store().load(id).await.unwrap().unwrap().conversation.holder
    }
}

fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::HOST, "intake.example.org")
        .header(header::ORIGIN, "https://intake.example.org")
}

impl Browser<'_> {
    async fn get(&self, path: &str) -> Got {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.desk.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Got {
        self.post_with(path, fields, &self.csrf, &[]).await
    }

    async fn post_with(&self, path: &str, fields: &[(&str, &str)], csrf: &str, headers: &[(&str, &str)]) -> Got {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields).append_pair("csrf", csrf);
        let body = body.finish();
        let mut request = post(path).header(header::COOKIE, &self.cookie);
        for (name, value) in headers {
            request.headers_mut().unwrap().insert(name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap());
        }
        let got = self.desk.send(request.body(Body::from(body)).unwrap()).await;
        self.desk.record().await;
        got
    }

    /// Does an act with the epoch that the page shows.
    async fn act(&self, id: &ConversationId, what: &str, fields: &[(&str, &str)]) -> Got {
        let path = format!("/desk/{id}");
        let page = self.get(&path).await;
        let (epoch, act) = (page.field("epoch"), page.field("act"));
        let mut all = vec![("do", what), ("epoch", &epoch), ("act", &act)];
        all.extend_from_slice(fields);
        self.post(&path, &all).await
    }
}

#[tokio::test]
async fn only_the_right_password_gets_in_and_nobody_learns_which_names_there_are() {
    let desk = Desk::open().await;
    let wrong = desk.try_login("ana", "seven wild horse").await;
    let unknown = desk.try_login("eve", "seven wild horse").await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(wrong.body.replace("ana", "eve"), unknown.body);

    let right = desk.try_login("ana", PASSWORD).await;
    let cookie = right.header(header::SET_COOKIE);
    assert!(cookie.starts_with("__Host-intake="), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let again = desk.try_login("ana", PASSWORD).await;
    assert_ne!(again.header(header::SET_COOKIE), cookie, "a login has a session of its own");
    desk.service.records().disable_user(&"ben".into()).await.unwrap();
    assert_eq!(desk.try_login("ben", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_flood_of_logins_is_throttled_by_account_and_ends_by_itself() {
    let desk = Desk::open().await;
    for login in ["ana", "no-such-user"] {
        let mut statuses = Vec::new();
        for _ in 0..11 {
            statuses.push(desk.try_login(login, "wrong wrong").await.status.as_u16());
        }
        assert_eq!(statuses[..10], [401; 10], "{login}");
        assert_eq!(statuses[10], 429, "{login}");
    }
    assert_eq!(desk.try_login("ana", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS, "the right password does not tell");
    assert_eq!(desk.try_login("ben", PASSWORD).await.status, StatusCode::SEE_OTHER, "others get in");
    desk.wait(15 * 60 + 1);
    assert_eq!(desk.try_login("ana", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn without_a_session_every_page_leads_to_the_login() {
    let desk = Desk::open().await;
    let stranger = Browser { desk: &desk, cookie: "__Host-intake=guess".into(), csrf: String::new() };
    for path in ["/desk", "/desk/0123456789abcdef0123456789abcdef", "/desk/audit", "/desk/answers.csv"] {
        let got = stranger.get(path).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{path}");
        assert!(got.header(header::LOCATION).starts_with("/desk/login?next=%2Fdesk"), "{path}: {}", got.header(header::LOCATION));
    }
    assert_eq!(stranger.get("/desk/events").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_when_it_is_left_idle_after_twelve_hours_on_logout_and_with_its_user() {
    let desk = Desk::open().await;
    let is_in = async |browser: &Browser<'_>| browser.get("/desk").await.status == StatusCode::OK;

    let browser = desk.login("ana").await;
    desk.wait(14 * 60);
    assert!(is_in(&browser).await, "used within a quarter of an hour");
    desk.wait(14 * 60);
    assert!(is_in(&browser).await, "the use counted");
    desk.wait(15 * 60);
    assert!(!is_in(&browser).await, "idle");

    let browser = desk.login("ana").await;
    for _ in 0..71 {
        desk.wait(10 * 60);
        assert!(is_in(&browser).await);
    }
    desk.wait(10 * 60);
    assert!(!is_in(&browser).await, "twelve hours");

    let browser = desk.login("ana").await;
    assert_eq!(browser.post("/desk/logout", &[]).await.place(), (StatusCode::SEE_OTHER, "/desk/login"));
    assert!(!is_in(&browser).await, "logged out");

    let browser = desk.login("ana").await;
    desk.service.records().disable_user(&"ana".into()).await.unwrap();
    assert!(!is_in(&browser).await, "disabled");
}

#[tokio::test]
async fn a_form_that_is_not_ours_does_nothing() {
    let desk = Desk::open().await;
    let id = desk.writes(Medium::Sms, "cant breath").await;
    let browser = desk.login("ana").await;
    let path = format!("/desk/{id}");
    let page = browser.get(&path).await;
    let (epoch, act) = (page.field("epoch"), page.field("act"));
    let fields = [("do", "claim"), ("epoch", epoch.as_str()), ("act", act.as_str())];
    let other = desk.login("ben").await;
    for (case, csrf, headers) in [
        ("no token", "", vec![]),
        ("another session's token", other.csrf.as_str(), vec![]),
        ("another site", browser.csrf.as_str(), vec![("origin", "https://evil.example")]),
        ("another site, as the browser says", browser.csrf.as_str(), vec![("sec-fetch-site", "cross-site")]),
    ] {
        assert_eq!(browser.post_with(&path, &fields, csrf, &headers).await.status, StatusCode::FORBIDDEN, "{case}");
        assert_eq!(desk.holder(&id).await, Holder::Nobody, "{case}");
    }
    assert_eq!(browser.post(&path, &fields).await.status, StatusCode::SEE_OTHER, "ours is done");
    assert_eq!(desk.holder(&id).await, Holder::Tracer("ana".into()));
}

#[tokio::test]
async fn of_two_claims_the_second_is_told_who_was_faster() {
    let desk = Desk::open().await;
    let id = desk.writes(Medium::Sms, "cant breath").await;
    let (ana, ben) = (desk.login("ana").await, desk.login("ben").await);
    let path = format!("/desk/{id}");
    let bens = ben.get(&path).await;
    assert!(bens.body.contains("Waits for a person"), "{}", bens.body);
    assert_eq!(ana.act(&id, "claim", &[]).await.place(), (StatusCode::SEE_OTHER, path.as_str()));
    desk.wait(3);

    let (epoch, act) = (bens.field("epoch"), bens.field("act"));
    let late = ben.post(&path, &[("do", "claim"), ("epoch", &epoch), ("act", &act)]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("Ana took this 3 s ago."), "{}", late.body);
    assert!(!late.body.contains("value=\"claim\"") && !late.body.contains("value=\"reply\""), "the page is read-only");
    let reply = ben.post(&path, &[("do", "reply"), ("epoch", &epoch), ("act", "act_b2"), ("text", "I am on my way")]).await;
    assert_eq!(reply.status, StatusCode::CONFLICT);
    assert!(reply.body.contains("I am on my way</textarea>"), "words that were not sent are given back");
    assert_eq!(desk.holder(&id).await, Holder::Tracer("ana".into()));
}

#[tokio::test]
async fn a_tracer_answers_once_however_often_the_button_is_pressed_and_hands_back() {
    let desk = Desk::open().await;
    desk.writes(Medium::Sms, "hi").await;
    let id = desk.writes(Medium::Sms, "cant breath").await;
    let ana = desk.login("ana").await;
    let path = format!("/desk/{id}");
    ana.act(&id, "claim", &[]).await;
    let page = ana.get(&path).await;
    assert!(page.body.contains("You have it") && page.body.contains("What they want"), "{}", page.body);
    let (epoch, act) = (page.field("epoch"), page.field("act"));
    let reply = [("do", "reply"), ("epoch", epoch.as_str()), ("act", act.as_str()), ("text", "Help is on its way")];
    for _ in 0..3 {
        assert_eq!(ana.post(&path, &reply).await.status, StatusCode::SEE_OTHER);
    }
    let page = ana.get(&path).await;
    assert_eq!(page.body.matches("<p class=\"text\">Help is on its way</p>").count(), 1, "{}", page.body);

    desk.writes(Medium::Sms, "thank you").await;
    assert!(ana.get(&path).await.body.contains("thank you"));
    assert_eq!(ana.act(&id, "hand-back", &[("at", "")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(desk.holder(&id).await, Holder::Bot);
    let page = ana.get(&path).await;
    assert!(page.body.contains("The assistant leads") && page.body.contains("Ana: handed back"), "{}", page.body);
    assert!(ana.get("/desk").await.body.contains("Nobody is waiting."));
}

#[tokio::test]
async fn a_conversation_is_found_by_its_number_which_stands_in_no_address() {
    let desk = Desk::open().await;
    let id = desk.writes(Medium::Sms, "hi").await;
    let ana = desk.login("ana").await;
    let find = |to: &'static str, channel: &'static str| [("to", to), ("channel", channel)];
    assert_eq!(
        ana.post("/desk/find", &find("(555) 010-0777", "sms")).await.place(),
        (StatusCode::SEE_OTHER, format!("/desk/{id}").as_str())
    );
    for (to, channel, status) in [
        ("+15550100777", "wa", StatusCode::NOT_FOUND),
        ("Bob", "sms", StatusCode::UNPROCESSABLE_ENTITY),
        ("+15550100555", "fax", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let got = ana.post("/desk/find", &find(to, channel)).await;
        assert!(got.status == status && !got.body.contains(to), "{to} on {channel}: {}", got.body);
    }
    assert_eq!(ana.post_with("/desk/find", &find("+15550100777", "sms"), "other", &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_a_patient_types_is_shown_and_never_run() {
    let desk = Desk::open().await;
    let people = vec![NewPerson { first_name: ATTACK.into(), birth_year: None, record: Some(ATTACK.into()) }];
    let start = Start { flow: "welcome".into(), channel: "sms".into(), language: None, people, if_busy: IfBusy::Refuse };
    let event = Event { id: "start".into(), at: desk.service.clock().now(), kind: EventKind::Start(start) };
    let target = Target::Address { address: Address::new(Medium::Sms, "+15550100777"), channel: "sms".into() };
    assert_eq!(desk.service.turn(target, event).await.unwrap(), Turned::Done);
    let id = desk.writes(Medium::Sms, &format!("cant breath {ATTACK}")).await;
    let ana = desk.login("ana").await;
    ana.act(&id, "note", &[("text", ATTACK)]).await;
    for path in ["/desk".to_owned(), format!("/desk/{id}")] {
        let page = ana.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("<script>alert"), "{path}");
        assert!(page.body.contains("&lt;script&gt;alert"), "{path}: {}", page.body);
        let policy = page.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(!page.body.contains(" style=") && !page.body.contains(" onclick="), "nothing inline: {path}");
        assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
    }
}

#[tokio::test]
async fn words_longer_than_the_page_takes_are_refused_by_the_service_too() {
    let desk = Desk::open().await;
    desk.writes(Medium::Sms, "hi").await;
    let id = desk.writes(Medium::Sms, "cant breath").await;
    let ana = desk.login("ana").await;
    ana.act(&id, "claim", &[]).await;
    let page = ana.get(&format!("/desk/{id}")).await.body;
    assert!(page.contains("maxlength=\"4000\"") && page.contains("maxlength=\"1000\"") && !page.contains("maxlength=\"\""), "{page}");
    let long = "x".repeat(70_000);
    for what in [[("do", "reply"), ("step", "")], [("do", "note"), ("step", "")], [("do", "answer"), ("step", "hello")]] {
        let refused = ana.act(&id, what[0].1, &[what[1], ("text", &long)]).await;
        assert!(
            refused.status.is_client_error() && refused.body.contains("too long: nothing was sent or kept"),
            "{}: {}",
            what[0].1,
            refused.status
        );
    }
}

#[tokio::test]
async fn each_role_sees_and_does_what_the_table_says() {
    let desk = Desk::open().await;
    let id = desk.writes(Medium::Sms, "cant breath").await;
    let page = format!("/desk/{id}");
    for (login, statuses) in [
        ("ana", [200, 200, 403, 403, 303]),
        ("sue", [200, 200, 200, 200, 303]),
        ("ada", [200, 403, 200, 403, 403]),
        ("leo", [200, 403, 403, 403, 403]),
    ] {
        let browser = desk.login(login).await;
        let mut got = Vec::new();
        for path in ["/desk", page.as_str(), "/desk/audit", "/desk/answers.csv"] {
            got.push(browser.get(path).await.status.as_u16());
        }
        let note = [("do", "note"), ("epoch", "0"), ("act", "act_1"), ("text", "called")];
        got.push(browser.post(&page, &note).await.status.as_u16());
        assert_eq!(got, statuses, "{login}");
    }
    let queue = desk.login("ada").await.get("/desk").await;
    assert!(!queue.body.contains("cant breath"), "an auditor sees no words of patients");
    let queue = desk.login("leo").await.get("/desk").await;
    assert!(!queue.body.contains("emergency"), "an author sees no queue: {}", queue.body);

    let ana = desk.login("ana").await;
    ana.act(&id, "claim", &[]).await;
    let taken = desk.login("ben").await.act(&id, "take-over", &[]).await;
    assert_eq!(taken.status, StatusCode::FORBIDDEN, "only who assigns work takes from others");
    assert_eq!(desk.login("sue").await.act(&id, "take-over", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(desk.holder(&id).await, Holder::Tracer("sue".into()));
}

#[tokio::test]
async fn every_view_and_act_is_in_the_audit() {
    let desk = Desk::open().await;
    let id = desk.writes(Medium::Sms, "cant breath").await;
    let ana = desk.login("ana").await;
    ana.act(&id, "claim", &[]).await;
    desk.wait(1);
    // The page's script looks again by itself: nothing new, no further row; something new, one more.
    let live = async || {
        let request = Request::get(format!("/desk/{id}")).header(header::COOKIE, &ana.cookie).header("X-Intake-Live", "1");
        assert_eq!(desk.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::OK);
    };
    live().await;
    live().await;
    desk.writes(Medium::Sms, "hello?").await;
    live().await;
    let rows = desk.service.records().audit_rows(None, None, 100).await.unwrap();
    let rows: Vec<(&str, &str, bool)> =
        rows.iter().rev().map(|row| (row.actor.as_str(), row.action.as_str(), row.conversation.as_ref() == Some(&id))).collect();
    assert_eq!(
        rows,
        [("ana", "logged in", false), ("ana", "viewed", true), ("ana", "claims", true), ("ana", "viewed", true), ("ana", "viewed", true)]
    );
}

#[tokio::test]
async fn a_shut_window_takes_the_place_of_the_text_box() {
    let desk = Desk::open().await;
    let id = desk.writes(Medium::WhatsApp, "cant breath").await;
    let ana = desk.login("ana").await;
    ana.act(&id, "claim", &[]).await;
    let page = ana.get(&format!("/desk/{id}")).await;
    assert!(page.body.contains("window open for 1 day") && page.body.contains("value=\"reply\""), "{}", page.body);
    desk.wait(25 * 60 * 60);
    let ana = desk.login("ana").await;
    let page = ana.get(&format!("/desk/{id}")).await;
    assert!(page.body.contains("The window for free text is shut") && !page.body.contains("value=\"reply\""), "{}", page.body);
    let refused = ana.act(&id, "reply", &[("text", "hello")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "the engine refuses too");
    assert!(refused.body.contains("your words were not sent"), "{}", refused.body);
}

#[tokio::test]
async fn staff_are_warned_when_nobody_is_on_call_and_told_how_many_wait() {
    let quiet = CONFIG.replace("on_call = [\"sms:+15550100666\"]", "on_call = []");
    let desk = Desk::open_with(&quiet).await;
    desk.writes(Medium::Sms, "cant breath").await;
    let page = desk.login("ana").await.get("/desk").await;
    assert!(page.body.contains("Nobody is on call"), "{}", page.body);
    assert!(page.body.contains("<title>(1) Queue"), "{}", page.body);
    assert!(page.body.contains("1 emergency has not been taken by anybody."));
    let desk = Desk::open().await;
    let page = desk.login("ana").await.get("/desk").await;
    assert!(!page.body.contains("class=\"notice"), "{}", page.body);
}

#[tokio::test]
async fn a_page_that_was_away_is_told_what_it_missed() {
    let desk = Desk::open().await;
    let id = desk.writes(Medium::Sms, "hi").await;
    let seen = desk.service.records().feed_newest().await.unwrap();
    desk.writes(Medium::Sms, "cant breath").await;
    let ana = desk.login("ana").await;
    let request = Request::get("/desk/events").header(header::COOKIE, &ana.cookie).header("Last-Event-ID", seen.to_string());
    let response = desk.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    desk.service.stop().ask();
    let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(body, format!("event: changed\nid: {}\ndata: {id} queue,transcript\n\n", seen + 1));
}

#[tokio::test]
async fn the_pages_of_a_conversation_say_what_is_not_there() {
    let desk = Desk::open().await;
    let ana = desk.login("ana").await;
    assert_eq!(ana.get("/desk/0123456789abcdef0123456789abcdef").await.status, StatusCode::NOT_FOUND);
    assert_eq!(ana.get("/desk/static/desk.css").await.header(header::CONTENT_TYPE), "text/css; charset=utf-8");
    assert_eq!(ana.get("/desk/static/other").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_engines_clocks_are_those_that_the_desk_tells() {
    let desk = Desk::open().await;
    let live = async |id: &ConversationId| desk.service.store().load(id).await.unwrap().unwrap().conversation.escalation.unwrap();
    let hours = &desk.service.settings().desk.hours;
    for (medium, words, urgency) in [(Medium::Sms, "cant breath", Urgency::Emergency), (Medium::WhatsApp, "HUMAN", Urgency::Routine)] {
        let id = desk.writes(medium, words).await;
        let raised = live(&id).await;
        assert_eq!(raised.urgency, urgency, "{words}");
        assert_eq!(raised.due_at, Some(clocks::claim_by(urgency, raised.raised_at, hours, &jiff::tz::TimeZone::UTC)), "{words}");
        desk.wait(60);
        let ana = desk.login("ana").await;
        ana.act(&id, "claim", &[]).await;
        assert_eq!(live(&id).await.due_at, Some(clocks::reply_by(urgency, desk.service.clock().now())), "{words}");
        ana.act(&id, "reply", &[("text", "I am here")]).await;
        assert_eq!(live(&id).await.due_at, None, "{words}");
        desk.writes(medium, "thanks").await;
        assert_eq!(live(&id).await.due_at, Some(clocks::reply_by(urgency, desk.service.clock().now())), "{words}");
        let rows = desk.service.records().queue().await.unwrap();
        let row = rows.iter().find(|row| row.conversation == id).unwrap();
        assert_eq!(row.due_at, live(&id).await.due_at, "the record's clock is the live one: {words}");
    }
}

#[tokio::test]
async fn a_tracer_fills_in_an_answer_as_the_patient_would_give_it() {
    let desk = Desk::open().await;
    desk.writes(Medium::Sms, "hi").await;
    let id = desk.writes(Medium::Sms, "cant breath").await;
    let ana = desk.login("ana").await;
    ana.act(&id, "claim", &[]).await;
    let refused = ana.act(&id, "answer", &[("step", "hello"), ("text", "the weather is fine")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("no answer to that question"), "{}", refused.body);
    assert_eq!(ana.act(&id, "answer", &[("step", "hello"), ("text", "you texted me")]).await.status, StatusCode::SEE_OTHER);
    let page = ana.get(&format!("/desk/{id}")).await;
    for shown in ["You wrote to me", "<q>you texted me</q>", "filled in by Ana"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let csv = desk.login("sue").await.get("/desk/answers.csv?flow=welcome").await;
    assert!(csv.header(header::CONTENT_DISPOSITION).starts_with("attachment"));
    assert!(csv.body.contains(",hello,What they want,,,0,,message,,you texted me,,,ana,"), "{}", csv.body);
}

#[tokio::test]
async fn a_resolved_conversation_leaves_the_queue_with_its_outcome_and_can_be_reopened() {
    let desk = Desk::open().await;
    let id = desk.writes(Medium::Sms, "cant breath").await;
    let ana = desk.login("ana").await;
    ana.act(&id, "claim", &[]).await;
    assert_eq!(ana.act(&id, "resolve", &[("outcome", "gone fishing")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ana.act(&id, "resolve", &[("outcome", "referred")]).await.status, StatusCode::SEE_OTHER);
    assert!(ana.get("/desk").await.body.contains("Nobody is waiting."));
    let page = ana.get(&format!("/desk/{id}")).await;
    assert!(page.body.contains("emergency: resolved") && page.body.contains("resolved: referred · Ana"), "{}", page.body);
    assert_eq!(ana.act(&id, "reopen", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(desk.holder(&id).await, Holder::Nobody);
    assert!(ana.get("/desk").await.body.contains("value=\"claim\""));
}
