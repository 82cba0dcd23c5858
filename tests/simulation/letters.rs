//! What comes to a node from outside: webhooks, acts, calls, receipts. A letter is handed to a node until one says that it is kept.

use axum::{body::Body as Bytes, http::Request};
use intake::runtime::Turned;
use tower::ServiceExt;

use super::{
    ledger::{Broken, Word, Wrong},
    world::{Answer, Body, Letter, N_NODES, PUBLIC_URL, What, World},
};
use crate::support::{meta, twilio};

impl World {
    pub(super) fn post(&mut self, what: What, after_ms: u64) {
        self.n_letters += 1;
        let due_ms = self.shared.now_ms() + i64::try_from(after_ms).unwrap();
        self.letters.insert(self.n_letters, Letter { what, due_ms, at: Vec::new() });
    }

    /// Hands every letter whose time has come to a node.
    pub(super) fn deliver(&mut self) {
        let now_ms = self.shared.now_ms();
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.ledger().words).into_iter().partition(|word| word.due_ms <= now_ms);
        self.ledger().words = later;
        for word in due {
            self.post(receipt(word, now_ms), 0);
        }
        let ready: Vec<u64> =
            self.letters.iter().filter(|(_, letter)| letter.at.is_empty() && letter.due_ms <= now_ms).map(|(n, _)| *n).collect();
        for n in ready {
            let nth = usize::try_from(self.below(N_NODES as u64)).unwrap();
            let Some(letter) = self.letters.get_mut(&n) else { continue };
            let Some(up) = &self.nodes[nth].up else {
                // No connection: the next try may find another node.
                letter.due_ms = now_ms + 500;
                continue;
            };
            letter.at.push(up.life);
            let (answers, life) = (self.answers.clone(), up.life);
            match letter.what.clone() {
                What::Hook { path, body, .. } => {
                    let request = signed(&path, &body);
                    let (router, shared) = (up.router.clone(), self.shared.clone());
                    up.runtime.spawn(async move {
                        let status = router.oneshot(request).await.unwrap().status();
                        let well = status.is_success();
                        if !well && status != 503 {
                            shared.ledger().wrong(Wrong::Answer, format!("{status} for {path}"));
                        }
                        answers.lock().unwrap().push(Answer { letter: n, life, well, kept: well });
                    });
                }
                What::Turn { target, event } => {
                    let service = up.service.clone();
                    up.runtime.spawn(async move {
                        let turned = service.turn(target, event).await;
                        let well = matches!(turned, Ok(_) | Err(intake::runtime::TurnError::Unknown(_)));
                        let kept = matches!(turned, Ok(Turned::Done));
                        answers.lock().unwrap().push(Answer { letter: n, life, well, kept });
                    });
                }
            }
        }
    }

    pub(super) fn take_answers(&mut self) {
        let now_ms = self.shared.now_ms();
        for Answer { letter: n, life, well, kept } in std::mem::take(&mut *self.answers.lock().unwrap()) {
            self.ledger().counts.answered += 1;
            let Some(letter) = self.letters.get_mut(&n) else { continue };
            letter.at.retain(|at| *at != life);
            let early = self.plan.broken == Broken::EarlyAck && letter.what.has_messages();
            if !well && !early {
                letter.due_ms = now_ms + 1_000 + i64::try_from(self.shared.dice.below(4_000)).unwrap();
                continue;
            }
            let Some(letter) = self.letters.remove(&n) else { continue };
            match letter.what {
                What::Hook { events, both_ids, .. } => {
                    self.shared.ledger().counts.acknowledged += events.len() as u64;
                    self.acknowledged.extend(events);
                    self.joined.extend(both_ids);
                }
                What::Turn { event, .. } if kept => self.acknowledged.push(event.id.to_string()),
                What::Turn { .. } => {}
            }
        }
        // Who is answered before the turn is kept never asks again.
        if self.plan.broken == Broken::EarlyAck {
            self.letters.retain(|_, letter| !(letter.at.is_empty() && letter.due_ms < now_ms && letter.what.has_messages()));
        }
    }
}

impl What {
    /// Whether a patient wrote.
    fn has_messages(&self) -> bool {
        matches!(self, Self::Hook { events, .. } if !events.is_empty())
    }
}

fn signed(path: &str, body: &Body) -> Request<Bytes> {
    match body {
        Body::Form(form) => {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let signed = twilio::sign(PUBLIC_URL, path, &form);
            let request = Request::post(&signed.path)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("x-twilio-signature", signed.signature);
            request.body(Bytes::from(signed.form)).unwrap()
        }
        Body::Json(json) => {
            let request = Request::post(path).header("content-type", "application/json").header("x-hub-signature-256", meta::sign(json));
            request.body(Bytes::from(json.clone())).unwrap()
        }
    }
}

/// A provider's word on a delivery, as it comes.
fn receipt(word: Word, now_ms: i64) -> What {
    let (path, body) = if word.channel == "meta" {
        let status = meta::status(&word.sid, word.status, word.outbox.as_str(), now_ms / 1_000);
        ("/in/meta".to_owned(), Body::Json(meta::delivery(Vec::new(), vec![status])))
    } else {
        let form = vec![("MessageSid".to_owned(), word.sid), ("MessageStatus".to_owned(), word.status.to_owned())];
        (format!("/receipt/{}?m={}", word.channel, word.outbox), Body::Form(form))
    };
    What::Hook { path, body, events: Vec::new(), both_ids: None }
}
