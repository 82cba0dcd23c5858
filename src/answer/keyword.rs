//! Commands heard in every step of every flow: STOP, HELP, BACK and their kin.
//!
//! A message is a keyword only when it says nothing else: "the fever stopped" and "I will stop by" are answers. The opt-out words of the
//! providers (Twilio's advanced opt-out list, read 2026-02) are STOP in every language, because the carrier has already acted on them.

use super::{
    normalise::Tokens,
    words::{self, Words},
};
use crate::base::Language;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keyword {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
    /// What this is and what can be said.
    Help,
    /// A person, please.
    Human,
    /// Another language.
    Language,
    /// The last question again.
    Back,
    /// Correct an earlier answer.
    Fix,
    /// From the beginning.
    Restart,
    /// Not this question.
    Skip,
    /// In a repeat: no one at all.
    Nobody,
    /// In a repeat: no one else.
    Done,
    /// In a repeat: I would rather tell a person.
    Tell,
}

/// What the providers take for an opt-out whatever the language.
const PROVIDER_STOP: &[&str] = &["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"];

/// More words than this are no command, politeness included.
const WORDS: usize = 12;

impl Keyword {
    /// All of them, in the order of the data files.
    pub const ALL: [Self; 12] = [
        Self::Stop,
        Self::Start,
        Self::Help,
        Self::Human,
        Self::Language,
        Self::Back,
        Self::Fix,
        Self::Restart,
        Self::Skip,
        Self::Nobody,
        Self::Done,
        Self::Tell,
    ];

    /// Whether it means something only inside a repeat: elsewhere "nobody" and "done" may be answers.
    pub const fn only_in_repeat(self) -> bool {
        match self {
            Self::Nobody | Self::Done | Self::Tell => true,
            Self::Stop | Self::Start | Self::Help | Self::Human | Self::Language | Self::Back | Self::Fix | Self::Restart | Self::Skip => {
                false
            }
        }
    }

    /// Its name in reports and transcripts: `STOP`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Start => "START",
            Self::Help => "HELP",
            Self::Human => "HUMAN",
            Self::Language => "LANGUAGE",
            Self::Back => "BACK",
            Self::Fix => "FIX",
            Self::Restart => "RESTART",
            Self::Skip => "SKIP",
            Self::Nobody => "NOBODY",
            Self::Done => "DONE",
            Self::Tell => "TELL",
        }
    }
}

/// The command a message consists of, in any of the languages; `None` where it says anything else.
///
/// [`Keyword::Nobody`], [`Keyword::Done`] and [`Keyword::Tell`] are read too: whoever is not in a repeat lets them pass.
pub fn read(reply: &str, languages: &[Language]) -> Option<Keyword> {
    let tokens = Tokens::of(reply);
    if tokens.is_empty() || tokens.len() > WORDS {
        return None;
    }
    let whole = tokens.joined();
    if PROVIDER_STOP.contains(&whole.as_str()) {
        return Some(Keyword::Stop);
    }
    words::of_all(languages).into_iter().find_map(|words| read_in(&tokens, &whole, words))
}

/// The word to teach for a command in a language: `STOP`, `ALTO`; English where the language has no data.
pub fn words(keyword: Keyword, language: &Language) -> &'static str {
    let words = words::of(language).or_else(|| words::of(&Language::english()));
    words.and_then(|w| w.taught.iter().find(|(k, _)| *k == keyword)).map_or(keyword.name(), |(_, word)| word.as_str())
}

/// The command that a designer's words would be taken for: an option so called could never be chosen by typing it.
pub fn taken(words: &str, languages: &[Language]) -> Option<Keyword> {
    read(words, languages).filter(|k| !k.only_in_repeat())
}

fn read_in(tokens: &Tokens, whole: &str, words: &Words) -> Option<Keyword> {
    if let Some(&keyword) = words.keyword.get(whole) {
        return Some(keyword);
    }
    // politeness before and behind: "ok stop please", "hola quiero parar gracias"
    let mut start = 0;
    while start < tokens.len() {
        let Some(found) = words.polite.find(tokens, start) else { break };
        start += found.tokens;
    }
    let mut end = tokens.len();
    while end > start {
        let Some(from) = (start..end).rev().find(|&at| words.polite.find(tokens, at).is_some_and(|f| at + f.tokens == end)) else { break };
        end = from;
    }
    if (start, end) == (0, tokens.len()) || start >= end {
        return None;
    }
    let core = (start..end).map(|at| tokens.text(at)).collect::<Vec<_>>().join(" ");
    if PROVIDER_STOP.contains(&core.as_str()) {
        return Some(Keyword::Stop);
    }
    words.keyword.get(&core).copied()
}
