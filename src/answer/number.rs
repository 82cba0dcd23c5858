//! Numbers: in digits with either decimal sign, in words, and both mixed ("3 million", "38 y medio").
//!
//! A date ("12/03/1985"), a measure written onto its number ("180ml", "4th") and an id ("B12") are no numbers here.

mod before;
mod doubt;
mod fraction;
mod sum;

pub use self::doubt::hedged;
use self::sum::Sum;
use super::{
    normalise::{Kind, Tokens},
    reading::{How, Reading, Unclear},
    value::Value,
    words::{DateWord, ListWord, NumberWord, Words},
};

/// A number found at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Its value.
    pub value: f64,
    /// How many tokens it takes.
    pub tokens: usize,
    /// Whether it was written in digits only.
    pub digits: bool,
    /// Whether it is a "first", "second".
    pub ordinal: bool,
    /// Whether a word in it was mended.
    pub mended: bool,
    /// Whether it is written in one plain run of digits.
    pub plain: bool,
}

/// Reads one number within bounds.
pub fn read(min: Option<f64>, max: Option<f64>, whole: bool, tokens: &Tokens, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    if let Some((value, n)) = fraction::read(tokens, max.is_some(), words) {
        let how = if n == tokens.len() { How::Exact } else { How::Within };
        return outside(value, min, max, whole).map_or(Reading::Clear { value: Value::Number(value), how }, Reading::Unclear);
    }
    if let Some(sum) = doubt::total(tokens, words).or_else(|| doubt::people(tokens, words)) {
        return outside(sum, min, max, whole).map_or(Reading::Clear { value: Value::Number(sum), how: How::Within }, Reading::Unclear);
    }
    if doubt::exotic(tokens, words) || doubt::bounds_only(tokens, words) || doubt::more_than_counted(tokens, words) {
        return Reading::Unclear(Unclear::Unknown);
    }
    // "no one" is nought before it is one
    let none = doubt::says_none(tokens, words) || doubt::ends_with_none(tokens, words) || doubt::begins_with_none(tokens, words);
    let all = if none {
        vec![Found { value: 0.0, tokens: tokens.len(), digits: false, ordinal: false, mended: false, plain: false }]
    } else {
        all(tokens, words, whole)
    };
    let mut values: Vec<Found> = Vec::new();
    for found in all {
        if !values.iter().any(|v| v.value.total_cmp(&found.value).is_eq()) {
            values.push(found);
        }
    }
    match values.as_slice() {
        [] => Reading::Unclear(nothing(tokens, words)),
        [one] => {
            if let Some(why) = outside(one.value, min, max, whole) {
                return Reading::Unclear(why);
            }
            let how = if one.mended {
                How::Mended
            } else if one.tokens == tokens.len() {
                How::Exact
            } else {
                How::Within
            };
            Reading::Clear { value: Value::Number(one.value), how }
        }
        several => {
            let fit: Vec<Value> =
                several.iter().filter(|f| outside(f.value, min, max, whole).is_none()).map(|f| Value::Number(f.value)).collect();
            // Of several the one that may be: perhaps it was meant, perhaps not.
            if fit.len() < 2 { Reading::Unclear(Unclear::Unknown) } else { Reading::Ambiguous(fit) }
        }
    }
}

/// Why there is no number: "none" is nought, said; "I don't know" is its own case.
fn nothing(tokens: &Tokens, words: &Words) -> Unclear {
    match super::yes_no::plainly(tokens, words) {
        Some(super::value::Truth::Unsure) => Unclear::Unsure,
        _ => Unclear::Unknown,
    }
}

fn outside(value: f64, min: Option<f64>, max: Option<f64>, whole: bool) -> Option<Unclear> {
    if whole && value.fract() != 0.0 {
        return Some(Unclear::NotWhole);
    }
    if min.is_some_and(|min| value < min) {
        return Some(Unclear::TooLow);
    }
    if max.is_some_and(|max| value > max) {
        return Some(Unclear::TooHigh);
    }
    None
}

/// Every number of a reply in order, but those that belong to a date or a measure.
pub fn all(tokens: &Tokens, words: &Words, whole: bool) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some(pair) = words.pairs.find(tokens, at) {
            found.push(Found { value: 2.0, tokens: pair.tokens, digits: false, ordinal: false, mended: false, plain: false });
            at += pair.tokens;
            continue;
        }
        match at_place(tokens, at, words, whole) {
            Some(number) if !number.ordinal && free(tokens, at, number, words) => {
                // "16, turning 17 in june"
                let reached = found.is_empty() || !doubt::dated(tokens, at + number.tokens, words);
                if reached && !doubt::becoming(tokens, at, words) {
                    found.push(number);
                }
                at += number.tokens;
            }
            Some(number) => at += number.tokens.max(1),
            None => at += 1,
        }
    }
    found
}

/// Whether a number stands for itself: no letters or signs of an id, a date, a measure stick to it.
fn free(tokens: &Tokens, at: usize, number: Found, words: &Words) -> bool {
    let end = at + number.tokens;
    let before = tokens.between(at);
    let after = tokens.between(end);
    if !number.digits {
        if words.style.places {
            return free_sign(tokens, at, number, words);
        }
        // a lone "one" within a sentence is mostly a pronoun
        return number.value.total_cmp(&1.0).is_ne()
            || number.tokens > 1
            || !tokens.asks && tokens.len() <= 3
            || end == tokens.len() && !tokens.breaks(at);
    }
    if at > 0
        && !before.is_empty()
        && !before.contains(char::is_whitespace)
        && tokens.kind(at - 1) == Some(Kind::Word)
        && !tokens.breaks(at)
    {
        return false; // e-1, SCP-173
    }
    let behind_sign = words.style.places && before.is_empty() && at > 0 && !tokens.text(at - 1).is_ascii();
    if at > 0
        && !behind_sign
        && (before.is_empty() || (matches!(before, "/" | "-" | ":" | ".") && tokens.kind(at - 1) == Some(Kind::Digits)))
    {
        return false;
    }
    if end >= tokens.len() {
        return true;
    }
    match tokens.kind(end) {
        Some(Kind::Digits) => !matches!(after, "/" | "-" | ":" | "." | "*" | "="),
        Some(Kind::Word) if after.is_empty() => {
            let text = tokens.text(end);
            words.style.places && text.chars().next().is_some_and(|c| !c.is_ascii_alphabetic())
                || matches!(words.number.find(tokens, end).map(|f| f.meaning), Some(NumberWord::Counted | NumberWord::Scale(_)))
                || matches!(words.date.find(tokens, end).map(|f| f.meaning), Some(DateWord::Unit(_)))
        }
        Some(Kind::Word) if after == "-" => false,
        Some(Kind::Word) if matches!(words.date.find(tokens, end).map(|f| f.meaning), Some(DateWord::Month(_))) => false,
        Some(Kind::Word) if after == " " && tokens.text(end).len() == 1 && tokens.breaks(end + 1) => {
            words.number.find(tokens, end).is_some() || words.list.find(tokens, end).is_some() || words.date.find(tokens, end).is_some()
        }
        Some(Kind::Word | Kind::Emoji) | None => true,
    }
}

/// Signs of numbers are parts of other words too (四川, 十足): a number ends its clause or counts something, and a single sign has nothing
/// unknown written before it.
fn free_sign(tokens: &Tokens, at: usize, number: Found, words: &Words) -> bool {
    let end = at + number.tokens;
    let ends = tokens.breaks(end) || tokens.between(end).contains(' ') || tokens.kind(end) != Some(Kind::Word);
    let counts = matches!(words.number.find(tokens, end).map(|f| f.meaning), Some(NumberWord::Counted))
        || matches!(words.date.find(tokens, end).map(|f| f.meaning), Some(DateWord::Unit(_)));
    let begins = at == 0 || tokens.breaks(at) || !tokens.glued(at) || words.knows(tokens.text(at - 1));
    (ends || counts) && (number.tokens > 1 || begins)
}

/// The number that begins at a token.
pub fn at_place(tokens: &Tokens, at: usize, words: &Words, whole: bool) -> Option<Found> {
    let mut start = at;
    let mut sign = 1.0;
    if tokens.kind(at) == Some(Kind::Digits) {
        let before = tokens.between(at);
        let opens = at == 0 || before.starts_with([' ', ':', '(']) || before.trim_start() != before;
        if before.trim_end_matches([' ', '.', ',']).ends_with('-') && !before.contains("--") && opens {
            sign = -1.0;
        }
    } else if let Some(found) = words.number.find(tokens, at).filter(|f| f.meaning == NumberWord::Minus) {
        // "más o menos 6" is about six
        if at > 0 && words.list.find(tokens, at - 1).is_some_and(|f| f.meaning == ListWord::Or) {
            return None;
        }
        sign = -1.0;
        start += found.tokens;
    }
    // साढ़े अड़तीस
    if let Some(found) = before::at_place(tokens, start, words, whole) {
        return found.map(|f| Found { value: sign * f.value, tokens: f.tokens + start - at, ..f });
    }
    let mut found = match tokens.kind(start)? {
        Kind::Digits => digits(tokens, start, words, whole)?,
        Kind::Word => in_words(tokens, start, words)?,
        Kind::Emoji => return None,
    };
    found.value *= sign;
    found.tokens += start - at;
    Some(found)
}

/// A number that begins with digits: groups, decimals, and then words: "1.234,5", "3 million", "38 y medio", "3/4".
fn digits(tokens: &Tokens, at: usize, words: &Words, whole: bool) -> Option<Found> {
    let (mut value, mut n) = plain_digits(tokens, at, words, whole)?;
    let plain = n == 1;
    // .5
    if n == 1 && at_point(tokens, at) {
        value = format!("0.{}", tokens.text(at)).parse().ok()?;
    }
    if let Some(over) = fraction(tokens, at, n) {
        let (numerator, denominator) = over;
        return (denominator != 0.0).then_some(Found {
            value: numerator / denominator,
            tokens: n + 1,
            digits: true,
            ordinal: false,
            mended: false,
            plain: false,
        });
    }
    // 2 1/2
    if n == 1
        && tokens.between(at + 1).trim().is_empty()
        && let Some((over, under)) = fraction(tokens, at + 1, 1)
        && under > over
        && under <= 16.0
    {
        return Some(Found { value: value + over / under, tokens: 3, digits: true, ordinal: false, mended: false, plain: false });
    }
    let mut all_digits = true;
    if words.style.places {
        if matches!(words.number.find(tokens, at + n).map(|f| f.meaning), Some(NumberWord::Scale(_))) {
            return super::places::at_place(tokens, at, words);
        }
    } else if let Some((total, more)) = scaled(tokens, at + n, value, words) {
        value = total;
        n += more;
        all_digits = false;
    }
    if let Some(found) = words.number.find(tokens, at + n)
        && let NumberWord::Part(part) = found.meaning
    {
        value += part * if all_digits { 1.0 } else { scale_of(value) };
        n += found.tokens;
        all_digits = false;
    }
    if let Some(found) = words.number.find(tokens, at + n)
        && found.meaning == NumberWord::Point
        && let Some((tail, more)) = decimals_said(tokens, at + n + found.tokens, words)
    {
        value = format!("{value}.{tail}").parse().ok()?;
        n += found.tokens + more;
        all_digits = false;
    }
    Some(Found { value, tokens: n, digits: all_digits, ordinal: false, mended: false, plain })
}

/// The scale that a round number ends in, from a thousand on: a half of "3 million and a half" is half a million.
fn scale_of(value: f64) -> f64 {
    let mut scale = 1.0;
    while value % (scale * 1_000.0) == 0.0 && scale < 1e15 {
        scale *= 1_000.0;
    }
    scale
}

/// Whether a decimal sign stands before the first digits, with nothing or a space before it.
fn at_point(tokens: &Tokens, at: usize) -> bool {
    let before = tokens.between(at);
    let mut signs = before.chars().rev();
    matches!(signs.next(), Some('.' | ',')) && matches!(signs.next(), None | Some(' ' | '-'))
}

/// Digits with their groups and decimals: value and tokens.
fn plain_digits(tokens: &Tokens, at: usize, words: &Words, whole: bool) -> Option<(f64, usize)> {
    let mut text = tokens.text(at).to_owned();
    if text.len() > 15 {
        return None;
    }
    let mut n = 1;
    let mut grouped_by: Option<char> = None;
    while tokens.kind(at + n) == Some(Kind::Digits) {
        let between = tokens.between(at + n);
        let next = tokens.text(at + n);
        let sign = match between {
            "." => '.',
            "," | "،" => ',',
            " " => ' ',
            "'" => '\'',
            _ => break,
        };
        let looks_grouped =
            next.len() == 3 && text.len() <= 15 && (grouped_by.is_some() || tokens.text(at).len() <= 3 && !text.starts_with('0'));
        let more =
            tokens.kind(at + n + 1) == Some(Kind::Digits) && tokens.between(at + n + 1) == between && tokens.text(at + n + 1).len() == 3;
        if looks_grouped && grouped_by.is_none_or(|g| g == sign) {
            let decimal = if words.style.decimal_comma { ',' } else { '.' };
            let groups = match sign {
                ' ' => more || grouped_by.is_some(),
                '\'' => true,
                _ => more || grouped_by.is_some() || sign != decimal || (whole && sign == ','),
            };
            if groups {
                grouped_by = Some(sign);
                text.push_str(next);
                n += 1;
                continue;
            }
        }
        if matches!(sign, '.' | ',') && grouped_by != Some(sign) && !follows_same(tokens, at + n, between) {
            text.push('.');
            text.push_str(next);
            n += 1;
        }
        break;
    }
    Some((text.parse().ok()?, n))
}

/// Whether another run of digits follows with the same sign: "12.03.1985" is a date.
fn follows_same(tokens: &Tokens, at: usize, between: &str) -> bool {
    tokens.kind(at + 1) == Some(Kind::Digits) && tokens.between(at + 1) == between && between != ","
}

/// "3/4" from the numerator on; no more slashes behind it.
fn fraction(tokens: &Tokens, at: usize, n: usize) -> Option<(f64, f64)> {
    let under = at + n;
    if n != 1 || tokens.kind(under) != Some(Kind::Digits) || tokens.between(under) != "/" || tokens.between(under + 1).starts_with('/') {
        return None;
    }
    let (over, under) = (tokens.digits(at)?, tokens.digits(under)?);
    (under < 1_000).then_some((f64::from(over), f64::from(under)))
}

/// Scales behind digits: "3 million 200 thousand", "4 mil 500".
fn scaled(tokens: &Tokens, at: usize, value: f64, words: &Words) -> Option<(f64, usize)> {
    let first = words.number.find(tokens, at)?;
    let NumberWord::Scale(_) = first.meaning else { return None };
    let mut sum = Sum::begin(value, words);
    let mut n = 0;
    let mut last_good = 0;
    while let Some(found) = words.number.find(tokens, at + n) {
        match found.meaning {
            NumberWord::Scale(scale) => {
                if !sum.scale(scale) {
                    break;
                }
            }
            NumberWord::Value(value) => {
                if !sum.add(value) {
                    break;
                }
            }
            NumberWord::And if n > 0 => {
                n += found.tokens;
                if let Some(value) = tokens.digits(at + n)
                    && sum.add(f64::from(value))
                {
                    n += 1;
                    last_good = n;
                }
                continue;
            }
            NumberWord::And
            | NumberWord::Ordinal(_)
            | NumberWord::Point
            | NumberWord::Minus
            | NumberWord::Part(_)
            | NumberWord::A
            | NumberWord::Counted
            | NumberWord::Fraction
            | NumberWord::Share(_)
            | NumberWord::PartsOf
            | NumberWord::Divide
            | NumberWord::Bound
            | NumberWord::BoundBehind
            | NumberWord::Plus
            | NumberWord::Vague
            | NumberWord::Before(_)
            | NumberWord::Becoming
            | NumberWord::Over => break,
        }
        n += found.tokens;
        last_good = n;
        if let Some(value) = tokens.digits(at + n).filter(|_| tokens.between(at + n) == " ")
            && sum.add(f64::from(value))
        {
            n += 1;
            last_good = n;
        }
    }
    (last_good > 0).then(|| (sum.total(), last_good))
}

/// A number in words.
fn in_words(tokens: &Tokens, at: usize, words: &Words) -> Option<Found> {
    if words.style.places {
        return super::places::at_place(tokens, at, words);
    }
    let mut sum: Option<Sum<'_>> = None;
    let mut n = 0;
    let mut last_good = 0;
    let mut mended = false;
    let mut ordinal = false;
    while let Some((meaning, length, by_mending)) = word(tokens, at + n, words) {
        match meaning {
            NumberWord::Value(value) => {
                if !taken(&mut sum, value, words) {
                    break;
                }
            }
            NumberWord::Scale(scale) => {
                if !sum.get_or_insert_with(|| Sum::begin(f64::NAN, words)).scale(scale) {
                    break;
                }
            }
            NumberWord::Ordinal(value) => {
                if !taken(&mut sum, value, words) {
                    break;
                }
                ordinal = true;
                // vigésimo segundo: the twenty-second
                if value >= 20.0 && matches!(word(tokens, at + n + length, words), Some((NumberWord::Ordinal(below), ..)) if below < 10.0) {
                    n += length;
                    continue;
                }
                last_good = n + length;
                mended |= by_mending;
                break;
            }
            NumberWord::A => {
                // "a hundred", and else no number
                if sum.is_some() || !matches!(word(tokens, at + n + length, words), Some((NumberWord::Scale(_), ..))) {
                    break;
                }
                n += length;
                continue;
            }
            NumberWord::And => {
                if sum.is_none()
                    || !matches!(
                        word(tokens, at + n + length, words),
                        Some((NumberWord::Value(_) | NumberWord::Scale(_) | NumberWord::Ordinal(_), ..))
                    )
                {
                    break;
                }
                n += length;
                continue;
            }
            NumberWord::Part(part) => {
                // "half a million"
                if sum.is_none() && matches!(word(tokens, at + n + length, words), Some((NumberWord::Scale(_), ..))) {
                    sum = Some(Sum::begin(part, words));
                    n += length;
                    continue;
                }
                match &mut sum {
                    // "un medio" is a half
                    Some(one) if length == 1 && !words.style.units_first && one.total().total_cmp(&1.0).is_eq() => {
                        sum = Some(Sum::begin(part, words))
                    }
                    None => sum = Some(Sum::begin(part, words)),
                    Some(sum) => sum.part(part),
                }
                last_good = n + length;
                break;
            }
            NumberWord::Point => {
                let so_far = sum.as_ref().map(Sum::total)?;
                let (tail, more) = decimals_said(tokens, at + n + length, words)?;
                let value = format!("{so_far}.{tail}").parse().ok()?;
                return Some(Found { value, tokens: n + length + more, digits: false, ordinal: false, mended, plain: false });
            }
            NumberWord::Minus
            | NumberWord::Counted
            | NumberWord::Fraction
            | NumberWord::Share(_)
            | NumberWord::PartsOf
            | NumberWord::Divide
            | NumberWord::Bound
            | NumberWord::BoundBehind
            | NumberWord::Plus
            | NumberWord::Over
            | NumberWord::Vague
            | NumberWord::Before(_)
            | NumberWord::Becoming => break,
        }
        n += length;
        last_good = n;
        mended |= by_mending;
        // a comma ends a number in words
        if tokens.breaks(at + n) {
            break;
        }
    }
    let value = sum.as_ref().map(Sum::total)?;
    (last_good > 0).then_some(Found { value, tokens: last_good, digits: false, ordinal, mended, plain: false })
}

/// Begins a sum with a value, or adds it where there is room.
fn taken<'w>(sum: &mut Option<Sum<'w>>, value: f64, words: &'w Words) -> bool {
    match sum {
        Some(sum) => sum.add(value),
        None => {
            *sum = Some(Sum::begin(value, words));
            true
        }
    }
}

/// A word of a number at a place, also with a clitic written onto it (وعشرون).
fn word(tokens: &Tokens, at: usize, words: &Words) -> Option<(NumberWord, usize, bool)> {
    if let Some(found) = words.number.find(tokens, at) {
        return Some((found.meaning, found.tokens, false));
    }
    if tokens.kind(at) != Some(Kind::Word) {
        return None;
    }
    let text = tokens.text(at);
    for clitic in &words.style.clitics {
        if let Some(rest) = text.strip_prefix(clitic.as_str())
            && let Some(found) = words.number.find(&Tokens::of(rest), 0)
        {
            return Some((found.meaning, 1, false));
        }
    }
    // mending is for long words: "tree" is not three, "seventten" is
    let long = text.len() >= 5 || text.len() == 4 && tokens.len() == 1;
    if long && text.is_ascii() && !words.knows(text) {
        return words.number.find_mended(tokens, at).map(|f| (f.meaning, f.tokens, true));
    }
    None
}

/// The digits behind a decimal sign that was said: "point two five", "coma veinticinco", "point 5".
fn decimals_said(tokens: &Tokens, at: usize, words: &Words) -> Option<(String, usize)> {
    if tokens.kind(at) == Some(Kind::Digits) {
        return Some((tokens.text(at).to_owned(), 1));
    }
    if let Some(found) = in_words(tokens, at, words).filter(|f| f.value >= 10.0 && f.value.fract() == 0.0 && !f.ordinal) {
        return Some((found.value.to_string(), found.tokens));
    }
    let mut text = String::new();
    let mut n = 0;
    while let Some((NumberWord::Value(value), length, _)) = word(tokens, at + n, words) {
        if value < 10.0 && value.fract() == 0.0 {
            text.push_str(&value.to_string());
            n += length;
        } else if text.chars().all(|c| c == '0') {
            let found = in_words(tokens, at + n, words)?;
            text.push_str(&found.value.to_string());
            return Some((text, n + found.tokens));
        } else {
            break;
        }
    }
    (n > 0).then_some((text, n))
}
