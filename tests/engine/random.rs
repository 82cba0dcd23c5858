//! Random conversations: whatever patients and tracers do, the invariants of the engine hold.

use intake::{
    base::{Medium, Private, clock::Clock},
    engine::{
        Content, Effect, EventKind, Fence, Holder, Outcome, Purpose,
        event::{Card, DeskAct, DeskOutcome, HandBack, IfBusy},
    },
};
use jiff::Timestamp;

use super::Phone;

pub(super) const WORDS: &[&str] = &[
    "yes",
    "no",
    "1",
    "2",
    "0",
    "3",
    "all well",
    "Luis",
    "ana y luis",
    "ayer",
    "yesterday",
    "38.5",
    "1980",
    "STOP",
    "START",
    "HUMAN",
    "BACK",
    "SKIP",
    "LANGUAGE",
    "español",
    "DONE",
    "NOBODY",
    "TELL",
    "HELP",
    "cant breath",
    "i want to die",
    "who is this?",
    "",
    "???",
    "no thanks",
    "+1 415 555 0133",
    "Dan",
    "none",
    "fever and cough",
    "2026-02-28",
    "CHECK",
    "I will stop by",
    "not sure",
    "home",
    "👍",
];

#[test]
fn whatever_happens_the_invariants_hold() {
    let seeds: u64 = std::env::var("INTAKE_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(40);
    for seed in 0..seeds {
        println!("seed {seed}: INTAKE_SEEDS={} cargo test --test all engine::random", seed + 1);
        one_life(seed);
    }
}

fn one_life(seed: u64) {
    let dice = Clock::set_to(Timestamp::UNIX_EPOCH, seed);
    let medium = if seed.is_multiple_of(2) { Medium::Sms } else { Medium::WhatsApp };
    let mut phone = Phone::new(medium);
    let people = [("Ana", Some(1980)), ("Luis", None), ("Bebé", None)];
    for _ in 0..120 {
        let before = phone.conversation.clone();
        let flows = ["daily-check", "case-interview", "contact-notice", "identity", "welcome"];
        let pick = |n: usize| usize::try_from(dice.below(n as u64)).unwrap();
        match dice.below(20) {
            0 => drop(phone.start_with(
                flows[pick(flows.len())],
                &people[..=pick(3)],
                if dice.below(2) == 0 { IfBusy::Wait } else { IfBusy::Refuse },
            )),
            1 => {
                let hours = i64::try_from(dice.below(30)).unwrap();
                phone.wait(hours);
            }
            2 => {
                let act = match dice.below(9) {
                    0 | 1 => DeskAct::Claim,
                    2 => DeskAct::Reply(Private::from("Hello, this is Marta.")),
                    3 => DeskAct::HandBack(HandBack::AsPlanned),
                    4 => DeskAct::HandBack(HandBack::AtStep("needs".into())),
                    5 => DeskAct::Resolve(DeskOutcome::Reached),
                    6 => DeskAct::Release,
                    7 => DeskAct::Park(None),
                    _ => DeskAct::Answer { step: "needs".into(), said: Private::from("no") },
                };
                phone.act(act);
            }
            3 if !phone.taps.is_empty() => {
                let key = phone.taps[pick(phone.taps.len())].0.clone();
                phone.tap(&key);
            }
            4 => {
                let card = Card { name: Private::from("Cleo"), phones: vec![Private::from("+14155550133")] };
                phone.happens(EventKind::Message { channel: "main".into(), content: Content::Cards(vec![card]) });
            }
            _ => drop(phone.text(WORDS[pick(WORDS.len())])),
        }
        check(&phone, &before);
    }
}

fn check(phone: &Phone, before: &intake::engine::Conversation) {
    let now = &phone.conversation;
    let Some(step) = &phone.last else { return };
    assert!(now.epoch >= before.epoch, "the epoch only grows");
    assert_eq!(now.holder == Holder::Bot, now.escalation.is_none(), "the bot leads if and only if no call for a human is live");
    if let Some(live) = &now.escalation {
        assert!(live.state.is_live());
        assert!(live.because.len() <= 20);
    }
    if now.opted_out_at.is_some() {
        assert!(now.sessions.is_empty() && now.escalation.is_none() || now.escalation.is_some());
        assert!(now.sessions.is_empty(), "nothing runs after STOP");
    }
    for effect in &step.effects {
        let Effect::Say(say) = effect else { continue };
        if now.opted_out_at.is_some() {
            assert!(matches!(say.purpose, Purpose::Safety | Purpose::Confirmation), "{:?} after STOP", say.purpose);
        }
        if say.purpose.fence() == Fence::Bot && matches!(step.outcome, Outcome::Changed) {
            let led = before.holder == Holder::Bot || now.holder == Holder::Bot;
            assert!(led, "the bot speaks while a human holds the conversation");
        }
    }
    // Whoever waits is waited for: an open question, a human, or nothing at all.
    if let Some(session) = now.open_session()
        && now.holder == Holder::Bot
    {
        assert!(session.open.is_some(), "a session without an open question is lost: {:?}", session.frames);
        assert!(step.wake_at.is_some(), "a session without a timer lives for ever");
    }
    let valid = |answer: &intake::engine::Answered| (answer.flow.clone(), answer.step.clone(), answer.items.clone());
    for session in &now.sessions {
        let mut seen = std::collections::BTreeSet::new();
        for answer in session.answers.iter().filter(|answer| !answer.superseded) {
            assert!(seen.insert(valid(answer)), "two valid answers to one question");
        }
    }
    assert!(postcard::to_stdvec(now).unwrap().len() < 16_000, "the stored form stays small");
}
