//! Lengths of time in words: "3 days", "two weeks and a day", "mes y medio", "一个星期". Used for durations and for "… ago".

use super::{
    normalise::{Kind, Tokens},
    number,
    reading::{How, Reading, Unclear},
    value::Value,
    words::{DateWord, ListWord, NumberWord, Unit, Words},
};

/// A length found at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Length {
    /// Years.
    pub years: f64,
    /// Months.
    pub months: f64,
    /// Days, weeks among them.
    pub days: f64,
    /// Hours, minutes and seconds, in seconds.
    pub seconds: f64,
    /// How many tokens it takes.
    pub tokens: usize,
    /// How many of each unit were said, seconds first.
    said: [f64; UNITS],
}

/// Units of time.
const UNITS: usize = 7;

impl Length {
    /// Whether it has a part shorter than a day.
    pub fn has_hours(&self) -> bool {
        self.seconds > 0.0
    }

    /// One unit without its number ("قبل شهر", a month ago), and what is joined to it.
    pub fn one(unit: Unit, n: usize, tokens: &Tokens, at: usize, words: &Words) -> Self {
        let mut length = Self { tokens: n, ..Self::default() };
        length.add(1.0, unit);
        length.go_on(unit, tokens, at, words);
        length
    }

    /// Adds what follows: halves and further parts.
    fn go_on(&mut self, unit: Unit, tokens: &Tokens, at: usize, words: &Words) {
        loop {
            let mut next = at + self.tokens;
            // "month and a half": half of the unit before
            if let Some(found) = words.number.find(tokens, next)
                && let NumberWord::Part(part) = found.meaning
            {
                self.add(part, unit);
                self.tokens += found.tokens;
                continue;
            }
            // "1h30"
            if unit == Unit::Hour
                && tokens.text(next).len() == 2
                && let Some(minutes) = tokens.digits(next).filter(|m| *m < 60)
                && !tokens.breaks(next)
                && unit_at(tokens, next + 1, words).is_none()
            {
                self.add(f64::from(minutes), Unit::Minute);
                self.tokens += 1;
                continue;
            }
            let joined = words.date.find(tokens, next).filter(|f| f.meaning == DateWord::And);
            if let Some(joined) = joined {
                next += joined.tokens;
            }
            // "3 days, 3 days exactly" is said twice, and no sum
            let Some((n, value, smaller)) = part(tokens, next, words).filter(|(.., smaller)| rank(*smaller) < rank(unit)) else { break };
            self.add(value, smaller);
            self.tokens = next + n - at;
        }
    }

    fn add(&mut self, n: f64, unit: Unit) {
        if let Some(said) = self.said.get_mut(usize::from(rank(unit))) {
            *said += n;
        }
        match unit {
            Unit::Second => self.seconds += n,
            Unit::Minute => self.seconds += n * 60.0,
            Unit::Hour => self.seconds += n * 3_600.0,
            Unit::Day => self.days += n,
            Unit::Week => self.days += n * 7.0,
            Unit::Month => self.months += n,
            Unit::Year => self.years += n,
        }
    }

    /// In the units that were said, as ISO 8601 writes it: `P2W`, `P1M`, `PT36H`. `None` where a part is no whole number.
    fn iso(&self) -> Option<String> {
        let [seconds, minutes, hours, days, weeks, months, years] = self.said;
        if self.said.iter().any(|n| n.fract() != 0.0) {
            return None;
        }
        // weeks stand alone
        let (weeks, days) =
            if [seconds, minutes, hours, days, months, years].iter().any(|n| *n > 0.0) { (0.0, days + weeks * 7.0) } else { (weeks, days) };
        let parts =
            |units: &[(f64, char)]| units.iter().filter(|(n, _)| *n > 0.0).map(|(n, unit)| format!("{n:.0}{unit}")).collect::<String>();
        let (date, time) =
            (parts(&[(years, 'Y'), (months, 'M'), (weeks, 'W'), (days, 'D')]), parts(&[(hours, 'H'), (minutes, 'M'), (seconds, 'S')]));
        let mark = if time.is_empty() { "" } else { "T" };
        Some(format!("P{date}{mark}{time}"))
    }

    /// The whole in seconds, a month as 30 days, a year as 365.
    pub fn in_seconds(&self) -> f64 {
        self.seconds + (self.days + self.months * 30.0 + self.years * 365.0) * 86_400.0
    }
}

/// Reads a length of time.
pub fn read(tokens: &Tokens, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    let mut found: Vec<Length> = Vec::new();
    let mut taken = 0;
    let mut at = 0;
    while at < tokens.len() {
        if let Some(length) = at_place(tokens, at, words).or_else(|| and_a_part(tokens, at, words)) {
            if either(tokens, at, at + length.tokens, words) {
                return Reading::Unclear(Unclear::Unknown);
            }
            at += length.tokens;
            taken += length.tokens;
            found.push(length);
        } else {
            at += 1;
        }
    }
    // صرلي شهر: one of the unit
    if found.is_empty() && words.style.unit_is_one {
        let one = |at: usize| unit_at(tokens, at, words).map(|(unit, n)| Length::one(unit, n, tokens, at, words));
        let alone: Vec<Length> = (0..tokens.len()).filter_map(one).collect();
        if let [one] = alone.as_slice() {
            taken = one.tokens;
            found.push(*one);
        }
    }
    let mut values: Vec<i64> = found.iter().filter_map(|l| whole_seconds(l.in_seconds())).collect();
    values.dedup();
    match values.as_slice() {
        [] => Reading::Unclear(match super::yes_no::plainly(tokens, words) {
            Some(super::value::Truth::Unsure) => Unclear::Unsure,
            _ => Unclear::Unknown,
        }),
        [one] => Reading::Clear { value: Value::Duration(*one), how: if taken == tokens.len() { How::Exact } else { How::Within } },
        several => Reading::Ambiguous(several.iter().map(|s| Value::Duration(*s)).collect()),
    }
}

/// The length of so many seconds that a reply says, in the units that it says.
pub fn as_said(tokens: &Tokens, seconds: i64, words: &Words) -> Option<String> {
    let all = (0..tokens.len()).filter_map(|at| at_place(tokens, at, words).or_else(|| and_a_part(tokens, at, words)));
    all.filter(|length| whole_seconds(length.in_seconds()) == Some(seconds)).find_map(|length| length.iso())
}

const fn rank(unit: Unit) -> u8 {
    match unit {
        Unit::Second => 0,
        Unit::Minute => 1,
        Unit::Hour => 2,
        Unit::Day => 3,
        Unit::Week => 4,
        Unit::Month => 5,
        Unit::Year => 6,
    }
}

/// One unit and a part of it: ساعة ونص, "hora y media".
fn and_a_part(tokens: &Tokens, at: usize, words: &Words) -> Option<Length> {
    let (unit, n) = unit_at(tokens, at, words)?;
    let part = words.number.find(tokens, at + n).is_some_and(|f| matches!(f.meaning, NumberWord::Part(_)));
    (part && !tokens.breaks(at + n)).then(|| Length::one(unit, n, tokens, at, words))
}

/// Whether another number stands before or behind a length without a unit of its own: "2 or 3 days", "2 3 jours", يومين تلاتة.
fn either(tokens: &Tokens, at: usize, end: usize, words: &Words) -> bool {
    let number = |i: usize| {
        tokens.kind(i) == Some(Kind::Digits) || words.number.find(tokens, i).is_some_and(|f| matches!(f.meaning, NumberWord::Value(_)))
    };
    let joins = |i: usize| words.list.find(tokens, i).is_some_and(|f| matches!(f.meaning, ListWord::Or | ListWord::To) && f.tokens == 1);
    let before =
        at > 0 && (number(at - 1) && (!tokens.breaks(at) || tokens.between(at).contains(',')) || at > 1 && joins(at - 1) && number(at - 2));
    let open = end < tokens.len() && !tokens.breaks(end);
    before || open && (number(end) || joins(end) && number(end + 1)) && unit_at(tokens, end + 1, words).is_none()
}

fn whole_seconds(seconds: f64) -> Option<i64> {
    if !(0.0..=1e11).contains(&seconds) {
        return None;
    }
    format!("{seconds:.0}").parse().ok()
}

/// The length that begins at a token: numbers with units, joined.
pub fn at_place(tokens: &Tokens, at: usize, words: &Words) -> Option<Length> {
    let mut length = Length::default();
    let (n, value, unit) = part(tokens, at, words)?;
    length.add(value, unit);
    length.tokens = n;
    length.go_on(unit, tokens, at, words);
    Some(length)
}

/// One number with its unit: "3 days", "a week", "day" where the language says the number by the unit's form ("يومين").
fn part(tokens: &Tokens, at: usize, words: &Words) -> Option<(usize, f64, Unit)> {
    if let Some(found) = words.date.find(tokens, at)
        && let DateWord::Lasting(minutes) = found.meaning
    {
        let whole_days = minutes % 1_440 == 0;
        let (value, unit) = if whole_days { (minutes / 1_440, Unit::Day) } else { (minutes, Unit::Minute) };
        return Some((found.tokens, f64::from(value), unit));
    }
    if let Some(found) = words.number.find(tokens, at).filter(|f| f.meaning == NumberWord::A)
        && let Some((unit, n)) = unit_at(tokens, at + found.tokens, words)
    {
        return Some((found.tokens + n, 1.0, unit));
    }
    if let Some(number) = number::at_place(tokens, at, words, false)
        && !number.ordinal
        && number.value >= 0.0
    {
        let mut next = at + number.tokens;
        // 三个星期: a counting word between
        if unit_at(tokens, next, words).is_none() && words.number.find(tokens, next).is_some_and(|f| f.meaning == NumberWord::Counted) {
            next += 1;
        }
        // "two whole weeks"
        if let Some(padding) = words.date.find(tokens, next).filter(|f| f.meaning == DateWord::Padding && !tokens.breaks(next)) {
            next += padding.tokens;
        }
        if let Some((unit, n)) = unit_at(tokens, next, words) {
            return Some((next + n - at, number.value, unit));
        }
        return None;
    }
    // a unit whose form says how many: يومين, two days
    if let Some(found) = words.date.find(tokens, at)
        && let DateWord::Two(unit) = found.meaning
    {
        return Some((found.tokens, 2.0, unit));
    }
    let found = words.number.find(tokens, at)?;
    if let NumberWord::Part(part) = found.meaning
        && let Some((unit, n)) = unit_at(tokens, at + found.tokens, words)
    {
        return Some((found.tokens + n, part, unit));
    }
    None
}

/// The unit at a token.
pub fn unit_at(tokens: &Tokens, at: usize, words: &Words) -> Option<(Unit, usize)> {
    if tokens.kind(at) != Some(Kind::Word) || tokens.breaks(at) && at > 0 {
        return None;
    }
    match words.date.find(tokens, at)? {
        found if matches!(found.meaning, DateWord::Unit(_)) => match found.meaning {
            DateWord::Unit(unit) => Some((unit, found.tokens)),
            _ => None,
        },
        _ => {
            let found = words.date.find_mended(tokens, at).filter(|f| f.mended)?;
            match found.meaning {
                DateWord::Unit(unit) => Some((unit, found.tokens)),
                _ => None,
            }
        }
    }
}
