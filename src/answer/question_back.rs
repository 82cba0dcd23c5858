//! Questions that people ask instead of answering: "who is this?", "is this a scam?". They get an answer, then the question again.

use super::{normalise::Tokens, words};
use crate::base::Language;

/// What is asked back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuestionBack {
    /// Who writes here.
    WhoIsThis,
    /// Why it is asked, and what for.
    Why,
    /// Whether this can be trusted.
    Scam,
    /// How long it takes.
    HowLong,
}

/// More words than this are a story, not a question back.
const WORDS: usize = 25;

/// The question that a reply asks, if it asks one of those that the house has words for.
pub fn read(reply: &str, languages: &[Language]) -> Option<QuestionBack> {
    let tokens = Tokens::of(reply);
    if tokens.is_empty() || tokens.len() > WORDS {
        return None;
    }
    let mut best: Option<(usize, QuestionBack)> = None;
    for words in words::of_all(languages) {
        for (kind, patterns) in &words.question {
            for span in patterns.find_all(&tokens, |word| words.knows(word)) {
                let taken = span.end - span.start;
                let left = tokens.len() - taken;
                // a question mark, or little but the question: "why" alone asks, "that is why I called" tells
                let asks = tokens.asks || left <= (taken / 2).max(1);
                if asks && best.is_none_or(|(n, _)| taken > n) {
                    best = Some((taken, *kind));
                }
            }
        }
    }
    best.map(|(_, kind)| kind)
}
