//! Replies that no person wrote: out-of-office texts, delivery notices, other bots. They are noted, never answered, so that no loop begins.

use super::{normalise::Tokens, reply::Reply, words};
use crate::base::Language;

/// Fewer words than this are a person's.
const WORDS: usize = 3;

/// Whether a reply reads like a machine's, in any of the languages or in English, in which most machines write.
pub fn is_automatic(reply: &Reply<'_>, languages: &[Language]) -> bool {
    let tokens = reply.tokens();
    if tokens.len() < WORDS {
        return false;
    }
    let mut all = words::of_all(languages);
    all.extend(words::of(&Language::english()));
    all.iter().any(|words| words.auto_reply.fits(tokens))
}

/// Words of a message by whose beginning it is known when it comes back.
const BEGINNING: usize = 8;
/// A message of fewer words is not known again: people write those too.
const FEWEST: usize = 5;

/// By what a message of ours is known when it comes back: a hash of its first words, and how many words it has.
pub type Print = (u64, u16);

/// The print of a message that was sent; `None` where it is too short to tell it from people's own words.
pub fn print(sent: &str) -> Option<Print> {
    let tokens = Tokens::of(sent);
    let n = u16::try_from(tokens.len()).unwrap_or(u16::MAX);
    (tokens.len() >= FEWEST).then(|| (hash(tokens.texts().take(BEGINNING)), n))
}

/// What a reply says besides a message of ours that it brings back, before and behind it; `None` where it brings back none.
pub fn beside_echo(reply: &Reply<'_>, sent: &[Print]) -> Option<String> {
    let (text, tokens) = (reply.text(), reply.tokens());
    for start in 0..tokens.len() {
        for (beginning, n) in sent {
            let n_words = usize::from(*n);
            let compared = n_words.min(BEGINNING);
            if start + compared <= tokens.len() && hash((start..start + compared).map(|at| tokens.text(at))) == *beginning {
                let end = (start + n_words).min(tokens.len());
                let (before, behind) = (tokens.raw(text, 0, start), tokens.raw(text, end, tokens.len()));
                return Some(format!("{before} {behind}").trim().to_owned());
            }
        }
    }
    None
}

/// What makes two texts the same for the bound on loops: their words, without numbers, which machines count up.
/// `None` where there are too few words: people write "yes" and "no one" again and again.
pub fn sameness(reply: &Reply<'_>) -> Option<u64> {
    let tokens = reply.tokens();
    let words: Vec<&str> =
        (0..tokens.len()).filter(|at| tokens.kind(*at) == Some(super::normalise::Kind::Word)).map(|at| tokens.text(at)).collect();
    (words.len() > WORDS).then(|| hash(words.into_iter()))
}

/// FNV-1a over words.
fn hash<'t>(words: impl Iterator<Item = &'t str>) -> u64 {
    words
        .flat_map(|word| word.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
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
            assert_eq!(is_automatic(&Reply::of(reply), &languages), automatic, "{reply}");
        }
    }

    #[test]
    fn our_own_words_come_back_are_an_echo_and_what_stands_beside_them_is_kept() {
        let sent = "Good morning Ana, this is City Health. Does anyone feel unwell today? Reply with numbers.";
        let prints = [print(sent).unwrap()];
        let beside = |reply: &str| beside_echo(&Reply::of(reply), &prints);
        assert_eq!(beside(sent).as_deref(), Some(""));
        assert_eq!(beside("good morning ana this is city health does anyone feel unwell today").as_deref(), Some(""));
        assert_eq!(beside(&format!("Liked “{sent}”")).as_deref(), Some("Liked"));
        assert_eq!(beside(&format!("> {sent} I can't breathe")).as_deref(), Some("I can't breathe"));
        assert_eq!(beside("Good morning, no one feels unwell today"), None);
        assert_eq!(beside("1"), None);
        assert_eq!(print("Anyone else?"), None);
    }

    #[test]
    fn only_longer_texts_are_the_same_text_again() {
        assert_eq!(sameness(&Reply::of("yes")), None);
        assert_eq!(sameness(&Reply::of("no one else")), None);
        assert_eq!(sameness(&Reply::of("Your ticket 17 is open now")), sameness(&Reply::of("Your ticket 18 is open now")));
        assert!(sameness(&Reply::of("Your ticket 17 is open now")).is_some());
        assert_ne!(sameness(&Reply::of("We are all fine today")), sameness(&Reply::of("We are all ill today")));
    }
}
