use super::super::{Rule, Subject, finding, walk::deeds};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level, Place},
    model::Urgency,
};

/// An urgent call for a human, and nobody who hears it.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F045",
    title: "An urgent call for a human, and nobody on call",
    level: Level::Warning,
    what: "The flow calls a human with `urgent` or `emergency`, and the configuration names neither a telephone line nor anyone on call.",
    why: "Outside opening hours nobody would see it before the next morning, and the patient cannot be told whom to call.",
    bad: "\
# Where `[desk] on_call` and `[agency] phone_line` are not configured.
flow: example
title: An example
languages: [en]
for: anyone
steps:
  help:
    say: A nurse will write to you.
    escalate: urgent
    because: Wants a nurse
    resume: end
",
    good: "\
flow: example
title: An example
languages: [en]
for: anyone
steps:
  help:
    say: A nurse will write to you.
    escalate: routine
    because: Wants a nurse
    resume: end
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if subject.around.on_call || subject.around.phone_line {
        return;
    }
    let mut places = deeds(subject.flow)
        .into_iter()
        .flat_map(|deed| [&deed.actions.escalate, &deed.actions.task])
        .flatten()
        .filter(|call| call.urgency > Urgency::Routine)
        .map(|call| Place { span: call.span.clone(), label: format!("is {}", call.urgency.word()) });
    if let Some(first) = places.next() {
        let mut found = finding(&PAGE, &first.span, first.label, "a human is called at once, and nobody is on call");
        found.also = places.collect();
        found.help = Some("configure `[desk] on_call` or `[agency] phone_line`".to_owned());
        findings.push(found);
    }
}
