//! Days as people say them: the grammar. What is found is a list of days in order of preference; [`super::date`] lets the bounds decide.

mod digits;
mod feast;
mod named;
mod relative;

use std::cell::OnceCell;

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

pub use self::feast::Feast;
use super::{
    normalise::{Kind, Tokens},
    number,
    words::{DateWord, ListWord, NumberWord, Unit, Words},
};

/// A day said in a reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The days it may be, the likeliest first. Empty: no calendar has such a day.
    pub days: Vec<Date>,
    /// How many tokens it takes.
    pub tokens: usize,
    /// Whether words left the year or month open, so that bounds choose among the days.
    pub open: bool,
    /// Whether it is a stretch of time ("last week", "may") and no day.
    pub vague: bool,
    /// Whether only a bare number was said, which may as well count days.
    pub bare: bool,
    /// Whether a year was said with it.
    pub year: bool,
    /// Whether it counts only where no other day is said: a length without "ago" ("3 days", "since 3 days"), or "now".
    pub length: bool,
    /// Whether its days are equally likely: कल, and 12-11-10 where the year may come first.
    pub either: bool,
    /// Whether it is counted back from today by "ago".
    pub ago: bool,
    /// Whether it is a number behind "at", "around", which beside a day is the hour.
    pub clock: bool,
    /// Whether a typing fault was mended.
    pub mended: bool,
}

/// What the reader needs to know besides the words.
#[derive(Clone, Copy, Debug)]
pub struct Today {
    /// The person's day.
    pub day: Date,
    /// Whether 3/4 is March 4.
    pub month_first: bool,
    /// Whether a day without a year or month is rather to come than past.
    pub ahead: bool,
}

impl Said {
    fn at(day: Option<Date>, tokens: usize) -> Self {
        Self::of(day.into_iter().collect(), tokens)
    }

    fn of(days: Vec<Date>, tokens: usize) -> Self {
        Self {
            days,
            tokens,
            open: false,
            vague: false,
            bare: false,
            year: false,
            length: false,
            either: false,
            ago: false,
            clock: false,
            mended: false,
        }
    }

    fn vague(tokens: usize) -> Self {
        Self { vague: true, ..Self::of(Vec::new(), tokens) }
    }
}

/// A word of days at a place: what it stands for, how many tokens it takes, whether a typing fault was mended.
type WordAt = Option<(DateWord, usize, bool)>;

/// The days of one reply.
pub struct Grammar<'g> {
    tokens: &'g Tokens,
    today: Today,
    words: &'g Words,
    /// What stands at each token, once it was asked for: every form asks again.
    at: Vec<OnceCell<WordAt>>,
}

/// Words of the longest phrase that leaves out what follows: "any day but".
const EXCEPT_WORDS: usize = 3;

/// Which way a word points from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Last,
    This,
    Next,
}

impl<'g> Grammar<'g> {
    /// For a reply and the person's day.
    pub fn new(tokens: &'g Tokens, today: Today, words: &'g Words) -> Self {
        Self { tokens, today, words, at: vec![OnceCell::new(); tokens.len()] }
    }

    /// The day that begins at a token; forms are tried from the longest to the shortest.
    pub fn at_place(&self, at: usize) -> Option<Said> {
        self.short_for_a_day(at)
            .or_else(|| self.feast(at))
            .or_else(|| self.year_month_day_marked(at))
            .or_else(|| self.in_digits(at))
            .or_else(|| self.counted_from_day(at))
            .or_else(|| self.ago_or_later(at))
            .or_else(|| self.nth_weekday(at))
            .or_else(|| self.month_and_day(at))
            .or_else(|| self.day_of_this_month(at))
            .or_else(|| self.weekday(at))
            .or_else(|| self.relative(at))
            .or_else(|| self.day_alone(at))
    }

    /// Whether any token is a word of days, or no word at all: without one no day is said, but perhaps a bare number.
    pub fn may_say(&self) -> bool {
        (0..self.tokens.len()).any(|at| self.tokens.kind(at) != Some(Kind::Word) || self.word(at).is_some())
    }

    fn word(&self, at: usize) -> WordAt {
        *self.at.get(at)?.get_or_init(|| self.find_word(at))
    }

    fn find_word(&self, at: usize) -> WordAt {
        // "2 day" is no "2day"
        let apart =
            self.tokens.kind(at) == Some(Kind::Digits) && self.tokens.kind(at + 1) == Some(Kind::Word) && !self.tokens.glued(at + 1);
        if let Some(found) = self.words.date.find(self.tokens, at).filter(|f| !(apart && f.tokens == 2)) {
            return Some((found.meaning, found.tokens, false));
        }
        if self.tokens.kind(at) != Some(Kind::Word) {
            return None;
        }
        let text = self.tokens.text(at);
        for clitic in &self.words.style.clitics {
            if let Some(rest) = text.strip_prefix(clitic.as_str())
                && rest.chars().count() >= 2
                && !self.words.knows(text)
            {
                // the stripped word and what follows it, as one phrase
                let mut phrase = rest.to_owned();
                for i in 1..3 {
                    if at + i < self.tokens.len() && !self.tokens.breaks(at + i) {
                        phrase.push(' ');
                        phrase.push_str(self.tokens.text(at + i));
                    }
                }
                if let Some(found) = self.words.date.find(&Tokens::of(&phrase), 0) {
                    return Some((found.meaning, found.tokens, false));
                }
            }
        }
        if text.chars().count() >= 5 && !self.words.knows(text) {
            return self.words.date.find_mended(self.tokens, at).map(|f| (f.meaning, f.tokens, true));
        }
        None
    }

    /// "2day", "2moro": a day whose first letters are a figure, written together; and "un día de estos", which begins as a count does.
    fn short_for_a_day(&self, at: usize) -> Option<Said> {
        if let Some((DateWord::Vague, n @ 3.., _)) = self.word(at) {
            return Some(Said::vague(n));
        }
        if self.tokens.kind(at) != Some(Kind::Digits) || !self.tokens.glued(at + 1) {
            return None;
        }
        match self.words.date.find(self.tokens, at) {
            Some(found) => match found.meaning {
                DateWord::Day(offset) => Some(Said::at(self.today.day.checked_add(offset.days()).ok(), found.tokens)),
                _ => None,
            },
            None => None,
        }
    }

    fn is(&self, at: usize, word: DateWord) -> Option<usize> {
        self.word(at).filter(|(w, ..)| *w == word).map(|(_, n, _)| n)
    }

    /// Passes words that may stand between parts of a day: of, the, on.
    fn skip_of(&self, mut at: usize) -> usize {
        loop {
            match self.word(at) {
                Some((DateWord::Of, n, _)) => at += n,
                // "dia 10"
                Some((DateWord::Unit(Unit::Day), n, _)) if self.tokens.kind(at + n) == Some(Kind::Digits) => at += n,
                _ => return at,
            }
        }
    }

    fn way(&self, at: usize) -> Option<(Way, usize)> {
        match self.word(at)? {
            (DateWord::Last, n, _) => Some((Way::Last, n)),
            (DateWord::This, n, _) => Some((Way::This, n)),
            (DateWord::Next, n, _) => Some((Way::Next, n)),
            _ => None,
        }
    }

    fn month(&self, at: usize) -> Option<(i8, usize, bool)> {
        match self.word(at)? {
            (DateWord::Month(m), n, mended) => Some((m, n, mended)),
            _ => None,
        }
    }

    fn weekday_word(&self, at: usize) -> Option<(i8, usize, bool)> {
        match self.word(at)? {
            (DateWord::Weekday(d), n, mended) => Some((d, n, mended)),
            _ => None,
        }
    }

    fn unit(&self, at: usize) -> Option<(Unit, usize)> {
        match self.word(at)? {
            (DateWord::Unit(unit), n, _) => Some((unit, n)),
            _ => None,
        }
    }

    /// A day of the month, 1–31, in digits or words: 15, 1st, "twenty first", 15日.
    fn day_number(&self, at: usize) -> Option<(i8, usize, bool)> {
        let (value, mut n, ordinal) = if self.tokens.kind(at) == Some(Kind::Digits) {
            if self.tokens.text(at).len() > 2 {
                return None;
            }
            (f64::from(self.tokens.digits(at)?), 1, false)
        } else {
            let found = number::at_place(self.tokens, at, self.words, true)?;
            (found.value, found.tokens, found.ordinal)
        };
        let day = (1..=31_i8).find(|d| (f64::from(*d) - value).abs() < f64::EPSILON)?;
        let mut marked = ordinal;
        // 1st, 2nd, 1ro, 1er: letters written onto the digits
        if self.tokens.glued(at + n) && self.tokens.kind(at + n) == Some(Kind::Word) {
            let text = self.tokens.text(at + n);
            if let Some(m) = self.is(at + n, DateWord::DayMark) {
                n += m;
                marked = true;
            } else if self.month(at + n).is_none() && (text.is_ascii() || text.len() > 3) {
                return None;
            }
        } else if let Some(m) = self.is(at + n, DateWord::DayMark) {
            n += m;
            marked = true;
        }
        Some((day, n, marked))
    }

    /// A year: four digits, "'16", two digits behind a comma, or in words ("two thousand eighteen", "nineteen seventy eight").
    fn year(&self, at: usize, short: bool) -> Option<(Vec<i16>, usize)> {
        let mut at_word = self.skip_of(at);
        // سنة ٩٩, "año 85"
        let named = self.unit(at_word).filter(|(unit, n)| *unit == Unit::Year && self.tokens.kind(at_word + n) == Some(Kind::Digits));
        let short = short || named.is_some();
        at_word += named.map_or(0, |(_, n)| n);
        if self.tokens.kind(at_word) == Some(Kind::Digits) {
            let text = self.tokens.text(at_word);
            let year: i16 = text.parse().ok()?;
            return match text.len() {
                4 if (1000..=2999).contains(&year) => Some((vec![year], at_word + 1 - at)),
                2 if short => Some((self.short_year(year), at_word + 1 - at)),
                _ => None,
            };
        }
        let found = number::at_place(self.tokens, at_word, self.words, true).filter(|f| !f.ordinal)?;
        let end = at_word + found.tokens;
        let whole = |value: f64| (0..=2999_i16).find(|y| (f64::from(*y) - value).abs() < f64::EPSILON);
        let value = whole(found.value)?;
        if (1900..=2999).contains(&value) {
            return Some((vec![value], end - at));
        }
        if matches!(value, 19 | 20)
            && let Some(rest) = number::at_place(self.tokens, end, self.words, true)
            && let Some(rest_value) = whole(rest.value).filter(|v| (1..=99).contains(v))
        {
            return Some((vec![value * 100 + rest_value], end + rest.tokens - at));
        }
        None
    }

    /// What a year of two digits may be: this century unless that lies more than twenty years ahead; then the other.
    fn short_year(&self, year: i16) -> Vec<i16> {
        let near = 2000 + year;
        if near <= self.today.day.year() + 20 { vec![near, 1900 + year] } else { vec![1900 + year, near] }
    }

    /// Days for a month and day without a year: this year's, the one before and after, the nearer way first. A leap day goes to the nearest leap year.
    fn without_year(&self, month: i8, day: i8) -> Vec<Date> {
        let this = self.today.day.year();
        let mut days: Vec<Date> = (this - 8..=this + 8).filter_map(|year| Date::new(year, month, day).ok()).collect();
        self.sort(&mut days);
        self.keep_one_each_side(&mut days);
        days
    }

    /// Sorts days by how likely they are meant: past ones by nearness, then those to come; the other way round where days ahead are asked.
    fn sort(&self, days: &mut [Date]) {
        let today = self.today.day;
        let distance = |d: Date| (d - today).get_days().abs();
        days.sort_by_key(|d| {
            let wrong_way = if self.today.ahead { *d < today } else { *d > today };
            (wrong_way, distance(*d))
        });
    }

    /// Of sorted days the first up to today and the first after it: one on each side is enough.
    fn keep_one_each_side(&self, days: &mut Vec<Date>) {
        let before = days.iter().find(|d| **d <= self.today.day).copied();
        let after = days.iter().find(|d| **d > self.today.day).copied();
        days.retain(|d| Some(*d) == before || Some(*d) == after);
    }

    fn next_weekday(&self, weekday: i8) -> Option<(Date, Date)> {
        let target = Weekday::from_monday_one_offset(weekday).ok()?;
        let monday = self.monday()?;
        let day = monday.checked_add(i32::from(weekday - 1).days()).ok()?;
        debug_assert_eq!(day.weekday(), target);
        let today = self.today.day;
        // the last one, today included where it is one; and the next
        let last = if day <= today { day } else { day.checked_sub(7.days()).ok()? };
        let next = last.checked_add(7.days()).ok()?;
        Some((last, next))
    }

    fn monday(&self) -> Option<Date> {
        let offset = i32::from(self.today.day.weekday().to_monday_zero_offset());
        self.today.day.checked_sub(offset.days()).ok()
    }
}

/// Whether a word turns down the day behind it: "not yesterday", "any day but friday".
pub fn denied(tokens: &Tokens, at: usize, words: &Words) -> bool {
    let except = words.list.ending(tokens, at, EXCEPT_WORDS).any(|meaning| meaning == ListWord::Except);
    except
        || at > 0
            && !tokens.breaks(at)
            && words.date.find(tokens, at - 1).is_some_and(|f| f.meaning == DateWord::Not)
            && words.number.find(tokens, at - 1).is_none_or(|f| f.meaning != NumberWord::Minus)
}
