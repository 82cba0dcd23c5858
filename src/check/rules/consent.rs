use super::super::{
    Rule, Subject, finding,
    graph::{Part, Point, To},
    walk::steps,
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level},
    model::{Audience, Body, Flow, Kind},
};

/// A private question before consent.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F043",
    title: "A private question before consent",
    level: Level::Warning,
    what: "An interview of a case or a contact asks for symptoms, dates, names or numbers, and a path comes there without a `consent` question.",
    why: "People must know why we ask, who sees it, and that texts are not sealed, before they tell anything. Consent is kept with its text, time and language.",
    bad: "\
flow: example
title: An example
languages: [en]
for: case
ends: [complete]
needs: identity
emergency: emergency-text
silence:
  - after: 20 hours
    end: no reply
steps:
  onset:
    say: On which day did you begin to feel ill?
    ask: date, past
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
flow: example
title: An example
languages: [en]
for: case
ends: [complete]
needs: identity
emergency: emergency-text
silence:
  - after: 20 hours
    end: no reply
steps:
  agree:
    say: We ask a few questions to keep others safe. You need not answer. May we go on?
    ask: consent
    then:
      - when: agree == no
        task: routine
        because: No consent
        end: complete
  onset:
    say: On which day did you begin to feel ill?
    ask: date, past
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let flow = subject.flow;
    match flow.audience {
        Audience::Case | Audience::Contact => {}
        Audience::Anyone | Audience::Monitoree => return,
    }
    let asks_consent = |flow: &Flow| flow.steps.iter().any(|step| matches!(&step.body, Body::Ask(ask) if ask.kind == Kind::Consent));
    let called_asks = |name: &String| subject.revision.flows.get(name).is_some_and(|called| asks_consent(called));
    if flow.needs.as_ref().is_some_and(called_asks) {
        return;
    }
    let before = subject.graph.reach(subject.graph.first(), |from, edge| {
        let passed = match &flow.step(from.step).body {
            Body::Ask(ask) => ask.kind == Kind::Consent,
            Body::Call(name) => called_asks(name),
            Body::Plain | Body::Repeat(_) | Body::ForEach(_) => false,
        };
        !(passed && from.part == Part::Begin && edge.to == To::Point(Point { step: from.step, part: Part::After }))
    });
    let first = steps(flow).find(|(id, step)| {
        let private = match &step.body {
            Body::Ask(ask) => match ask.kind {
                Kind::OneOf
                | Kind::AnyOf
                | Kind::OnePerson(_)
                | Kind::People(_)
                | Kind::Number { .. }
                | Kind::Temperature
                | Kind::Date(_) => true,
                Kind::Phone | Kind::Name | Kind::Text { .. } => true,
                Kind::YesNo | Kind::YesNoUnsure | Kind::Consent | Kind::BirthYear => false,
            },
            Body::Repeat(_) => true,
            Body::Plain | Body::ForEach(_) | Body::Call(_) => false,
        };
        private && before.contains(&Point { step: *id, part: Part::Begin })
    });
    if let Some((_, step)) = first {
        let mut found = finding(
            &PAGE,
            &step.span,
            "may be asked without consent",
            format!("`{}` is asked before anyone agreed to be asked", step.path),
        );
        found.help = Some("ask before it with `ask: consent`, and let an arm on `no` end the flow".to_owned());
        findings.push(found);
    }
}
