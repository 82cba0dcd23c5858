//! Numbers with a part said before them: साढ़े अड़तीस is 38.5, सवा तीन 3.25.

use super::{Found, scale_of};
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
    Some(number.map(|f| Found {
        value: f.value + part * hundreds_of(f.value),
        tokens: f.tokens + lead.tokens,
        digits: false,
        plain: false,
        ..f
    }))
}

/// The scale that a round number ends in, from a hundred on: साढ़े तीन सौ is 350.
fn hundreds_of(value: f64) -> f64 {
    let of_thousand = scale_of(value);
    if of_thousand > 1.0 {
        of_thousand
    } else if value % 100.0 == 0.0 {
        100.0
    } else {
        1.0
    }
}
