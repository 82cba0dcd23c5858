use super::super::{Rule, Subject, finding, message::messages};
use crate::{
    base::{
        Medium,
        segment::{Encoding, fold, segments},
    },
    flow::{
        codes::Page,
        diagnostic::{Finding, Level},
    },
};

/// A message that takes many SMS.
pub static RULE: Rule = Rule { page: PAGE, run };

/// Segments that a question may take without a word.
const FEW: usize = 2;
/// Segments above which a question is too dear: five parts arrive late, out of order, or not at all.
const MANY: usize = 4;

const PAGE: Page = Page {
    code: "F038",
    title: "A message of many SMS",
    level: Level::Warning,
    what: "With the longest names filled in and the options numbered below, the message takes more SMS than the budget: a note above 2 for a question, a warning above 4; \
           a note above 4 for what asks nothing. One character outside the GSM alphabet (á, í, ó, ú, ç, emoji) makes an SMS hold 70 characters instead of 160.",
    why: "Every part is paid for, one a second leaves, and parts may arrive out of order. Systems have given up languages because of this.",
    bad: "\
steps:
  intro:
    say: |
      This is a long message that explains a great many things that nobody asked for, and it goes on and on, because whoever wrote it had a large screen, a cup of coffee
      and plenty of time. It tells of the office, of its history, of its opening hours, and of the people who work there every day, from early in the morning until late.
      It thanks you for your patience. It thanks you again. It says that your answers matter to us and to your neighbours, and to their neighbours, and to the whole town.
      It tells you that you may reply in your own words, or with a number, or with one word, and that we will read what you write as soon as we can, which may take a while.
      It then says all of this once more in other words, because somebody thought that people may not have read it the first time, and they may be right about that too.
  ready:
    say: Are you ready to begin?
    ask: yes/no
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  intro:
    say: We have three short questions for you.
  ready:
    say: Are you ready to begin?
    ask: yes/no
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if !subject.around.media.contains(&Medium::Sms) {
        return;
    }
    for language in &subject.flow.languages {
        for message in messages(subject, language, Medium::Sms) {
            let text = fold(&message.text);
            let cost = segments(&text);
            let level = match (message.question, cost.n_segments) {
                (true, n) if n > MANY => Level::Warning,
                (true, n) if n > FEW => Level::Note,
                (false, n) if n > MANY => Level::Note,
                (true | false, _) => continue,
            };
            let forced = match (cost.encoding, cost.first_non_gsm) {
                (Encoding::Ucs2, Some(character)) => format!(", because of `{character}` and its kin"),
                (Encoding::Ucs2 | Encoding::Gsm7, _) => String::new(),
            };
            let mut found = finding(
                &PAGE,
                &message.span,
                format!("up to {} characters in `{language}`{forced}", text.chars().count()),
                format!("this message may take {} SMS", cost.n_segments),
            );
            found.level = level;
            found.help = Some(match cost.encoding {
                Encoding::Gsm7 => "say it shorter, or put a part of it in a step of its own with `alone: yes`".to_owned(),
                Encoding::Ucs2 => {
                    let plain: String =
                        text.chars().map(|c| if segments(c.encode_utf8(&mut [0; 4])).first_non_gsm.is_some() { 'n' } else { c }).collect();
                    format!(
                        "say it shorter; without characters such as `{}` it would take {}",
                        cost.first_non_gsm.unwrap_or('?'),
                        segments(&plain).n_segments
                    )
                }
            });
            findings.push(found);
        }
    }
}
