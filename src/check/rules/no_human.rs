use super::super::{Rule, Subject, finding, walk::steps};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level},
    model::{Body, IfUnclear},
};

/// Whoever is not understood is dropped.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F046",
    title: "Whoever is not understood is dropped",
    level: Level::Warning,
    what: "`if unclear` ends the flow without a `task` or an `escalate`.",
    why: "Replies that we cannot read come from people who are confused, in a hurry, or write another language: those who need a human most.",
    bad: "\
steps:
  well:
    say: Are you well today?
    ask: yes/no
    tries: 2
    if unclear:
      say: Sorry, we did not understand.
      end: not understood
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  well:
    say: Are you well today?
    ask: yes/no
    tries: 2
    if unclear:
      say: Sorry, we did not understand. Someone will call you.
      task: routine
      because: Not understood
      end: not understood
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (_, step) in steps(subject.flow) {
        let Body::Ask(ask) = &step.body else { continue };
        let IfUnclear::Arm(actions) = &ask.if_unclear else { continue };
        if actions.end.is_some() && actions.task.is_none() && actions.escalate.is_none() {
            let mut found = finding(
                &PAGE,
                &ask.span,
                "ends without a human",
                format!("who is not understood at `{}` is dropped without a human being told", step.path),
            );
            found.help = Some("add `task: routine` and `because: Not understood` to `if unclear`".to_owned());
            findings.push(found);
        }
    }
}
