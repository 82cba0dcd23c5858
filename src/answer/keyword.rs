//! Commands heard in every step of every flow: STOP, HELP, BACK and their kin.
//!
//! A message is a keyword only when it says nothing else: "the fever stopped" and "I will stop by" are answers. Commands stand in the data as
//! whole messages, politeness around them aside, and as patterns for the many ways to say one ("can I just talk to a real person"), which hold
//! in short messages that tell of no danger. The opt-out words of the providers (Twilio's advanced opt-out list, read 2026-02) are STOP in every
//! language, because the carrier has already acted on them.

use super::{
    emergency,
    normalise::{Kind, Tokens},
    pattern::Span,
    reply::Reply,
    words::{self, HearingWord, Words},
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

/// The same for a command in other words than the lists have; a letter that is a token of its own is half a word.
const PATTERN_WORDS: usize = 16;

/// More digits than this are an answer.
const DIGITS: usize = 5;

/// Letters of the shortest word in which a typing fault is mended there.
const MENDED: usize = 6;

/// Words beside such a command: more tell something.
const BESIDE: usize = 8;

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
pub fn read(reply: &Reply<'_>, languages: &[Language]) -> Option<Keyword> {
    let tokens = reply.tokens();
    if tokens.is_empty() {
        return None;
    }
    let all = words::of_all(languages);
    if tokens.len() <= WORDS {
        let whole = tokens.joined();
        if PROVIDER_STOP.contains(&whole.as_str()) {
            return Some(Keyword::Stop);
        }
        let listed = all.iter().find_map(|words| read_in(tokens, &whole, words));
        if listed.is_some() {
            return listed;
        }
    }
    all.into_iter().find_map(|words| said_otherwise(tokens, words)).filter(|_| emergency::hear(reply, languages).is_none())
}

/// The word to teach for a command in a language: `STOP`, `ALTO`; English where the language has no data.
pub fn words(keyword: Keyword, language: &Language) -> &'static str {
    let words = words::of(language).or_else(|| words::of(&Language::english()));
    words.and_then(|w| w.taught.iter().find(|(k, _)| *k == keyword)).map_or(keyword.name(), |(_, word)| word.as_str())
}

/// The command that a designer's words would be taken for: an option so called could never be chosen by typing it.
pub fn taken(words: &str, languages: &[Language]) -> Option<Keyword> {
    read(&Reply::of(words), languages).filter(|k| !k.only_in_repeat())
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

/// The command that a short message has a pattern of: the one that takes most of its words.
fn said_otherwise(tokens: &Tokens, words: &Words) -> Option<Keyword> {
    let letters = tokens.texts().filter(|text| text.len() > 2 && text.chars().count() == 1).count();
    let length = |tokens: usize| tokens - letters.min(tokens) / 2;
    // one word alone stands in the lists if it is a command
    if tokens.len() < 2 || length(tokens.len()) > PATTERN_WORDS {
        return None;
    }
    // a telephone's number is an answer, whatever is said beside it
    if (0..tokens.len()).map(|at| if tokens.kind(at) == Some(Kind::Digits) { tokens.text(at).len() } else { 0 }).sum::<usize>() > DIGITS {
        return None;
    }
    // "last month I wanted to talk to a person"
    if (0..tokens.len()).any(|at| words.hearing.find(tokens, at).is_some_and(|found| found.meaning == HearingWord::Past)) {
        return None;
    }
    let mut best: Option<(usize, Keyword)> = None;
    // short words are too near to each other to mend: calls, call
    for (span, keyword) in words.keyword_patterns.find_all(tokens, |word| word.chars().count() < MENDED || words.is_ordinary(word)) {
        let taken = span.end - span.start;
        let beside = length(tokens.len() - taken);
        if beside <= BESIDE && best.is_none_or(|(most, _)| taken > most) && !denied(tokens, span, words) {
            best = Some((taken, keyword));
        }
    }
    best.map(|(_, keyword)| keyword)
}

/// "I do not want to talk to a person": a "not" directly before what was found, or within it where the pattern does not say it itself.
fn denied(tokens: &Tokens, span: Span, words: &Words) -> bool {
    let not = |from: usize, to: usize| words.hearing.exactly(tokens, from, to) == Some(HearingWord::Not);
    let before = !tokens.breaks(span.start) && (1..=3).any(|n| span.start >= n && not(span.start - n, span.start));
    before || (span.start + 1..span.end).any(|at| not(at, at + 1) && !words.keyword_patterns.patterns().says(span.pattern, tokens.text(at)))
}
