//! Times of day: "8am", "8:30 pm", "20h", "half past seven", "las 8 de la noche", "noon".

use jiff::civil::Time;

use super::{
    normalise::{Kind, Tokens},
    number,
    reading::{How, Reading, Unclear},
    value::{Truth, Value},
    words::{DateWord, NumberWord, TimeWord, Unit, Words},
    yes_no,
};

/// Reads one time of day.
pub fn read(tokens: &Tokens, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    let mut times: Vec<Time> = Vec::new();
    let mut taken = 0;
    let mut impossible = false;
    let mut at = 0;
    while at < tokens.len() {
        match at_place(tokens, at, words) {
            Some((Ok(found), n)) => {
                for time in found {
                    if !times.contains(&time) {
                        times.push(time);
                    }
                }
                taken += n;
                at += n;
            }
            Some((Err(()), n)) => {
                impossible = true;
                at += n;
            }
            // "l'après-midi" has no noon in it
            None => at += words.time.find(tokens, at).map_or(1, |f| f.tokens),
        }
    }
    match times.as_slice() {
        _ if impossible => Reading::Unclear(Unclear::TooHigh),
        [one] => Reading::Clear { value: Value::Time(*one), how: if taken == tokens.len() { How::Exact } else { How::Within } },
        [] => Reading::Unclear(match yes_no::plainly(tokens, words) {
            Some(Truth::Unsure) => Unclear::Unsure,
            _ => Unclear::Unknown,
        }),
        several => Reading::Ambiguous(several.iter().map(|t| Value::Time(*t)).collect()),
    }
}

type Found = (Result<Vec<Time>, ()>, usize);

/// The time that begins at a token. "At 8" without a half of the day is both, 8:00 and 20:00.
fn at_place(tokens: &Tokens, at: usize, words: &Words) -> Option<Found> {
    let word = |i: usize| words.time.find(tokens, i).map(|f| (f.meaning, f.tokens));
    match word(at) {
        Some((TimeWord::Noon, n)) => return Some((Ok(vec![Time::constant(12, 0, 0, 0)]), n)),
        Some((TimeWord::Midnight, n)) => return Some((Ok(vec![Time::constant(0, 0, 0, 0)]), n)),
        _ => {}
    }
    let mut start = at;
    let mut minutes = None;
    let mut half = None;
    match word(at) {
        Some((TimeWord::HalfBefore, n)) => {
            minutes = Some(30);
            start += n;
        }
        Some((TimeWord::QuarterBefore, n)) => {
            minutes = Some(15);
            start += n;
        }
        Some((TimeWord::Am, n)) if number::at_place(tokens, at + n, words, true).is_some() => {
            half = Some(TimeWord::Am);
            start += n;
        }
        Some((TimeWord::Pm, n)) if number::at_place(tokens, at + n, words, true).is_some() => {
            half = Some(TimeWord::Pm);
            start += n;
        }
        _ => {}
    }
    let (hour, n, digits) = match small(tokens, start, words) {
        Some(found) => found,
        None => {
            // "ocho y media" is read as eight and a half
            let (hour, n) = and_a_half(tokens, start, words)?;
            minutes = Some(30);
            (hour, n, false)
        }
    };
    let mut end = start + n;
    let mut marked = minutes.is_some() || half.is_some();
    if minutes.is_none() {
        let sign = tokens.between(end);
        let hour_word = word(end).filter(|(w, _)| *w == TimeWord::Hour);
        let two = digits && tokens.kind(end) == Some(Kind::Digits) && tokens.text(end).len() == 2;
        let spaced = sign == " " && matches!(word(end + 1), Some((TimeWord::Am | TimeWord::Pm, _)));
        if two && (matches!(sign, ":" | "." | "：") || spaced) {
            minutes = tokens.digits(end);
            end += 1;
            marked = true;
        } else if let Some((_, n)) = hour_word {
            end += n;
            marked = true;
            if let Some((value, n, _)) = small(tokens, end, words).filter(|(v, ..)| *v < 60) {
                minutes = Some(value);
                end += n;
                // 三点三十分
                end += words.date.find(tokens, end).filter(|f| f.meaning == DateWord::Unit(Unit::Minute)).map_or(0, |f| f.tokens);
            }
        }
        match word(end) {
            Some((TimeWord::Half, n)) if minutes.is_none() => {
                minutes = Some(30);
                end += n;
                marked = true;
            }
            Some((TimeWord::Quarter, n)) if minutes.is_none() => {
                minutes = Some(15);
                end += n;
                marked = true;
            }
            _ => {}
        }
        // 830pm, 1430
        if digits && minutes.is_none() && !marked && tokens.text(start).len() >= 3 && tokens.text(start).len() <= 4 {
            let (h, m) = (hour / 100, hour % 100);
            if m < 60 && h < 24 {
                let (times, n) = finish(tokens, end, h, m, half, words);
                return Some((times, n + end - at));
            }
        }
    }
    // "eight thirty"
    if minutes.is_none()
        && !digits
        && let Some((value, n, false)) = small(tokens, end, words)
        && (10..60).contains(&value)
    {
        minutes = Some(value);
        end += n;
        marked = true;
    }
    let led = at > 0 && word(at - 1).is_some_and(|(w, _)| w == TimeWord::Filler);
    let halves = word(end).is_some_and(|(w, _)| matches!(w, TimeWord::Am | TimeWord::Pm));
    if !marked && !led && !halves && tokens.len() > n {
        return None;
    }
    let (times, more) = finish(tokens, end, hour, minutes.unwrap_or(0), half, words);
    Some((times, end + more - at))
}

/// The half of the day behind the hour, and the whole.
fn finish(tokens: &Tokens, end: usize, hour: u32, minutes: u32, half: Option<TimeWord>, words: &Words) -> (Result<Vec<Time>, ()>, usize) {
    let mut n = 0;
    let mut half = half;
    // "o'clock", "de la", then the half
    while let Some(found) = words.time.find(tokens, end + n) {
        match found.meaning {
            TimeWord::Am | TimeWord::Pm => {
                half = half.or(Some(found.meaning));
                n += found.tokens;
                break;
            }
            TimeWord::Hour | TimeWord::Filler => n += found.tokens,
            TimeWord::Noon | TimeWord::Midnight | TimeWord::Half | TimeWord::Quarter | TimeWord::HalfBefore | TimeWord::QuarterBefore => {
                break;
            }
        }
    }
    let hours = match half {
        Some(TimeWord::Am) if hour == 12 => vec![0],
        Some(TimeWord::Pm) if hour < 12 => vec![hour + 12],
        Some(_) => vec![hour],
        None if (1..12).contains(&hour) => vec![hour, hour + 12],
        None => vec![hour],
    };
    let times: Option<Vec<Time>> = hours
        .into_iter()
        .map(|h| Time::new(i8::try_from(if h == 24 { 0 } else { h }).ok()?, i8::try_from(minutes).ok()?, 0, 0).ok())
        .collect();
    (times.ok_or(()), n)
}

fn and_a_half(tokens: &Tokens, at: usize, words: &Words) -> Option<(u32, usize)> {
    let found = number::at_place(tokens, at, words, false).filter(|f| !f.ordinal && !f.mended)?;
    let hour = (0..24_u32).find(|v| (f64::from(*v) + 0.5 - found.value).abs() < f64::EPSILON)?;
    (found.tokens > 1 || words.time.find(tokens, at + found.tokens).is_some()).then_some((hour, found.tokens))
}

/// A number of hours or minutes: value, tokens, whether in digits.
fn small(tokens: &Tokens, at: usize, words: &Words) -> Option<(u32, usize, bool)> {
    if tokens.kind(at) == Some(Kind::Digits) {
        return Some((tokens.digits(at).filter(|d| *d < 2_400)?, 1, true));
    }
    // الثالثة والنصف, half past the third: an hour by its place in the day, with a word of the clock behind it
    let clock = |f: &number::Found| f.value <= 12.0 && words.time.find(tokens, at + f.tokens).is_some();
    if words.style.places
        && let Some((hour, n)) = before_point(tokens, at, words)
    {
        return Some((hour, n, false));
    }
    let found = number::at_place(tokens, at, words, true).filter(|f| (!f.ordinal || clock(f)) && !f.mended)?;
    let value = (0..60_u32).find(|v| (f64::from(*v) - found.value).abs() < f64::EPSILON)?;
    Some((value, found.tokens, false))
}

/// The hour before the sign of a point, which is the sign of the hour too: 三点三十分 is no 3.30.
fn before_point(tokens: &Tokens, at: usize, words: &Words) -> Option<(u32, usize)> {
    let mut hour = 0;
    let mut n = 0;
    loop {
        let found = words.number.find(tokens, at + n).filter(|f| f.tokens == 1)?;
        match found.meaning {
            NumberWord::Value(value) => hour += (0..10_u32).find(|v| (f64::from(*v) - value).abs() < f64::EPSILON)?,
            NumberWord::Scale(10.0) => hour = hour.max(1) * 10,
            NumberWord::Point if n > 0 => return Some((hour, n)),
            _ => return None,
        }
        n += 1;
        if n > 3 {
            return None;
        }
    }
}
