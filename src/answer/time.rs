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

/// Hours of the night before this one are of the next day.
const SMALL_HOURS: u32 = 5;

/// Reads one time of day.
pub fn read(tokens: &Tokens, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    let mut times: Vec<Time> = Vec::new();
    let mut certain: Vec<Time> = Vec::new();
    let mut taken = 0;
    let mut impossible = false;
    let mut at = 0;
    while at < tokens.len() {
        match at_place(tokens, at, words) {
            Some((Ok(found), n)) => {
                if let [one] = found.as_slice()
                    && !certain.contains(one)
                {
                    certain.push(*one);
                }
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
    // "8:30 in the evening … 8:30": once said whole, it is meant so
    if let [one] = certain.as_slice()
        && times.iter().all(|time| time == one || time.hour() % 12 == one.hour() % 12 && time.minute() == one.minute())
    {
        times.retain(|time| time == one);
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
    let (half, mut start) = half_before(tokens, at, words);
    if half.is_none()
        && let Some((named @ (TimeWord::Noon | TimeWord::Midnight), n)) = word(at)
    {
        // "meio dia e meia"
        let (minutes, more) = part_behind(tokens, at + n, words).unwrap_or((0, 0));
        let hour = if named == TimeWord::Noon { 12 } else { 0 };
        return Some((clock(hour, minutes).map(|time| vec![time]).ok_or(()), n + more));
    }
    let mut minutes = None;
    let mut before_the_hour = false;
    match word(start) {
        Some((TimeWord::HalfBefore, n)) => {
            minutes = Some(30);
            start += n;
        }
        Some((TimeWord::QuarterBefore, n)) => {
            minutes = Some(15);
            start += n;
        }
        _ => {
            // "quarter to eight", "ten to nine", "ten past four"
            if let Some((said, to, n)) = minutes_by(tokens, start, words) {
                minutes = Some(if to { 60 - said } else { said });
                before_the_hour = to;
                start += n;
            }
        }
    }
    let (mut hour, n, digits) = match and_a_part(tokens, start, words).filter(|_| minutes.is_none()) {
        // "ocho y media" is read as eight and a half, पौने दस as nine and three quarters
        Some((hour, part, n)) => {
            minutes = Some(part);
            (hour, n, false)
        }
        None => small(tokens, start, words)?,
    };
    let mut end = start + n;
    let mut marked = minutes.is_some() || half.is_some();
    if minutes.is_none() {
        let sign = tokens.between(end);
        let two = digits && tokens.kind(end) == Some(Kind::Digits) && tokens.text(end).len() == 2;
        let spaced = sign == " " && matches!(word(end + 1), Some((TimeWord::Am | TimeWord::Pm | TimeWord::Night, _)));
        if two && (matches!(sign, ":" | "." | "：") || spaced) {
            minutes = tokens.digits(end);
            end += 1;
            marked = true;
        } else if let Some((TimeWord::Hour, n)) = word(end) {
            end += n;
            marked = true;
            // "18 horas e 40"
            let and = words.number.find(tokens, end).filter(|f| f.meaning == NumberWord::And).map_or(0, |f| f.tokens);
            if and > 0 && part_behind(tokens, end, words).is_none() && small(tokens, end + and, words).is_some() {
                end += and;
            }
        }
        let is_part = word(end).is_some_and(|(w, _)| matches!(w, TimeWord::Half | TimeWord::Quarter));
        if let (true, false, Some((value, n, _))) =
            (marked && minutes.is_none(), is_part, small(tokens, end, words).filter(|(v, ..)| *v < 60))
        {
            let unit = words.date.find(tokens, end + n).filter(|f| f.meaning == DateWord::Unit(Unit::Minute)).map_or(0, |f| f.tokens);
            // 九點三 counts the signs on the clock's face, 九点三分 and 三点三十分 minutes
            let signs = words.style.places && unit == 0 && n == 1 && (1..12).contains(&value) && tokens.kind(end) == Some(Kind::Word);
            minutes = Some(if signs { value * 5 } else { value });
            end += n + unit;
        }
        if let Some((part, n)) = part_behind(tokens, end, words).filter(|_| minutes.is_none()) {
            minutes = Some(part);
            end += n;
            marked = true;
        }
        // "ocho menos cuarto"
        if let Some((left, n)) = minutes_less(tokens, end, words).filter(|_| minutes.is_none()) {
            minutes = Some(60 - left);
            before_the_hour = true;
            end += n;
            marked = true;
        }
        // 830pm, 1430
        if digits && minutes.is_none() && !marked && tokens.text(start).len() >= 3 && tokens.text(start).len() <= 4 {
            let (h, m) = (hour / 100, hour % 100);
            if m < 60 && h < 24 {
                // 0630 is of 24 hours
                let whole = tokens.text(start).len() == 4 && tokens.text(start).starts_with('0');
                let half = half.or(whole.then_some(TimeWord::Am));
                let (times, n) = finish(tokens, end, h, m, half, words);
                return Some((times, n + end - at));
            }
        }
    }
    // "5 e 20 da manhã"
    if minutes.is_none()
        && let Some(and) = words.number.find(tokens, end).filter(|f| f.meaning == NumberWord::And)
        && let Some((value, n, _)) = small(tokens, end + and.tokens, words).filter(|(value, ..)| (1..60).contains(value))
        && word(end + and.tokens + n).is_some_and(|(w, _)| matches!(w, TimeWord::Am | TimeWord::Pm | TimeWord::Night | TimeWord::Filler))
    {
        minutes = Some(value);
        end += and.tokens + n;
        marked = true;
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
    let halves = word(end).is_some_and(|(w, _)| matches!(w, TimeWord::Am | TimeWord::Pm | TimeWord::Night));
    if !marked && !led && !halves && tokens.len() > n {
        return None;
    }
    if before_the_hour {
        hour = if hour == 1 { 12 } else { hour.checked_sub(1).unwrap_or(23) };
    }
    let (times, more) = finish(tokens, end, hour, minutes.unwrap_or(0), half, words);
    Some((times, end + more - at))
}

/// The half of the day said before the hour, and where the hour begins: "subah 8 baje", 夜里两点.
fn half_before(tokens: &Tokens, at: usize, words: &Words) -> (Option<TimeWord>, usize) {
    let word = |i: usize| words.time.find(tokens, i).map(|f| (f.meaning, f.tokens));
    let (half, n) = match word(at) {
        Some((half @ (TimeWord::Am | TimeWord::Pm | TimeWord::Night), n)) => (half, n),
        // 中午12点: the noon of which the hour is said
        Some((TimeWord::Noon, n)) if !tokens.breaks(at + n) => (TimeWord::Pm, n),
        _ => return (None, at),
    };
    let mut start = at + n;
    while let Some((TimeWord::Filler, n)) = word(start) {
        start += n;
    }
    let begins = matches!(word(start), Some((TimeWord::HalfBefore | TimeWord::QuarterBefore, _)))
        || number::at_place(tokens, start, words, false).is_some_and(|f| f.value >= 1.0);
    if begins { (Some(half), start) } else { (None, at) }
}

/// Minutes that a part of the hour behind it says, and its tokens: "half", "y cuarto".
fn part_behind(tokens: &Tokens, at: usize, words: &Words) -> Option<(u32, usize)> {
    let found = words.time.find(tokens, at)?;
    match found.meaning {
        TimeWord::Half => Some((30, found.tokens)),
        TimeWord::Quarter => Some((15, found.tokens)),
        _ => None,
    }
}

/// Minutes by the hour that follows, whether they are before it, and the tokens to it: "quarter to", "ten past".
fn minutes_by(tokens: &Tokens, at: usize, words: &Words) -> Option<(u32, bool, usize)> {
    let (said, n) = minutes_left(tokens, at, words)?;
    let by = words.time.find(tokens, at + n).filter(|f| matches!(f.meaning, TimeWord::To | TimeWord::Past))?;
    small(tokens, at + n + by.tokens, words)?;
    Some((said, by.meaning == TimeWord::To, n + by.tokens))
}

/// Minutes taken off the hour before, and their tokens: "menos cuarto", "moins dix".
fn minutes_less(tokens: &Tokens, at: usize, words: &Words) -> Option<(u32, usize)> {
    let less = words.time.find(tokens, at).filter(|f| f.meaning == TimeWord::Less)?;
    let (left, n) = minutes_left(tokens, at + less.tokens, words)?;
    Some((left, less.tokens + n))
}

fn minutes_left(tokens: &Tokens, at: usize, words: &Words) -> Option<(u32, usize)> {
    if let Some(quarter) = words.time.find(tokens, at).filter(|f| f.meaning == TimeWord::QuarterOf) {
        return Some((15, quarter.tokens));
    }
    let (left, n, _) = small(tokens, at, words).filter(|(left, ..)| (1..60).contains(left))?;
    let unit = words.date.find(tokens, at + n).filter(|f| f.meaning == DateWord::Unit(Unit::Minute)).map_or(0, |f| f.tokens);
    Some((left, n + unit))
}

/// The half of the day behind the hour, and the whole.
fn finish(tokens: &Tokens, end: usize, hour: u32, minutes: u32, half: Option<TimeWord>, words: &Words) -> (Result<Vec<Time>, ()>, usize) {
    let mut n = 0;
    let mut half = half;
    // "o'clock", "de la", then the half
    while let Some(found) = words.time.find(tokens, end + n) {
        match found.meaning {
            TimeWord::Am | TimeWord::Pm | TimeWord::Night => {
                half = half.or(Some(found.meaning));
                n += found.tokens;
                break;
            }
            TimeWord::Hour | TimeWord::Filler => n += found.tokens,
            _ => break,
        }
    }
    let hours = match half {
        Some(TimeWord::Am | TimeWord::Night) if hour == 12 => vec![0],
        // "2 at night" is before the morning
        Some(TimeWord::Night) if hour < SMALL_HOURS => vec![hour],
        Some(TimeWord::Pm | TimeWord::Night) if hour < 12 => vec![hour + 12],
        Some(_) => vec![hour],
        None if (1..12).contains(&hour) => vec![hour, hour + 12],
        None => vec![hour],
    };
    let times: Option<Vec<Time>> = hours.into_iter().map(|hour| clock(hour, minutes)).collect();
    (times.ok_or(()), n)
}

/// A time of day; 24:00 is midnight.
fn clock(hour: u32, minutes: u32) -> Option<Time> {
    Time::new(i8::try_from(hour % 24).ok().filter(|_| hour <= 24)?, i8::try_from(minutes).ok()?, 0, 0).ok()
}

/// An hour and a quarter, a half or three of it read as one number: hour, minutes, tokens.
fn and_a_part(tokens: &Tokens, at: usize, words: &Words) -> Option<(u32, u32, usize)> {
    let found = number::at_place(tokens, at, words, false).filter(|f| !f.ordinal && !f.mended && !f.digits)?;
    let minutes = (1..4_u32).map(|quarters| quarters * 15).find(|m| (found.value.fract() * 60.0 - f64::from(*m)).abs() < 1e-6)?;
    let hour = (1..24_u32).find(|hour| (f64::from(*hour) - found.value.trunc()).abs() < f64::EPSILON)?;
    (found.tokens > 1 || words.time.find(tokens, at + found.tokens).is_some()).then_some((hour, minutes, found.tokens))
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
