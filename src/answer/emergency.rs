//! Words of danger, heard before any answer in every step of every flow.
//!
//! The lexicon is data per language: signs ("chest pain") and states ("can't breathe"). A sign that is denied ("no chest pain"), over
//! ("the chest pain is gone") or long past ("was short of breath last month") is none; a state that itself says "not" ("no puedo respirar") is not
//! denied by a "no" before it. Where it is doubtful the answer is yes: a miss is worse than a false alarm. The words themselves are examples
//! to be checked with a clinician.

use super::{
    normalise::{Kind as TokenKind, Tokens},
    pattern::Span,
    reply::Reply,
    words::{self, HearingWord, Words},
};
use crate::base::{Language, Private};

/// What kind of danger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Danger to life: the emergency number, at once.
    Emergency,
    /// Harm to oneself, or fear of someone at home: a human, quietly.
    Distress,
}

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What kind of danger.
    pub kind: Kind,
    /// The part of the reply that says so, as typed.
    pub quote: Private<String>,
}

/// Tokens before a sign in which a "no" may stand.
const REACH: usize = 6;

/// The same for what makes distress harmless: "I want to die lol", but not "he reads my phone and said he would kill me".
const DISTRESS_REACH: usize = 1;

/// Years of which a sign is told as something past: "had a stroke in 2015". The year now running is never one of them.
const PAST_YEARS: std::ops::RangeInclusive<u32> = 1930..=2025;

/// Danger in a reply, in any of the languages; `None` where there is none. A reply of nothing but digits never is.
pub fn hear(reply: &Reply<'_>, languages: &[Language]) -> Option<Heard> {
    let tokens = reply.tokens();
    if (0..tokens.len()).all(|at| tokens.kind(at) == Some(TokenKind::Digits)) {
        return None;
    }
    let all = words::of_all(languages);
    let apart: Vec<Tokens> = all.iter().filter_map(|words| apart(tokens, words)).collect();
    let forms = || std::iter::once(tokens).chain(&apart);
    let any = |kind| {
        forms()
            .find_map(|tokens| all.iter().find_map(|words| find(kind, tokens, words).map(|span| heard(kind, reply.text(), tokens, span))))
    };
    any(Kind::Emergency).or_else(|| any(Kind::Distress))
}

/// The first danger of a kind that stands. What a longer phrase of distress says within is none by itself: "I want to sleep and never wake up".
fn find(kind: Kind, tokens: &Tokens, words: &Words) -> Option<Span> {
    let ordinary = |word: &str| words.is_ordinary(word);
    if kind == Kind::Distress {
        return words.distress.find_all(tokens, ordinary).into_iter().find(|span| stands(tokens, *span, words, false));
    }
    let all = words.emergency.find_all(tokens, ordinary);
    let counts = |span: &Span| stands(tokens, *span, words, true) && !denies_a_sign(tokens, *span, &all, words);
    let found: Vec<Span> = all.iter().copied().filter(counts).collect();
    if found.is_empty() {
        return None;
    }
    let around = words.distress.find_all(tokens, ordinary);
    found
        .into_iter()
        .find(|span| !around.iter().any(|wide| wide.start < span.start && span.end <= wide.end && stands(tokens, *wide, words, false)))
}

/// "Sem falta de ar", "je n'ai pas de mal à respirer": what looks like a state ("sem … ar") is the "not" of a sign within it, which ends where
/// the state does.
fn denies_a_sign(tokens: &Tokens, state: Span, all: &[Span], words: &Words) -> bool {
    let within = |sign: &Span| sign.pattern >= words.states && state.start < sign.start && sign.end == state.end;
    all.iter().any(|sign| within(sign) && denied(tokens, *sign, words))
}

/// The reply with words written apart that were run together: "nopuedo respirar". `None` where there are none.
fn apart(tokens: &Tokens, words: &Words) -> Option<Tokens> {
    tokens.cut(|at| {
        if tokens.kind(at) != Some(TokenKind::Word) {
            return Vec::new();
        }
        let word = tokens.text(at);
        let cut = words.emergency.run_together(word, |word| words.is_ordinary(word));
        if cut.is_empty() { words.distress.run_together(word, |word| words.is_ordinary(word)) } else { cut }
    })
}

fn heard(kind: Kind, reply: &str, tokens: &Tokens, span: Span) -> Heard {
    Heard { kind, quote: Private::new(tokens.raw(reply, span.start, span.end).to_owned()) }
}

/// Whether what was found is said of now and not denied.
fn stands(tokens: &Tokens, span: Span, words: &Words, emergency: bool) -> bool {
    if (!emergency || span.pattern >= words.states) && denied(tokens, span, words) {
        return false;
    }
    let patterns = if emergency { &words.emergency } else { &words.distress };
    let unsaid = |at: usize| !patterns.says(span.pattern, tokens.text(at));
    // "my chest does not hurt", 胸口不痛: a "no" within a sign, which does not say it itself
    let denies = |at: usize| words.hearing.exactly(tokens, at, at + 1) == Some(HearingWord::Not) && unsaid(at);
    if (!emergency || span.pattern >= words.states) && (span.start + 1..span.end).any(denies) {
        return false;
    }
    // सांस में दिक्कत नहीं है: behind a sign, where the language says it there, and not "दर्द नहीं जा रहा"
    let not_behind = words.hearing.find(tokens, span.end).filter(|f| f.meaning == HearingWord::Not && !tokens.breaks(span.end));
    let ends = |at: usize| tokens.breaks(at) || words.truth.find(tokens, at).is_some();
    if words.style.not_behind && span.pattern >= words.states && emergency && not_behind.is_some_and(|f| ends(span.end + f.tokens)) {
        return false;
    }
    // "dying of boredom here": what makes it harmless within
    let harmless = |at: usize| {
        let found = words.hearing.find(tokens, at).filter(|found| found.meaning == HearingWord::Harmless);
        // "of boredom", but not "de la nariz" where the sign itself is of the nose
        found.is_some_and(|found| unsaid(at + found.tokens - 1))
    };
    if (span.start..span.end).any(harmless) {
        return false;
    }
    let mut past = false;
    let mut still = false;
    let mut at = 0;
    while at < tokens.len() {
        if (span.start..span.end).contains(&at) {
            at = span.end;
            continue;
        }
        let Some(found) = words.hearing.find(tokens, at) else {
            past |= tokens.text(at).len() == 4 && tokens.digits(at).is_some_and(|year| PAST_YEARS.contains(&year));
            at += 1;
            continue;
        };
        let behind = at >= span.end;
        let near = behind && at - span.end <= REACH;
        let gap = if behind { at - span.end } else { span.start - at };
        match found.meaning {
            HearingWord::Gone if near && !contains_break_and_other_sign(tokens, span.end, at) => return false,
            HearingWord::Harmless if gap <= if emergency { REACH } else { DISTRESS_REACH } => return false,
            HearingWord::Supposed if !behind && span.start - at <= REACH => return false,
            HearingWord::Work if emergency && span.pattern >= words.mentions => return false,
            HearingWord::NeverAgain if behind => return false,
            HearingWord::Past => past = true,
            HearingWord::Still => still = true,
            HearingWord::Gone
            | HearingWord::Harmless
            | HearingWord::Supposed
            | HearingWord::Not
            | HearingWord::Between
            | HearingWord::Or
            | HearingWord::Work
            | HearingWord::NeverAgain => {}
        }
        at += found.tokens;
    }
    still || !past
}

/// "No chest pain", "don't have any chest pain", "no fever or chest pain": a "not" directly before the sign, words between allowed by the
/// data, or joined to it by "or". A comma or full stop between leaves the sign standing: "no, chest pain".
fn denied(tokens: &Tokens, span: Span, words: &Words) -> bool {
    if span.start == 0 || tokens.breaks(span.start) {
        return false;
    }
    let from = span.start.saturating_sub(REACH);
    let mut joined = false;
    let mut end = span.start;
    while end > from {
        // the longest phrase that ends here: "never had" before "had"
        let found =
            (end.saturating_sub(4).max(from)..end).find_map(|at| words.hearing.exactly(tokens, at, end).map(|meaning| (at, meaning)));
        match found {
            Some((_, HearingWord::Not | HearingWord::Gone)) => return true,
            Some((at, HearingWord::Between)) => end = at,
            Some((at, HearingWord::Or)) => {
                joined = true;
                end = at;
            }
            // what "or" joins may be any sign: "no fever or chest pain"
            _ if joined => end -= 1,
            _ => return false,
        }
        if end > 0 && tokens.breaks(end) && !joined {
            return false;
        }
    }
    false
}

fn contains_break_and_other_sign(tokens: &Tokens, from: usize, to: usize) -> bool {
    (from..=to).any(|at| tokens.breaks(at) && tokens.between(at).contains(['.', '!', '?', ';', '\n', '。']))
}
