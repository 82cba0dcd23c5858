//! What holds of the engine for any flow, any conversation that can be reached, and any event: over the shipped flows, and over flows that are
//! made up here with steps of every kind.
//!
//! `PROPTEST_CASES=2000 cargo test --test all engine::properties` tries more. What is found is shown as the smallest flow and the fewest events.

use std::{collections::BTreeMap, sync::Arc};

use intake::{
    base::{EventId, Medium, Private, id::TracerId},
    engine::{
        self, Answered, Content, Conversation, Event, EventKind, Fact, Session, World,
        conversation::SeenBefore,
        event::{Card, DeskAct, DeskOutcome, HandBack, IfBusy, NewPerson, Start, Undeliverable},
    },
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, sample::select};

use super::{Phone, compiled, shipped};

/// Something that happens.
#[derive(Clone, Debug)]
enum Act {
    Says(String),
    Taps(usize),
    Sends(Content),
    Waits(i64),
    Starts(usize, usize, bool),
    Desk(DeskAct, bool),
    Fails(Undeliverable),
    /// The event before, once more.
    Again,
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(super::random::WORDS.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,40}",
        1 => "\\PC{0,60}",
        1 => "[0-9 ,./:-]{1,20}",
    ]
}

fn content() -> impl Strategy<Value = Content> {
    let text = || words().prop_map(Private::new);
    prop_oneof![
        (text(), text()).prop_map(|(name, phone)| Content::Cards(vec![Card { name, phones: vec![phone, Private::from("+14155550133")] }])),
        text().prop_map(Content::OwnNumber),
        (-90.0..90.0, -180.0..180.0).prop_map(|(latitude, longitude)| Content::Location { latitude, longitude }),
        text().prop_map(|caption| Content::Media { kind: "image".into(), reference: Private::from("x"), caption }),
        proptest::option::of("\\PC{1,2}").prop_map(|emoji| Content::Reaction { emoji }),
        text().prop_map(|text| Content::Edited { original: "event-1".into(), text }),
        Just(Content::Revoked { original: "event-1".into() }),
        Just(Content::Unsupported { kind: "order".into() }),
        (select(vec!["STOP", "START", "HELP"]), text()).prop_map(|(word, text)| Content::OptOut { word: word.into(), text }),
        "[a-z0-9:#.]{0,30}".prop_map(|id| Content::Tap { id, title: Private::from("Yes") }),
    ]
}

fn desk_act() -> impl Strategy<Value = DeskAct> {
    let step = || prop_oneof!["s[0-9]", "g[0-9]\\.i[0-9]", Just("danger".to_owned()), "\\PC{0,10}"];
    prop_oneof![
        4 => Just(DeskAct::Claim),
        1 => Just(DeskAct::Release),
        1 => Just(DeskAct::Transfer(TracerId::from("omar"))),
        2 => words().prop_map(|words| DeskAct::Reply(Private::new(words))),
        2 => (step(), words()).prop_map(|(step, said)| DeskAct::Answer { step, said: Private::new(said) }),
        2 => Just(DeskAct::HandBack(HandBack::AsPlanned)),
        1 => step().prop_map(|step| DeskAct::HandBack(HandBack::AtStep(step))),
        1 => Just(DeskAct::HandBack(HandBack::ToTheEnd)),
        1 => select(vec![DeskOutcome::Reached, DeskOutcome::NotReached, DeskOutcome::Refused]).prop_map(DeskAct::Resolve),
        1 => Just(DeskAct::Park(None)),
        1 => Just(DeskAct::Reopen),
        1 => words().prop_map(|note| DeskAct::Note(Private::new(note))),
        1 => Just(DeskAct::TaskDone("task_1".into())),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    use Undeliverable as Why;
    prop_oneof![
        12 => words().prop_map(Act::Says),
        4 => (0..8_usize).prop_map(Act::Taps),
        2 => content().prop_map(Act::Sends),
        2 => (0..30_i64).prop_map(Act::Waits),
        2 => (0..5_usize, 0..4_usize, any::<bool>()).prop_map(|(flow, people, wait)| Act::Starts(flow, people, wait)),
        3 => (desk_act(), any::<bool>()).prop_map(|(act, other)| Act::Desk(act, other)),
        1 => select(vec![Why::OptedOut, Why::WrongNumber, Why::WindowShut, Why::GaveUp]).prop_map(Act::Fails),
        1 => Just(Act::Again),
    ]
}

/// A life of one phone, with its journal.
struct Life {
    phone: Phone,
    flows: Vec<String>,
    journal: Vec<(Event, Timestamp)>,
}

impl Life {
    fn new(flows: Vec<String>, phone: Phone) -> Self {
        Self { phone, flows, journal: Vec::new() }
    }

    fn act(&mut self, act: Act) -> Result<(), TestCaseError> {
        self.phone.now = self.phone.now.checked_add(SignedDuration::from_secs(20)).unwrap();
        let message = |content| EventKind::Message { channel: "main".into(), content };
        let kind = match act {
            Act::Says(words) => message(Content::Text(Private::new(words))),
            Act::Taps(nth) => {
                let Some((_, id)) = self.phone.taps.get(nth).cloned() else { return Ok(()) };
                message(Content::Tap { id, title: Private::from("tapped") })
            }
            Act::Sends(content) => message(content),
            Act::Waits(hours) => return self.wait(hours),
            Act::Starts(flow, n_people, wait) => {
                let person = |(name, birth_year): &(&str, Option<i16>)| NewPerson {
                    first_name: Private::from(*name),
                    birth_year: *birth_year,
                    record: None,
                };
                let people = [("Ana", Some(1980)), ("Luis", None), ("Bebé", Some(2024))];
                let people = people[..n_people.min(3)].iter().map(person).collect();
                let if_busy = if wait { IfBusy::Wait } else { IfBusy::Refuse };
                let flow = self.flows[flow % self.flows.len()].clone();
                EventKind::Start(Start { flow, channel: "main".into(), language: None, people, if_busy })
            }
            Act::Desk(act, other) => {
                let tracer = TracerId::from(if other { "june" } else { "marta" });
                EventKind::Desk { tracer, first_name: "Marta".into(), epoch: self.phone.conversation.epoch, act }
            }
            Act::Fails(reason) => EventKind::Undeliverable { outbox: "conversation-event-0".into(), reason },
            Act::Again => {
                let Some((event, _)) = self.journal.iter().rev().find(|(event, _)| !matches!(event.kind, EventKind::Wake)).cloned() else {
                    return Ok(());
                };
                let before = self.phone.conversation.clone();
                self.phone.handle(&event);
                // What was refused was never kept, and may be taken when it comes again.
                let kept = before.seen.ask(&event.id, event.at) == SeenBefore::Yes;
                if kept && matches!(event.kind, EventKind::Message { .. } | EventKind::Desk { .. } | EventKind::Start(_)) {
                    prop_assert_eq!(&self.phone.conversation, &before, "the same event twice");
                }
                self.journal.push((event, self.phone.now));
                return Ok(());
            }
        };
        self.happens(kind)
    }

    fn wait(&mut self, hours: i64) -> Result<(), TestCaseError> {
        let until = self.phone.now.checked_add(SignedDuration::from_hours(hours)).unwrap();
        for _ in 0..2_000 {
            let at = engine::next_wake(&self.world(), &self.phone.conversation).filter(|at| *at <= until);
            let Some(at) = at else {
                self.phone.now = until;
                return Ok(());
            };
            self.phone.now = at.max(self.phone.now);
            self.happens(EventKind::Wake)?;
        }
        Err(TestCaseError::fail("the conversation wakes without end"))
    }

    fn world(&self) -> World<'_> {
        let phone = &self.phone;
        World {
            library: &phone.flows.0,
            agency: &phone.agency,
            desk: &phone.desk,
            welcome: Some("welcome"),
            stop_confirmed_by_provider: &phone.stop_confirmed,
            flood: None,
        }
    }

    /// `handle` itself tries that the stored form keeps everything, that a step is the same twice, and that every text can be put into words.
    fn happens(&mut self, kind: EventKind) -> Result<(), TestCaseError> {
        let before = self.phone.conversation.clone();
        let id = EventId(format!("event-{}", self.journal.len()));
        let event = Event { id, at: self.phone.now, kind };
        self.phone.handle(&event);
        nothing_is_lost(&before, &self.phone.conversation, &self.phone.facts(), &event)?;
        self.journal.push((event, self.phone.now));
        Ok(())
    }

    fn replays(&self) -> Result<(), TestCaseError> {
        let mut replayed = Conversation::new(self.phone.conversation.address.clone(), "main");
        for (event, now) in &self.journal {
            let step = engine::step(&self.world(), &replayed, event, *now);
            replayed = step.conversation;
            let medium = replayed.address.medium;
            engine::remember_said(&mut replayed, self.phone.words(&step.effects, medium).iter());
        }
        prop_assert_eq!(&replayed, &self.phone.conversation, "the journal makes another conversation");
        Ok(())
    }
}

fn key(answered: &Answered) -> (&str, &str, &[engine::session::Item]) {
    (&answered.flow, &answered.step, &answered.items)
}

fn sessions(conversation: &Conversation) -> BTreeMap<&str, &Session> {
    let lapsed = conversation.lapsed.iter().map(|lapsed| &lapsed.session);
    lapsed.chain(&conversation.sessions).map(|session| (session.id.as_str(), session)).collect()
}

/// What was answered stays as it was answered: it becomes history only by BACK, by the desk, or by a newer answer to the same question. What is
/// answered now is told to the record at once, so nothing is lost when the session ends.
fn nothing_is_lost(before: &Conversation, now: &Conversation, facts: &[Fact], event: &Event) -> Result<(), TestCaseError> {
    let (old, new) = (sessions(before), sessions(now));
    for (id, session) in &new {
        let all: &[Answered] = old.get(id).map_or(&[], |session| &session.answers);
        // What has a newer answer now is gone; all else stands where it stood, history or not.
        let same = |was: &Answered, is: &Answered| Answered { superseded: is.superseded, ..was.clone() } == *is;
        let (earlier, gone): (Vec<&Answered>, Vec<_>) = all.iter().partition(|was| session.answers.iter().any(|is| same(was, is)));
        for gone in gone {
            prop_assert!(session.answers.iter().any(|is| key(is) == key(gone)), "nothing took the place of {gone:?}");
        }
        prop_assert!(session.answers.len() >= earlier.len(), "answers of {id} are gone");
        for (was, is) in earlier.iter().copied().zip(&session.answers) {
            prop_assert!(same(was, is), "an answer changed: {was:?} is {is:?}");
            prop_assert!(!was.superseded || is.superseded, "history counts again: {is:?}");
            let by_newer = session.answers[earlier.len()..].iter().any(|newer| key(newer) == key(is));
            let by_somebody = matches!(event.kind, EventKind::Message { .. } | EventKind::Desk { .. } | EventKind::Wake);
            prop_assert!(was.superseded == is.superseded || by_newer || by_somebody, "nobody corrected {is:?}");
        }
        for newer in session.answers[earlier.len()..].iter().filter(|newer| !newer.said.reveal().is_empty() && !newer.step.contains('#')) {
            let told = facts.iter().any(|fact| {
                matches!(fact, Fact::Answered(told) if told.step == newer.step && told.items == newer.items && told.value == newer.value)
            });
            prop_assert!(told, "the record is not told of {newer:?}");
        }
    }
    Ok(())
}

/// A question, as it is written.
fn question(n: usize) -> impl Strategy<Value = Vec<String>> {
    let of = |lines: &[&str]| Just(lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()).boxed();
    let options = ["options:", "  mild: Mild", "  bad:", "    say: Very bad", "    words: [awful]"];
    let with_options = |head: &[&str]| of(&[head, &options].concat());
    let asked = prop_oneof![
        of(&["ask: yes/no"]),
        of(&["ask: yes/no/unsure"]),
        with_options(&["ask: one of"]),
        with_options(&["ask: any of", "none: None of these"]),
        of(&["ask: any of people in household", "none: Nobody"]),
        of(&["ask: one of people in household"]),
        of(&["ask: number 0..50, whole"]),
        of(&["ask: number"]),
        of(&["ask: temperature"]),
        of(&["ask: date, in the past 30 days"]),
        of(&["ask: date, since today - 5 days, until today + 5 days"]),
        of(&["ask: phone"]),
        of(&["ask: name"]),
        of(&["ask: text 2..80"]),
        of(&["ask: consent"]),
    ];
    let unclear = prop_oneof![
        3 => of(&[]),
        1 => of(&["tries: 2", "if unclear: accept"]),
        1 => of(&["tries: 1", "if unclear:", "  say: Never mind.", "  task: routine", "  because: Not understood"]),
        1 => of(&["retry: Once more, please."]),
    ];
    (asked, unclear).prop_map(move |(asked, unclear)| {
        // A consent and identity are never kept unread.
        let unclear = if asked[0].contains("consent") { Vec::new() } else { unclear };
        [vec![format!("say: Question {n}, {{{{you.first_name}}}}?")], asked, unclear].concat()
    })
}

fn arms(n: usize, last: usize) -> impl Strategy<Value = Vec<String>> {
    let of = |lines: &[&str]| Just(lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()).boxed();
    let go = format!("    go: s{}", (n + 2).min(last));
    let because = "    because: Something is said";
    prop_oneof![
        4 => of(&[]),
        1 => of(&["then:", &format!("  - when: s{n} is answered"), "    say: Noted.", &format!("  - when: s{n} is missing"), "    task: routine", because]),
        1 => of(&["then:", &format!("  - when: s{n} is missing"), "    escalate: urgent", because, "  - else:", "    task: urgent", because]),
        1 => of(&["then:", &format!("  - when: s{n} is answered"), "    escalate: emergency", because, "    say: Call {{agency.emergency_number}}.", "    resume: end"]),
        1 => of(&["then:", &format!("  - when: s{n} is answered"), &go]),
        1 => of(&["then:", &format!("  - when: s{n} is missing"), "    end: stopped"]),
        1 => of(&["silence:", "  - after: 2 hours", "    say: Are you there?", "  - after: 1 days", "    escalate: routine", because]),
    ]
}

/// One step of a made-up flow: lines without indentation.
fn step(n: usize, last: usize) -> BoxedStrategy<Vec<String>> {
    let inside = |group: &str, lines: Vec<String>| -> Vec<String> {
        let mut all = vec!["steps:".to_owned(), format!("  {group}:")];
        all.extend(lines.into_iter().map(|line| format!("    {line}")));
        all
    };
    let condition = prop_oneof![Just("household.count > 1"), Just("you.first_name is answered"), Just("today > 2026-01-01")];
    prop_oneof![
        6 => (question(n), arms(n, last)).prop_map(|(question, arms)| [question, arms].concat()),
        1 => (condition, question(n)).prop_map(|(when, question)| [vec![format!("when: {when}")], question].concat()),
        1 => Just(vec!["say: A word to {{you.first_name}}.".to_owned()]),
        1 => Just(vec!["set:".to_owned(), format!("  v{n}: household.count + 1")]),
        1 => (question(n), any::<bool>(), 1..4_u8).prop_map(move |(question, first, most)| {
            let mut lines = vec![format!("repeat: contact, up to {most}"), "more: Anyone else?".to_owned()];
            if first {
                lines.insert(1, "first: Anyone at all?".to_owned());
            }
            [lines, inside("i1", question)].concat()
        }),
        1 => question(n).prop_map(move |question| [vec!["for each: who in household".to_owned()], inside("i1", question)].concat()),
        1 => Just(vec!["call: called".to_owned()]),
    ]
    .boxed()
}

const CALLED: &str = "flow: called\nlanguages: [en]\nfor: anyone\nends: [holds, fails]\nsteps:\n  a:\n    say: Shall we?\n    ask: yes/no\n    then:\n      - when: a\n        end: holds\n  b:\n    end: fails\n";

/// A flow with steps of every kind.
fn flow() -> impl Strategy<Value = String> {
    (1..7_usize).prop_flat_map(|n_steps| (0..n_steps).map(|n| step(n, n_steps - 1)).collect::<Vec<_>>()).prop_map(|steps| {
        let mut text = "flow: example\nlanguages: [en]\nfor: anyone\nends: [complete, stopped]\nsilence:\n  - after: 4 hours\n    say: A reminder.\n  - after: 20 hours\n    end: no reply\nsteps:\n".to_owned();
        for (n, lines) in steps.iter().enumerate() {
            text.push_str(&format!("  s{n}:\n"));
            lines.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
        text + "  bye:\n    say: Goodbye.\n    end: complete\n"
    })
}

fn cases(default: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn on_the_shipped_flows_nothing_falls_over_or_is_lost(sms in any::<bool>(), acts in proptest::collection::vec(act(), 1..40)) {
        let medium = if sms { Medium::Sms } else { Medium::WhatsApp };
        let flows = ["daily-check", "case-interview", "contact-notice", "identity", "welcome"].map(str::to_owned).to_vec();
        let mut life = Life::new(flows, Phone::new(medium));
        for act in acts {
            life.act(act)?;
        }
        life.replays()?;
    }

    #[test]
    fn on_any_flow_nothing_falls_over_or_is_lost(flow in flow(), acts in proptest::collection::vec(act(), 1..30)) {
        let files: BTreeMap<String, String> =
            shipped().into_iter().filter(|(name, _)| name.starts_with("messages/")).chain([
                ("example.yaml".to_owned(), flow),
                ("called.yaml".to_owned(), CALLED.to_owned()),
            ]).collect();
        let flows = Arc::new(compiled(&files));
        let mut life = Life::new(vec!["example".to_owned()], Phone::with(Medium::Sms, flows));
        life.act(Act::Starts(0, 2, false))?;
        for act in acts {
            life.act(act)?;
        }
        life.replays()?;
    }
}
