use super::super::{
    Rule, Subject, finding,
    logic::impossible,
    walk::{Spot, deeds, steps},
};
use crate::flow::{
    codes::Page,
    condition::Condition,
    diagnostic::{Finding, Level},
    model::Body,
    source::Span,
};

/// A condition that can never hold.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F050",
    title: "A condition that can never hold",
    level: Level::Error,
    what: "The parts of the condition contradict each other: one answer is to be two options, a number above and below, something missing and compared.",
    why: "What stands under it is never done. Where it should notice danger, it never will.",
    bad: "\
steps:
  mood:
    say: How is it going?
    ask: one of
    options:
      better: Better
      worse: Worse
    then:
      - when: mood == better and mood == worse
        say: Please wait.
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  mood:
    say: How is it going?
    ask: one of
    options:
      better: Better
      worse: Worse
    then:
      - when: mood == better or mood == worse
        say: Please wait.
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let mut look = |condition: &Condition, span: &Span| {
        if impossible(&condition.expression) {
            let mut found = finding(&PAGE, span, "under this condition", format!("`{}` can never hold", condition.source));
            found.help = Some("its parts contradict each other; is one `and` meant as `or`?".to_owned());
            findings.push(found);
        }
    };
    for (_, step) in steps(subject.flow) {
        if let Some(when) = &step.when {
            look(when, &step.span);
        }
        if let Body::Ask(ask) = &step.body {
            for option in &ask.options {
                if let Some(when) = &option.when {
                    look(when, &option.span);
                }
            }
        }
    }
    for deed in deeds(subject.flow) {
        if let (Some(when), true) = (deed.when, deed.spot != Spot::Last) {
            look(when, deed.span);
        }
    }
}
