//! Fractions in words: "two thirds", "one and a fifth", "three quarters of an hour" of which the hour is not asked, 三分之二.
//!
//! Only where nothing else can be meant: "one hundred and three quarters" is asked again. Which words divide is data: cuarto is a room too, and stays out.

use super::{at_place, word};
use crate::answer::{
    normalise::{Kind, Tokens},
    words::{NumberWord, Words},
};

/// Words that may stand before the part of a mixed number.
const WHOLE_WORDS: usize = 8;

/// The only number of a reply, where it is a fraction, and its tokens. `bounded` says that the answer has an upper bound, as scales have: there
/// "1 over 10" may be a score.
pub fn read(tokens: &Tokens, bounded: bool, words: &Words) -> Option<(f64, usize)> {
    let divides = |at: usize| {
        matches!(
            words.number.find(tokens, at).map(|f| f.meaning),
            Some(NumberWord::Share(_) | NumberWord::PartsOf | NumberWord::Divide | NumberWord::Ordinal(_))
        )
    };
    if let Some(found) = scientific(tokens, words) {
        return Some(found);
    }
    if !(0..tokens.len()).any(divides) {
        return None;
    }
    let first = (0..tokens.len()).find(|at| at_place(tokens, *at, words, false).is_some() || lone_share(tokens, *at, words).is_some())?;
    // "a third": the article is no number by itself
    let start = if first > 0 && is_a(tokens, first - 1, words) == Some(1) { first - 1 } else { first };
    let (value, n) = if words.style.places { in_signs(tokens, start, words)? } else { said(tokens, start, bounded, words)? };
    let alone = (start + n..tokens.len()).all(|at| at_place(tokens, at, words, false).is_none() && !divides(at));
    (alone && value.is_finite()).then_some((value, n))
}

/// "Two thirds", "three and a fifth", "minus one eighth", "one over twenty".
fn said(tokens: &Tokens, at: usize, bounded: bool, words: &Words) -> Option<(f64, usize)> {
    if let Some(minus) = words.number.find(tokens, at).filter(|f| f.meaning == NumberWord::Minus) {
        let (value, n) = said(tokens, at + minus.tokens, bounded, words)?;
        return Some((-value, n + minus.tokens));
    }
    if let Some(found) = whole_and_part(tokens, at, words) {
        return Some(found);
    }
    if let Some((value, n, _)) = part(tokens, at, words) {
        return Some((value, n));
    }
    let (whole, n) = count(tokens, at, words)?;
    let over = words.number.find(tokens, at + n).filter(|f| f.meaning == NumberWord::Divide)?;
    if bounded || whole.total_cmp(&1.0).is_ne() {
        return None;
    }
    let (under, m) = count(tokens, at + n + over.tokens, words).filter(|(under, _)| *under > 1.0)?;
    Some((1.0 / under, n + over.tokens + m))
}

/// "Three and a fifth", "ciento tres con dos tercios"; behind a thousand, a part may be one of the thousand, and is asked again.
fn whole_and_part(tokens: &Tokens, at: usize, words: &Words) -> Option<(f64, usize)> {
    let last = (at + 1..tokens.len().min(at + WHOLE_WORDS)).find_map(|i| {
        let join = words.number.find(tokens, i).filter(|f| matches!(f.meaning, NumberWord::And | NumberWord::Point))?;
        let (value, n, telling) = part(tokens, i + join.tokens, words)?;
        (value < 1.0 && telling).then_some((i, i + join.tokens + n, value, join.meaning == NumberWord::And))
    })?;
    let (join, end, value, by_and) = last;
    // the whole ends where it is joined, whatever a greedy reading would take
    let alone = Tokens::of(&(at..join).map(|i| tokens.text(i)).collect::<Vec<_>>().join(" "));
    let (whole, n) = count(&alone, 0, words).filter(|(whole, n)| *whole < 1_000.0 && *n == alone.len())?;
    // "vingt et un cinquième": a fifth of twenty-one, or twenty and a fifth? "A hundred and three quarters" is no share of a hundred and three
    let greedy = by_and && count(tokens, at, words).is_some_and(|(_, n)| n > join - at);
    let one_share = (1.0 / value).fract() == 0.0;
    (n > 0 && (!greedy || whole % 100.0 == 0.0 && !one_share)).then_some((whole + value, end - at))
}

/// So many of a share: "two thirds", "a fifth", "one-eighth", "ثلث"; and whether it can be nothing else behind a whole number, as "um quintos" can in
/// "vinte e um quintos".
fn part(tokens: &Tokens, at: usize, words: &Words) -> Option<(f64, usize, bool)> {
    if let Some((share, n)) = lone_share(tokens, at, words) {
        return Some((share, n, true));
    }
    let (n_shares, n) = match is_a(tokens, at, words) {
        Some(n) => (1.0, n),
        None => count(tokens, at, words)?,
    };
    let one = n_shares.total_cmp(&1.0).is_eq();
    // "uno con un medio"
    if let Some(found) = words.number.find(tokens, at + n)
        && let NumberWord::Part(share) = found.meaning
        && one
        && at > 0
    {
        return Some((share, n + found.tokens, true));
    }
    let (under, m, ordinal) = share_at(tokens, at + n, one, words)?;
    // "a hundred and thirty fifths": fifths of a hundred and thirty, or of thirty? And "a hundred thirty-fifths"?
    let joined = (at + 1..at + n).any(|i| words.number.find(tokens, i).is_none_or(|f| f.meaning == NumberWord::And));
    let hyphened = n > 1 && tokens.between(at + n) == "-";
    (!joined && !hyphened).then_some((n_shares / under, n + m, ordinal || !one))
}

/// What divides, behind a count: "thirds"; behind one, "fifth" and "twenty-fifth". Whether it was such an ordinal.
fn share_at(tokens: &Tokens, at: usize, one: bool, words: &Words) -> Option<(f64, usize, bool)> {
    if tokens.breaks(at) {
        return None;
    }
    let least = words.style.ordinals_divide.unwrap_or(f64::INFINITY);
    if let Some(found) = at_place(tokens, at, words, true).filter(|f| f.ordinal && one && f.value >= least) {
        return Some((found.value, found.tokens, true));
    }
    match word(tokens, at, words)? {
        (NumberWord::Share(under), n, _) if under > 1.0 => Some((under, n, false)),
        _ => None,
    }
}

/// A share that says its count by its form: ثلث, ثلثين.
fn lone_share(tokens: &Tokens, at: usize, words: &Words) -> Option<(f64, usize)> {
    words.number.find(tokens, at).and_then(|f| match f.meaning {
        NumberWord::Share(share) if share < 1.0 => Some((share, f.tokens)),
        _ => None,
    })
}

fn is_a(tokens: &Tokens, at: usize, words: &Words) -> Option<usize> {
    words.number.find(tokens, at).filter(|f| f.meaning == NumberWord::A).map(|f| f.tokens)
}

fn count(tokens: &Tokens, at: usize, words: &Words) -> Option<(f64, usize)> {
    at_place(tokens, at, words, false).filter(|f| !f.ordinal && f.value > 0.0 && f.value.fract() == 0.0).map(|f| (f.value, f.tokens))
}

/// 三分之二: the whole first, then how many of its parts.
fn in_signs(tokens: &Tokens, at: usize, words: &Words) -> Option<(f64, usize)> {
    let (under, n) = count(tokens, at, words)?;
    // 三又二分之一: where the whole number ends is not seen
    if (at..at + n).any(|i| tokens.text(i) == "又") {
        return None;
    }
    let parts = words.number.find(tokens, at + n).filter(|f| f.meaning == NumberWord::PartsOf)?;
    let (over, m) = count(tokens, at + n + parts.tokens, words)?;
    Some((over / under, n + parts.tokens + m))
}

/// "1.3e6", the only number of a reply.
fn scientific(tokens: &Tokens, words: &Words) -> Option<(f64, usize)> {
    let at = (0..tokens.len()).find(|at| tokens.kind(*at) == Some(Kind::Digits))?;
    let found = at_place(tokens, at, words, false).filter(|f| f.digits)?;
    let e = at + found.tokens;
    let power = tokens.digits(e + 1).filter(|power| *power <= 30 && tokens.text(e) == "e" && tokens.glued(e))?;
    let sign = match tokens.between(e + 1) {
        "" | "+" => "",
        "-" => "-",
        _ => return None,
    };
    let rest = (e + 2..tokens.len()).all(|i| at_place(tokens, i, words, false).is_none());
    let value: f64 = format!("{}e{sign}{power}", found.value).parse().ok()?;
    (rest && tokens.breaks(e + 2)).then_some((value, found.tokens + 2))
}
