//! Whole conversations through the engine and the renderer, with the stored form between turns.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::panic)]

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use intake::{
    base::{Address, EventId, Medium, Private, calendar::Hours, capabilities::Capabilities, id::TracerId},
    engine::{
        self, Agency, Content, Conversation, Desk, Effect, Event, EventKind, Fact, Holder, Outcome, Refusal, Step, World,
        event::{Card, DeskAct, DeskOutcome, HandBack, IfBusy, NewPerson, Start},
    },
    flow::Library,
    render::Catalog,
};
use jiff::{SignedDuration, Timestamp};

/// The flows that are shipped, with the shared texts.
pub(crate) fn shipped() -> BTreeMap<String, String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeMap::new();
    for (dir, prefix, ending) in [("flows", "", ".yaml"), ("templates/messages", "messages/", ".hbs")] {
        for entry in std::fs::read_dir(root.join(dir)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name.ends_with(ending) {
                files.insert(format!("{prefix}{name}"), std::fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    files
}

/// Flow files compiled, with the words of the engine.
fn compiled(files: &BTreeMap<String, String>) -> (Library, Catalog) {
    let (library, findings) = Library::from_files(files);
    let errors: Vec<_> = findings.iter().filter(|finding| finding.level == intake::flow::Level::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut catalog = Catalog::shared(&intake::render::phrases::defaults());
    for (_, revision) in library.all_current() {
        catalog.add(revision);
    }
    (library, catalog)
}

/// One phone, the engine behind it, and a clock.
struct Phone {
    flows: Arc<(Library, Catalog)>,
    agency: Agency,
    desk: Desk,
    stop_confirmed: Vec<String>,
    flood: Option<intake::engine::Flood>,
    conversation: Conversation,
    now: Timestamp,
    n_events: u32,
    last: Option<Step>,
    taps: Vec<(String, String)>,
}

impl Phone {
    fn new(medium: Medium) -> Self {
        static SHIPPED: OnceLock<Arc<(Library, Catalog)>> = OnceLock::new();
        Self::with(medium, SHIPPED.get_or_init(|| Arc::new(compiled(&shipped()))).clone())
    }

    fn with(medium: Medium, flows: Arc<(Library, Catalog)>) -> Self {
        Self {
            flows,
            agency: Agency {
                name: "City Health".into(),
                emergency_number: "911".into(),
                phone_line: "+15550100999".into(),
                country: "US".into(),
                time_zone: "America/New_York".into(),
            },
            desk: Desk {
                hours: Hours::parse("Mon-Fri 08:00-18:00").unwrap(),
                on_call: vec![(Address::new(Medium::Sms, "+15550100777"), "sms".into())],
            },
            stop_confirmed: Vec::new(),
            flood: None,
            conversation: Conversation::new(Address::new(medium, "+15550100001"), "main"),
            now: "2026-03-02T14:00:00Z".parse().unwrap(),
            n_events: 0,
            last: None,
            taps: Vec::new(),
        }
    }

    fn happens(&mut self, kind: EventKind) -> Vec<String> {
        self.n_events += 1;
        let event = Event { id: EventId(format!("event-{}", self.n_events)), at: self.now, kind };
        self.handle(&event)
    }

    /// The texts that a step says, as they are put into words here.
    fn words(&self, effects: &[Effect], medium: Medium) -> Vec<Private<String>> {
        let says = effects.iter().filter_map(|effect| if let Effect::Say(say) = effect { Some(say) } else { None });
        says.flat_map(|say| self.flows.1.render(say, medium, &Capabilities::of(medium)).unwrap()).map(|message| message.text).collect()
    }

    /// Handles an event and gives the texts sent, joined shapes and all.
    fn handle(&mut self, event: &Event) -> Vec<String> {
        // As from the store: what does not survive the stored form must not matter.
        let stored = postcard::to_stdvec(&self.conversation).unwrap();
        let conversation: Conversation = postcard::from_bytes(&stored).unwrap();
        assert_eq!(conversation, self.conversation);
        let world = World {
            library: &self.flows.0,
            agency: &self.agency,
            desk: &self.desk,
            welcome: Some("welcome"),
            stop_confirmed_by_provider: &self.stop_confirmed,
            flood: self.flood,
        };
        let again = engine::step(&world, &conversation, event, self.now);
        let step = engine::step(&world, &conversation, event, self.now);
        assert_eq!((&again.conversation, &again.effects), (&step.conversation, &step.effects), "a step is deterministic");
        self.conversation = step.conversation.clone();
        let medium = self.conversation.address.medium;
        let mut texts = Vec::new();
        for effect in &step.effects {
            if let Effect::Say(say) = effect {
                if let Some(question) = &say.question {
                    self.taps =
                        question.choices.iter().map(|choice| (choice.key.clone(), format!("{}:{}", question.tap, choice.key))).collect();
                }
                let messages = self.flows.1.render(say, medium, &Capabilities::of(medium)).unwrap();
                engine::remember_said(&mut self.conversation, messages.iter().map(|message| &message.text));
                texts.extend(messages.into_iter().map(|message| message.text.into_inner()));
            }
        }
        self.last = Some(step);
        texts
    }

    fn text(&mut self, words: &str) -> Vec<String> {
        self.now = self.now.checked_add(SignedDuration::from_secs(20)).unwrap();
        self.happens(EventKind::Message { channel: "main".into(), content: Content::Text(Private::from(words)) })
    }

    fn tap(&mut self, key: &str) -> Vec<String> {
        let id = self.taps.iter().find(|(known, _)| known == key).unwrap_or_else(|| panic!("no choice `{key}`")).1.clone();
        self.happens(EventKind::Message { channel: "main".into(), content: Content::Tap { id, title: Private::from("tapped") } })
    }

    fn start(&mut self, flow: &str, people: &[(&str, Option<i16>)]) -> Vec<String> {
        self.start_with(flow, people, IfBusy::Refuse)
    }

    fn start_with(&mut self, flow: &str, people: &[(&str, Option<i16>)], if_busy: IfBusy) -> Vec<String> {
        let people = people
            .iter()
            .map(|(name, birth_year)| NewPerson { first_name: Private::from(*name), birth_year: *birth_year, record: None })
            .collect();
        self.happens(EventKind::Start(Start { flow: flow.into(), channel: "main".into(), language: None, people, if_busy }))
    }

    fn desk(&mut self, tracer: &str, epoch: u64, act: DeskAct) -> Vec<String> {
        self.happens(EventKind::Desk { tracer: TracerId(tracer.into()), first_name: "Marta".into(), epoch, act })
    }

    fn act(&mut self, act: DeskAct) -> Vec<String> {
        let epoch = self.conversation.epoch;
        self.desk("marta", epoch, act)
    }

    /// Lets time pass; wakes happen at their time.
    fn wait(&mut self, hours: i64) -> Vec<String> {
        let until = self.now.checked_add(SignedDuration::from_hours(hours)).unwrap();
        let mut texts = Vec::new();
        // An overdue emergency pages who is on call every five minutes.
        for _ in 0..2_000 {
            let world = World {
                library: &self.flows.0,
                agency: &self.agency,
                desk: &self.desk,
                welcome: Some("welcome"),
                stop_confirmed_by_provider: &[],
                flood: None,
            };
            match engine::next_wake(&world, &self.conversation) {
                Some(at) if at <= until => {
                    self.now = at.max(self.now);
                    texts.extend(self.happens(EventKind::Wake));
                }
                Some(_) | None => {
                    self.now = until;
                    return texts;
                }
            }
        }
        panic!("the conversation wakes without end");
    }

    fn outcome(&self) -> Outcome {
        self.last.as_ref().unwrap().outcome.clone()
    }

    fn facts(&self) -> Vec<Fact> {
        let facts = |effect: &Effect| if let Effect::Fact(fact) = effect { Some(fact.clone()) } else { None };
        self.last.as_ref().unwrap().effects.iter().filter_map(facts).collect()
    }

    fn ended(&self) -> Option<String> {
        self.facts().into_iter().rev().find_map(|fact| if let Fact::SessionEnded { end, .. } = fact { Some(end) } else { None })
    }

    /// Past identity: the address answers for these people.
    fn identified(&mut self, flow: &str, people: &[(&str, Option<i16>)]) -> Vec<String> {
        self.conversation.identity_held_at = Some(self.now);
        self.start(flow, people)
    }
}

#[track_caller]
fn says(texts: &[String], words: &str) {
    assert!(texts.iter().any(|text| text.contains(words)), "expected {words:?} in {texts:#?}");
}

#[test]
fn a_household_is_checked_person_by_person() {
    let mut phone = Phone::new(Medium::Sms);
    says(&phone.start("daily-check", &[("Ana", Some(1980)), ("Luis", None)]), "Is this Ana?");
    says(&phone.text("yes thats me"), "in which year were you born?");
    says(&phone.text("1980"), "Does anyone feel unwell today?");
    says(&phone.text("2"), "Does Luis have any of these now?");
    says(&phone.text("0"), "Which of these does Luis have today?");
    says(&phone.text("fever and cough"), "Since when has Luis been unwell?");
    says(&phone.text("yesterday"), "Luis's last temperature?");
    says(&phone.text("38,5"), "Do you need help");
    says(&phone.text("no"), "We noted 1 person as unwell");
    assert_eq!(phone.ended().as_deref(), Some("complete"));
}

#[test]
fn an_emergency_is_answered_at_once_and_the_question_waits_for_the_tracer() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", Some(1980)), ("Luis", None)]);
    let texts = phone.text("omg he cant breath");
    says(&texts, "911");
    assert_eq!(phone.conversation.holder, Holder::Nobody);
    let escalation = phone.conversation.escalation.clone().unwrap();
    assert_eq!(escalation.urgency.word(), "emergency");
    assert_eq!(phone.text("hello?").len(), 0, "already waiting since the alarm: no second word");
    let epoch = phone.conversation.epoch;
    says(&phone.act(DeskAct::Claim), "Marta");
    assert_eq!(phone.desk("olga", epoch, DeskAct::Claim), Vec::<String>::new());
    assert_eq!(phone.outcome(), Outcome::Refused(Refusal::HeldBy(TracerId("marta".into()))));
    assert_eq!(phone.act(DeskAct::Reply(Private::from("Hola, soy Marta."))), ["Hola, soy Marta."]);
    assert_eq!(phone.text("gracias"), Vec::<String>::new(), "the bot is silent while a tracer holds");
    says(&phone.act(DeskAct::HandBack(HandBack::AsPlanned)), "Does anyone feel unwell today?");
    assert_eq!(phone.conversation.holder, Holder::Bot);
    says(&phone.text("all well"), "Do you need help");
}

#[test]
fn emergency_words_that_answer_the_question_are_kept_and_not_asked_again() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", Some(1980)), ("Luis", None)]);
    phone.text("luis");
    says(&phone.text("trouble breathing"), "911");
    let answered = phone.facts().into_iter().find_map(|fact| if let Fact::Answered(answer) = fact { Some(answer) } else { None }).unwrap();
    assert_eq!(answered.step, "each_unwell.danger");
    assert_eq!(answered.codes, ["SNOMED 267036007"]);
    phone.act(DeskAct::Claim);
    says(&phone.act(DeskAct::HandBack(HandBack::AsPlanned)), "Since when has Luis been unwell?");
}

#[test]
fn the_same_event_twice_has_one_effect() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None)]);
    let event = Event {
        id: "SM1".into(),
        at: phone.now,
        kind: EventKind::Message { channel: "main".into(), content: Content::Text(Private::from("no")) },
    };
    assert_eq!(phone.handle(&event).len(), 1);
    let after = phone.conversation.clone();
    assert_eq!(phone.handle(&event), Vec::<String>::new());
    assert_eq!(phone.outcome(), Outcome::Repeated);
    assert_eq!(phone.conversation, after);
}

#[test]
fn stop_ends_everything_once_and_start_comes_back() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None)]);
    let texts = phone.text("STOP");
    assert_eq!(texts.len(), 1);
    assert!(phone.conversation.sessions.is_empty());
    assert_eq!(phone.ended().as_deref(), Some("opted out"));
    assert_eq!(phone.text("stop"), Vec::<String>::new(), "a second stop is not answered again");
    assert_eq!(phone.text("hello"), Vec::<String>::new());
    phone.start("daily-check", &[]);
    assert_eq!(phone.outcome(), Outcome::Refused(Refusal::OptedOut));
    says(&phone.text("he cant breathe"), "911");
    let mut phone = Phone::new(Medium::Sms);
    phone.text("stop");
    assert_eq!(phone.text("START").len(), 1);
    assert_eq!(phone.conversation.opted_out_at, None);
}

#[test]
fn back_asks_the_last_question_again_and_the_new_answer_counts() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None), ("Luis", None)]);
    phone.text("luis");
    phone.text("none");
    says(&phone.text("BACK"), "Does Luis have any of these now?");
    says(&phone.text("BACK"), "Does anyone feel unwell today?");
    says(&phone.text("ana"), "Do you have any of these now?");
    let of_unwell = |phone: &Phone| {
        let answers = &phone.conversation.sessions[0].answers;
        answers.iter().filter(|answer| answer.step == "unwell").map(|answer| answer.superseded).collect::<Vec<_>>()
    };
    assert_eq!(of_unwell(&phone), [false], "the answer before has left the session; the record has it");
    says(&phone.text("BACK"), "Does anyone feel unwell today?");
    assert_eq!(of_unwell(&phone), [true]);
}

#[test]
fn a_question_that_is_not_understood_is_asked_three_times_and_then_a_human_is_called() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None)]);
    phone.text("none");
    says(&phone.text("purple"), "Do you need help");
    says(&phone.text("the quick brown fox"), "Do you need help");
    phone.text("jumps over");
    assert_eq!(phone.conversation.holder, Holder::Nobody);
    assert_eq!(phone.conversation.escalation.clone().unwrap().because, ["Not understood"]);
}

#[test]
fn silence_reminds_and_ends_and_a_late_answer_still_counts() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None)]);
    phone.text("all well");
    let reminder = phone.wait(5);
    says(&reminder, "Just a reminder.");
    says(&reminder, "Do you need help");
    phone.wait(30);
    assert!(phone.conversation.sessions.is_empty());
    assert_eq!(phone.conversation.roster[0].missed_in_a_row, 1);
    says(&phone.text("no"), "Thank you");
    assert_eq!(phone.conversation.roster[0].missed_in_a_row, 0);
}

#[test]
fn contacts_are_named_in_words_and_by_card_and_tell_leaves_the_repeat() {
    let mut phone = Phone::new(Medium::WhatsApp);
    phone.conversation.last_inbound_at = Some(phone.now);
    phone.identified("case-interview", &[("Ben", Some(1975))]);
    phone.tap("yes");
    says(&phone.text("no"), "Were you close to anyone?");
    let card = |name: &str, phone: &str| Card { name: Private::from(name), phones: vec![Private::from(phone)] };
    let cards = Content::Cards(vec![card("Cleo", "+1 415 555 0133"), card("Dan", "")]);
    says(&phone.happens(EventKind::Message { channel: "main".into(), content: cards }), "On which day were you last with Cleo?");
    phone.text("yesterday");
    says(&phone.text("at home"), "What is Dan's phone number?");
    says(&phone.text("skip"), "On which day were you last with Dan?");
    phone.text("today");
    says(&phone.text("work"), "Anyone else?");
    says(&phone.text("TELL"), "What would help you stay at home?");
    assert!(phone.facts().iter().any(|fact| matches!(fact, Fact::Task { .. })));
    says(&phone.text("nothing"), "We noted 2 people");
}

#[test]
fn a_tap_on_an_old_question_is_not_taken_for_the_current_one() {
    let mut phone = Phone::new(Medium::WhatsApp);
    phone.conversation.last_inbound_at = Some(phone.now);
    phone.identified("daily-check", &[("Ana", None)]);
    let old = phone.taps.clone();
    phone.text("all well");
    phone.taps = old;
    let texts = phone.tap("none");
    says(&texts, "Do you need help");
    assert!(!phone.conversation.sessions.is_empty());
}

#[test]
fn words_after_a_template_open_the_question_and_are_not_its_answer() {
    let mut phone = Phone::new(Medium::WhatsApp);
    phone.identified("daily-check", &[("Ana", None)]);
    assert!(phone.conversation.sessions[0].open.as_ref().unwrap().unseen);
    says(&phone.text("yes"), "Do you feel unwell today?");
    says(&phone.text("no"), "Do you need help");
}

#[test]
fn a_second_start_is_refused_and_a_waiting_one_goes_first_after_two_hours_of_silence() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None)]);
    phone.start("daily-check", &[]);
    assert_eq!(phone.outcome(), Outcome::Refused(Refusal::SessionRuns));
    assert_eq!(phone.start_with("contact-notice", &[], IfBusy::Wait), Vec::<String>::new());
    says(&phone.wait(3), "May we go on here?");
    phone.text("no");
    phone.act(DeskAct::Claim);
    let texts = phone.act(DeskAct::Resolve(DeskOutcome::Refused));
    says(&texts, "Do you feel unwell today?");
}

#[test]
fn the_language_is_chosen_by_number_or_name_and_the_question_asked_in_it() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None)]);
    says(&phone.text("LANGUAGE"), "Español");
    says(&phone.text("2"), "¿Se siente mal hoy?");
    says(&phone.text("English"), "Do you feel unwell today?");
    says(&phone.text("en español por favor"), "¿Se siente mal hoy?");
    says(&phone.text("another language please"), "English");
}

#[test]
fn whatever_a_stranger_sends_is_answered_or_silently_noted() {
    let odd = ["", "   ", "hi", "ojsdf owieru", "नमस्ते", "👍", &"😀".repeat(2_000), "1", "{{#if}}", "<script>"];
    for words in odd {
        let mut phone = Phone::new(Medium::Sms);
        let texts = phone.text(words);
        assert!(!texts.is_empty(), "{words:?} was left without an answer");
        for _ in 0..30 {
            phone.text(words);
        }
    }
    for content in [
        Content::Media { kind: "image".into(), reference: Private::from("x"), caption: Private::from("") },
        Content::Unsupported { kind: "poll".into() },
        Content::Location { latitude: 1.0, longitude: 2.0 },
    ] {
        let mut phone = Phone::new(Medium::WhatsApp);
        assert_eq!(phone.happens(EventKind::Message { channel: "main".into(), content }).len(), 1);
    }
    let mut phone = Phone::new(Medium::WhatsApp);
    let reaction = Content::Reaction { emoji: Some("👍".into()) };
    assert_eq!(phone.happens(EventKind::Message { channel: "main".into(), content: reaction }), Vec::<String>::new());
}

#[test]
fn an_urgent_call_outside_the_hours_goes_to_who_is_on_call() {
    let mut phone = Phone::new(Medium::Sms);
    phone.now = "2026-03-01T06:00:00Z".parse().unwrap();
    phone.text("my mother is unconscious");
    let notices = phone.last.as_ref().unwrap().effects.iter().filter(|effect| matches!(effect, Effect::Deliver(_))).count();
    assert_eq!(notices, 1);
}

#[test]
fn a_routine_call_that_nobody_takes_is_given_up_and_the_flow_goes_on() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None)]);
    phone.text("HUMAN");
    assert_eq!(phone.conversation.holder, Holder::Nobody);
    let texts = phone.wait(49);
    says(&texts, "Do you feel unwell today?");
    assert_eq!(phone.conversation.holder, Holder::Bot);
}

#[test]
fn three_wrong_birth_years_call_a_human_and_say_nothing_of_the_record() {
    let mut phone = Phone::new(Medium::Sms);
    phone.start("daily-check", &[("Ana", Some(1980))]);
    phone.text("1");
    phone.text("1990");
    phone.text("1991");
    let texts = phone.text("1992");
    assert!(texts.iter().all(|text| !text.contains("1980") && !text.to_lowercase().contains("symptom")));
    assert_eq!(phone.conversation.holder, Holder::Nobody);
    phone.act(DeskAct::Claim);
    phone.act(DeskAct::Resolve(DeskOutcome::NotReached));
    says(&phone.start("daily-check", &[]), "Is this Ana?");
    phone.text("yes");
    assert_eq!(phone.conversation.holder, Holder::Nobody, "locked for an hour");
}

#[test]
fn what_is_no_year_is_not_called_another_year_than_the_records() {
    let mut phone = Phone::new(Medium::Sms);
    phone.start("daily-check", &[("Eva", Some(1980))]);
    phone.text("1");
    let texts = phone.text("somewhere in the north");
    says(&texts, "In which year were you born?".to_lowercase().as_str());
    assert!(texts.iter().all(|text| !text.contains("on file")), "{texts:?}");
    says(&phone.text("1981"), "not what we have on file");
}

#[test]
fn one_person_alone_answers_yes_or_no_and_help_leaves_the_greeting_out() {
    let mut phone = Phone::new(Medium::Sms);
    says(&phone.identified("daily-check", &[("Eva", None)]), "Do you feel unwell today?\nReply YES or NO.");
    let helped = phone.text("HELP");
    says(&helped, "\n\nDo you feel unwell today?");
    assert!(helped.iter().all(|text| !text.contains("Good day")), "{helped:?}");
    says(&phone.text("yes i feel terrible"), "Do you have any of these now?");
    says(&phone.text("none"), "Which of these do you have today?");
}

mod properties;
mod random;
mod replies;

/// A flow of one's own, with nothing but the engine's words beside it.
fn own(flow: &str) -> Arc<(Library, Catalog)> {
    let mut files: BTreeMap<String, String> = intake::render::phrases::files().into_iter().collect();
    files.insert("own.yaml".into(), flow.into());
    Arc::new(compiled(&files))
}

const HEAD: &str = "flow: own\ntitle: A flow of one's own\nlanguages: [en]\nfor: anyone\nends: [complete]\n";

#[test]
fn a_human_called_by_silence_hands_back_to_the_question_that_was_open() {
    let flow = format!(
        "{HEAD}silence:\n  - after: 2 hours\n    escalate: routine\n    because: No word\nsteps:\n  well:\n    say: Are you well?\n    ask: yes/no\n  bye:\n    say: Good bye.\n    end: complete\n"
    );
    let mut phone = Phone::with(Medium::Sms, own(&flow));
    says(&phone.start("own", &[("Ana", None)]), "Are you well?");
    phone.wait(3);
    assert_eq!(phone.conversation.escalation.clone().unwrap().because, ["No word"]);
    phone.act(DeskAct::Claim);
    says(&phone.act(DeskAct::HandBack(HandBack::AsPlanned)), "Are you well?");
    says(&phone.text("yes"), "Good bye.");
}

#[test]
fn in_a_shut_window_nothing_is_said_of_the_change_of_hands_and_the_question_goes_as_a_template() {
    let mut phone = Phone::new(Medium::WhatsApp);
    phone.conversation.last_inbound_at = Some(phone.now);
    phone.identified("daily-check", &[("Ana", None)]);
    phone.text("HUMAN");
    phone.now = phone.now.checked_add(SignedDuration::from_hours(30)).unwrap();
    assert_eq!(phone.act(DeskAct::Claim), Vec::<String>::new());
    phone.act(DeskAct::Reply(Private::from("Hello")));
    assert_eq!(phone.outcome(), Outcome::Refused(Refusal::WindowShut));
    phone.act(DeskAct::HandBack(HandBack::AsPlanned));
    let templates: Vec<_> = phone
        .last
        .as_ref()
        .unwrap()
        .effects
        .iter()
        .filter_map(|effect| if let Effect::Say(say) = effect { Some(say.template.clone()) } else { None })
        .collect();
    assert_eq!(templates, [Some("reminder".to_owned())]);
    assert!(phone.conversation.sessions[0].open.as_ref().unwrap().unseen);
}

#[test]
fn what_is_said_beside_an_answer_is_offered_to_the_question_that_asks_it() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("contact-notice", &[("Cleo", None)]);
    phone.text("yes");
    says(&phone.text("yes, since yesterday"), "Do you have any of these now?");
    let texts = phone.text("none");
    says(&texts, "Since when have you felt ill?");
    says(&texts, "You wrote March 1 before.");
    says(&phone.text("no"), "Since when have you felt ill?");
    says(&phone.text("2 days ago"), "Can you stay away");
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("contact-notice", &[("Cleo", None)]);
    phone.text("yes");
    phone.text("yes, since yesterday");
    phone.text("none");
    says(&phone.text("yes"), "Can you stay away");
    let answered = phone.facts().into_iter().find_map(|fact| if let Fact::Answered(answer) = fact { Some(answer) } else { None }).unwrap();
    assert_eq!((answered.step.as_str(), answered.said.reveal().as_str()), ("onset", "yes, since yesterday"));
}

#[test]
fn a_no_that_names_someone_else_tells_the_desk() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("contact-notice", &[("Cleo", None)]);
    phone.text("yes");
    says(&phone.text("no but my son does"), "Can you stay away");
    assert!(phone.facts().iter().any(|fact| matches!(fact, Fact::Task { because, .. } if because.contains("someone else"))));
}

#[test]
fn a_machine_at_the_other_end_is_never_answered() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None)]);
    for _ in 0..10 {
        assert_eq!(phone.text("I'm driving right now - I'll get back to you later"), Vec::<String>::new());
    }
    assert_eq!(phone.conversation.holder, Holder::Bot);
}

#[test]
fn a_person_whom_the_list_does_not_name_is_asked_about_again_and_not_dropped() {
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None), ("Luis", None), ("Bebe", None)]);
    says(&phone.text("2 and the baby"), "Does anyone feel unwell today?");
    says(&phone.text("2 and 3"), "Does Luis have any of these now?");
    let mut phone = Phone::new(Medium::Sms);
    phone.identified("daily-check", &[("Ana", None), ("Luis", None)]);
    says(&phone.text("luis and he is coughing a lot since last night"), "Does Luis have any of these now?");
}

#[test]
fn a_card_shared_where_a_number_is_asked_answers_with_its_number() {
    let mut phone = Phone::new(Medium::WhatsApp);
    phone.conversation.last_inbound_at = Some(phone.now);
    phone.identified("case-interview", &[("Ben", Some(1975))]);
    phone.tap("yes");
    phone.text("no");
    phone.text("yes");
    says(&phone.text("Beto"), "Beto's phone number?");
    let card = Card { name: Private::from("Roberto Diaz"), phones: vec![Private::from("+1 415 555 0133")] };
    let cards = Content::Cards(vec![card]);
    says(&phone.happens(EventKind::Message { channel: "main".into(), content: cards }), "On which day were you last");
    let given = &phone.conversation.sessions[0].lists[0];
    assert_eq!((given.n_begun, given.n_done), (1, 0));
}
