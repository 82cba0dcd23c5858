//! The engine alone: `cargo bench --bench engine`.
//!
//! Numbers that would make us act: one message of the interview with its stored form over 25 µs; a stored form over 2,000 bytes with a full
//! ring of ids; loading and checking 25 steps over 2 ms.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation
)]

mod support;

use std::{collections::BTreeMap, hint::black_box};

use intake::{
    base::{Address, EventId, Medium, calendar::Hours, capabilities::Capabilities, clock::Clock},
    check::Surroundings,
    engine::{self, Agency, Content, Conversation, Desk, Effect, Event, EventKind, Outcome, Step, World},
    flow::{Finding, Level, Library},
    render::{Catalog, phrases},
    security::Sealer,
    store::codec::{self, Header, Kind},
};
use jiff::{SignedDuration, Timestamp};
use support::measure;

/// What the patients of `intake bench` talk through.
const INTERVIEW: &str = include_str!("../src/cli/bench/interview.yaml");
const SAYS: [(&str, &str); 9] = [
    ("HELLO", "Have you felt ill"),
    ("yes", "Which of these"),
    ("fever and cough", "On which day"),
    ("yesterday", "highest temperature"),
    ("38.2 C", "your weight"),
    ("71 kg", "Where did you work"),
    ("in a clinic", "first name"),
    ("Maria", "May we call you"),
    ("yes", "That is all"),
];
/// Steps of the flow that is made here.
const STEPS: usize = 25;

struct Ground {
    library: Library,
    catalog: Catalog,
    agency: Agency,
    desk: Desk,
    sealer: Sealer,
    clock: Clock,
}

impl Ground {
    fn new() -> Self {
        let clock = Clock::machine();
        let mut files = phrases::files();
        files.insert("interview.yaml".to_owned(), INTERVIEW.to_owned());
        let (library, findings) = Library::from_files(&files);
        assert!(errors(&findings).is_empty(), "{findings:#?}");
        let mut catalog = Catalog::shared(&phrases::defaults());
        for (_, revision) in library.all_current() {
            catalog.add(revision);
        }
        let agency = Agency {
            name: "City Health Department".into(),
            emergency_number: "911".into(),
            phone_line: "+15550100999".into(),
            country: "US".into(),
            time_zone: "America/New_York".into(),
        };
        let desk = Desk { hours: Hours::parse("always").unwrap(), on_call: Vec::new() };
        let sealer = Sealer::parse(&Sealer::generate(&clock)).unwrap();
        Self { library, catalog, agency, desk, sealer, clock }
    }

    fn step(&self, conversation: &Conversation, event: &Event) -> Step {
        let world = World {
            library: &self.library,
            agency: &self.agency,
            desk: &self.desk,
            welcome: None,
            stop_confirmed_by_provider: &[],
            flood: None,
        };
        engine::step(&world, conversation, event, event.at)
    }

    /// The words of a step, and whether they are the expected ones.
    fn render(&self, step: &Step, expected: &str) -> bool {
        let capabilities = Capabilities::of(Medium::Sms);
        let mut said = false;
        for effect in &step.effects {
            if let Effect::Say(say) = effect {
                for message in self.catalog.render(say, Medium::Sms, &capabilities).unwrap() {
                    said |= message.text.reveal().contains(expected);
                }
            }
        }
        said
    }

    fn encode(&self, conversation: &Conversation) -> Vec<u8> {
        let header = Header { etag: self.clock.random(), epoch: conversation.epoch };
        codec::encode(&self.sealer, &self.clock, Kind::Conversation, "0123456789abcdef", header, conversation).unwrap()
    }

    fn decode(&self, stored: &[u8]) -> Conversation {
        codec::decode(&self.sealer, Kind::Conversation, "0123456789abcdef", stored).unwrap().1
    }
}

fn errors(findings: &[Finding]) -> Vec<&Finding> {
    findings.iter().filter(|finding| finding.level == Level::Error).collect()
}

fn message(n: u64, text: &str, start: Timestamp) -> Event {
    let at = start.checked_add(SignedDuration::from_secs(60 * i64::try_from(n).unwrap())).unwrap();
    let content = Content::Text(text.into());
    Event { id: EventId(format!("SM{n:032x}")), at, kind: EventKind::Message { channel: "sms".into(), content } }
}

/// The nine states before each message, with the ring of ids full: after eight interviews.
fn states(ground: &Ground, start: Timestamp) -> Vec<(Conversation, Event, &'static str)> {
    let mut conversation = Conversation::new(Address::new(Medium::Sms, "+15550100001"), "sms");
    let mut states = Vec::new();
    for n in 0..SAYS.len() as u64 * 9 {
        let (says, expected) = SAYS[n as usize % SAYS.len()];
        let event = message(n, says, start);
        if n >= SAYS.len() as u64 * 8 {
            states.push((conversation.clone(), event.clone(), expected));
        }
        let step = ground.step(&conversation, &event);
        assert_eq!(step.outcome, Outcome::Changed);
        assert!(ground.render(&step, expected), "message {n} ({says}) is not answered by `{expected}`");
        conversation = step.conversation;
    }
    states
}

fn interview() {
    let ground = Ground::new();
    let states = states(&ground, ground.clock.now());
    let n = states.len() as u64;
    let stored: Vec<Vec<u8>> = states.iter().map(|(conversation, ..)| ground.encode(conversation)).collect();
    let plain: Vec<Vec<u8>> = states.iter().map(|(conversation, ..)| postcard::to_stdvec(conversation).unwrap()).collect();

    measure("engine/clone/interview", || {
        states.iter().map(|(conversation, ..)| u64::from(black_box(conversation.clone()).n_turns > 0)).sum()
    });
    measure("engine/step/interview", || {
        states.iter().map(|(conversation, event, _)| u64::from(ground.step(conversation, event).outcome == Outcome::Changed)).sum()
    });
    measure("engine/step and words/interview", || {
        states.iter().map(|(conversation, event, expected)| u64::from(ground.render(&ground.step(conversation, event), expected))).sum()
    });
    measure("codec/postcard in and out", || {
        plain
            .iter()
            .map(|bytes| u64::from(postcard::to_stdvec(&postcard::from_bytes::<Conversation>(bytes).unwrap()).unwrap() == *bytes))
            .sum()
    });
    measure("codec/open and seal too", || {
        stored.iter().map(|bytes| u64::from(ground.encode(&ground.decode(bytes)).len() == bytes.len())).sum()
    });
    // The rejected stored form.
    measure("yardstick: JSON in and out, not sealed", || {
        let both = |(conversation, ..): &(Conversation, Event, &str)| {
            let text = serde_json::to_vec(conversation).unwrap();
            u64::from(serde_json::from_slice::<Conversation>(&text).unwrap() == *conversation)
        };
        states.iter().map(both).sum()
    });
    let whole = measure("engine/whole message with its stored form/interview", || {
        let whole = |(bytes, (_, event, expected)): (&Vec<u8>, &(Conversation, Event, &str))| {
            let step = ground.step(&ground.decode(bytes), event);
            let said = ground.render(&step, expected);
            u64::from(said && !black_box(ground.encode(&step.conversation)).is_empty())
        };
        stored.iter().zip(&states).map(whole).sum()
    });
    let longest = stored.iter().map(Vec::len).max().unwrap_or(0);
    println!("{:<58}{longest:>10} bytes (ring of {} ids)", "codec/stored form, the longest of the interview", states[0].0.seen.ring.len());
    assert_eq!(n, 9);
    println!("goals: 25 µs and 2,000 bytes: {}\n", if whole <= 25_000.0 && longest <= 2_000 { "met" } else { "NOT MET" });
}

/// A flow of so many steps, of the kinds that real ones have.
fn made(n_steps: usize) -> String {
    let mut flow = String::from(
        "flow: made\ntitle: Made\nlanguages: [en]\nfor: anyone\nemergency: emergency-text\nends: [complete]\nsilence:\n  - after: 4 hours\n    \
         end: no reply\nsteps:\n",
    );
    for n in 0..n_steps - 1 {
        let body = match n % 5 {
            0 => format!("    say: Question {n}, is it so?\n    ask: yes/no/unsure\n"),
            1 => format!(
                "    when: s{} != no\n    say: Which of these are there?\n    ask: any of\n    none: None of these\n    options:\n      a:\n        say: The first of step {n}\n      \
                 b:\n        say: Another of step {n}\n      c:\n        say: Something else of step {n}\n    then:\n      - when: s{n} is missing\n        task: routine\n        because: Step {n} was skipped\n",
                n - 1
            ),
            2 => "    say: On which day did it begin?\n    ask: date, in the past 30 days\n".to_owned(),
            3 => "    say: How many people were there?\n    ask: number 0..500\n".to_owned(),
            _ => format!(
                "    say: Where was that, at question {n}?\n    ask: one of\n    options:\n      home: At home\n      work: At work\n      else: Somewhere else\n"
            ),
        };
        flow.push_str(&format!("  s{n}:\n    label: Step {n}\n{body}"));
    }
    flow.push_str("  bye:\n    say: That is all.\n    end: complete\n");
    flow
}

fn loading() {
    let load = |files: &BTreeMap<String, String>| {
        let (library, mut findings) = Library::from_files(files);
        findings.extend(intake::check::check_all(library.all_current().map(|(_, revision)| revision), &Surroundings::default()));
        assert!(errors(&findings).is_empty(), "{findings:#?}");
        library.all_current().count() as u64
    };
    let mut files = phrases::files();
    // Each time with words that nobody read before; the shared texts are as they were.
    let mut n = 0;
    let mut anew = || {
        n += 1;
        files.insert("made.yaml".to_owned(), made(STEPS).replace("Question", &format!("Question {n}.")));
        files.clone()
    };
    measure("(writing the flow)", || anew().len() as u64);
    let whole = measure("flow/load and check/25 steps", || load(&anew()));
    measure("flow/load alone/25 steps", || Library::from_files(&anew()).0.all_current().count() as u64);
    let files = anew();
    measure("yardstick: the YAML read as events alone/25 steps", || {
        let n = saphyr_parser::Parser::new_from_str(&files["made.yaml"]).filter(|event| event.is_ok()).count();
        u64::from(n > STEPS)
    });
    let mut shipped = phrases::files();
    shipped.extend(intake::config::folder::shipped());
    measure("flow/load and check/a shipped flow, translations included", || load(&shipped));
    println!("goal: 2,000 µs: {}", if whole <= 2_000_000.0 { "met" } else { "NOT MET" });
}

fn main() {
    interview();
    loading();
}
