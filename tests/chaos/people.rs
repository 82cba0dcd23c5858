//! Patients who write, each the next word once the last one was acknowledged, by whichever node; and what is said back to them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use intake::base::clock::Clock;
use tokio::time::sleep;

use super::{PUBLIC_URL, nodes::Nodes};
use crate::support::twilio;

/// Of a thousand webhooks so many come a second time, to whichever node.
const AGAIN_PER_MILLE: u64 = 150;
/// Words of one patient: the stored conversation keeps them all, so there is a bound.
const WORDS: u64 = 100;

/// The one question of the flow, with what was answered said back, and one reminder.
pub const FLOW: &str = "flow: echo
title: Echo
languages: [en]
for: anyone
ends: [complete]
silence:
  - after: 1 minutes
    say: Are you still there?
steps:
  word:
    label: Word
    say: |
      {{#if word}}You said {{word}}.{{/if}}
      What next?
    ask: text
    go: word
";

/// What a message of ours says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A word of a patient, said back.
    Word { patient: u64, word: u64 },
    /// The first question.
    Question,
    /// The reminder.
    Reminder,
    /// Anything else.
    Other,
}

impl Said {
    /// Reads a message.
    pub fn read(text: &str) -> Self {
        // It asks again, with the word that was said back before.
        if text.contains("still there") {
            return Self::Reminder;
        }
        let word = text.split_once("You said m").and_then(|(_, rest)| rest.split_once('.')).and_then(|(word, _)| word.split_once('x'));
        match word {
            Some((word, patient)) => match (patient.parse(), word.parse()) {
                (Ok(patient), Ok(word)) => Self::Word { patient, word },
                _ => Self::Other,
            },
            None if text.contains("What next?") => Self::Question,
            None => Self::Other,
        }
    }

    /// The word that is said back.
    pub const fn word(self) -> Option<u64> {
        match self {
            Self::Word { word, .. } => Some(word),
            Self::Question | Self::Reminder | Self::Other => None,
        }
    }
}

/// The number of a patient.
pub fn number(patient: u64) -> String {
    format!("+1{}555{:04}", 415 + patient / 10_000, patient % 10_000)
}

/// The provider's id of a message of a patient.
pub fn sid(patient: u64, word: u64) -> String {
    format!("SM{patient:08}{word:024}")
}

/// What one patient wrote, and when each word was acknowledged, from `m1` on.
#[derive(Debug)]
pub struct Patient {
    pub n: u64,
    pub acknowledged: Vec<Instant>,
}

/// What all write.
#[derive(Debug)]
pub struct People {
    /// Words that are to be written.
    wanted: u64,
    /// Between two words of one patient, in ms on the average.
    pause_ms: u64,
    pub acknowledged: AtomicU64,
    pub tries: AtomicU64,
    pub again: AtomicU64,
    enough: AtomicBool,
    next: AtomicU64,
    wrote: Mutex<Vec<Patient>>,
    client: reqwest::Client,
}

impl People {
    pub fn new(wanted: u64, pause_ms: u64) -> Self {
        Self {
            wanted,
            pause_ms,
            acknowledged: AtomicU64::new(0),
            tries: AtomicU64::new(0),
            again: AtomicU64::new(0),
            enough: AtomicBool::new(false),
            // No number of an ambulance among them: "m1x911" is heard as a call for help.
            next: AtomicU64::new(1_000),
            wrote: Mutex::default(),
            client: super::client(Duration::from_secs(4)),
        }
    }

    /// Enough has happened: whoever has written enough may stop.
    pub fn enough(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.enough.load(Ordering::Relaxed) && self.acknowledged.load(Ordering::Relaxed) >= self.wanted
    }

    /// Patients one after the other, until enough was written and enough has happened.
    pub async fn write(self: Arc<Self>, nodes: Arc<Nodes>) {
        while !self.is_over() {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            let acknowledged = self.patient(n, &nodes).await;
            self.wrote.lock().unwrap().push(Patient { n, acknowledged });
        }
    }

    async fn patient(&self, patient: u64, nodes: &Nodes) -> Vec<Instant> {
        let dice = Clock::machine();
        let from = number(patient);
        let mut acknowledged = Vec::new();
        for word in 0..=WORDS {
            if self.is_over() {
                break;
            }
            let (sid, body) = (sid(patient, word), if word == 0 { "hello".to_owned() } else { format!("m{word}x{patient}") });
            let form =
                [("MessageSid", sid.as_str()), ("From", &from), ("To", "+15550100000"), ("Body", &body), ("AccountSid", twilio::ACCOUNT)];
            let signed = Arc::new(twilio::sign(PUBLIC_URL, "/in/sms", &form));
            if dice.below(1_000) < AGAIN_PER_MILLE {
                self.again.fetch_add(1, Ordering::Relaxed);
                let (client, url, signed, wait_ms) = (self.client.clone(), nodes.any_url(), signed.clone(), dice.below(60));
                tokio::spawn(async move {
                    sleep(Duration::from_millis(wait_ms)).await;
                    let _ = post(&client, &url, &signed).await;
                });
            }
            for n_tries in 0_u64.. {
                self.tries.fetch_add(1, Ordering::Relaxed);
                if post(&self.client, &nodes.any_url(), &signed).await {
                    break;
                }
                // Longer each time: a service that is behind is not to be drowned in what it was told already.
                sleep(Duration::from_millis(20 + dice.below(100 + 100 * n_tries.min(10)))).await;
            }
            if word > 0 {
                acknowledged.push(Instant::now());
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            sleep(Duration::from_millis(dice.below(2 * self.pause_ms + 1))).await;
        }
        acknowledged
    }

    /// What everybody wrote, once all are done.
    pub fn wrote(&self) -> Vec<Patient> {
        std::mem::take(&mut self.wrote.lock().unwrap())
    }
}

/// Whether a webhook was acknowledged.
pub async fn post(client: &reqwest::Client, url: &str, signed: &twilio::Signed) -> bool {
    let request = client
        .post(format!("{url}{}", signed.path))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", &signed.signature)
        .body(signed.form.clone());
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            assert!(status.is_success() || status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS, "{status}");
            status.is_success()
        }
        Err(_) => false,
    }
}
