use super::super::{Rule, Subject, finding, message::messages};
use crate::{
    base::{Medium, capabilities::Capabilities},
    flow::{
        codes::Page,
        diagnostic::{Finding, Level},
    },
};

/// A message that a channel does not carry.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F039",
    title: "A message longer than the channel carries",
    level: Level::Warning,
    what: "With the longest names filled in, the message is longer than a message may be: 1,600 characters by SMS, 4,096 on WhatsApp.",
    why: "It is cut into several messages. They may arrive in any order, and the question apart from what it is about.",
    bad: LONG,
    good: "\
steps:
  intro:
    say: Hello.
  more:
    alone: yes
    say: We will write again tomorrow.
    end: complete
",
};

const LONG: &str = "\
steps:
  intro:
    say: |
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
      Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello. Hello.
    end: complete
";

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for language in &subject.flow.languages {
        for &medium in &subject.around.media {
            let most = match medium {
                Medium::Sms | Medium::WhatsApp => Capabilities::of(medium).text_max,
                Medium::Voice | Medium::Email | Medium::Web => continue,
            };
            for message in messages(subject, language, medium) {
                let n_chars = message.text.chars().count();
                if n_chars > most {
                    let mut found = finding(
                        &PAGE,
                        &message.span,
                        format!("up to {n_chars} characters in `{language}`"),
                        format!("this message may be longer than the {most} characters that {} carries", shown(medium)),
                    );
                    found.help = Some("say it shorter, or put a part of it in a step of its own with `alone: yes`".to_owned());
                    findings.push(found);
                }
            }
        }
    }
}

const fn shown(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "SMS",
        Medium::WhatsApp => "WhatsApp",
        Medium::Voice | Medium::Email | Medium::Web => medium.word(),
    }
}
