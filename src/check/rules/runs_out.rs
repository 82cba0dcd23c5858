use super::super::{
    Rule, Subject, finding,
    graph::{How, Part, Point, To},
    walk::steps,
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level},
};

/// The outermost list may run out without an `end`.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F031",
    title: "The flow runs out without an `end`",
    level: Level::Warning,
    what: "The last step can be passed without an `end`, so that the conversation stops because there is nothing left.",
    why: "How a conversation ended is counted at the desk and tells a calling flow how to go on. An ending that nobody wrote is nobody's decision: often a skipped \
          answer, which makes no arm hold.",
    bad: "\
steps:
  better:
    say: Do you feel better?
    ask: yes/no
    then:
      - when: better == yes
        say: Good to hear.
        end: complete
      - when: better == no
        say: We are sorry to hear that.
        end: complete
",
    good: "\
steps:
  better:
    say: Do you feel better?
    ask: yes/no
    then:
      - when: better == yes
        say: Good to hear.
      - when: better == no
        say: We are sorry to hear that.
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let reached = subject.graph.reach(subject.graph.first(), |_, _| true);
    for (id, step) in steps(subject.flow) {
        let runs_out = |part: Part| {
            let point = Point { step: id, part };
            let out = |how: How| matches!(how, How::Next | How::Skipped | How::Through | How::Answered);
            reached.contains(&point) && subject.graph.edges(point).iter().any(|edge| edge.to == To::RunsOut && out(edge.how))
        };
        let (skipped, passed) = (runs_out(Part::Begin), runs_out(Part::After));
        let message = match (skipped, passed, step.then.is_empty()) {
            (_, true, true) => format!("the flow runs out after `{}` without an `end`", step.path),
            (_, true, false) => format!("the flow runs out after `{}` where none of its arms leaves", step.path),
            (true, false, _) => format!("the flow runs out where `{}` is skipped", step.path),
            (false, false, _) => continue,
        };
        let mut found = finding(&PAGE, &step.span, "nothing comes after this", message);
        let end = subject.flow.ends.first().map_or("complete", String::as_str);
        found.help = Some(if skipped {
            format!("add a last step without `when` that says goodbye and ends: `end: {end}`")
        } else {
            format!("write `end: {end}` here, or add a last step that ends")
        });
        findings.push(found);
    }
}
