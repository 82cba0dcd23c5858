use super::super::{Rule, Subject, finding};
use crate::{
    answer,
    flow::{
        codes::Page,
        diagnostic::{Finding, Level},
    },
};

/// A language that replies are not understood in.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F054",
    title: "A language that replies are not understood in",
    level: Level::Warning,
    what: "The flow speaks a language for which this service has no words: yes and no, dates, STOP and HUMAN, and the words of an emergency are not heard in it.",
    why: "Whoever is written to in a language answers in it. \"I cannot breathe\" would be read as an answer that was not understood, and nobody would be called.",
    bad: "\
flow: example
title: An example
languages: [en, so]
for: anyone
steps:
  well:
    say: Are you well?
    ask: yes/no
  thanks:
    say: Thank you.
    end: not understood
=== example.so.yaml
language: so
texts:
  well:
    - from: Are you well?
      to: Ma fiican tahay?
  thanks:
    - from: Thank you.
      to: Mahadsanid.
",
    good: "\
flow: example
title: An example
languages: [en, es]
for: anyone
steps:
  well:
    say: Are you well?
    ask: yes/no
  thanks:
    say: Thank you.
    end: not understood
=== example.es.yaml
language: es
texts:
  well:
    - from: Are you well?
      to: ¿Está bien?
  thanks:
    - from: Thank you.
      to: Gracias.
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let flow = subject.flow;
    let known: Vec<String> = answer::languages().map(|tag| format!("`{tag}`")).collect();
    for (language, span) in flow.languages.iter().zip(&flow.languages_at) {
        if answer::hears(language) {
            continue;
        }
        let message = format!("replies in `{language}` are not understood, emergency words neither");
        let mut found = finding(&PAGE, span, "no words of this language", message);
        let known = known.join(" and ");
        found.help = Some(format!(
            "replies are understood in {known}; take `{language}` out of `languages:`, or write its words in `words/{language}.toml` beside the flows"
        ));
        findings.push(found);
    }
}
