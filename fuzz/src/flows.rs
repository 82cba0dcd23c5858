//! What authors write: flow files, conditions, transcripts; and conversations on the shipped flows.

use std::{collections::BTreeMap, sync::OnceLock};

use intake::{
    base::{Address, Language, Medium, Private},
    check::{Surroundings, check_all},
    config::folder,
    engine::event::{DeskAct, DeskOutcome, HandBack, NewPerson},
    flow::{Finding, Library, condition as conditions, report},
    render::phrases,
    transcript::{self, Setting, Simulation, Turn},
};
use jiff::Timestamp;

use super::{choice, text};

/// Bytes of a file that are tried: what is longer says nothing new and takes its time.
const FILE_BYTES: usize = 16 * 1024;
/// Things that happen in one conversation.
const ACTS: usize = 40;
/// What is said to a flow that came out of the fuzzer.
const REPLIES: [&str; 8] = ["yes", "1", "no", "Ana", "2026-02-28", "???", "BACK", "none"];

fn shipped() -> &'static Library {
    static SHIPPED: OnceLock<Library> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let mut files = phrases::files();
        files.extend(folder::shipped());
        Library::from_files(&files).0
    })
}

fn simulation(library: &Library) -> (Simulation, usize) {
    let now = Timestamp::from_second(1_772_463_600).unwrap();
    let mut simulation = Simulation::new(library.clone(), Setting::default(), now);
    let phone = simulation.add_phone(Address::new(Medium::Sms, "+15550100001"), None);
    (simulation, phone)
}

fn people(n: usize) -> Vec<NewPerson> {
    let person = |(name, born): &(&str, i16)| NewPerson { first_name: Private::from(*name), birth_year: Some(*born), record: None };
    [("Ana", 1980), ("Luis", 1991), ("Bo", 2019)][..n.clamp(1, 3)].iter().map(person).collect()
}

fn well(turns: &[Turn]) {
    for turn in turns {
        assert!(turn.faults.is_empty(), "{:?}", turn.faults);
    }
}

/// A flow file; with `=== name` lines several. Findings can always be shown, and a flow without errors can be talked to.
pub fn flow(bytes: &[u8]) {
    let written = text(bytes.get(..FILE_BYTES).unwrap_or(bytes));
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (nth, part) in written.split("\n=== ").enumerate() {
        let (name, text) = if nth == 0 { ("example.yaml", part) } else { part.split_once('\n').unwrap_or((part, "")) };
        files.insert(name.to_owned(), text.to_owned());
    }
    let folder = intake::flow::library::compile_folder(&files);
    shown(&folder.findings, &files);
    let (library, _) = Library::from_files(&files);
    let revisions: Vec<_> = library.all_current().map(|(_, revision)| revision.clone()).collect();
    shown(&check_all(&revisions, &Surroundings::default()), &files);
    for revision in revisions {
        let (mut simulation, phone) = simulation(&library);
        simulation.start(phone, &revision.bundle.root, None, people(2));
        for reply in REPLIES {
            simulation.write(phone, reply);
        }
        simulation.wait(24 * 3_600);
    }
}

fn shown(findings: &[Finding], files: &BTreeMap<String, String>) {
    let _ = (report::text(findings, files, false), report::json(findings), report::summary(findings));
}

/// A condition in a flow with a question of each kind. Right or wrong: every complaint points into what was written.
pub fn condition(bytes: &[u8]) {
    let written = text(bytes.get(..FILE_BYTES).unwrap_or(bytes));
    for groups in [vec![], vec!["each".to_owned()], vec!["contacts".to_owned()]] {
        let mut problems = Vec::new();
        let compiled = conditions::compile(&written, names(), &groups, &mut problems);
        assert_eq!(compiled.is_none(), !problems.is_empty(), "nothing is wrong, and nothing came of it");
        for problem in &problems {
            assert!(written.get(problem.range.clone()).is_some(), "{:?} is no place in {} bytes", problem.range, written.len());
        }
        let mut problems = Vec::new();
        let _ = conditions::compile_value(&written, names(), &groups, &mut problems);
    }
}

fn names() -> &'static conditions::Names {
    use conditions::{Options, Type};
    static NAMES: OnceLock<conditions::Names> = OnceLock::new();
    NAMES.get_or_init(|| {
        let options = |question: &str, none| {
            let keys = ["mild", "severe", "chest"].map(str::to_owned).to_vec();
            std::sync::Arc::new(Options { question: question.to_owned(), keys, none })
        };
        let values = [
            ("fever", Type::TruthOrUnsure),
            ("smoker", Type::Truth),
            ("severity", Type::Choice(options("severity", false))),
            ("signs", Type::Choices(options("signs", true))),
            ("heat", Type::Temperature),
            ("onset", Type::Date),
            ("age", Type::Number),
            ("long", Type::Days),
            ("nick", Type::Text),
            ("people", Type::People),
            ("each.better", Type::Truth),
            ("contacts.last", Type::Date),
        ];
        let values: BTreeMap<String, Type> = values.map(|(name, ty)| (name.to_owned(), ty)).into();
        conditions::Names {
            steps: values.keys().map(|name| (name.clone(), ())).collect(),
            values,
            groups: [("each".to_owned(), Some("who".to_owned())), ("contacts".to_owned(), None)].into(),
            flows: vec!["identity".to_owned()],
            audience: intake::flow::model::Audience::Case,
            languages: vec!["en".to_owned(), "es".to_owned()],
        }
    })
}

/// A transcript, and what it does to the shipped flows.
pub fn chat(bytes: &[u8]) {
    let written = text(bytes.get(..FILE_BYTES).unwrap_or(bytes));
    match transcript::parse("example.chat", &written) {
        Ok(transcript) => {
            let played = transcript::play(shipped(), &Setting::default(), &transcript);
            for failure in played.failures {
                assert!(failure.line <= written.lines().count().max(1), "line {} of {}", failure.line, written.lines().count());
            }
        }
        Err(unreadable) => {
            assert!(!unreadable.is_empty(), "unreadable, and nothing is wrong");
            for one in unreadable {
                assert!((1..=written.lines().count().max(1)).contains(&one.line), "line {} of {}", one.line, written.lines().count());
            }
        }
    }
}

/// A conversation on the shipped flows: the first byte says which, then a line for everything that happens. The stored form is passed
/// through at every turn, and no text may fail.
pub fn conversation(bytes: &[u8]) {
    const FLOWS: [&str; 5] = ["daily-check", "case-interview", "contact-notice", "identity", "welcome"];
    let Some((flow, rest)) = choice(bytes, FLOWS.len() * 3) else { return };
    let (mut simulation, phone) = simulation(shipped());
    simulation.identity_holds(phone);
    well(&simulation.start(phone, FLOWS[flow % FLOWS.len()], Language::parse("en"), people(flow / FLOWS.len() + 1)));
    for line in text(rest).lines().take(ACTS) {
        let turns = match line.split_at_checked(1) {
            Some(("+", hours)) => simulation.wait(hours.trim().parse::<i64>().unwrap_or(1).clamp(0, 200) * 3_600),
            Some(("#", nth)) => simulation.tap_nth(phone, nth.trim().parse().unwrap_or(1)).unwrap_or_default(),
            Some(("@", name)) => simulation.card(phone, name, &["+14155550133".to_owned()]),
            Some(("!", act)) => simulation.desk(phone, act_of(act)),
            Some(("&", _)) => simulation.picture(phone),
            Some(("^", flow)) => {
                let flow = FLOWS[flow.len() % FLOWS.len()];
                simulation.start(phone, flow, None, Vec::new())
            }
            Some(_) | None => simulation.write(phone, line),
        };
        well(&turns);
    }
    let conversation = simulation.conversation(phone).unwrap();
    assert!(postcard::to_stdvec(conversation).unwrap().len() < 48 * 1024, "the stored form grows without end");
}

fn act_of(written: &str) -> DeskAct {
    match written.split_at_checked(1) {
        Some(("c", _)) => DeskAct::Claim,
        Some(("h", "")) => DeskAct::HandBack(HandBack::AsPlanned),
        Some(("h", step)) => DeskAct::HandBack(HandBack::AtStep(step.to_owned())),
        Some(("r", _)) => DeskAct::Resolve(DeskOutcome::Reached),
        Some(("l", _)) => DeskAct::Release,
        Some(("p", _)) => DeskAct::Park(None),
        Some(("n", note)) => DeskAct::Note(Private::from(note)),
        Some(("a", said)) => DeskAct::Answer { step: "danger".to_owned(), said: Private::from(said) },
        Some((_, words)) => DeskAct::Reply(Private::from(words)),
        None => DeskAct::Claim,
    }
}
