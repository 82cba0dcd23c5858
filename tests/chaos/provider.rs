//! The provider: takes messages and counts them, says "slow down", fails, hangs, takes without saying so, and sends its receipts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use intake::base::clock::Clock;
use jiff::Timestamp;
use tokio::{net::TcpListener, time::sleep};

use super::{PUBLIC_URL, people, wire::Wire};
use crate::support::twilio;

/// Longer than the HTTP client waits.
const HANG: Duration = Duration::from_secs(12);

/// A message that the provider took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// From which node.
    pub node: usize,
    /// To whom.
    pub to: String,
    /// Our token.
    pub outbox: String,
    /// What it says.
    pub said: people::Said,
    /// When.
    pub at: Instant,
    /// The same, by the nodes' clock.
    pub on: Timestamp,
    /// Whether the node hears that it was taken.
    pub told: bool,
}

/// How often it does what, of ten thousand requests.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// 429, with `Retry-After`.
    pub slow_down: u64,
    /// 500 or 503, and the message is not taken.
    pub fails: u64,
    /// No answer for longer than the client waits, and the message is not taken.
    pub hangs: u64,
    /// It takes the message, and gives no answer for longer than the client waits.
    pub takes_and_hangs: u64,
    /// It takes the message, and its answer breaks off.
    pub takes_and_breaks: u64,
    /// Messages that no receipt comes for.
    pub no_receipt: u64,
}

impl Rates {
    /// What is not well with a request.
    fn draw(self, dice: &Clock) -> Option<&'static str> {
        let mut n = dice.below(10_000);
        let all = [
            (self.slow_down, "429"),
            (self.fails, "500 or 503"),
            (self.hangs, "hangs"),
            (self.takes_and_hangs, "takes and hangs"),
            (self.takes_and_breaks, "takes and breaks off"),
        ];
        for (rate, what) in all {
            if n < rate {
                return Some(what);
            }
            n -= rate;
        }
        None
    }
}

#[derive(Clone)]
struct Book {
    taken: Arc<Mutex<Vec<Taken>>>,
    did: Arc<Mutex<BTreeMap<&'static str, u64>>>,
    urls: Arc<Mutex<Vec<String>>>,
    rates: Arc<Mutex<Rates>>,
    client: reqwest::Client,
}

/// The provider on loopback.
pub struct Provider {
    pub url: String,
    /// Between all nodes and the provider.
    pub wire: Wire,
    book: Book,
}

impl Provider {
    pub async fn start(rates: Rates) -> Self {
        let book = Book {
            taken: Arc::default(),
            did: Arc::default(),
            urls: Arc::default(),
            rates: Arc::new(Mutex::new(rates)),
            client: super::client(Duration::from_secs(3)),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Wire::to(listener.local_addr().unwrap().port());
        let url = format!("http://127.0.0.1:{}", wire.port());
        let router = Router::new().route("/{node}/2010-04-01/Accounts/{account}/Messages.json", post(answer)).with_state(book.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, wire, book }
    }

    /// Where receipts go.
    pub fn tell(&self, urls: Vec<String>) {
        *self.book.urls.lock().unwrap() = urls;
    }

    /// From now on it only takes messages.
    pub fn calm(&self) {
        let mut rates = self.book.rates.lock().unwrap();
        *rates = Rates { slow_down: 0, fails: 0, hangs: 0, takes_and_hangs: 0, takes_and_breaks: 0, ..*rates };
    }

    /// All that it took, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.book.taken.lock().unwrap().clone()
    }

    /// What was not well, and how often.
    pub fn did(&self) -> BTreeMap<&'static str, u64> {
        self.book.did.lock().unwrap().clone()
    }

    /// Different words said back so far, and patients who were reminded.
    pub fn n_said(&self) -> (usize, usize) {
        let taken = self.book.taken.lock().unwrap();
        let words: BTreeSet<(&str, u64)> = taken.iter().filter_map(|taken| Some((taken.to.as_str(), taken.said.word()?))).collect();
        let reminders: BTreeSet<&str> =
            taken.iter().filter(|taken| taken.said == people::Said::Reminder).map(|taken| taken.to.as_str()).collect();
        (words.len(), reminders.len())
    }
}

impl Book {
    /// Takes a message: from now on it is on its way to the phone.
    fn take(&self, node: usize, asked: twilio::Asked, told: bool) -> String {
        let said = people::Said::read(&asked.body);
        let taken = Taken { node, to: asked.to, outbox: asked.outbox.clone(), said, at: Instant::now(), on: Timestamp::now(), told };
        let nth = {
            let mut all = self.taken.lock().unwrap();
            all.push(taken);
            all.len()
        };
        let sid = format!("SM{nth:032}");
        tokio::spawn(receipts(self.clone(), asked.outbox, sid.clone()));
        sid
    }
}

async fn answer(State(book): State<Book>, Path((node, _)): Path<(String, String)>, body: Bytes) -> Response {
    let dice = Clock::machine();
    let rates = *book.rates.lock().unwrap();
    let asked = twilio::read(&body);
    let node = node.trim_start_matches("node").parse().unwrap();
    let fault = rates.draw(&dice);
    if let Some(fault) = fault {
        *book.did.lock().unwrap().entry(fault).or_default() += 1;
    }
    let json = [(header::CONTENT_TYPE, "application/json")];
    match fault {
        Some("429") => {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, "1".parse().unwrap())]);
            (StatusCode::TOO_MANY_REQUESTS, headers, r#"{"code":20429}"#).into_response()
        }
        Some("500 or 503") => {
            let status = if dice.below(2) == 0 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::SERVICE_UNAVAILABLE };
            (status, json, r#"{"code":20500}"#).into_response()
        }
        Some("hangs") => {
            sleep(HANG).await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Some("takes and hangs") => {
            book.take(node, asked, false);
            sleep(HANG).await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Some(_) => {
            book.take(node, asked, false);
            // Its head goes out, and then the connection ends.
            let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("the answer breaks off"))]);
            (StatusCode::CREATED, json, Body::from_stream(broken)).into_response()
        }
        None => {
            let sid = book.take(node, asked, true);
            sleep(Duration::from_millis(dice.below(15))).await;
            (StatusCode::CREATED, json, format!(r#"{{"sid":"{sid}","status":"queued","error_code":null}}"#)).into_response()
        }
    }
}

/// `sent` and `delivered`, in any order, each once; one that finds no node is tried again.
async fn receipts(book: Book, outbox: String, sid: String) {
    let dice = Clock::machine();
    if dice.below(10_000) < book.rates.lock().unwrap().no_receipt {
        return;
    }
    for status in if dice.below(4) == 0 { ["delivered", "sent"] } else { ["sent", "delivered"] } {
        sleep(Duration::from_millis(20 + dice.below(200))).await;
        let path = format!("/receipt/sms?m={outbox}");
        let signed = twilio::sign(PUBLIC_URL, &path, &[("MessageSid", &sid), ("MessageStatus", status)]);
        for _ in 0..20 {
            let url = {
                let urls = book.urls.lock().unwrap();
                urls[usize::try_from(dice.below(urls.len() as u64)).unwrap()].clone()
            };
            if people::post(&book.client, &url, &signed).await {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}
