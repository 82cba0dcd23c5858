use super::super::{
    Rule, Subject, finding,
    graph::leaves,
    logic::{exclusive, implies},
    walk::steps,
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level, Place},
    model::{Actions, Urgency},
};

/// A call for a human below an arm that may leave first.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F035",
    title: "A call for a human below an arm that may leave first",
    level: Level::Warning,
    what: "Two arms of a step may hold together; the upper one leaves by `go`, `end` or `escalate`, and the lower one, which calls a human, is then not done.",
    why: "Arms are done from top to bottom until one leaves. The call for a human is lost exactly for those to whom both apply.",
    bad: "\
steps:
  signs:
    say: Which of these do you have?
    ask: any of
    none: None of these
    options:
      cough: A cough
      breathless: Trouble breathing
    then:
      - when: cough in signs
        go: cough_advice
      - when: breathless in signs
        escalate: urgent
        because: Trouble breathing
      - when: signs is missing
        task: urgent
        because: Did not say
  cough_advice:
    say: Thank you. Drink something warm.
    end: complete
",
    good: "\
steps:
  signs:
    say: Which of these do you have?
    ask: any of
    none: None of these
    options:
      cough: A cough
      breathless: Trouble breathing
    then:
      - when: breathless in signs
        escalate: urgent
        because: Trouble breathing
      - when: signs is missing
        task: urgent
        because: Did not say
      - when: cough in signs
        go: cough_advice
  cough_advice:
    say: Thank you. Drink something warm.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (_, step) in steps(subject.flow) {
        for (n, lower) in step.then.iter().enumerate() {
            let (Some(urgency), Some(lower_when)) = (called(&lower.actions), &lower.when) else { continue };
            for upper in step.then.iter().take(n) {
                let Some(upper_when) = &upper.when else { continue };
                let calls_as_well = called(&upper.actions).is_some_and(|other| other >= urgency);
                if !leaves(&upper.actions) || calls_as_well {
                    continue;
                }
                let (one, other) = (&upper_when.expression, &lower_when.expression);
                if exclusive(one, other) || implies(other, one) {
                    continue;
                }
                let mut found = finding(
                    &PAGE,
                    &lower.span,
                    "is not done where the upper arm leaves",
                    format!("a human is not called where `{}` holds too", upper_when.source),
                );
                found.also = vec![Place { span: upper.span.clone(), label: "this arm leaves".to_owned() }];
                found.help = Some("put the arm that calls a human first".to_owned());
                findings.push(found);
            }
        }
    }
}

fn called(actions: &Actions) -> Option<Urgency> {
    [&actions.escalate, &actions.task].into_iter().flatten().map(|call| call.urgency).max()
}
