//! Body temperature: with its unit, or by the range in which only one unit makes sense.
//!
//! 34–43 °C and 93–110 °F do not overlap, so "38" and "101" each have one meaning in every country; a unit said aloud must agree with it.

use super::{
    normalise::{Kind, Tokens},
    number::{self, Found},
    reading::{How, Reading, Unclear},
    value::{TemperatureUnit, Value},
    words::{NumberWord, TemperatureWord, Words},
};

/// What a living person's thermometer can show, °C.
const CELSIUS: std::ops::RangeInclusive<f64> = 33.0..=43.5;
/// What a living person's thermometer can show, °F.
const FAHRENHEIT: std::ops::RangeInclusive<f64> = 92.0..=110.5;

/// Reads one temperature.
pub fn read(tokens: &Tokens, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    let mut values: Vec<Value> = Vec::new();
    let mut outside = None;
    let mut taken = 0;
    let mut at = 0;
    while at < tokens.len() {
        let Some((degrees, n)) = degrees_at(tokens, at, words) else {
            at += 1;
            continue;
        };
        let said = unit_at(tokens, at + n, words);
        let (degrees, n) =
            with_part(tokens, at + n + said.map_or(0, |(_, m)| m), words).map_or((degrees, n), |(part, m)| (degrees + part, n + m));
        // "100 something", "over 38": no figure to keep
        let end = at + n + said.map_or(0, |(_, m)| m);
        if number::hedged(tokens, at, end, words) || number::hedged(tokens, at, at + n, words) {
            return Reading::Unclear(Unclear::Unknown);
        }
        match judge(degrees, said.map(|(unit, _)| unit)) {
            Ok(unit) => {
                let value = Value::Temperature { degrees, unit };
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            Err(why) if said.is_some() || degrees >= 20.0 => outside = Some(why),
            Err(_) => {}
        }
        taken += n + said.map_or(0, |(_, m)| m);
        at += n + said.map_or(0, |(_, m)| m);
    }
    let count = values.len();
    match (values.pop(), count) {
        (Some(value), 1) => {
            // a second figure that is no temperature makes the first doubtful only where it might be one
            if let Some(why) = outside.filter(|_| taken == tokens.len()) {
                return Reading::Unclear(why);
            }
            let how = if taken == tokens.len() { How::Exact } else { How::Within };
            // so cold among words that nobody knows is rather a figure that was not heard whole
            if how == How::Within && matches!(value, Value::Temperature { degrees, .. } if degrees < COLD) {
                return Reading::Unclear(Unclear::Unknown);
            }
            Reading::Clear { value, how }
        }
        (Some(value), _) => {
            values.push(value);
            Reading::Ambiguous(values)
        }
        (None, _) => Reading::Unclear(outside.unwrap_or_else(|| match super::yes_no::plainly(tokens, words) {
            Some(super::value::Truth::Unsure) => Unclear::Unsure,
            _ => Unclear::Unknown,
        })),
    }
}

/// °C below which a figure counts only as the whole reply.
const COLD: f64 = 34.5;

/// Degrees read out digit by digit: "one oh one point three".
fn read_out(tokens: &Tokens, at: usize, words: &Words) -> Option<(f64, usize)> {
    let mut text = String::new();
    let mut n = 0;
    let mut figures = 0;
    while let Some(found) = words.number.find(tokens, at + n) {
        match found.meaning {
            NumberWord::Value(value) if (0.0..10.0).contains(&value) && value.fract() == 0.0 => text.push_str(&value.to_string()),
            NumberWord::Point if figures == 0 && text.len() >= 2 => {
                figures = text.len();
                text.push('.');
            }
            _ => break,
        }
        n += found.tokens;
    }
    let whole = if figures == 0 { text.len() } else { figures };
    let value: f64 = text.parse().ok()?;
    (matches!(whole, 2 | 3) && (CELSIUS.contains(&value) || FAHRENHEIT.contains(&value))).then_some((value, n))
}

/// A number that may be degrees: "38,5", "38 5", "38°5", "thirty eight point five", "38 y medio".
fn degrees_at(tokens: &Tokens, at: usize, words: &Words) -> Option<(f64, usize)> {
    if !words.style.places
        && tokens.kind(at) == Some(Kind::Word)
        && let Some(found) = read_out(tokens, at, words)
    {
        return Some(found);
    }
    let Found { value, tokens: n, plain, ordinal, .. } = number::at_place(tokens, at, words, false)?;
    if ordinal || (at > 0 && matches!(tokens.between(at), "/" | ":")) || matches!(tokens.between(at + n), "/" | ":") {
        return None;
    }
    if plain {
        // a degree sign or a space in place of the point, one digit behind it
        let degree = word_at(tokens, at + n, words).filter(|(w, _)| *w == TemperatureWord::Degree).map_or(0, |(_, m)| m);
        let joined = words.number.find(tokens, at + n + degree).filter(|f| f.meaning == NumberWord::And).map_or(0, |f| f.tokens);
        let next = at + n + degree + joined;
        if tokens.kind(next) == Some(Kind::Digits)
            && tokens.text(next).len() == 1
            && matches!(tokens.between(next), " " | "°" | "º" | "" | "'" | "。" | ". " | ", ")
        {
            let value = format!("{value}.{}", tokens.text(next)).parse().ok()?;
            return Some((value, n + degree + joined + 1));
        }
    }
    // 三十八度半
    if words.style.places
        && let Some((TemperatureWord::Degree, degree)) = word_at(tokens, at + n, words)
        && let Some((part, more)) = with_part(tokens, at + n + degree, words)
    {
        return Some((value + part, n + degree + more));
    }
    // 三十八度五
    if words.style.places
        && let Some((TemperatureWord::Degree, degree)) = word_at(tokens, at + n, words)
        && let Some(part) = number::at_place(tokens, at + n + degree, words, true)
        && !part.digits
        && part.value < 10.0
    {
        return Some((value + part.value / 10.0, n + degree + part.tokens));
    }
    // "thirty eight five", "trinta e oito e cinco": dictation drops the point
    let joined = words.number.find(tokens, at + n).filter(|f| f.meaning == NumberWord::And).map_or(0, |f| f.tokens);
    if !plain
        && value >= 30.0
        && let Some(next) = number::at_place(tokens, at + n + joined, words, false)
        && !next.digits
        && next.value < 10.0
        && next.value.fract() == 0.0
        && !tokens.breaks(at + n)
        && value.fract() == 0.0
    {
        return Some((value + next.value / 10.0, n + joined + next.tokens));
    }
    Some((value, n))
}

/// "38 °C y medio": a part behind the unit.
fn with_part(tokens: &Tokens, at: usize, words: &Words) -> Option<(f64, usize)> {
    words.number.find(tokens, at).and_then(|f| if let NumberWord::Part(part) = f.meaning { Some((part, f.tokens)) } else { None })
}

fn word_at(tokens: &Tokens, at: usize, words: &Words) -> Option<(TemperatureWord, usize)> {
    words.temperature.find(tokens, at).map(|f| (f.meaning, f.tokens))
}

/// The unit behind a number, and the tokens that it takes: "degrees celsius", "ºF", "f".
fn unit_at(tokens: &Tokens, at: usize, words: &Words) -> Option<(TemperatureUnit, usize)> {
    let mut n = 0;
    while let Some((TemperatureWord::Degree, m)) = word_at(tokens, at + n, words) {
        n += m;
    }
    match word_at(tokens, at + n, words)? {
        (TemperatureWord::Celsius, m) => Some((TemperatureUnit::Celsius, n + m)),
        (TemperatureWord::Fahrenheit, m) => Some((TemperatureUnit::Fahrenheit, n + m)),
        (TemperatureWord::Degree, _) => None,
    }
}

/// The unit of a figure, or why it is no body temperature. A unit said that cannot be is taken for a slip only if the other fits: no, it is asked again.
fn judge(degrees: f64, said: Option<TemperatureUnit>) -> Result<TemperatureUnit, Unclear> {
    let (range, unit) = match said {
        Some(TemperatureUnit::Celsius) => (CELSIUS, TemperatureUnit::Celsius),
        Some(TemperatureUnit::Fahrenheit) => (FAHRENHEIT, TemperatureUnit::Fahrenheit),
        None if CELSIUS.contains(&degrees) => (CELSIUS, TemperatureUnit::Celsius),
        None if FAHRENHEIT.contains(&degrees) => (FAHRENHEIT, TemperatureUnit::Fahrenheit),
        None => return Err(if degrees < *CELSIUS.start() { Unclear::TooLow } else { Unclear::TooHigh }),
    };
    if degrees < *range.start() {
        return Err(Unclear::TooLow);
    }
    if degrees > *range.end() {
        return Err(Unclear::TooHigh);
    }
    Ok(unit)
}
