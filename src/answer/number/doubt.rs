//! Replies whose numbers are not the number asked: shares, bounds ("more than 10"), and a count that leaves somebody out ("three and the baby").

use super::{at_place, word};
use crate::answer::{
    lexicon::Lexicon,
    normalise::{Kind, Tokens},
    words::{DateWord, ListWord, NumberWord, TruthWord, Words},
};

/// Words of the longest phrase that may stand before a number and bound it: "por lo menos unas".
const LEAD_WORDS: usize = 4;
/// Words behind "and" among which a person is looked for: "and the baby".
const PERSON_WORDS: usize = 2;

/// Fractions in words, powers and shares ("two thirds", "1 over 3", "1.1^23"): no intake asks for them, so they are asked again; so is "a lot".
pub fn exotic(tokens: &Tokens, words: &Words) -> bool {
    let mut numbers = 0;
    let mut share = false;
    let mut at = 0;
    while at < tokens.len() {
        if tokens.between(at).contains('^')
            || words.style.fraction_endings.iter().any(|e| tokens.text(at).len() > e.len() && tokens.text(at).ends_with(e.as_str()))
        {
            return true;
        }
        match words.number.find(tokens, at).map(|f| (f.meaning, f.tokens)) {
            Some((NumberWord::Fraction | NumberWord::Share(_) | NumberWord::PartsOf | NumberWord::Vague, _)) => return true,
            Some((NumberWord::Over | NumberWord::Divide, _)) => share = true,
            // 百分之 is said before a number of hundredths, which is the number
            Some((NumberWord::Counted, n)) if words.style.places => {
                at += n;
                continue;
            }
            _ => {}
        }
        let Some(found) = at_place(tokens, at, words, false) else {
            at += 1;
            continue;
        };
        numbers += usize::from(!becoming(tokens, at, words));
        at += found.tokens.max(1);
        let open = !tokens.breaks(at) && !tokens.glued(at);
        let part = |i: usize| {
            matches!(
                word(tokens, i, words),
                Some((NumberWord::Ordinal(_) | NumberWord::Part(_) | NumberWord::Fraction | NumberWord::Share(_), ..))
            )
        };
        // "three and a third", "one twenty-fifth"
        let mut next = at;
        while let Some((NumberWord::And | NumberWord::Point | NumberWord::A | NumberWord::Value(1.0), n, _)) = word(tokens, next, words) {
            next += n;
        }
        let ordinal_follows = at_place(tokens, at, words, false).is_some_and(|f| f.ordinal);
        if !found.ordinal && open && (part(at) || part(next) || ordinal_follows) {
            return true;
        }
    }
    share && numbers > 1
}

/// "Nobody", "with no one": none, and nothing else.
pub fn says_none(tokens: &Tokens, words: &Words) -> bool {
    says_none_from(0, tokens, words)
}

/// "Gave up in 2010, so none": the last clause says it, and no number is said but a year.
pub fn ends_with_none(tokens: &Tokens, words: &Words) -> bool {
    let last = last_clause(tokens);
    let year = |(at, end): &(usize, usize)| end - at == 1 && tokens.text(*at).len() == 4 && tokens.kind(*at) == Some(Kind::Digits);
    last > 0 && says_none_from(last, tokens, words) && numbers(tokens, words).iter().all(year)
}

/// "Ninguno, teletrabajo": the first clause says none, and no number follows.
pub fn begins_with_none(tokens: &Tokens, words: &Words) -> bool {
    let Some(end) = (1..tokens.len()).find(|at| tokens.breaks(*at)) else { return false };
    none_between(0, end, tokens, words) && numbers(tokens, words).is_empty()
}

/// The one number that is said to be all: "tomei 3 e o reforço, 4 no total", "me, mom and 2 kids = 4"; or that alone ends a count of people:
/// "husband, me and two kids, 4 people".
pub fn total(tokens: &Tokens, words: &Words) -> Option<f64> {
    let numbers = numbers(tokens, words);
    let value = |at: usize| at_place(tokens, at, words, true).map(|f| f.value);
    let is_total = |(at, end): &&(usize, usize)| {
        let leads = |list: &Lexicon<()>| list.ending(tokens, *at, LEAD_WORDS).next().is_some();
        let before = leads(&words.total) || leads(&words.therefore);
        let who = words.people.find(tokens, *end).map_or(0, |f| f.tokens);
        before || tokens.between(*at).contains('=') || words.total.find(tokens, end + who).is_some()
    };
    let mut totals = numbers.iter().filter(is_total);
    match (totals.next(), totals.next()) {
        (Some((at, _)), None) => return value(*at),
        (Some(_), Some(_)) => return None,
        (None, _) => {}
    }
    let last = last_clause(tokens);
    let (at, end) = *numbers.last().filter(|(at, _)| last > 0 && *at == last)?;
    let counted = words.number.find(tokens, end).filter(|f| f.meaning == NumberWord::Counted).map(|f| f.tokens);
    let who = words.people.find(tokens, end).map(|f| f.tokens).or(counted)?;
    let sum = value(at)?;
    let most = numbers.iter().filter_map(|(at, _)| value(*at)).all(|other| other <= sum);
    let listed = numbers.len() > 1 || (0..last).any(|i| is_me(tokens, i, words));
    (end + who == tokens.len() && listed && most).then_some(sum)
}

/// Where the last clause begins.
fn last_clause(tokens: &Tokens) -> usize {
    (1..tokens.len()).rev().find(|at| tokens.breaks(*at)).unwrap_or(0)
}

fn says_none_from(from: usize, tokens: &Tokens, words: &Words) -> bool {
    none_between(from, tokens.len(), tokens, words)
}

fn none_between(from: usize, to: usize, tokens: &Tokens, words: &Words) -> bool {
    let mut none = false;
    let mut at = from;
    while at < to {
        match words.list.find_mended(tokens, at) {
            // "une seule personne" is one
            Some(found) if found.meaning != ListWord::None && words.number.find(tokens, at).is_some() => return false,
            Some(found) if found.meaning == ListWord::None => {
                none = true;
                at += found.tokens;
            }
            Some(found) if matches!(found.meaning, ListWord::Filler | ListWord::And) && !found.mended => at += found.tokens,
            _ if tokens.kind(at) == Some(Kind::Emoji) => at += 1,
            _ => match words.truth.find(tokens, at).filter(|f| none && f.meaning == TruthWord::Filler) {
                Some(filler) => at += filler.tokens,
                None => return false,
            },
        }
    }
    none
}

/// Whether a number between two places is hedged: "more than 10", "100 something", "10+".
pub fn hedged(tokens: &Tokens, at: usize, end: usize, words: &Words) -> bool {
    let is_bound = |from: usize, to: usize| {
        words.number.find(tokens, from).is_some_and(|f| {
            from + f.tokens == to
                && (f.meaning == NumberWord::Bound || f.meaning == NumberWord::Divide && !number_before(tokens, from, words))
        })
    };
    let before = (at.saturating_sub(LEAD_WORDS)..at).any(|from| is_bound(from, at)) && !tokens.breaks(at);
    let counted =
        words.number.find(tokens, end).filter(|f| f.meaning == NumberWord::Counted && !tokens.breaks(end)).map_or(0, |f| f.tokens);
    let behind = |i: usize| {
        i < tokens.len() && !tokens.breaks(i) && words.number.find(tokens, i).is_some_and(|f| f.meaning == NumberWord::BoundBehind)
    };
    let signs =
        tokens.between(at).contains(['<', '>', '≥', '≤']) || tokens.between(end).starts_with('+') && tokens.kind(end) != Some(Kind::Digits);
    before || behind(end) || counted > 0 && behind(end + counted) || signs
}

fn number_before(tokens: &Tokens, at: usize, words: &Words) -> bool {
    (0..at).any(|i| at_place(tokens, i, words, false).is_some())
}

/// Whether a number of the reply only bounds what was asked.
pub fn bounds_only(tokens: &Tokens, words: &Words) -> bool {
    numbers(tokens, words).iter().any(|(at, end)| hedged(tokens, *at, *end, words))
}

/// Whether the number at a place is yet to be reached: "turning 17".
pub fn becoming(tokens: &Tokens, at: usize, words: &Words) -> bool {
    !tokens.breaks(at) && words.number.ending(tokens, at, LEAD_WORDS).any(|meaning| meaning == NumberWord::Becoming)
}

/// "Sixty-seven, sixty-eight in May": behind another number, one with a month behind it is yet to be reached.
pub fn dated(tokens: &Tokens, end: usize, words: &Words) -> bool {
    let month = |at: usize| words.date.find(tokens, at).is_some_and(|f| matches!(f.meaning, DateWord::Month(_)));
    !tokens.breaks(end) && (end..=end + 1).any(month)
}

/// People counted apart and joined by "and": "4 adults and 2 kids" are 6. Nothing else may be said but words that say nothing.
pub fn people(tokens: &Tokens, words: &Words) -> Option<f64> {
    let mut sum = 0.0;
    let mut counts = 0;
    let mut joined = false;
    let mut at = 0;
    while at < tokens.len() {
        if counts > 0 && tokens.breaks(at) {
            joined = true;
        }
        let counted = at_place(tokens, at, words, true).filter(|f| !f.ordinal && f.value >= 1.0);
        if let Some(number) = counted
            && let Some(who) = words.people.find(tokens, at + number.tokens)
        {
            if counts > 0 && !joined {
                return None;
            }
            sum += number.value;
            counts += 1;
            joined = false;
            at += number.tokens + who.tokens;
            continue;
        }
        if let Some(n) = plus_at(tokens, at, words).filter(|_| counts > 0) {
            joined = true;
            at += n;
            continue;
        }
        let filler = words.list.find(tokens, at).filter(|f| matches!(f.meaning, ListWord::Filler | ListWord::And));
        at += filler.map(|f| f.tokens).or_else(|| (tokens.kind(at) == Some(Kind::Emoji)).then_some(1))?;
    }
    (counts > 1).then_some(sum)
}

/// Whether somebody is added to a count without being counted: "three of us plus the baby", "me and my 2 kids".
pub fn more_than_counted(tokens: &Tokens, words: &Words) -> bool {
    let numbers = numbers(tokens, words);
    if numbers.is_empty() || numbers.iter().map(|(at, end)| end - at).sum::<usize>() == tokens.len() {
        return false;
    }
    let within = |i: usize| numbers.iter().any(|(at, end)| (*at..*end).contains(&i));
    // "me, my partner and our 2 kids"
    let counted = numbers.iter().any(|(_, end)| words.people.find(tokens, *end).is_some());
    let joined = (1..tokens.len()).any(|i| tokens.breaks(i) || plus_at(tokens, i, words).is_some());
    if counted && joined && (0..tokens.len()).any(|i| !within(i) && is_me(tokens, i, words)) {
        return true;
    }
    let person = |i: usize| {
        tokens.kind(i) == Some(Kind::Word) && !within(i) && (words.someone_else.knows(tokens.text(i)) || is_me(tokens, i, words))
    };
    (0..tokens.len()).filter(|i| !within(*i)).any(|i| {
        // ابني with "and" written onto it
        let onto = words.without_clitic(tokens.text(i)).is_some_and(|rest| words.someone_else.knows(rest));
        let Some(n) = plus_at(tokens, i, words).or((onto && i > 0).then_some(0)) else { return false };
        let behind = onto || (i + n..tokens.len().min(i + n + PERSON_WORDS)).any(person);
        let counts_before = numbers.iter().any(|(_, end)| *end <= i);
        let counts_behind = numbers.iter().any(|(at, _)| (i + n..=i + n + PERSON_WORDS).contains(at));
        behind && counts_before || i > 0 && person(i - 1) && counts_behind
    })
}

fn plus_at(tokens: &Tokens, at: usize, words: &Words) -> Option<usize> {
    words.number.find(tokens, at).filter(|f| matches!(f.meaning, NumberWord::And | NumberWord::Plus)).map(|f| f.tokens)
}

fn is_me(tokens: &Tokens, at: usize, words: &Words) -> bool {
    words.list.find(tokens, at).is_some_and(|f| f.meaning == ListWord::Me)
}

/// Where the reply's numbers stand.
fn numbers(tokens: &Tokens, words: &Words) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match at_place(tokens, at, words, false).filter(|f| !f.ordinal) {
            Some(number) => {
                found.push((at, at + number.tokens.max(1)));
                at += number.tokens.max(1);
            }
            None => at += 1,
        }
    }
    found
}
