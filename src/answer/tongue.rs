//! In which language somebody writes, where it is plainly not the one spoken with them.

use super::{
    normalise::{Kind, Tokens, fold},
    reply::Reply,
    words::{self, Words},
};
use crate::base::Language;

/// Words of a reply that are looked at: the first tell it.
const WORDS: usize = 40;
/// Letters of a word that tells a language alone; shorter ones are names, typing faults and words of several languages.
const LETTERS: usize = 4;

/// The language of this program that a reply is written in and that is none of those heard, so that danger and commands count in it too:
/// that of its script, or the one that has more of its words (two at least) than each of those heard.
pub fn unheard(reply: &Reply<'_>, heard: &[Language]) -> Option<Language> {
    if reply.text().is_ascii() && !reply.text().trim().contains(' ') {
        return None;
    }
    let texts = first_words(reply.tokens());
    let is_heard = |tag: &str| heard.iter().any(|language| language.primary() == tag);
    if let Some(script) = script(&texts) {
        return Language::parse(script).filter(|_| !is_heard(script));
    }
    let has = |language: &Language| words::of(language).map_or(0, |words| texts.iter().filter(|text| uses(words, text)).count());
    let least = heard.iter().map(has).max().unwrap_or(0).max(1);
    if least >= texts.len() {
        return None;
    }
    let others = words::languages().filter(|tag| !is_heard(tag)).filter_map(|tag| Language::parse(&tag));
    others.map(|other| (has(&other), other)).filter(|(n, _)| *n > least).max_by_key(|(n, _)| *n).map(|(_, other)| other)
}

/// Whether a reply has a language's own name in it: "en español por favor".
pub fn names(reply: &Reply<'_>, language: &Language) -> bool {
    format!(" {} ", reply.tokens().joined()).contains(&format!(" {} ", fold(language.own_name())))
}

/// The other language that a reply is plainly written in; `None` where it may as well be the one spoken, or says too little.
///
/// `least` words must be of that language and of no other of the flow: 1 for most replies, 2 where names are asked.
pub fn other(reply: &Reply<'_>, spoken: &Language, others: &[Language], least: usize) -> Option<Language> {
    let texts = first_words(reply.tokens());
    if let Some(script) = script(&texts) {
        return others.iter().find(|language| language.primary() == script).filter(|_| spoken.primary() != script).cloned();
    }
    let known: Vec<(&Language, &Words)> =
        others.iter().filter(|other| other.primary() != spoken.primary()).filter_map(|other| Some((other, words::of(other)?))).collect();
    let own = words::of(spoken);
    let is_spoken = |text: &str| own.is_some_and(|words| uses(words, text));
    let n_spoken = texts.iter().filter(|text| is_spoken(text) && !known.iter().any(|(_, words)| uses(words, text))).count();
    let mut best: Option<(usize, &Language)> = None;
    for (at, (language, words)) in known.iter().enumerate() {
        let only = |text: &&&str| {
            let another = known.iter().enumerate().any(|(n, (_, others))| n != at && uses(others, text));
            uses(words, text) && !is_spoken(text) && !another
        };
        let marks: Vec<&&str> = texts.iter().filter(only).collect();
        let tells = marks.len() >= 2 || marks.iter().any(|text| text.chars().count() >= LETTERS);
        if tells && marks.len() >= least && marks.len() > n_spoken && best.is_none_or(|(n, _)| marks.len() > n) {
            best = Some((marks.len(), language));
        }
    }
    best.map(|(_, language)| language.clone())
}

/// The words that are looked at.
fn first_words(tokens: &Tokens) -> Vec<&str> {
    (0..tokens.len()).filter(|at| tokens.kind(*at) == Some(Kind::Word)).map(|at| tokens.text(at)).take(WORDS).collect()
}

/// The language that the script of some word tells.
fn script(texts: &[&str]) -> Option<&'static str> {
    texts.iter().find_map(|text| text.chars().find_map(script_of))
}

/// Whether a folded word is one of the language's.
fn uses(words: &Words, text: &str) -> bool {
    words.knows(text) || words.polite.knows(text)
}

/// The language of a script that only one of ours is written in.
const fn script_of(letter: char) -> Option<&'static str> {
    match letter {
        '\u{0600}'..='\u{06FF}' | '\u{0750}'..='\u{077F}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}' => Some("ar"),
        '\u{3400}'..='\u{9FFF}' => Some("zh"),
        '\u{0900}'..='\u{097F}' => Some("hi"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_plainly_in_another_language_of_the_flow_tells_which() {
        let all: Vec<Language> = ["en", "es", "fr", "pt", "ar", "zh", "hi"].iter().filter_map(|tag| Language::parse(tag)).collect();
        for (spoken, reply, language) in [
            ("en", "hola", Some("es")),
            ("en", "buenos días", Some("es")),
            ("en", "ayer", Some("es")),
            ("en", "bonjour", Some("fr")),
            ("en", "depuis hier", Some("fr")),
            ("en", "olá, bom dia", Some("pt")),
            ("en", "مرحبا", Some("ar")),
            ("en", "你好", Some("zh")),
            ("en", "नमस्ते", Some("hi")),
            ("es", "yesterday morning", Some("en")),
            ("ar", "hello", Some("en")),
            ("zh", "gracias", Some("es")),
            ("en", "no", None),
            ("en", "si", None),
            ("en", "oui", None),
            ("es", "no", None),
            ("es", "yes", None),
            ("en", "Luis", None),
            ("en", "Ana", None),
            ("en", "2", None),
            ("en", "+15550100001", None),
            ("en", "👍", None),
            ("en", "", None),
            ("en", "yes I said hola to him yesterday", None),
            ("ar", "مرحبا", None),
        ] {
            let spoken = Language::parse(spoken).unwrap();
            let others: Vec<Language> = all.iter().filter(|other| **other != spoken).cloned().collect();
            assert_eq!(other(&Reply::of(reply), &spoken, &others, 1).as_ref().map(Language::tag), language, "{reply}");
        }
    }

    #[test]
    fn a_name_that_is_a_word_elsewhere_is_no_language() {
        let (english, spanish) = (Language::english(), Language::parse("es").unwrap());
        assert_eq!(other(&Reply::of("Domingo"), &english, std::slice::from_ref(&spanish), 2), None);
    }
}
