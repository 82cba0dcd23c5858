//! Transcripts played against flows: what passes, what differs, what was visited.

use intake::{
    flow::{Library, library::compile_folder, report},
    render::phrases,
    transcript::{self, Failure, Played, Setting, Visited},
};

const FLOW: &str = "\
flow: evening
title: Evening check
languages: [en, es]
for: monitoree
emergency: emergency-text
ends: [complete]

silence:
  - after: 4 hours
    say: Just a reminder.
  - after: 20 hours
    task: routine
    because: No reply today
  - after: 22 hours
    end: no reply

steps:
  cough:
    say: |
      Good evening {{you.first_name}}, this is {{agency.name}}.

      Who has a cough today?
    say if alone: Good evening. Do you cough today?
    ask: any of people in household
    none: Nobody

  each:
    for each: who in cough
    steps:
      sign:
        say: What does {{who.label}} have?
        say if you: What do you have?
        ask: one of
        options:
          blue: Blue lips
          wheeze: A noise when breathing in or out
          little: Only a little cough
        then:
          - when: sign == blue
            escalate: urgent
            because: Blue lips
          - when: sign == wheeze
            task: routine
            because: Wheezing
          - else:
            say: Good.

  near:
    repeat: contact, up to 3
    first: Were you close to anyone?
    more: Anyone else?
    steps:
      name:
        say: What is their first name?
        ask: name
      phone:
        say: What is their phone number?
        ask: phone

  thanks:
    say: Thank you. We noted {{plural near.count \"1 person\" \"# people\"}}.
    end: complete
";

const SPANISH: &str = "\
language: es
texts:
  cough:
    - from: |
        Good evening {{you.first_name}}, this is {{agency.name}}.

        Who has a cough today?
      to: |
        Buenas noches {{you.first_name}}, le escribe {{agency.name}}.

        ¿Quién tiene tos?
    - from: Good evening. Do you cough today?
      to: Buenas noches. ¿Tiene tos?
    - from: Nobody
      to: Nadie
";

fn library() -> Library {
    let mut files = phrases::files();
    files.insert("evening.yaml".to_owned(), FLOW.to_owned());
    files.insert("evening.es.yaml".to_owned(), SPANISH.to_owned());
    let folder = compile_folder(&files);
    assert!(folder.revisions.contains_key("evening"), "{}", report::text(&folder.findings, &files, false));
    let mut library = Library::default();
    folder.revisions.into_values().for_each(|revision| library.publish(revision));
    library
}

fn play(text: &str) -> Played {
    let script = transcript::parse("evening.chat", text).unwrap_or_else(|faults| panic!("{faults:#?}"));
    transcript::play(&library(), &Setting::default(), &script)
}

fn failures(text: &str) -> Vec<Failure> {
    play(text).failures
}

const HOUSEHOLD: &str = "\
flow: evening · en
today: 2026-03-02 18:00
phone ana: sms +15550100001, answers for Ana, Luis

ana < Good evening Ana, this is City Health Department.
  Who has a cough today?
  1 Ana
  2 Luis
  0 Nobody
  Reply with the numbers, for example 1 2. 0 for none.
ana > 2
ana < What does Luis have? …
ana > 2
! task routine \"Wheezing\"
ana < Were you close to anyone? Reply YES or NO.
ana > yes
ana < What is their first name?
ana > Beto
ana < What is their phone number? …
ana > 555 010 0123
ana < Anyone else? …
ana > no
ana < Thank you. We noted 1 person.
end: complete
= cough: Luis
= Luis.sign: wheeze
= near.1.name: Beto
= near.1.phone: +15550100123
= near.count: 1
= thanks: missing
";

#[test]
fn a_transcript_that_tells_what_happens_passes() {
    let passing = [
        ("household", HOUSEHOLD.to_owned()),
        ("messages that are not written down are not compared", HOUSEHOLD.replace("ana < Anyone else? …\n", "")),
        (
            "buttons, a list, and a card on WhatsApp",
            "\
flow: evening · en
today: 2026-03-02 18:00
phone eva: whatsapp +15550100002, answers for Eva

eva < [template evening]
eva > hello
eva < Good evening. Do you cough today? [Yes] [No]
eva tap yes
eva < What do you have?
  [Blue lips] [A noise when breathing in or out] [Only a little cough]
eva tap a noise when breathing in or out
! task routine
eva < Were you close to anyone? [Yes] [No]
eva tap Yes
eva < What is their first name?
eva card Beto Ruiz +15550100123
eva < Anyone else? …
eva tap No
eva < … We noted 1 person.
= sign: wheeze
= near.1.name: Beto …
end: complete
"
            .to_owned(),
        ),
        (
            "an emergency, the desk, and back",
            "\
flow: evening · es
today: 2026-03-02 10:00
phone ana: sms +15550100001, answers for Ana, Luis
ana < Buenas noches Ana, … ¿Quién tiene tos? …
ana > Luis no puede respirar
ana < … 911 …
! escalate emergency \"no puede respirar\"
desk > Hola, soy Marta.
ana < Marta de City Health Department …
ana < Hola, soy Marta.
desk hands back
ana < Le escribe otra vez nuestro asistente. … What does Luis have? …
+1d
! task routine \"No reply today\"
end: no reply
"
            .to_owned(),
        ),
        (
            "a stranger writes first",
            "\
flow: evening
phone eva: sms +15550100002
eva > hi
eva < Good evening. Do you cough today? …
"
            .to_owned(),
        ),
    ];
    for (what, text) in passing {
        assert_eq!(failures(&text), [], "{what}");
    }
}

#[test]
fn what_differs_is_told_with_its_line_and_both_sides() {
    /// What is changed to what, and the failure: line, part of its words, both sides.
    type Row = (&'static str, &'static str, usize, &'static str, Option<&'static str>, Option<&'static str>);
    let rows: [Row; 9] = [
        ("for example 1 2.", "for example 1 9.", 5, "ana gets other words", None, None),
        (
            "We noted 1 person.",
            "We noted 2 people.",
            23,
            "ana gets other words",
            Some("Thank you. We noted 2 people."),
            Some("Thank you. We noted 1 person."),
        ),
        ("! task routine \"Wheezing\"\n", "", 15, "and it is not written down", None, Some("! task routine \"Wheezing\"")),
        (
            "task routine",
            "task urgent",
            14,
            "a human is not called so",
            Some("! task urgent \"Wheezing\""),
            Some("! task routine \"Wheezing\""),
        ),
        ("end: complete", "end: no reply", 24, "the session did not end so", Some("no reply"), Some("complete")),
        ("sign: wheeze", "sign: blue", 26, "another answer", Some("blue"), Some("wheeze")),
        ("near.count: 1", "near.count: 2", 29, "another answer", Some("2"), Some("1")),
        ("ana > 2\n! task", "ana tap Better\n! task", 13, "nothing to tap", Some("Better"), Some("nothing")),
        ("end: complete", "ana < One more.", 24, "ana gets no message here", Some("One more."), Some("nothing")),
    ];
    for (from, to, line, what, expected, got) in rows {
        let text = HOUSEHOLD.replacen(from, to, 1);
        assert_ne!(text, HOUSEHOLD, "{from} is not in the transcript");
        let failures = failures(&text);
        let failure = failures.first().unwrap_or_else(|| panic!("`{to}` passed"));
        assert_eq!(failure.line, line, "{failure:?}");
        assert!(failure.what.contains(what), "{failure:?}");
        if expected.is_some() || got.is_some() {
            assert_eq!((failure.expected.as_deref(), failure.got.as_deref()), (expected, got));
        }
    }
}

#[test]
fn a_message_too_many_is_a_failure_where_messages_are_written_down() {
    let text =
        "flow: evening\nphone ana: sms +15550100001\nana < Good evening. …\nana > STOP\nana < … START …\nana > START\nana < … STOP …\n";
    assert_eq!(failures(text), []);
    let shorter = text.replace("ana < Good evening. …\nana > STOP\n", "ana > hello\nana < …\nana > STOP\n");
    assert_eq!(failures(&shorter), []);
    let unread = "flow: evening\nphone ana: sms +15550100001\nana < Good evening. …\ndesk > Hi\nana < Marta …\n+1m\n";
    let failures = failures(unread);
    assert_eq!(failures.len(), 1, "{failures:#?}");
    assert_eq!((failures[0].line, failures[0].got.as_deref()), (6, Some("Hi")));
}

#[test]
fn an_unknown_flow_and_refused_desk_acts_are_told() {
    let failed = failures("flow: morning\nphone ana: sms +1\nana < …\n");
    assert_eq!(failed[0].what, "there is no flow `morning`");
    let refused = failures("flow: evening\nphone ana: sms +15550100001\nana < Good …\ndesk hands back\n");
    assert!(refused[0].what.contains("the desk cannot do that now"), "{refused:#?}");
}

#[test]
fn steps_and_arms_that_no_transcript_visits_are_listed() {
    let library = library();
    let flow = library.current("evening").unwrap().root().unwrap().clone();
    let mut visited = Visited::default();
    let missing = |visited: &Visited| -> Vec<(String, Option<usize>)> {
        visited.missing(&flow).into_iter().map(|place| (place.step, place.arm)).collect()
    };
    assert_eq!(missing(&visited).len(), flow.steps.len(), "nothing was visited yet");
    visited.merge(play(HOUSEHOLD).visited);
    assert_eq!(missing(&visited), [("each.sign".to_owned(), Some(1)), ("each.sign".to_owned(), Some(3))]);
    let blue = HOUSEHOLD.lines().take(11).collect::<Vec<_>>().join("\n") + "\nana > 1\n";
    visited.merge(play(&blue).visited);
    assert_eq!(missing(&visited), [("each.sign".to_owned(), Some(3))]);
}

#[test]
fn the_example_of_the_page_passes() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/transcripts.md")).unwrap();
    let example = page.split("```chat\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(failures(example), []);
}

#[test]
fn a_step_is_visited_in_its_own_flow_where_two_have_its_name() {
    let mut files = phrases::files();
    let flow = |name: &str, steps: &str| {
        format!("flow: {name}\ntitle: {name}\nlanguages: [en]\nfor: anyone\nemergency: emergency-text\nends: [complete]\nsteps:\n{steps}")
    };
    files.insert(
        "outer.yaml".to_owned(),
        flow("outer", "  first:\n    call: inner\n  hello:\n    say: Outer?\n    ask: yes/no\n  bye:\n    end: complete\n"),
    );
    files.insert("inner.yaml".to_owned(), flow("inner", "  hello:\n    say: Inner?\n    ask: yes/no\n  bye:\n    end: complete\n"));
    let folder = compile_folder(&files);
    let mut library = Library::default();
    folder.revisions.values().for_each(|revision| library.publish(revision.clone()));
    let script =
        transcript::parse("o.chat", "flow: outer\nphone ana: sms +15550100001\nana < Inner? …\nana > no\nana < Outer? …\n").unwrap();
    let played = transcript::play(&library, &Setting::default(), &script);
    assert_eq!(played.failures, []);
    let missing = |name: &str| played.visited.missing(&folder.flows[name]).into_iter().map(|place| place.step).collect::<Vec<_>>();
    assert_eq!(missing("inner"), Vec::<String>::new());
    assert_eq!(missing("outer"), ["bye"]);
}
