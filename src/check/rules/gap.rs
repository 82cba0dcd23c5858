use super::super::{
    Rule, Subject, fill, finding,
    walk::{can_be_skipped, meant},
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level, Place},
    source::Span,
};

/// A text that has a gap where an answer was skipped.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F053",
    title: "A text with a gap where an answer was skipped",
    level: Level::Note,
    what: "The text prints an answer that may be missing, without asking `{{#if …}}` first.",
    why: "Everyone may reply SKIP. Then the words around the answer stand alone: \"What is the phone number of ?\"",
    bad: "\
steps:
  friend:
    say: Who is your friend?
    ask: name
  thanks:
    say: Thank you for naming {{friend}}.
    end: complete
",
    good: "\
steps:
  friend:
    say: Who is your friend?
    ask: name
  thanks:
    say: Thank you for naming {{#if friend}}{{friend}}{{else}}your friend{{/if}}.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let flow = subject.flow;
    for text in &flow.texts {
        let used_in = flow.find(&text.step);
        let mut look = |words: &str, span: &Span| {
            for name in fill::unguarded(words) {
                let Some(asked) = meant(flow, &name, used_in).filter(|&id| can_be_skipped(flow, id) && Some(id) != used_in) else {
                    continue;
                };
                let mut found = finding(&PAGE, span, format!("prints `{name}`"), format!("this text has a gap where `{name}` is skipped"));
                found.also = vec![Place { span: flow.step(asked).span.clone(), label: "may be skipped".to_owned() }];
                found.help = Some(format!("write `{{{{#if {name}}}}}{{{{{name}}}}}{{{{else}}}}…{{{{/if}}}}`"));
                findings.push(found);
            }
        };
        look(&text.source, &text.span);
        for translation in text.translations.values() {
            look(&translation.text, &translation.span);
        }
    }
}
