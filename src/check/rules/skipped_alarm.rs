use std::collections::BTreeSet;

use super::super::{
    Rule, Subject, finding,
    walk::{Deed, can_be_skipped, deeds, meant, steps},
};
use crate::flow::{
    codes::Page,
    condition::Expression,
    diagnostic::{Finding, Level, Place},
    model::{Flow, StepId, Urgency},
};

/// An answer that calls a human, and nothing where it is skipped.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F033",
    title: "A question that calls a human, but not where it is skipped",
    level: Level::Error,
    what: "An arm calls a human on this answer, and no condition of the flow asks whether the answer `is missing`.",
    why: "Everyone may reply SKIP. A missing answer is neither yes nor no, so that no arm holds: whoever skips the question about danger is passed over in silence.",
    bad: "\
steps:
  breathless:
    say: Is it hard to breathe?
    ask: yes/no
    then:
      - when: breathless == yes
        escalate: urgent
        because: Hard to breathe
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  breathless:
    say: Is it hard to breathe?
    ask: yes/no
    then:
      - when: breathless == yes
        escalate: urgent
        because: Hard to breathe
      - when: breathless is missing
        task: urgent
        because: Did not say whether it is hard to breathe
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let flow = subject.flow;
    let minded = minded(flow);
    let mut reported = BTreeSet::new();
    for deed in deeds(flow) {
        let Some(call) = deed.actions.escalate.as_ref().or(deed.actions.task.as_ref()) else { continue };
        let Some(condition) = deed.when else { continue };
        let mut names = BTreeSet::new();
        compared(&condition.expression, &mut names);
        for name in names {
            let Some(asked) = meant(flow, &name, deed.step) else { continue };
            if !can_be_skipped(flow, asked) || minded.contains(&asked) || !reported.insert(asked) {
                continue;
            }
            let mut found = finding(
                &PAGE,
                deed.span,
                "calls a human on the answer",
                format!("nothing is done where `{name}` is skipped, and its answer calls a human"),
            );
            if call.urgency == Urgency::Routine {
                found.level = Level::Note;
            }
            found.also = vec![Place { span: flow.step(asked).span.clone(), label: "may be skipped".to_owned() }];
            let short = name.rsplit('.').next().unwrap_or(name.as_str());
            found.help = Some(format!("add an arm: `- when: {short} is missing` with `task: {}` and `because:`", softer(call.urgency)));
            findings.push(found);
        }
    }
}

const fn softer(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Emergency | Urgency::Urgent => "urgent",
        Urgency::Routine => "routine",
    }
}

/// The steps whose missing answers are thought of somewhere: any condition with `is missing` or `is answered`.
fn minded(flow: &Flow) -> BTreeSet<StepId> {
    let mut found = BTreeSet::new();
    let arms = deeds(flow);
    let whens = steps(flow).filter_map(|(id, step)| step.when.as_ref().map(|when| (Some(id), when)));
    let conditions = arms.iter().filter_map(|&Deed { step, when, .. }| when.map(|when| (step, when))).chain(whens);
    for (step, condition) in conditions {
        visit(&condition.expression, "", &mut |name| found.extend(meant(flow, name, step)));
    }
    found
}

/// Visits the names whose being missing is asked for; those in `any(list, …)` with the list before them.
fn visit(expression: &Expression, list: &str, with: &mut dyn FnMut(&str)) {
    match expression {
        Expression::IsMissing(inner) | Expression::IsAnswered(inner) => {
            if let Expression::Name(name) = inner.as_ref() {
                with(name);
                if !list.is_empty() {
                    with(&format!("{list}.{name}"));
                }
            }
        }
        Expression::Not(x) => visit(x, list, with),
        Expression::Logic(_, x, y) => {
            visit(x, list, with);
            visit(y, list, with);
        }
        Expression::Quantified(_, list, condition) => visit(condition, list, with),
        Expression::Literal(_)
        | Expression::Name(_)
        | Expression::Option(_)
        | Expression::Compare(..)
        | Expression::In(..)
        | Expression::IsNone(_)
        | Expression::Holds(_)
        | Expression::HandoverNotReached
        | Expression::Arithmetic(..)
        | Expression::DaysSince(_)
        | Expression::AgeOf(_) => {}
    }
}

/// The names whose values are compared.
fn compared(expression: &Expression, found: &mut BTreeSet<String>) {
    match expression {
        Expression::Name(name) => drop(found.insert(name.clone())),
        Expression::Not(x) | Expression::IsNone(x) | Expression::DaysSince(x) | Expression::AgeOf(x) => compared(x, found),
        Expression::Logic(_, x, y) | Expression::Compare(_, x, y) | Expression::In(x, y) | Expression::Arithmetic(_, x, y) => {
            compared(x, found);
            compared(y, found);
        }
        Expression::IsMissing(_)
        | Expression::IsAnswered(_)
        | Expression::Literal(_)
        | Expression::Option(_)
        | Expression::Quantified(..)
        | Expression::Holds(_)
        | Expression::HandoverNotReached => {}
    }
}
