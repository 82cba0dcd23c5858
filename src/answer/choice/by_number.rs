//! Options named by their numbers: "2", "1-3", "the first two", "los 5".

use super::{list::List, said::Said};
use crate::answer::{
    normalise::{Kind, Tokens},
    number,
    reading::How,
    words::{DateWord, ListWord, Words},
};

/// A number, or a range of numbers, that stands for an option.
pub(super) fn by_number(list: &List<'_>, tokens: &Tokens, at: usize, words: &Words, said: &[Said]) -> Option<(Said, usize)> {
    if let Some((first_n, length)) = first_so_many(tokens, at, words) {
        let to = list.numbered(first_n).filter(|_| first_n >= 2);
        return Some((to.map_or(Said::Beyond { high: true }, |to| Said::Range { from: list.numbered(1).unwrap_or(0), to }), length));
    }
    let (n, length) = option_number(tokens, at, words, said)?;
    // "los 5" of five is all of them; of more it says how many, and not which
    let counted = said.is_empty() && n >= 2 && at + length == tokens.len() && at > 0;
    if counted && words.list.find(tokens, at - 1).is_some_and(|f| f.meaning == ListWord::These && f.tokens == 1) {
        let all = list.plain().count() == usize::try_from(n).unwrap_or(0);
        return Some((if all { Said::All } else { Said::Doubtful }, length));
    }
    // "1-3", "1 to 3", "1 a 3"; "2-4-5" is a list
    let next = at + length;
    let dash = |i: usize| {
        tokens.kind(i) == Some(Kind::Digits)
            && i > 0
            && tokens.kind(i - 1) == Some(Kind::Digits)
            && matches!(tokens.between(i).trim(), "-" | "~" | "..")
    };
    let (second, reach) = if dash(next) && !dash(next + 1) && !dash(at) {
        (tokens.digits(next), 1)
    } else if words.list.find(tokens, next).is_some_and(|f| f.meaning == ListWord::To) && tokens.kind(next + 1) == Some(Kind::Digits) {
        (tokens.digits(next + 1), 2)
    } else {
        (None, 0)
    };
    if let Some(second) = second {
        return match (list.numbered(n), list.numbered(second)) {
            (Some(from), Some(to)) if n > 0 && from < to => Some((Said::Range { from, to }, length + reach)),
            _ => Some((Said::Beyond { high: true }, length + reach)),
        };
    }
    if n == 0 {
        return Some((Said::None { by: How::Number }, length));
    }
    match list.numbered(n) {
        Some(option) => Some((Said::Option { at: option, by: How::Number, denied: false }, length)),
        None => Some((Said::Beyond { high: true }, length)),
    }
}

/// "The first two": how many, and the tokens.
fn first_so_many(tokens: &Tokens, at: usize, words: &Words) -> Option<(u32, usize)> {
    let is_first = |i: usize| number::at_place(tokens, i, words, true).filter(|f| f.ordinal && whole_number(f.value) == Some(1));
    let many_at = |i: usize| {
        let many = number::at_place(tokens, i, words, true).filter(|f| !f.ordinal)?;
        whole_number(many.value).filter(|n| *n >= 2).map(|n| (n, many.tokens))
    };
    if let Some(first) =
        is_first(at).map(|f| f.tokens).or_else(|| words.list.find(tokens, at).filter(|f| f.meaning == ListWord::First).map(|f| f.tokens))
        && let Some((n, many)) = many_at(at + first)
    {
        return Some((n, first + many));
    }
    // "los dos primeros"
    let (n, many) = many_at(at)?;
    let behind = words.list.find(tokens, at + many).filter(|f| f.meaning == ListWord::First).map(|f| f.tokens);
    behind.map(|first| (n, many + first))
}

/// A number that can only be an option's: alone in its clause or among other numbers, not counting something.
fn option_number(tokens: &Tokens, at: usize, words: &Words, said: &[Said]) -> Option<(u32, usize)> {
    let (n, length) = match tokens.kind(at)? {
        Kind::Digits => {
            let before = tokens.between(at);
            let id = at > 0 && before.is_empty();
            let decimal = tokens.kind(at + 1) == Some(Kind::Digits) && tokens.between(at + 1) == ":" || before == ":" && at > 0;
            if (id && words.list.find(tokens, at - 1).is_none()) || decimal || tokens.text(at).len() > 2 {
                return None;
            }
            (tokens.digits(at)?, 1)
        }
        Kind::Word => {
            let found = number::at_place(tokens, at, words, true)?;
            let n = whole_number(found.value)?;
            let alone = |from: usize, to: usize| {
                (from..to).all(|i| {
                    words.list.find(tokens, i).is_some()
                        || tokens.kind(i) == Some(Kind::Digits)
                        || number::at_place(tokens, i, words, true).is_some()
                })
            };
            let behind_ordinal = at > 0 && number::at_place(tokens, at - 1, words, true).is_some_and(|f| f.ordinal && f.tokens == 1);
            if found.mended || behind_ordinal || !alone(0, at) || !alone(at + found.tokens, tokens.len()) {
                return None;
            }
            (n, found.tokens)
        }
        Kind::Emoji => return None,
    };
    let end = at + length;
    // "2 days": counts something. "2nd", "3rd" are fine, so is "2." and "2)".
    if end < tokens.len() && !tokens.breaks(end) {
        let counted =
            matches!(words.date.find(tokens, end).map(|f| f.meaning), Some(DateWord::Unit(_) | DateWord::Month(_) | DateWord::AgoAfter));
        let listed = words.list.find(tokens, end).is_some() || tokens.kind(end) != Some(Kind::Word);
        let begins = at == 0
            || tokens.breaks(at)
            || matches!(said.last(), Some(Said::Option { by: How::Number, .. }))
            || words.list.find(tokens, at - 1).is_some();
        let ordinal = tokens.glued(end) && tokens.text(end).len() <= 2;
        if counted || (!listed && !begins && !ordinal) || (!listed && tokens.glued(end) && !ordinal) {
            return None;
        }
    }
    Some((n, length))
}

fn whole_number(value: f64) -> Option<u32> {
    (0..=99_u32).find(|n| (f64::from(*n) - value).abs() < f64::EPSILON)
}
