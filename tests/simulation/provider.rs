//! A provider that takes its time, refuses, takes and does not say so, and sends its receipts when it likes.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use intake::{
    base::id::OutboxId,
    channel::{Request, Response, Transport},
    runtime::http::Played,
};

use super::{
    ledger::{Broken, STOOD_STILL, Shared, Taken, Word, Wrong},
    people::{Patient, patient_of},
};
use crate::support::{
    meta,
    twilio::{self, Asked},
};

/// A message that was perhaps taken is left alone for 30 s; it may leave up to 15 s after its attempt began.
const TOLD_WITHIN_MS: i64 = 10_000;

/// The provider as one life of a node sees it.
pub struct Provider {
    pub shared: Arc<Shared>,
    pub life: u32,
}

impl Played for Provider {
    fn perform(&self, request: Request) -> Pin<Box<dyn Future<Output = Result<Response, Transport>> + Send + '_>> {
        Box::pin(self.send(request))
    }
}

impl Provider {
    async fn send(&self, request: Request) -> Result<Response, Transport> {
        let is_meta = request.uri().host() == Some("graph.facebook.com");
        let asked = if is_meta {
            let (to, body, outbox) = meta::read(request.body());
            Asked { to, body, outbox }
        } else {
            twilio::read(request.body())
        };
        let shared = &self.shared;
        shared.ledger().counts.requests += 1;
        for _ in 0..shared.dice.below(3) {
            tokio::task::yield_now().await;
        }
        let quick = Duration::from_millis(20 + shared.dice.below(400));
        match if shared.faults() { shared.dice.below(1_000) } else { 999 } {
            0..40 => Err(Transport::NotSent),
            40..90 => {
                tokio::time::sleep(quick).await;
                // Meta counts by number, and by pair of numbers.
                let body = if shared.chance(500) { r#"{"error":{"code":130429}}"# } else { r#"{"error":{"code":131056}}"# };
                Ok(answer(429, if is_meta { body } else { r#"{"code":20429}"# }))
            }
            90..120 => {
                tokio::time::sleep(quick).await;
                Ok(answer(503, ""))
            }
            120..150 => {
                tokio::time::sleep(Duration::from_secs(10)).await;
                Err(Transport::NoAnswer)
            }
            150..190 => {
                self.take(&asked, Some("the provider took it and did not say so"));
                let until_it_breaks = if shared.chance(500) { Duration::from_secs(10) } else { quick };
                tokio::time::sleep(until_it_breaks).await;
                Err(Transport::NoAnswer)
            }
            190..195 => Ok(answer(400, if is_meta { r#"{"error":{"code":131026}}"# } else { r#"{"code":21211}"# })),
            _ => {
                let sid = self.take(&asked, None);
                tokio::time::sleep(quick).await;
                let twilio = || format!(r#"{{"sid":"{sid}","status":"queued","error_code":null}}"#);
                let meta = || format!(r#"{{"messages":[{{"id":"{sid}"}}]}}"#);
                Ok(answer(201, &if is_meta { meta() } else { twilio() }))
            }
        }
    }

    /// Takes a message: from now on it is on its way to the phone.
    fn take(&self, asked: &Asked, excuse: Option<&'static str>) -> String {
        let shared = &self.shared;
        let outbox = OutboxId::from(asked.outbox.as_str());
        let mut ledger = shared.ledger();
        ledger.n_sids += 1;
        let sid = format!("SMo{:029}", ledger.n_sids);
        ledger.counts.sent += 1;
        let line = format!("{} {} take {} {}", shared.now_ms(), self.life, asked.to, asked.outbox);
        ledger.line(&line);
        let attempt = ledger.attempts.get(&outbox).cloned();
        let stalled = attempt.as_ref().is_none_or(|attempt| attempt.stalled || attempt.life != self.life);
        let excuse = excuse.or(if stalled { Some(STOOD_STILL) } else { None });
        let earlier = ledger.taken.get(&outbox).cloned().unwrap_or_default();
        let is_hasty = |first: &&Taken| first.excuse != Some(STOOD_STILL) && shared.now_ms() - first.at_ms < TOLD_WITHIN_MS;
        if let Some(first) = earlier.iter().find(is_hasty).filter(|_| excuse != Some(STOOD_STILL) && !shared.rolls_back) {
            let what = format!("{outbox} {} ms after the first, of which {:?}", shared.now_ms() - first.at_ms, first.excuse);
            ledger.wrong(Wrong::Doubled, what);
        }
        match earlier.iter().find(|taken| taken.excuse.is_none()) {
            Some(first) if !shared.rolls_back => {
                let what = format!("{outbox} by life {} and again by {} at {}", first.life, self.life, shared.now_ms());
                ledger.wrong(Wrong::Doubled, what);
            }
            Some(_) | None if !earlier.is_empty() => ledger.counts.doubled_with_excuse += 1,
            Some(_) | None => ledger.first_taken.entry(asked.to.clone()).or_default().push(outbox.clone()),
        }
        ledger.taken.entry(outbox.clone()).or_default().push(Taken { life: self.life, at_ms: shared.now_ms(), excuse });
        let patient = patient_of(&asked.to);
        if let Some(patient) = patient {
            ledger.shown.insert(patient, asked.body.clone());
        }
        let own = patient.map(Patient::canary);
        for (at, _) in asked.body.match_indices("Kn") {
            let word = asked.body.get(at..at + 6).unwrap_or_default();
            if word.len() == 6 && word[2..].bytes().all(|b| b.is_ascii_digit()) && Some(word) != own.as_deref() {
                ledger.wrong(Wrong::CrossTalk, format!("{word} was sent to the address of {own:?}"));
            }
        }
        if let (Some(attempt), Some(conversation)) = (attempt, outbox.conversation())
            && !stalled
            && !shared.rolls_back
            && shared.broken != Broken::NoOrder
            && let (Some(decided), Some(hands)) = (ledger.decided.get(&outbox).cloned(), ledger.hands_at(&conversation, attempt.at))
        {
            if ledger.fenced.contains(&outbox) && !hands.bot && hands.from > decided.at {
                ledger
                    .wrong(Wrong::Hands, format!("{outbox} left at event {}; the bot lost the conversation at {}", attempt.at, hands.from));
            }
            if decided.stoppable && hands.opted_out {
                ledger.wrong(Wrong::AfterStop, format!("{outbox} left at event {}", attempt.at));
            }
        }
        let channel = match asked.to.as_bytes().first() {
            Some(b'+') => "sms",
            Some(b'w') => "wa",
            Some(_) | None => "meta",
        };
        let mut due_ms = shared.now_ms();
        let failed = if channel == "meta" { "failed" } else { "undelivered" };
        let last = if shared.chance(10) { failed } else { "delivered" };
        for status in ["sent", last] {
            due_ms += 100 + i64::try_from(shared.dice.below(8_000)).unwrap();
            if shared.faults() && shared.chance(150) {
                continue;
            }
            for _ in 0..if shared.chance(150) { 2 } else { 1 } {
                let jitter = i64::try_from(shared.dice.below(12_000)).unwrap();
                ledger.words.push(Word { due_ms: due_ms + jitter, channel, outbox: outbox.clone(), sid: sid.clone(), status });
            }
        }
        sid
    }
}

fn answer(status: u16, body: &str) -> Response {
    let mut response = http::Response::builder().status(status);
    if status == 429 {
        response = response.header("retry-after", "1");
    }
    response.body(Bytes::from(body.to_owned())).unwrap()
}
