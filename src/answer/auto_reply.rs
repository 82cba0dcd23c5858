//! Replies that no person wrote: out-of-office texts, delivery notices, other bots. They are noted, never answered, so that no loop begins.

use super::{normalise::Tokens, words};
use crate::base::Language;

/// Fewer words than this are a person's.
const WORDS: usize = 3;

/// Whether a reply reads like a machine's, in any of the languages or in English, in which most machines write.
pub fn is_automatic(reply: &str, languages: &[Language]) -> bool {
    let tokens = Tokens::of(reply);
    if tokens.len() < WORDS {
        return false;
    }
    let mut all = words::of_all(languages);
    all.extend(words::of(&Language::english()));
    all.iter().any(|words| words.auto_reply.fits(&tokens))
}

/// Whether a reply is our own message come back: the words of what was sent, all or the greater part, in the same order.
pub fn is_echo(reply: &str, sent: &str) -> bool {
    let (reply, sent) = (Tokens::of(reply), Tokens::of(sent));
    let n = reply.len();
    if n < 6 || n * 10 < sent.len() * 8 {
        return false;
    }
    // both go forward together: what stands in both in order
    let mut at = 0;
    let mut same = 0;
    for word in reply.texts() {
        let ahead = (at..(at + 4).min(sent.len())).find(|i| sent.text(*i) == word);
        if let Some(found) = ahead {
            same += 1;
            at = found + 1;
        }
    }
    same * 10 >= n * 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_told_from_people() {
        let languages =
            [Language::english(), Language::parse("es").unwrap(), Language::parse("fr").unwrap(), Language::parse("pt").unwrap()];
        for (reply, automatic) in [
            ("I'm driving right now - I'll get back to you later", true),
            ("Automatic reply: I am out of the office until Monday", true),
            ("Thank you for contacting Acme. Our office is closed.", true),
            ("This number is not monitored", true),
            ("Reply STOP to unsubscribe. Msg & data rates apply", true),
            ("Sorry, we did not understand your message", true),
            ("Can't talk right now. What's up?", true),
            ("Respuesta automática: estoy fuera de la oficina", true),
            ("Estoy conduciendo, le llamo luego", true),
            ("Réponse automatique : absent du bureau", true),
            ("Mensagem automática: estou de férias", true),
            ("yes", false),
            ("stop", false),
            ("I don't understand the message", false),
            ("no fever but I was out yesterday", false),
            ("I am on day 3", false),
            ("call me later please I am busy at work", false),
            ("no puedo respirar", false),
            ("thank you for asking, we are fine", false),
        ] {
            assert_eq!(is_automatic(reply, &languages), automatic, "{reply}");
        }
    }

    #[test]
    fn our_own_words_come_back_are_an_echo() {
        let sent = "Good morning Ana, this is City Health. Does anyone feel unwell today? Reply with numbers.";
        assert!(is_echo(sent, sent));
        assert!(is_echo("Good morning Ana, this is City Health Does anyone feel unwell today? Reply with numbers. --", sent));
        assert!(!is_echo("Good morning, no one feels unwell today", sent));
        assert!(!is_echo("1", sent));
    }
}
