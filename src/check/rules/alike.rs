use std::collections::BTreeMap;

use super::super::{Rule, Subject, finding, walk::steps, words::plain};
use crate::{
    answer::{Keyword, keyword},
    flow::{
        codes::Page,
        diagnostic::{Finding, Level, Place},
        model::{Ask, Body, TextId},
        source::Span,
    },
};

/// Options that cannot be told apart when they are typed.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F036",
    title: "Options that cannot be told apart when typed",
    level: Level::Error,
    what: "Two options have the same words, in the same language or in two languages of the flow; or an option's words are a number of the list or a command such as STOP, END or SKIP.",
    why: "Many people type the words instead of the number. The reply would be taken for the other option, for a command, or, with STOP and its kin, would shut the \
          number off at the provider.",
    bad: "\
steps:
  mood:
    say: How is it going?
    ask: one of
    options:
      better: Better
      worse: Worse
      stop: Stop
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  mood:
    say: How is it going?
    ask: one of
    options:
      better: Better
      worse: Worse
      other: Something else
  thanks:
    say: Thank you.
    end: complete
",
};

/// One way to say an option.
struct Said {
    /// The option's place in the list, from 1; 0 is `none`.
    number: usize,
    words: String,
    span: Span,
}

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (_, step) in steps(subject.flow) {
        if let Body::Ask(ask) = &step.body {
            let all = said(subject, ask);
            same_words(&all, findings);
            taken_words(subject, &all, ask.options.len(), findings);
        }
    }
}

fn said(subject: &Subject<'_>, ask: &Ask) -> Vec<Said> {
    let mut all = Vec::new();
    let mut label = |number: usize, text: TextId| {
        let text = subject.flow.text(text);
        all.push(Said { number, words: text.source.clone(), span: text.span.clone() });
        all.extend(text.translations.values().map(|other| Said { number, words: other.text.clone(), span: other.span.clone() }));
    };
    for (index, option) in ask.options.iter().enumerate() {
        label(index + 1, option.say);
    }
    if let Some(none) = ask.none {
        label(0, none);
    }
    for (index, option) in ask.options.iter().enumerate() {
        all.extend(option.words.iter().map(|words| Said { number: index + 1, words: words.clone(), span: option.span.clone() }));
    }
    all
}

fn same_words(all: &[Said], findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<String, &Said> = BTreeMap::new();
    for said in all {
        let key = plain(&said.words);
        if key.is_empty() {
            continue;
        }
        match first.get(&key) {
            Some(other) if other.number != said.number => {
                let mut found = finding(
                    &PAGE,
                    &said.span,
                    "the same words",
                    format!("`{}` is said of two options, which a typed reply cannot tell apart", said.words),
                );
                found.also = vec![Place { span: other.span.clone(), label: "here too".to_owned() }];
                found.help = Some("word one of them otherwise".to_owned());
                findings.push(found);
            }
            Some(_) => {}
            None => drop(first.insert(key, said)),
        }
    }
}

fn taken_words(subject: &Subject<'_>, all: &[Said], n_options: usize, findings: &mut Vec<Finding>) {
    for said in all {
        if let Some(command) = keyword::taken(&said.words, &subject.flow.languages) {
            let mut found = finding(
                &PAGE,
                &said.span,
                "is a command",
                format!("`{}` typed is heard as the command {}, not as an answer", said.words, command.name()),
            );
            found.help = Some("word the option otherwise: say what it is, in two or three words".to_owned());
            if leads_to_a_human(command) {
                found.level = Level::Note;
                found.help = Some("whoever types it gets a human all the same, but the arms on this option are not done".to_owned());
            }
            findings.push(found);
        }
        if let Ok(number) = plain(&said.words).parse::<usize>()
            && number != said.number
            && number <= n_options
        {
            let mut found = finding(
                &PAGE,
                &said.span,
                format!("has the number {} in the list", said.number),
                format!("`{}` typed means the option with the number {number}", said.words),
            );
            found.help = Some(format!("ask for a `number`, or write it with its unit: `{number} days`"));
            findings.push(found);
        }
    }
}

/// Whether a command gives what an option of its words would: an option "Talk to a person" is right in most flows.
const fn leads_to_a_human(command: Keyword) -> bool {
    match command {
        Keyword::Human | Keyword::Help => true,
        Keyword::Stop | Keyword::Start | Keyword::Language | Keyword::Back | Keyword::Fix | Keyword::Restart | Keyword::Skip => false,
        Keyword::Nobody | Keyword::Done | Keyword::Tell => false,
    }
}
