//! Telephone numbers, by libphonenumber's metadata: any writing, words around, dictated digits; the country's own numbers without a prefix.
//!
//! A number must have a form that its country's plan knows (length and first digits); whether the range is in use is not asked, because plans
//! change and samples (555-01xx) should work. Without a country the digits are kept as said, because nothing can be judged.

use phonenumber::{
    Metadata, country,
    metadata::{DATABASE, Descriptor},
};

use super::{
    normalise::{Kind, Tokens},
    number,
    reading::{How, Reading, Unclear},
    value::{Truth, Value},
    words::{NumberWord, Words},
    yes_no,
};

/// Digits of the shortest and the longest number (ITU-T E.164; short codes are no one's telephone).
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Reads one telephone number.
pub fn read(tokens: &Tokens, country: &str, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    if (0..tokens.len()).any(|at| words.other_number.find(tokens, at).is_some()) {
        return Reading::Unclear(Unclear::NotAPhone);
    }
    let mut numbers: Vec<String> = Vec::new();
    let mut refused = false;
    let mut all = true;
    let mut at = 0;
    while at < tokens.len() {
        let Some(run) = run_at(tokens, at, words) else {
            all = false;
            at += 1;
            continue;
        };
        let other = other_figure(tokens, &run, at);
        at += run.tokens;
        let before = numbers.len();
        for number in if other { Vec::new() } else { judge(&run, country) } {
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        refused |= numbers.len() == before && run.digits.len() >= 3;
    }
    match numbers.as_slice() {
        [one] => Reading::Clear { value: Value::Phone(one.clone()), how: if all { How::Exact } else { How::Within } },
        [] if refused => Reading::Unclear(Unclear::NotAPhone),
        [] => Reading::Unclear(match yes_no::plainly(tokens, words) {
            Some(Truth::Unsure) => Unclear::Unsure,
            _ => Unclear::Unknown,
        }),
        several => Reading::Ambiguous(several.iter().map(|n| Value::Phone(n.clone())).collect()),
    }
}

/// The first number in a text, if there is one: for what is said beside another answer.
pub fn first(tokens: &Tokens, country: &str, words: &Words) -> Option<String> {
    (0..tokens.len()).find_map(|at| judge(&run_at(tokens, at, words)?, country).into_iter().next())
}

/// Digits that stand together as one number.
struct Run {
    digits: String,
    plus: bool,
    parts: Vec<String>,
    tokens: usize,
}

fn run_at(tokens: &Tokens, at: usize, words: &Words) -> Option<Run> {
    if tokens.kind(at) != Some(Kind::Digits) {
        return dictated(tokens, at, words);
    }
    let before = tokens.between(at);
    if stuck(tokens, at, before) {
        return None;
    }
    let mut run = Run {
        digits: tokens.text(at).to_owned(),
        plus: before.trim_end_matches(['(', ' ']).ends_with('+'),
        parts: vec![tokens.text(at).to_owned()],
        tokens: 1,
    };
    let mut next = at + 1;
    while tokens.kind(next) == Some(Kind::Digits) {
        let between = tokens.between(next);
        let joins = between.len() <= 4
            && !between.is_empty()
            && between.chars().all(|c| matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}' | '~'));
        if !joins || run.digits.len() + tokens.text(next).len() > 22 {
            break;
        }
        // "(0)" behind a prefix is for calls within the country
        let trunk = tokens.text(next) == "0" && between.contains('(') && (run.plus || run.digits.starts_with("00"));
        if !trunk {
            run.digits.push_str(tokens.text(next));
            run.parts.push(tokens.text(next).to_owned());
        }
        run.tokens += 1;
        next += 1;
    }
    let after = tokens.between(next);
    let letters = next < tokens.len() && after.is_empty() && tokens.text(next).is_ascii() && !matches!(tokens.text(next), "x" | "ext");
    // D9 E9: a code of letters and digits goes on
    let code = after == " " && tokens.kind(next) == Some(Kind::Word) && tokens.text(next).len() == 1 && tokens.text(next) != "x";
    let code = code && tokens.glued(next + 1) && tokens.kind(next + 1) == Some(Kind::Digits);
    if letters
        || code
        || after.starts_with(['=', '*', '@', '_'])
        || (after.starts_with('+') && tokens.kind(next) == Some(Kind::Digits) && !run.plus && run.digits.len() < 7)
    {
        return None;
    }
    Some(run)
}

/// Whether letters, signs of sums or other digits are written onto a run's beginning: an id, a formula, the middle of something longer.
fn stuck(tokens: &Tokens, at: usize, before: &str) -> bool {
    let kind = if at == 0 { None } else { tokens.kind(at - 1) };
    let spaced = before.contains(char::is_whitespace) || at == 0;
    let id = kind == Some(Kind::Word)
        && !spaced
        && (before.is_empty() && tokens.text(at - 1).is_ascii() || before == "/" || before == "-" && tokens.text(at - 1).len() <= 2);
    let chain = kind == Some(Kind::Digits) && !spaced && !before.contains([',', ';']);
    let negative = before.trim_end_matches('(').ends_with('-') && (before.len() == 1 && at == 0 || before.ends_with(" -"));
    id || chain || negative || before.ends_with(['=', '*', '_', '@'])
}

/// Whether the parts are those of a day, a decimal number, a social security number, or brackets in brackets.
fn other_figure(tokens: &Tokens, run: &Run, at: usize) -> bool {
    let lengths: Vec<usize> = run.parts.iter().map(String::len).collect();
    let sign = tokens.between(at + 1);
    let nested = (at..=at + run.tokens).any(|i| {
        tokens.between(i).contains("))")
            || tokens.between(i).contains("( (")
            || i > at
                && i < at + run.tokens
                && tokens.between(i).contains(" (")
                && tokens.between(at).ends_with('(')
                && !tokens.between(i).contains(')')
    });
    let day = matches!(lengths.as_slice(), [1..=2, 1..=2, 4] | [4, 1..=2, 1..=2] | [4, 4])
        && matches!(sign, "/" | "-" | ".")
        && !(lengths.len() == 2 && sign != "/");
    let decimal = sign == "." && !run.plus && matches!(lengths.as_slice(), [whole, part] if *whole <= 3 || *part > 8);
    nested || day || decimal || (lengths == [3, 2, 4] && sign == "-")
}

/// "Five five five, one two three, …": seven digits said or more.
fn dictated(tokens: &Tokens, at: usize, words: &Words) -> Option<Run> {
    let mut digits = String::new();
    let mut n = 0;
    while at + n < tokens.len() {
        if tokens.kind(at + n) == Some(Kind::Digits) {
            digits.push_str(tokens.text(at + n));
            n += 1;
            continue;
        }
        // "trente-neuf quatre-vingt-dix-huit": by pairs
        if !words.style.places
            && let Some(pair) = number::at_place(tokens, at + n, words, true).filter(|f| f.value >= 10.0 && f.value < 100.0)
            && !(pair.ordinal || pair.mended || pair.digits)
            && pair.value.fract() == 0.0
        {
            digits.push_str(&pair.value.to_string());
            n += pair.tokens;
            continue;
        }
        let Some(found) = words.number.find(tokens, at + n) else { break };
        match found.meaning {
            NumberWord::Value(value) if (0.0..10.0).contains(&value) && value.fract() == 0.0 => digits.push_str(&value.to_string()),
            _ => break,
        }
        n += found.tokens;
    }
    DIGITS.contains(&digits.len()).then(|| Run { parts: vec![digits.clone()], digits, plus: false, tokens: n })
}

/// The numbers of a run in E.164: one, or several written side by side; none where it cannot be one.
fn judge(run: &Run, country: &str) -> Vec<String> {
    if let Some(number) = in_full(&run.digits, run.plus, country) {
        return vec![number];
    }
    // two numbers with only a space between
    let each: Vec<Option<String>> = run.parts.iter().map(|part| in_full(part, false, country)).collect();
    if run.parts.len() > 1 && each.iter().all(Option::is_some) { each.into_iter().flatten().collect() } else { Vec::new() }
}

fn in_full(digits: &str, plus: bool, country: &str) -> Option<String> {
    let prefixed = digits.starts_with('0') || country.is_empty();
    if digits.len() < *DIGITS.start() || digits.len() > DIGITS.end() + if prefixed { 3 } else { 0 } {
        return None;
    }
    if country.is_empty() {
        return Some(if plus { format!("+{digits}") } else { digits.to_owned() });
    }
    if plus {
        return international(digits, false);
    }
    if let Some(number) = national(digits, country) {
        return Some(number);
    }
    for prefix in ["00", "011"] {
        if let Some(rest) = digits.strip_prefix(prefix)
            && let Some(number) = international(rest, false)
        {
            return Some(number);
        }
    }
    // the prefix of a country without its plus, where the whole is a number in use
    if digits.len() >= 10 && !digits.starts_with('0') { international(digits, true) } else { None }
}

fn national(digits: &str, country: &str) -> Option<String> {
    let id: country::Id = country.parse().ok()?;
    let plan = DATABASE.by_id(country)?;
    let number = phonenumber::parse(Some(id), digits).ok()?;
    let national = number.national().to_string();
    (number.code().value() == plan.country_code() && fits(plan, &national)).then(|| format!("+{}{national}", number.code().value()))
}

fn international(digits: &str, in_use: bool) -> Option<String> {
    // Mexico dropped the 1 of mobiles in 2019; address books and WhatsApp keep it
    let digits = &match digits.strip_prefix("521") {
        Some(rest) if rest.len() == 10 => format!("52{rest}"),
        _ => digits.to_owned(),
    };
    let number = phonenumber::parse(None, format!("+{digits}")).ok()?;
    let national = number.national().to_string();
    let possible = || DATABASE.by_code(&number.code().value()).is_some_and(|plans| plans.iter().any(|plan| fits(plan, &national)));
    (phonenumber::is_valid(&number) || (!in_use && possible())).then(|| format!("+{}{national}", number.code().value()))
}

/// Whether a number has the length of a telephone of the plan, and begins as its numbers do.
fn fits(plan: &Metadata, national: &str) -> bool {
    let kinds = [plan.descriptors().fixed_line(), plan.descriptors().mobile()];
    let length = |kind: &Descriptor| kind.possible_length().iter().any(|n| usize::from(*n) == national.len());
    // shorter than any mobile: the beginning of one, unless it is a whole number of a fixed line
    let shortest = plan.descriptors().mobile().and_then(|kind| kind.possible_length().iter().min().copied()).map_or(0, usize::from);
    let fixed = || plan.descriptors().fixed_line().is_some_and(|kind| kind.is_match(national));
    if national.len() < shortest && !fixed() {
        return false;
    }
    kinds.into_iter().flatten().any(length) && plan.descriptors().general().national_number().find(national).is_some_and(|m| m.start() == 0)
}
