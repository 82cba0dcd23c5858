//! A whole service on loopback, with providers of the tests' own: what the suites of runtime, web and API start.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use intake::{
    base::{Address, Medium, clock::Clock},
    config::Settings,
    runtime::{Loops, Service, http::install_ring, start},
    security::Sealer,
    web,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, time::timeout};

use crate::support::{redis::free_port, signal};

pub const TWILIO_TOKEN: &str = "a token of Twilio's";
pub const META_SECRET: &str = "a secret of Meta's";
pub const API_TOKEN: &str = "an api token that is long";
pub const PUBLIC: &str = "https://intake.example.org";
/// What takes longer than this on loopback never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// One question, a reminder, a thank-you.
pub const FLOW: &str = "\
flow: hello
title: Hello
languages: [en]
for: anyone
emergency: emergency-text
ends: [complete]
silence:
  - after: 1 hour
    say: Are you still there?
  - after: 6 hours
    end: no reply
steps:
  well:
    label: Well
    say: Hello. Are you well?
    ask: yes/no
  cough:
    label: Cough
    say: Do you cough?
    ask: yes/no
  thanks:
    say: Thank you, that is all.
    end: complete
";

/// A folder with configuration and flows: start services in it, one after the other.
pub struct Place {
    folder: TempDir,
    pub provider: Provider,
}

/// A service that runs.
pub struct Running {
    pub service: Service,
    loops: Option<Loops>,
    caller: Caller,
}

/// Who calls a service as providers do.
pub struct Caller {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    pub client: reqwest::Client,
}

impl std::ops::Deref for Running {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Caller {
    pub fn of(url: String) -> Self {
        install_ring();
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url, client }
    }
}

impl Place {
    /// With a store: `memory:` or `sqlite:intake.db`.
    pub async fn new(store: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let provider = Provider::start().await;
        let at = &provider.url;
        fs::create_dir(folder.path().join("flows")).unwrap();
        fs::write(folder.path().join("flows/hello.yaml"), FLOW).unwrap();
        let config = format!(
            r#"
[server]
public_url = "{PUBLIC}"
[store]
url = "{store}"
[flows]
welcome = "hello"
[seal]
key = {{ file = "intake.key" }}
[agency]
name = "City Health Department"
emergency_number = "911"
phone_line = "+15550100999"
country = "US"
time_zone = "America/New_York"
[desk]
on_call = ["sms:+15550100666"]
[[channel]]
name = "sms"
provider = "twilio"
account_sid = "AC00000000000000000000000000000000"
auth_token = "{TWILIO_TOKEN}"
from = "+15550100000"
base_url = "{at}"
per_second = 2000
[[channel]]
name = "wa"
provider = "whatsapp"
phone_number_id = "106540352242922"
app_secret = "{META_SECRET}"
verify_token = "verify me"
access_token = "an access token"
per_second = 2000
base_url = "{at}/v23.0"
[[channel]]
name = "phone"
provider = "browser"
medium = "whatsapp"
token = "a token of the phone page"
[limits]
messages_per_minute = 0
[api]
tokens = [
    {{ name = "ops", role = "admin", secret = "{API_TOKEN}" }},
    {{ name = "pen", role = "author", secret = "a token of an author" }},
]
"#
        );
        fs::write(folder.path().join("intake.key"), Sealer::generate(&Clock::machine())).unwrap();
        fs::write(folder.path().join("intake.toml"), config).unwrap();
        Self { folder, provider }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A service with its loops.
    pub async fn run(&self, clock: &Clock) -> Running {
        let mut running = self.run_without_loops(clock).await;
        running.loops = Some(Loops::start(&running.service));
        running
    }

    /// A service that takes messages and sends none: what a process looks like that dies before it sends.
    pub async fn run_without_loops(&self, clock: &Clock) -> Running {
        install_ring();
        let settings = Settings::read(&self.path().join("intake.toml")).unwrap();
        let service = start::open(settings, clock.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn({
            let service = service.clone();
            async move { web::serve(&service, listener).await }
        });
        Running { service, loops: None, caller: Caller::of(url) }
    }
}

/// A process of its own, as an operator starts it; killed with the test.
pub struct Node {
    child: Child,
    place: PathBuf,
    port: u16,
    pub running: Caller,
}

impl Place {
    /// Starts `intake serve` and waits until it is ready.
    pub async fn node(&self) -> Node {
        let port = free_port();
        let config = fs::read_to_string(self.path().join("intake.toml")).unwrap();
        let config = config.replacen("[server]", &format!("[server]\nlisten = \"127.0.0.1:{port}\""), 1);
        let file = self.path().join(format!("intake-{port}.toml"));
        fs::write(&file, config).unwrap();
        let child = serve(&file);
        let node = Node { child, place: file, port, running: Caller::of(format!("http://127.0.0.1:{port}")) };
        node.ready().await;
        node
    }
}

fn serve(file: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_intake"))
        .args(["serve", "--config"])
        .arg(file)
        .env("INTAKE_LOG", "warn")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

impl Node {
    async fn ready(&self) {
        let ready = async {
            loop {
                let asked = self.running.client.get(format!("{}/readyz", self.running.url)).send().await;
                if asked.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, ready).await.unwrap_or_else(|_| panic!("the node at port {} is not ready", self.port));
    }

    /// Asked to stop, as an operator does; how long that took. Another is started in its place.
    pub async fn stopped_and_started_again(&mut self) -> Duration {
        let began = Instant::now();
        signal(&self.child, "TERM");
        let ended = async {
            loop {
                match self.child.try_wait().unwrap() {
                    Some(status) => return status,
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        assert!(timeout(PATIENCE, ended).await.expect("it ends").success());
        let took = began.elapsed();
        self.child = serve(&self.place);
        self.ready().await;
        took
    }

    /// `kill -9`, and the same process started again.
    pub async fn killed_and_started_again(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = serve(&self.place);
        self.ready().await;
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Ends in order.
    pub async fn stop(self) {
        self.service.stop().ask();
        if let Some(loops) = self.loops {
            loops.stop().await;
        }
        self.service.store().close().await;
    }

    /// Waits until the record holds what is looked for.
    pub async fn recorded(&self, mut holds: impl AsyncFnMut(&Service) -> bool) {
        let mut feed = self.service.hints().feed();
        let waiting = async {
            while !holds(&self.service).await {
                let _ = timeout(Duration::from_millis(100), feed.changed()).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("the record has what is looked for");
    }
}

impl Caller {
    /// A text as Twilio sends it, signed: status and body of the answer.
    pub async fn text(&self, sid: &str, from: &str, body: &str) -> (StatusCode, String) {
        let form = form(&[("MessageSid", sid), ("From", from), ("To", "+15550100000"), ("Body", body), ("NumMedia", "0")]);
        self.twilio("/in/sms", &form, TWILIO_TOKEN).await
    }

    /// A form as Twilio sends it, signed with a token.
    pub async fn twilio(&self, path: &str, form: &str, token: &str) -> (StatusCode, String) {
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", twilio_signature(token, &format!("{PUBLIC}{path}"), form))
            .body(form.to_owned());
        answered(request).await
    }

    /// A body as Meta sends it, signed.
    pub async fn meta(&self, body: &str) -> (StatusCode, String) {
        let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(META_SECRET.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        answered(self.client.post(format!("{}/in/wa", self.url)).header("x-hub-signature-256", signature).body(body.to_owned())).await
    }

    /// A call of the API.
    pub fn api(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}/api/v1{path}", self.url)).header("authorization", format!("Bearer {API_TOKEN}"))
    }

    /// What stands under `/metrics` on the lines that begin so.
    pub async fn metric(&self, name: &str) -> Vec<String> {
        let (_, text) = answered(self.client.get(format!("{}/metrics", self.url))).await;
        text.lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect()
    }
}

/// The answer to a request.
pub async fn answered(request: reqwest::RequestBuilder) -> (StatusCode, String) {
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

pub fn sms(number: &str) -> Address {
    Address::new(Medium::Sms, number)
}

pub fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn twilio_signature(token: &str, url: &str, form: &str) -> String {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    pairs.sort();
    let mut mac = <Hmac<sha1::Sha1> as KeyInit>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    for (name, value) in pairs {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

/// Twilio and Meta in one: takes every message, or answers as it is told to.
#[derive(Clone)]
pub struct Provider {
    pub url: String,
    shared: Arc<Mutex<Shared>>,
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct Shared {
    taken: Vec<Taken>,
    urls: Vec<String>,
    refused: usize,
    script: VecDeque<(u16, String)>,
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub to: String,
    pub text: String,
    /// Our token in the status callback, or in `biz_opaque_callback_data`.
    pub token: String,
    pub whole: String,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self { url, shared: Arc::default(), count: watch::channel(0).0 };
        let routes = Router::new().fallback(post(take)).with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        provider
    }

    /// How the next requests are answered, before it goes on taking.
    pub fn answers(&self, script: &[(u16, &str)]) {
        self.shared.lock().unwrap().script = script.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
    }

    /// Waits until so many were taken in all; every message to date.
    pub async fn taken(&self, n: usize) -> Vec<Taken> {
        let mut count = self.count.subscribe();
        if timeout(PATIENCE, count.wait_for(|count| *count >= n)).await.is_err() {
            panic!("{n} messages were expected, and only these came: {:?}", self.shared.lock().unwrap().taken);
        }
        self.shared.lock().unwrap().taken.clone()
    }

    /// Waits until a message with these words was taken.
    pub async fn taken_with(&self, words: &str) {
        let mut count = self.count.subscribe();
        let there = || self.shared.lock().unwrap().taken.iter().any(|taken| taken.text.contains(words));
        if timeout(PATIENCE * 3, count.wait_for(|_| there())).await.is_err() {
            panic!("`{words}` did not come: {:?}", self.shared.lock().unwrap().taken);
        }
    }

    /// Waits until a message to somebody was taken; the first of them.
    pub async fn taken_by(&self, to: &str) -> Taken {
        let mut count = self.count.subscribe();
        let first = || self.shared.lock().unwrap().taken.iter().find(|taken| taken.to == to).cloned();
        if timeout(PATIENCE * 3, count.wait_for(|_| first().is_some())).await.is_err() {
            panic!("nothing came to this address");
        }
        first().unwrap()
    }

    /// Every address that was asked for, with its query.
    pub fn urls(&self) -> Vec<String> {
        self.shared.lock().unwrap().urls.clone()
    }

    /// How many requests were refused by the script.
    pub fn n_refused(&self) -> usize {
        self.shared.lock().unwrap().refused
    }
}

async fn take(State(provider): State<Provider>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let whole = String::from_utf8(body.to_vec()).unwrap();
    let mut shared = provider.shared.lock().unwrap();
    shared.urls.push(uri.to_string());
    if let Some((status, body)) = shared.script.pop_front() {
        shared.refused += 1;
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    let nth = shared.taken.len();
    if uri.path().ends_with("/Messages.json") {
        assert!(headers["authorization"].to_str().unwrap().starts_with("Basic "));
        let field = |name: &str| {
            form_urlencoded::parse(whole.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let token = field("StatusCallback").split("m=").nth(1).unwrap_or_default().to_owned();
        shared.taken.push(Taken { to: field("To"), text: field("Body"), token, whole: whole.clone() });
        provider.count.send_replace(nth + 1);
        return (StatusCode::CREATED, format!(r#"{{"sid":"SM{nth:032}","status":"queued"}}"#)).into_response();
    }
    assert_eq!(uri.path(), "/v23.0/106540352242922/messages");
    let json: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let text = |path: &str| json.pointer(path).and_then(serde_json::Value::as_str).map(str::to_owned);
    shared.taken.push(Taken {
        to: text("/to").or_else(|| text("/recipient")).unwrap_or_default(),
        text: text("/text/body").or_else(|| text("/interactive/body/text")).unwrap_or_default(),
        token: text("/biz_opaque_callback_data").unwrap_or_default(),
        whole: whole.clone(),
    });
    provider.count.send_replace(nth + 1);
    (StatusCode::OK, format!(r#"{{"messaging_product":"whatsapp","contacts":[],"messages":[{{"id":"wamid.{nth}"}}]}}"#)).into_response()
}
