//! The provider: takes messages, counts them, at times says "slow down", and sends its receipts.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::post,
};
use intake::base::clock::Clock;
use tokio::{net::TcpListener, time::sleep};

use super::PUBLIC_URL;
use crate::support::twilio;

/// A message that the provider took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// From which node.
    pub node: usize,
    /// To whom.
    pub to: String,
    /// Our token.
    pub outbox: String,
    /// `Some(3)` for "You said m3."
    pub word: Option<u64>,
    /// When.
    pub at: Instant,
}

#[derive(Clone)]
struct Book {
    taken: Arc<Mutex<Vec<Taken>>>,
    urls: Arc<Mutex<Vec<String>>>,
    client: reqwest::Client,
}

/// The provider on loopback.
pub struct Provider {
    pub url: String,
    book: Book,
}

impl Provider {
    pub async fn start() -> Self {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(3)).build().unwrap();
        let book = Book { taken: Arc::default(), urls: Arc::default(), client };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/{node}/2010-04-01/Accounts/{account}/Messages.json", post(take)).with_state(book.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, book }
    }

    /// Where receipts go.
    pub fn tell(&self, urls: Vec<String>) {
        *self.book.urls.lock().unwrap() = urls;
    }

    /// All that it took, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.book.taken.lock().unwrap().clone()
    }

    /// Different words said back so far.
    pub fn n_words(&self) -> u64 {
        let taken = self.book.taken.lock().unwrap();
        let words: BTreeSet<(&str, u64)> = taken.iter().filter_map(|taken| Some((taken.to.as_str(), taken.word?))).collect();
        words.len() as u64
    }
}

async fn take(State(book): State<Book>, Path((node, _)): Path<(String, String)>, body: Bytes) -> impl IntoResponse {
    let dice = Clock::machine();
    let json = [(header::CONTENT_TYPE, "application/json")];
    if dice.below(100) == 0 {
        return (StatusCode::TOO_MANY_REQUESTS, json, r#"{"code":20429}"#.to_owned());
    }
    let asked = twilio::read(&body);
    let word = asked.body.split_once("You said m").and_then(|(_, rest)| rest.split_once('.')).and_then(|(word, _)| word.parse().ok());
    let node = node.trim_start_matches("node").parse().unwrap();
    let taken = Taken { node, to: asked.to, outbox: asked.outbox.clone(), word, at: Instant::now() };
    let nth = {
        let mut all = book.taken.lock().unwrap();
        all.push(taken);
        all.len()
    };
    let sid = format!("SM{nth:032}");
    tokio::spawn(receipts(book, asked.outbox, sid.clone()));
    sleep(Duration::from_millis(dice.below(15))).await;
    (StatusCode::CREATED, json, format!(r#"{{"sid":"{sid}","status":"queued","error_code":null}}"#))
}

/// `sent` and `delivered`, in any order, each once; one that finds no node is tried again. For three messages in ten none comes.
async fn receipts(book: Book, outbox: String, sid: String) {
    let dice = Clock::machine();
    if dice.below(10) < 3 {
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
            if super::post(&book.client, &url, &signed).await {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}
