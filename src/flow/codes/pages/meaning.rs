//! Names, conditions, texts and flows: F012 to F029.

use crate::flow::codes::*;

/// In the order of the codes.
pub const MEANING: &[Page] = &[
    Page {
        code: UNKNOWN_OPTION,
        title: "an option that the question does not have",
        level: Level::Error,
        what: "A condition names an option that is not among the question's options.",
        why: "Such a condition is false for every patient: a red flag that never fires.",
        bad: r#"steps:
  danger:
    say: Do you have any of these now?
    ask: any of
    none: None of these
    options:
      breathless: Trouble breathing
      chest: Chest pain
    then:
      - when: breathles in danger
        escalate: emergency
        because: Emergency sign
"#,
        good: r#"steps:
  danger:
    say: Do you have any of these now?
    ask: any of
    none: None of these
    options:
      breathless: Trouble breathing
      chest: Chest pain
    then:
      - when: breathless in danger
        escalate: emergency
        because: Emergency sign
"#,
    },
    Page {
        code: UNKNOWN_NAME,
        title: "an unknown name in a condition",
        level: Level::Error,
        what: "A condition names a step, value or flow that is not there, or not there in this place.",
        why: "It would never hold.",
        bad: r#"steps:
  danger:
    say: Do you have any of these now?
    ask: any of
    none: None of these
    options:
      breathless: Trouble breathing
      chest: Chest pain
    then:
      - when: dangr is not none
        escalate: emergency
        because: Emergency sign
"#,
        good: r#"steps:
  danger:
    say: Do you have any of these now?
    ask: any of
    none: None of these
    options:
      breathless: Trouble breathing
      chest: Chest pain
    then:
      - when: danger is not none
        escalate: emergency
        because: Emergency sign
"#,
    },
    Page {
        code: CONDITION,
        title: "a condition that cannot be read",
        level: Level::Error,
        what: "A condition holds a sign or a word where none belongs.",
        why: "It is not known when it should hold.",
        bad: r#"steps:
  age:
    say: How old are you?
    ask: number 0..120, whole
    then:
      - when: age = 5
        say: Thank you.
"#,
        good: r#"steps:
  age:
    say: How old are you?
    ask: number 0..120, whole
    then:
      - when: age == 5
        say: Thank you.
"#,
    },
    Page {
        code: TYPES,
        title: "things that do not fit together",
        level: Level::Error,
        what: "A condition compares or adds things of different kinds, or stands alone where it is no yes or no.",
        why: "It would never be decided. A temperature beside 100.4 without a unit, for one, holds for nobody: temperatures are kept in °C.",
        bad: r#"steps:
  heat:
    say: What is your temperature?
    ask: temperature
    then:
      - when: heat >= 100.4
        task: urgent
        because: Fever
"#,
        good: r#"steps:
  heat:
    say: What is your temperature?
    ask: temperature
    then:
      - when: heat >= 100.4 °F
        task: urgent
        because: Fever
"#,
    },
    Page {
        code: UNKNOWN_STEP,
        title: "a way that leads nowhere",
        level: Level::Error,
        what: "`go`, `resume` or a list names a step or list that is not there, or lies inside a group.",
        why: "The conversation would not know where to go on.",
        bad: r#"steps:
  hello:
    say: Hello
    go: thanx
  thanks:
    say: Thank you.
"#,
        good: r#"steps:
  hello:
    say: Hello
    go: thanks
  thanks:
    say: Thank you.
"#,
    },
    Page {
        code: UNKNOWN_END,
        title: "an unknown ending",
        level: Level::Error,
        what: "`end` names an ending that is neither among the flow's `ends` nor built in.",
        why: "Reports and calling flows go by the endings.",
        bad: r#"steps:
  thanks:
    say: Thank you.
    end: completed
"#,
        good: r#"steps:
  thanks:
    say: Thank you.
    end: complete
"#,
    },
    Page {
        code: NAME,
        title: "a name that cannot be used",
        level: Level::Error,
        what: "A name has other signs than small letters, digits and `_`, means something already, or is used twice where only one can be meant.",
        why: "Names stand in conditions, texts and records; each must mean one thing.",
        bad: r#"steps:
  First Day:
    say: Since when have you been unwell?
    ask: date, past
"#,
        good: r#"steps:
  first_day:
    say: Since when have you been unwell?
    ask: date, past
"#,
    },
    Page {
        code: TOO_DEEP,
        title: "groups three deep",
        level: Level::Error,
        what: "A `repeat` or `for each` stands in a group that stands in a group that stands in a group.",
        why: "Nobody who answers keeps three levels in mind, and no tracer either.",
        bad: r#"steps:
  people:
    for each: who in household
    steps:
      places:
        repeat: place
        more: Another place?
        steps:
          met:
            repeat: contact
            more: Anyone else?
            steps:
              name:
                say: What is their name?
                ask: name
"#,
        good: r#"steps:
  people:
    for each: who in household
    steps:
      met:
        repeat: contact
        more: Anyone else?
        steps:
          name:
            say: What is their name?
            ask: name
"#,
    },
    Page {
        code: TEMPLATE,
        title: "a text that cannot be filled in",
        level: Level::Error,
        what: "What stands in `{{…}}` cannot be read: a brace or a closing `{{/if}}` is missing, a name stands in single braces, or `plural` lacks a form.",
        why: "The message could not be sent.",
        bad: r#"steps:
  hello:
    say: Hello {{you.first_name}
"#,
        good: r#"steps:
  hello:
    say: Hello {{you.first_name}}
"#,
    },
    Page {
        code: TEXT_NAME,
        title: "an unknown name in a text",
        level: Level::Error,
        what: "A text uses a name that is not there, or not there in this place or for these people.",
        why: "The patient would read a gap.",
        bad: r#"steps:
  hello:
    say: Hello {{you.frist_name}}
"#,
        good: r#"steps:
  hello:
    say: Hello {{you.first_name}}
"#,
    },
    Page {
        code: PARTIAL,
        title: "an unknown shared text",
        level: Level::Error,
        what: "A text or `emergency` names a shared text that is not under `messages/`, or that contains itself.",
        why: "Words would be missing, at worst the emergency words.",
        bad: r#"steps:
  bye:
    say: |
      {{> godbye}}
=== messages/goodbye.hbs
Take care.
"#,
        good: r#"steps:
  bye:
    say: |
      {{> goodbye}}
=== messages/goodbye.hbs
Take care.
"#,
    },
    Page {
        code: TOGETHER,
        title: "keys that do not go together",
        level: Level::Error,
        what: "Two keys exclude each other, or one needs another that is not there.",
        why: "One of them would silently not count.",
        bad: r#"steps:
  hello:
    say: Hello
    options:
      well: I am well
"#,
        good: r#"steps:
  hello:
    say: Hello. How are you?
    ask: one of
    options:
      well: I am well
      unwell: I am unwell
"#,
    },
    Page {
        code: UNTRANSLATED,
        title: "a missing translation",
        level: Level::Warning,
        what: "A text has no translation into one of the flow's languages, or a flow that is called or needed does not speak it.",
        why: "It is sent in the flow's first language.",
        bad: r#"flow: example
languages: [en, es]
for: anyone
steps:
  hello:
    say: Hello {{you.first_name}}
"#,
        good: r#"flow: example
languages: [en, es]
for: anyone
steps:
  hello:
    say: Hello {{you.first_name}}
=== example.es.yaml
language: es
texts:
  hello:
    - from: Hello {{you.first_name}}
      to: Hola {{you.first_name}}
"#,
    },
    Page {
        code: STALE,
        title: "a translation of a text that is gone",
        level: Level::Warning,
        what: "A `from` matches no text of its step any more.",
        why: "The text was changed after it was translated; the new one is sent untranslated.",
        bad: r#"flow: example
languages: [en, es]
for: anyone
steps:
  hello:
    say: Hello {{you.first_name}}
=== example.es.yaml
language: es
texts:
  hello:
    - from: Hello, {{you.first_name}}
      to: Hola {{you.first_name}}
"#,
        good: r#"flow: example
languages: [en, es]
for: anyone
steps:
  hello:
    say: Hello {{you.first_name}}
=== example.es.yaml
language: es
texts:
  hello:
    - from: Hello {{you.first_name}}
      to: Hola {{you.first_name}}
"#,
    },
    Page {
        code: TRANSLATION,
        title: "a translation that says something else",
        level: Level::Warning,
        what: "A translation leaves out or adds a name, or is in a language that the flow does not speak.",
        why: "One language would tell what another does not.",
        bad: r#"flow: example
languages: [en, es]
for: anyone
steps:
  hello:
    say: Hello {{you.first_name}}
=== example.es.yaml
language: es
texts:
  hello:
    - from: Hello {{you.first_name}}
      to: Hola
"#,
        good: r#"flow: example
languages: [en, es]
for: anyone
steps:
  hello:
    say: Hello {{you.first_name}}
=== example.es.yaml
language: es
texts:
  hello:
    - from: Hello {{you.first_name}}
      to: Hola {{you.first_name}}
"#,
    },
    Page {
        code: UNKNOWN_FLOW,
        title: "an unknown flow",
        level: Level::Error,
        what: "`call`, `needs` or a translation's file names a flow that is not there, or the flow calls itself.",
        why: "The conversation would stop there.",
        bad: r#"steps:
  check:
    call: identiti
=== identity.yaml
flow: identity
languages: [en]
for: anyone
steps:
  hello:
    say: Hello
"#,
        good: r#"steps:
  check:
    call: identity
=== identity.yaml
flow: identity
languages: [en]
for: anyone
steps:
  hello:
    say: Hello
"#,
    },
    Page {
        code: SENT_AS_WRITTEN,
        title: "a text that may be sent otherwise than meant",
        level: Level::Warning,
        what: "A text stands in quotes, or holds a `#` that looks like the beginning of a comment.",
        why: "Texts are taken as they stand: quotes and `#` are sent too.",
        bad: r#"steps:
  hello:
    say: "Hello"
"#,
        good: r#"steps:
  hello:
    say: Hello  # two spaces before a comment
"#,
    },
    Page {
        code: NOT_BUILT,
        title: "not built yet",
        level: Level::Error,
        what: "A key or a kind of question that is planned but not built.",
        why: "It would silently not happen.",
        bad: r#"steps:
  picture:
    say: Please send a picture of the test.
    ask: photo
"#,
        good: r#"steps:
  result:
    say: What does the test show?
    ask: text 1..100
"#,
    },
];
