use super::super::{
    Rule, Subject, finding,
    graph::{How, Part, Point},
    message::words_of,
    walk::{Spot, deeds, steps, variants},
    words,
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level},
    model::{Audience, Body, Flow, Kind, TextId},
};

/// A word about health before identity holds.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F042",
    title: "A word about health before identity holds",
    level: Level::Error,
    what: "The flow is for a case, a contact or someone who is watched, it has no `needs:`, and a text that may be sent before an identity question was passed names a symptom, \
           an illness, a test or an exposure.",
    why: "Numbers change hands and phones lie on tables. Until we know who reads, a text that says why we write tells a stranger that somebody may be ill.",
    bad: "\
flow: example
title: An example
languages: [en]
for: contact
ends: [complete]
emergency: emergency-text
silence:
  - after: 20 hours
    end: no reply
steps:
  hello:
    say: You may have been exposed to an illness. Shall we go on?
    ask: yes/no
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
flow: example
title: An example
languages: [en]
for: contact
ends: [complete]
emergency: emergency-text
silence:
  - after: 20 hours
    end: no reply
steps:
  hello:
    say: We have a message for you from the health department.
  year:
    say: In which year were you born?
    ask: birth year
  news:
    say: You may have been exposed to an illness. Shall we go on?
    ask: yes/no
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let flow = subject.flow;
    let proves = |flow: &Flow| flow.steps.iter().any(|step| matches!(&step.body, Body::Ask(ask) if ask.kind == Kind::BirthYear));
    let private = match flow.audience {
        Audience::Case | Audience::Contact | Audience::Monitoree => true,
        Audience::Anyone => proves(flow),
    };
    if !private || flow.needs.is_some() {
        return;
    }
    // What is reached without an identity question, or a call of a flow that has one, being passed.
    let passes_identity = |point: Point| match &flow.step(point.step).body {
        Body::Ask(ask) => ask.kind == Kind::BirthYear,
        Body::Call(name) => subject.revision.flows.get(name).is_some_and(|called| proves(called)),
        Body::Plain | Body::Repeat(_) | Body::ForEach(_) => false,
    };
    let before = subject.graph.reach(subject.graph.first(), |from, edge| {
        // A human who hands back has seen to it.
        let passed = matches!(edge.how, How::Answered | How::HandedBack);
        !(from.part == Part::Begin && passes_identity(from) && passed)
    });
    let mut texts: Vec<TextId> = Vec::new();
    for (id, step) in steps(flow) {
        if before.contains(&Point { step: id, part: Part::Begin }) {
            texts.extend(step.say.iter().flat_map(variants));
            match &step.body {
                Body::Ask(ask) => texts.extend(ask.options.iter().map(|option| option.say).chain(ask.none).chain(ask.retry).chain(ask.why)),
                Body::Repeat(repeat) => texts.extend(repeat.first.into_iter().chain(repeat.more)),
                Body::Plain | Body::ForEach(_) | Body::Call(_) => {}
            }
        }
    }
    for deed in deeds(flow) {
        let part = match deed.spot {
            Spot::Arm(_) | Spot::Last => Part::After,
            Spot::Unclear | Spot::Silence => Part::Begin,
        };
        if deed.step.is_none_or(|step| before.contains(&Point { step, part })) {
            texts.extend(deed.actions.say.iter().flat_map(variants));
        }
    }
    for id in texts {
        for (language, said, span) in words_of(subject, flow.text(id)) {
            if let Some(word) = words::restricted(&said, language.primary(), &subject.around.restricted) {
                let mut found = finding(&PAGE, span, format!("says `{word}`"), format!("`{word}` is said before identity holds"));
                found.help = Some(
                    "say it after an identity question: write `needs: identity` at the top, or `call: identity` before this step"
                        .to_owned(),
                );
                findings.push(found);
            }
        }
    }
}
