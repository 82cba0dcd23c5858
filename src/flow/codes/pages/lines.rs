//! Lines, keys and values: F001 to F011.

use crate::flow::codes::*;

/// In the order of the codes.
pub const LINES: &[Page] = &[
    Page {
        code: UNREADABLE,
        title: "a line that cannot be read",
        level: Level::Error,
        what: "A line is neither a key with its value, nor an item of a list, nor part of a text; it holds a character that nobody sees; or the file is not saved as UTF-8.",
        why: "What is meant cannot be guessed: it might be a question, or the rest of a text.",
        bad: r#"steps:
  hello:
    say Hello
    end: complete
"#,
        good: r#"steps:
  hello:
    say: Hello
    end: complete
"#,
    },
    Page {
        code: INDENTATION,
        title: "a line stands too far in or out",
        level: Level::Error,
        what: "A line begins at another column than the lines it belongs to.",
        why: "How far in a line stands says what it belongs to: a key that slips belongs to another step, or to none.",
        bad: r#"steps:
  hello:
    say: Hello
   ask: yes/no
"#,
        good: r#"steps:
  hello:
    say: Hello
    ask: yes/no
"#,
    },
    Page {
        code: TAB,
        title: "a tab",
        level: Level::Error,
        what: "A line holds a tab.",
        why: "A tab is as wide as each editor makes it; lines that look alike would not be.",
        bad: r#"steps:
  hello:
	say: Hello
"#,
        good: r#"steps:
  hello:
    say: Hello
"#,
    },
    Page {
        code: SECOND_COLON,
        title: "a second colon",
        level: Level::Error,
        what: "A text of one line holds a colon and a space.",
        why: "For every other reader of such files the text would end there and a new key begin. In a block below `|` all signs are free.",
        bad: r#"steps:
  hello:
    say: Remember: drink enough.
"#,
        good: r#"steps:
  hello:
    say: |
      Remember: drink enough.
"#,
    },
    Page {
        code: REFUSED,
        title: "something that flow files do without",
        level: Level::Error,
        what: "Braces (`{…}`), anchors (`&`, `*`), tags (`!`), merge keys (`<<`) or a second document.",
        why: "They make one line depend on another that stands elsewhere. A flow is read from top to bottom.",
        bad: r#"steps:
  hello: {say: Hello}
"#,
        good: r#"steps:
  hello:
    say: Hello
"#,
    },
    Page {
        code: DUPLICATE,
        title: "the same key twice",
        level: Level::Error,
        what: "A key stands twice in one block.",
        why: "Only one of the two would count, and nobody sees which.",
        bad: r#"steps:
  hello:
    say: Hello
    say: Good morning
"#,
        good: r#"steps:
  hello:
    say: Hello

  morning:
    say: Good morning
"#,
    },
    Page {
        code: EMPTY,
        title: "a missing text or value",
        level: Level::Error,
        what: "A key has nothing behind it and nothing below it.",
        why: "A message without words would be sent, or none where one is due.",
        bad: r#"steps:
  hello:
    say:
"#,
        good: r#"steps:
  hello:
    say: Hello
"#,
    },
    Page {
        code: UNKNOWN_KEY,
        title: "an unknown key",
        level: Level::Error,
        what: "A key that the language does not have in this place.",
        why: "What stands behind it would silently not happen.",
        bad: r#"steps:
  hello:
    sya: Hello
"#,
        good: r#"steps:
  hello:
    say: Hello
"#,
    },
    Page {
        code: WRONG_VALUE,
        title: "a value that does not fit",
        level: Level::Error,
        what: "A key's value is not of the kind it takes: a list where one value belongs, a word that is none of its words.",
        why: "It cannot be run.",
        bad: r#"steps:
  fever:
    say: Do you have a fever?
    ask: yes/on
"#,
        good: r#"steps:
  fever:
    say: Do you have a fever?
    ask: yes/no
"#,
    },
    Page {
        code: REQUIRED,
        title: "something is missing",
        level: Level::Error,
        what: "A key that must be there is not: a question's `say`, a call's `because`, the flow's `languages`.",
        why: "Without it there is nothing to show, or the desk would not know why it is called.",
        bad: r#"steps:
  help:
    say: A nurse will write to you.
    task: urgent
"#,
        good: r#"steps:
  help:
    say: A nurse will write to you.
    task: urgent
    because: Asked for help
"#,
    },
    Page {
        code: OPTION_KEY,
        title: "a word that cannot be an option's key",
        level: Level::Error,
        what: "An option's key is `yes`, `no`, `on`, `off`, `none`, `unsure` or a number.",
        why: "These words mean something else in conditions, and numbers are given to options by themselves.",
        bad: r#"steps:
  smell:
    say: Can you smell?
    ask: one of
    options:
      yes: As always
      less: Less than before
"#,
        good: r#"steps:
  smell:
    say: Can you smell?
    ask: one of
    options:
      usual: As always
      less: Less than before
"#,
    },
];
