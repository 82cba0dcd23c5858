//! Numbers with a part said before them: साढ़े अड़तीस is 38.5, सवा तीन 3.25.

use super::Found;
use crate::answer::{
    normalise::Tokens,
    words::{NumberWord, Words},
};

/// The number that begins with such a word; `Some(None)` where none follows it.
pub fn at_place(tokens: &Tokens, at: usize, words: &Words, whole: bool) -> Option<Option<Found>> {
    let lead = words.number.find(tokens, at)?;
    let NumberWord::Before(part) = lead.meaning else { return None };
    let next = at + lead.tokens;
    // no word of this kind twice
    if words.number.find(tokens, next).is_some_and(|f| matches!(f.meaning, NumberWord::Before(_))) {
        return Some(None);
    }
    let number = super::at_place(tokens, next, words, whole);
    let number = number.filter(|f| !f.ordinal && f.value >= 1.0 && f.value.fract() == 0.0);
    Some(number.map(|f| Found { value: f.value + part * scale(f.value), tokens: f.tokens + lead.tokens, digits: false, plain: false, ..f }))
}

/// The scale that a round number ends in, as it is counted in India: साढ़े तीन सौ is 350, सवा लाख 125,000.
fn scale(value: f64) -> f64 {
    [1e7, 1e5, 1e3, 1e2].into_iter().find(|scale| value % scale == 0.0).unwrap_or(1.0)
}
