use super::super::{
    Rule, Subject, finding,
    walk::{asks, steps},
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level, Place},
    model::{Audience, SilenceArm},
};

/// Nothing ends a conversation that nobody answers.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F049",
    title: "Silence without an end",
    level: Level::Warning,
    what: "The flow asks somebody we follow, and no arm of `silence` ends it or calls a human when no reply comes.",
    why: "Silence is the failure to design against: the question stays open for 7 days, and nobody at the desk learns that someone has stopped answering.",
    bad: "\
flow: example
title: An example
languages: [en]
for: monitoree
ends: [complete]
needs: identity
emergency: emergency-text
steps:
  well:
    say: Are you well today?
    ask: yes/no
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
flow: example
title: An example
languages: [en]
for: monitoree
ends: [complete]
needs: identity
emergency: emergency-text
silence:
  - after: 4 hours
    say: Just a reminder.
  - after: 20 hours
    task: routine
    because: No reply
    end: no reply
steps:
  well:
    say: Are you well today?
    ask: yes/no
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let flow = subject.flow;
    match flow.audience {
        Audience::Case | Audience::Contact | Audience::Monitoree => {}
        // A stranger's flow, or one that others call and whose silence is theirs.
        Audience::Anyone => return,
    }
    let mut open = steps(flow)
        .filter(|(_, step)| asks(step) && !ends(step.silence.as_ref().unwrap_or(&flow.silence)))
        .map(|(_, step)| Place { span: step.span.clone(), label: "may stay open".to_owned() });
    let Some(first) = open.next() else { return };
    let mut found = if ends(&flow.silence) {
        finding(&PAGE, &first.span, first.label, "nothing is done when this question stays unanswered")
    } else {
        finding(&PAGE, &flow.span, "this flow", "nothing ends this flow when a question stays unanswered")
    };
    if ends(&flow.silence) {
        found.also = open.collect();
    }
    found.help = Some("add to `silence`: `- after: 20 hours` with `end: no reply`, or a `task` for the desk".to_owned());
    findings.push(found);
}

/// Whether some arm, in the end, does more than remind.
fn ends(arms: &[SilenceArm]) -> bool {
    arms.iter().any(|arm| {
        let actions = &arm.actions;
        actions.end.is_some() || actions.escalate.is_some() || actions.task.is_some() || actions.go.is_some()
    })
}
