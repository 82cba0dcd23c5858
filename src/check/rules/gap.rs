use std::collections::BTreeSet;

use super::super::{
    Rule, Subject, fill, finding,
    graph::{Edge, How, Part, Point},
    walk::{can_be_skipped, deeds, meant, names, steps, variants},
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level, Place},
    model::{Step, StepId},
    source::Span,
};

/// A text that has a gap where an answer was skipped.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F053",
    title: "A text with a gap where an answer was skipped",
    level: Level::Note,
    what: "The text prints an answer that may be missing, or a value that may not be set, without asking `{{#if …}}` first.",
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
                found.help = Some(guard(&name, words));
                findings.push(found);
            }
        };
        look(&text.source, &text.span);
        for translation in text.translations.values() {
            look(&translation.text, &translation.span);
        }
    }
    for (id, step) in steps(flow) {
        for name in names_of_values(subject, id, step) {
            let Some(source) = may_be_unset(subject, &name, id) else { continue };
            let texts = step.say.as_ref().map(variants).unwrap_or_default();
            for text in texts.into_iter().map(|text| flow.text(text)).filter(|text| fill::unguarded(&text.source).contains(&name)) {
                let message = format!("this text has a gap where `{name}` was not set");
                let mut found = finding(&PAGE, &text.span, format!("prints `{name}`"), message);
                found.also = vec![Place { span: flow.step(source).span.clone(), label: "does not always set it".to_owned() }];
                found.help = Some(guard(&name, &text.source));
                findings.push(found);
            }
        }
    }
}

/// Asking first, around the word itself or the plural that counts it.
fn guard(name: &str, text: &str) -> String {
    if text.contains(&format!("plural {name} ")) {
        format!("write `{{{{#if {name}}}}}{{{{plural {name} …}}}}{{{{else}}}}…{{{{/if}}}}`")
    } else {
        format!("write `{{{{#if {name}}}}}{{{{{name}}}}}{{{{else}}}}…{{{{/if}}}}`")
    }
}

/// The values that a step without a `when` prints, and that only steps set, not their arms: what arms set goes with conditions that are not followed here.
fn names_of_values(subject: &Subject<'_>, id: StepId, step: &Step) -> BTreeSet<String> {
    let flow = subject.flow;
    let mut outer = Some(id);
    while let Some(at) = outer {
        if flow.step(at).when.is_some() {
            return BTreeSet::new();
        }
        outer = flow.step(at).group;
    }
    let in_arms: BTreeSet<String> = deeds(flow).iter().flat_map(|deed| deed.actions.set.iter().map(|(name, _)| name.clone())).collect();
    let texts = step.say.as_ref().map(variants).unwrap_or_default();
    let printed = texts.into_iter().flat_map(|text| fill::unguarded(&flow.text(text).source));
    printed.filter(|name| !in_arms.contains(name)).collect()
}

/// The step that sets a value, where a way leads past it, or what it is made of may be skipped.
fn may_be_unset(subject: &Subject<'_>, name: &str, used_in: StepId) -> Option<StepId> {
    let flow = subject.flow;
    let sets: Vec<StepId> = steps(flow).filter(|(_, step)| step.set.iter().any(|(set, _)| set == name)).map(|(id, _)| id).collect();
    let first = sets.first().copied()?;
    let begin = |step| Point { step, part: Part::Begin };
    let past = |from: Point, edge: &Edge| from.part != Part::Begin || !sets.contains(&from.step) || edge.how == How::Skipped;
    if subject.graph.reach(subject.graph.first(), past).contains(&begin(used_in)) {
        return Some(first);
    }
    sets.into_iter().find(|&id| {
        let values = flow.step(id).set.iter().filter(|(set, _)| set == name);
        let made_of: BTreeSet<String> = values.flat_map(|(_, value)| names(value)).collect();
        made_of.iter().any(|name| meant(flow, name, Some(id)).is_some_and(|asked| can_be_skipped(flow, asked)))
    })
}
