//! Questions that people ask instead of answering: "who is this?", "is this a scam?". They get an answer, then the question again.

use super::{
    normalise::Tokens,
    reply::Reply,
    words::{self, TruthWord, Words},
};
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
pub fn read(reply: &Reply<'_>, languages: &[Language]) -> Option<QuestionBack> {
    let (tokens, languages) = (reply.tokens(), words::of_all(languages));
    // "who knows" asks nobody
    let unsure = |words: &&Words| words.truth.exactly(tokens, 0, tokens.len()) == Some(TruthWord::Unsure);
    if !tokens.asks && languages.iter().any(unsure) {
        return None;
    }
    find(tokens, languages).map(|(_, kind)| kind)
}

/// Whether a reply is hardly more than a question back.
pub fn is_one(tokens: &Tokens, words: &Words) -> bool {
    find(tokens, std::iter::once(words)).is_some_and(|(taken, _)| taken == tokens.len() || taken > 1 && taken + 1 == tokens.len())
}

/// The longest question found, and the words that it takes.
fn find<'w>(tokens: &Tokens, languages: impl IntoIterator<Item = &'w Words>) -> Option<(usize, QuestionBack)> {
    if tokens.is_empty() || tokens.len() > WORDS {
        return None;
    }
    let mut best: Option<(usize, QuestionBack)> = None;
    for words in languages {
        let tells = !tokens.asks && (0..tokens.len()).any(|at| words.tells.find(tokens, at).is_some_and(|f| at + f.tokens < tokens.len()));
        for (span, kind) in words.question.find_all(tokens, |word| words.knows(word)) {
            if tells && kind == QuestionBack::Why {
                continue;
            }
            let taken = span.end - span.start;
            let left = tokens.len() - taken;
            // a question mark, or little but the question: "why" alone asks, "that is why I called" tells
            let begins = span.start == 0 && taken >= 3 && left <= taken;
            let asks = tokens.asks || begins || left <= (taken / 2).max(1);
            if asks && best.is_none_or(|(n, _)| taken > n) {
                best = Some((taken, kind));
            }
        }
    }
    best
}
