use super::super::{
    Rule, Subject, finding,
    graph::{Part, Point},
    walk::steps,
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level, Place},
    model::StepId,
};

/// A step that no path reaches.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F030",
    title: "A step that is never reached",
    level: Level::Error,
    what: "No path through the flow comes to this step: every step before it leaves by `go`, `end` or `escalate`, and nothing jumps to it.",
    why: "A question that is never asked looks as if it were. If it is there to notice danger, nobody will.",
    bad: "\
steps:
  welcome:
    say: Hello.
    go: thanks
  fever:
    ask: yes/no
    say: Do you feel hot?
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  welcome:
    say: Hello.
  fever:
    ask: yes/no
    say: Do you feel hot?
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let flow = subject.flow;
    let reached = subject.graph.reach(subject.graph.first(), |_, _| true);
    let is_reached = |step: StepId| reached.contains(&Point { step, part: Part::Begin });
    for (id, step) in steps(flow) {
        if is_reached(id) || step.group.is_some_and(|group| !is_reached(group)) {
            continue;
        }
        let list = flow.list(step.group);
        let place = list.iter().position(|&other| other == id).unwrap_or(0);
        let before = place.checked_sub(1).and_then(|before| list.get(before)).copied();
        if before.is_some_and(|before| !is_reached(before)) {
            continue;
        }
        let mut found = finding(&PAGE, &step.span, "nothing comes here", format!("the step `{}` is never reached", step.path));
        found.also = list
            .iter()
            .skip(place + 1)
            .take_while(|&&other| !is_reached(other))
            .map(|&other| Place { span: flow.step(other).span.clone(), label: "nor is this".to_owned() })
            .collect();
        found.help = Some(match before {
            Some(before) => {
                format!(
                    "`{}` always leaves before it: take its `go` or `end` away, put it under a `when`, or jump here with `go: {}`",
                    flow.step(before).path,
                    step.name
                )
            }
            None => format!("jump here with `go: {}`, or take the step away", step.name),
        });
        findings.push(found);
    }
}
