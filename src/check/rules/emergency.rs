use super::super::{Rule, Subject, finding};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level},
    model::Audience,
};

/// No words for an emergency.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F044",
    title: "No words for an emergency",
    level: Level::Warning,
    what: "A flow for a case, a contact or someone who is watched names no text with `emergency:`.",
    why: "Whoever writes that they cannot breathe gets an answer at once, in every step. Without a text of your own it is a general one, which knows neither your agency nor what you \
          want people to do.",
    bad: "\
flow: example
title: An example
languages: [en]
for: monitoree
ends: [complete]
needs: identity
silence:
  - after: 20 hours
    end: no reply
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
  - after: 20 hours
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
    let private = match subject.flow.audience {
        Audience::Case | Audience::Contact | Audience::Monitoree => true,
        Audience::Anyone => false,
    };
    if private && subject.flow.emergency.is_none() {
        let mut found = finding(&PAGE, &subject.flow.span, "this flow", format!("`{}` has no words for an emergency", subject.flow.name));
        found.help =
            Some("write `emergency: emergency-text` at the top, and the text in `templates/messages/emergency-text.hbs`".to_owned());
        findings.push(found);
    }
}
