use super::super::{
    Rule, Subject, finding,
    graph::leaves,
    logic::{implies, impossible},
    walk::steps,
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level, Place},
};

/// An arm that another always outruns.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F051",
    title: "An arm that another hides",
    level: Level::Error,
    what: "Wherever this arm holds, an arm above it holds too and leaves by `go`, `end` or `escalate`.",
    why: "Arms are done from top to bottom until one leaves, so this one is never done.",
    bad: "\
steps:
  people:
    say: How many people live with you?
    ask: number 0..20 whole
    then:
      - when: people >= 1
        go: thanks
      - when: people >= 5
        say: That is a full house.
  advice:
    say: Living alone can be hard. We are here.
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  people:
    say: How many people live with you?
    ask: number 0..20 whole
    then:
      - when: people >= 5
        say: That is a full house.
      - when: people >= 1
        go: thanks
  advice:
    say: Living alone can be hard. We are here.
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (_, step) in steps(subject.flow) {
        for (n, lower) in step.then.iter().enumerate() {
            let Some(lower_when) = &lower.when else { continue };
            if impossible(&lower_when.expression) {
                continue;
            }
            let hiding = step.then.iter().take(n).find_map(|upper| {
                let when = upper.when.as_ref()?;
                (leaves(&upper.actions) && implies(&lower_when.expression, &when.expression)).then_some((upper, when))
            });
            if let Some((upper, when)) = hiding {
                let mut found = finding(
                    &PAGE,
                    &lower.span,
                    "is never done",
                    format!("this arm is never done: where `{}` holds, `{}` holds too", lower_when.source, when.source),
                );
                found.also = vec![Place { span: upper.span.clone(), label: "this arm leaves first".to_owned() }];
                found.help = Some("put the narrower arm first".to_owned());
                findings.push(found);
            }
        }
    }
}
