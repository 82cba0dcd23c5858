use super::super::{Rule, Subject, finding, message::words_of, words::PROVIDER_OPT_OUT, words::plain};
use crate::{
    answer::keyword,
    flow::{
        codes::Page,
        diagnostic::{Finding, Level},
        model::Role,
        source::Span,
    },
};

/// A word that the provider takes for itself is taught as a command.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F041",
    title: "A provider's opt-out word is taught as a command",
    level: Level::Error,
    what: "The text tells people to reply CANCEL, END, QUIT, UNSUBSCRIBE, STOPALL, REVOKE or OPTOUT, or the flow starts on such a word or \
           another command, such as HELP.",
    why: "The provider of SMS hears these words before we do and blocks the number, whatever was meant: every later message fails, and nobody is told. STOP is the word to teach \
          for no more messages, DONE for the end of a list.",
    bad: "\
steps:
  ready:
    say: Reply END when you are ready.
    ask: text 1..20
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  ready:
    say: Reply READY when you are ready. Reply STOP for no more messages.
    ask: text 1..20
  thanks:
    say: Thank you.
    end: complete
",
};

/// Words after which a word is one to reply, besides those in capitals.
const VERBS: [&str; 14] = [
    "reply", "text", "send", "write", "type", "responda", "responde", "conteste", "contesta", "escriba", "escribe", "envie", "envia",
    "mande",
];
/// Words that may stand between: "reply with the word END".
const BETWEEN: [&str; 8] = ["with", "the", "word", "con", "la", "palabra", "just", "solo"];

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for text in &subject.flow.texts {
        let starts_on = match text.role {
            Role::StartsOn => true,
            Role::Label => continue,
            Role::Say | Role::Option(_) | Role::None | Role::First | Role::More | Role::Retry | Role::Why => false,
        };
        for (_, words, span) in words_of(subject, text) {
            let command = keyword::taken(&words, &subject.flow.languages).filter(|_| starts_on && !is_opt_out(&words));
            if let Some(command) = command {
                let mut found = finding(
                    &PAGE,
                    span,
                    "is a command",
                    format!("`{words}` is heard as the command {}, and starts nothing", command.name()),
                );
                found.help = Some("choose another word, as in `starts on: [CHECK]`".to_owned());
                findings.push(found);
            }
            report(&words, span, starts_on, findings);
        }
    }
}

fn report(text: &str, span: &Span, starts_on: bool, findings: &mut Vec<Finding>) {
    let word = if starts_on { is_opt_out(text).then(|| text.to_owned()) } else { taught(text) };
    if let Some(word) = word {
        let mut found = finding(&PAGE, span, format!("teaches `{word}`"), format!("whoever replies `{word}` is blocked by the provider"));
        found.help =
            Some("teach another word: STOP for no more messages, DONE for the end of a list, or let people reply with a number".to_owned());
        findings.push(found);
    }
}

fn is_opt_out(word: &str) -> bool {
    PROVIDER_OPT_OUT.contains(&plain(word).as_str())
}

/// The first opt-out word that a text tells people to reply: in capitals among small letters, or after "reply".
fn taught(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if !is_opt_out(bare) {
            return None;
        }
        let capitals = |word: &&str| {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            bare.chars().count() > 1 && bare.chars().all(char::is_uppercase)
        };
        let before = words.iter().take(at).rev();
        let shouted =
            at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(capitals) || words.get(at + 1).is_some_and(capitals);
        let after_verb = before
            .take_while(|word| !word.ends_with(['.', ',', ';', ':', '!', '?']))
            .find(|word| !BETWEEN.contains(&plain(word).as_str()))
            .is_some_and(|word| VERBS.contains(&plain(word).as_str()));
        (after_verb || capitals(word) && !shouted).then(|| bare.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_taught_in_capitals_or_after_a_verb_of_replying() {
        let cases = [
            ("Reply END to finish.", Some("END")),
            ("Text the word \"cancel\" to us.", Some("cancel")),
            ("QUIT leaves the survey.", Some("QUIT")),
            ("Responda con la palabra CANCEL", Some("CANCEL")),
            ("Reply STOP for no more messages.", None),
            ("This is the end of the survey.", None),
            ("Please reply. End of message.", None),
            ("THE END OF YOUR STAY", None),
            ("We cannot cancel it for you.", None),
        ];
        for (text, word) in cases {
            assert_eq!(taught(text).as_deref(), word, "{text}");
        }
    }
}
