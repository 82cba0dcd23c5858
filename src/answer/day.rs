//! Days as people say them: the grammar. What is found is a list of days in order of preference; [`super::date`] lets the bounds decide.

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

use super::{
    length::{self, Length},
    normalise::{Kind, Tokens},
    number,
    words::{DateWord, NumberWord, Unit, Words},
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
    /// Whether it is a length without "ago": "3 days", "since 3 days".
    pub length: bool,
    /// Whether its days are equally likely: कल, and 12-11-10 where the year may come first.
    pub either: bool,
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
        Self { days, tokens, open: false, vague: false, bare: false, year: false, length: false, either: false, mended: false }
    }

    fn vague(tokens: usize) -> Self {
        Self { vague: true, ..Self::of(Vec::new(), tokens) }
    }
}

/// The day that begins at a token; forms are tried from the longest to the shortest.
pub fn at_place(tokens: &Tokens, at: usize, today: Today, words: &Words) -> Option<Said> {
    let grammar = Grammar { tokens, today, words };
    grammar
        .year_month_day_marked(at)
        .or_else(|| grammar.in_digits(at))
        .or_else(|| grammar.from_a_day(at))
        .or_else(|| grammar.ago_or_later(at))
        .or_else(|| grammar.nth_weekday(at))
        .or_else(|| grammar.month_and_day(at))
        .or_else(|| grammar.day_of_this_month(at))
        .or_else(|| grammar.weekday(at))
        .or_else(|| grammar.relative(at))
        .or_else(|| grammar.day_alone(at))
}

struct Grammar<'g> {
    tokens: &'g Tokens,
    today: Today,
    words: &'g Words,
}

/// Which way a word points from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Last,
    This,
    Next,
}

impl Grammar<'_> {
    fn word(&self, at: usize) -> Option<(DateWord, usize, bool)> {
        if let Some(found) = self.words.date.find(self.tokens, at) {
            return Some((found.meaning, found.tokens, false));
        }
        if self.tokens.kind(at) != Some(Kind::Word) {
            return None;
        }
        let text = self.tokens.text(at);
        let whole_word = self.words.knows(text);
        for clitic in &self.words.style.clitics {
            if let Some(rest) = text.strip_prefix(clitic.as_str())
                && rest.chars().count() >= 2
                && !whole_word
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
        let at_word = self.skip_of(at);
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
        // one on each side is enough
        let before = days.iter().find(|d| **d <= self.today.day).copied();
        let after = days.iter().find(|d| **d > self.today.day).copied();
        days.retain(|d| Some(*d) == before || Some(*d) == after);
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

    /// 2016年2月22日, 2月22号, 二零零四年八月十五.
    fn year_month_day_marked(&self, at: usize) -> Option<Said> {
        if !self.words.style.places {
            return None;
        }
        let mut next = at;
        let mut year = None;
        if let Some((value, n)) = self.marked_number(next, DateWord::YearMark) {
            year = i16::try_from(value).ok().filter(|y| (1000..=2999).contains(y));
            year?;
            next += n;
        }
        let Some((month, n)) = self.marked_number(next, DateWord::MonthMark) else {
            return year.map(|_| Said::vague(next - at));
        };
        next += n;
        let month = i8::try_from(month).ok()?;
        let Some((day, n, _)) = self.day_number(next) else {
            return Some(Said::vague(next - at));
        };
        next += n;
        Some(match year {
            Some(year) => Said { year: true, ..Said::at(Date::new(year, month, day).ok(), self.behind_weekday(next) - at) },
            None => Said { open: true, ..Said::of(self.without_year(month, day), next - at) },
        })
    }

    /// Passes a weekday written behind a whole date.
    fn behind_weekday(&self, at: usize) -> usize {
        self.weekday_word(at).map_or(at, |(_, n, _)| at + n)
    }

    fn marked_number(&self, at: usize, mark: DateWord) -> Option<(i32, usize)> {
        let found = number::at_place(self.tokens, at, self.words, true)?;
        let n = match self.word(at + found.tokens)? {
            (word, n, _) if word == mark => n,
            (DateWord::Unit(Unit::Year), n, _) if mark == DateWord::YearMark && found.value >= 1_000.0 => n,
            _ => return None,
        };
        let value = (0..=2999_i32).find(|v| (f64::from(*v) - found.value).abs() < f64::EPSILON)?;
        Some((value, found.tokens + n))
    }

    /// Days in digits with signs between: 2016-02-22, 22/02/2016, 4/22, 22.2., 08/12,15.
    fn in_digits(&self, at: usize) -> Option<Said> {
        let t = self.tokens;
        let first = t.digits(at)?;
        if t.text(at).len() == 8 && (1_900..2_100).contains(&(first / 10_000)) {
            // 20260309
            return Some(Said { year: true, ..Said::at(date(first / 10_000, first / 100 % 100, first % 100), 1) });
        }
        let sign = t.between(at + 1).trim();
        let mixed = |s: &str| matches!(s, "/" | "-" | ".");
        if t.kind(at + 1) != Some(Kind::Digits) {
            return self.month_name_in_signs(at);
        }
        if !mixed(sign) {
            return None;
        }
        let second = t.digits(at + 1)?;
        let third_sign = t.between(at + 2).trim();
        let lengths = (t.text(at).len(), t.text(at + 1).len(), t.text(at + 2).len());
        if t.kind(at + 2) == Some(Kind::Digits) && (third_sign == sign || (third_sign == "," && matches!(sign, "/" | "-"))) {
            if t.kind(at + 3) == Some(Kind::Digits) && mixed(t.between(at + 3)) {
                return None; // a number of four parts is something else
            }
            let third = t.digits(at + 2)?;
            return match lengths {
                (4, 1..=2, 1..=2) => Some(Said { year: true, ..Said::at(date(first, second, third), 3) }),
                (1..=2, 1..=2, 4) => {
                    Some(Said { year: true, ..Said::of(self.either_order(first, second, &[i16::try_from(third).ok()?]), 3) })
                }
                (1..=2, 1..=2, 2) => {
                    let short = i16::try_from(third).ok()?;
                    let mut days = self.either_order(first, second, &self.short_year(short));
                    // 16/04/21: the year first, where no other order gives a day or the language writes so
                    let years = self.short_year(i16::try_from(first).ok()?);
                    let by_year: Vec<Date> = years.iter().filter_map(|y| date(u32::try_from(*y).ok()?, second, third)).collect();
                    let either = self.words.style.places && !by_year.is_empty() && !days.is_empty();
                    if days.is_empty() || self.words.style.places {
                        days.splice(0..0, by_year);
                    }
                    Some(Said { year: true, either, ..Said::of(days, 3) })
                }
                _ => None,
            };
        }
        // "2-3 days": a range, or a half
        if self.unit(at + 2).is_some() {
            return Some(Said::vague(3));
        }
        // a decimal number and a range of small numbers are no days unless they look like one
        if !(lengths.0 <= 2 && lengths.1 <= 2) || t.glued(at) {
            return None;
        }
        let mut days = Vec::new();
        let month_first = self.today.month_first || self.words.style.places;
        let orders = if month_first { [(first, second), (second, first)] } else { [(second, first), (first, second)] };
        for (month, day) in orders {
            if let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day))
                && (1..=12).contains(&month)
            {
                for candidate in self.without_year(month, day) {
                    if !days.contains(&candidate) {
                        days.push(candidate);
                    }
                }
            }
            if sign == "." && days.is_empty() {
                continue;
            }
        }
        if sign == "." && days.is_empty() {
            return None;
        }
        Some(Said { open: true, ..Said::of(days, 2) })
    }

    /// 2019/sep/01, 2-Oct-2016: a month's name among digits with signs.
    fn month_name_in_signs(&self, at: usize) -> Option<Said> {
        let t = self.tokens;
        if !matches!(t.between(at + 1).trim(), "/" | "-" | ".") || !matches!(t.between(at + 2).trim(), "/" | "-" | ".") {
            return None;
        }
        let (month, n, _) = self.month(at + 1)?;
        let first = t.digits(at)?;
        let last = t.digits(at + 1 + n)?;
        let month = u32::try_from(month).ok()?;
        match (t.text(at).len(), t.text(at + 1 + n).len()) {
            (4, 1..=2) => Some(Said { year: true, ..Said::at(date(first, month, last), 2 + n) }),
            (1..=2, 4) => Some(Said { year: true, ..Said::at(date(last, month, first), 2 + n) }),
            (1..=2, 2) => {
                let years = self.short_year(i16::try_from(last).ok()?);
                Some(Said::of(years.iter().filter_map(|y| date(u32::try_from(*y).ok()?, month, first)).collect(), 2 + n))
            }
            _ => None,
        }
    }

    /// Day and month in both orders where both are days, the language's order first.
    fn either_order(&self, first: u32, second: u32, years: &[i16]) -> Vec<Date> {
        let orders = if self.today.month_first { [(first, second), (second, first)] } else { [(second, first), (first, second)] };
        let mut days = Vec::new();
        for year in years {
            for (month, day) in orders {
                if let Some(d) = u32::try_from(*year).ok().and_then(|y| date(y, month, day))
                    && !days.contains(&d)
                {
                    days.push(d);
                }
            }
        }
        days
    }

    /// "Two weeks from now", "three days after tomorrow", "2 days before yesterday" where the data knows the joining words.
    fn from_a_day(&self, at: usize) -> Option<Said> {
        let length = length::at_place(self.tokens, at, self.words)?;
        let next = at + length.tokens;
        let (direction, n) = match self.word(next)? {
            (DateWord::LaterAfter, n, _) => (1, n),
            (DateWord::Since, n, _) => (1, n),
            (DateWord::AgoAfter, n, _) => (-1, n),
            _ => return None,
        };
        let (DateWord::Day(offset), m, _) = self.word(next + n)? else { return None };
        let base = self.today.day.checked_add(offset.days()).ok()?;
        Some(Said::at(shift(base, &length, direction), length.tokens + n + m))
    }

    /// "3 days ago", "hace 3 días", "il y a", "in 3 weeks", "3 days" where days past are asked.
    fn ago_or_later(&self, at: usize) -> Option<Said> {
        let mut start = at;
        let mut lead = None;
        let mut roughly = false;
        while let Some((word, n, _)) = self.word(start) {
            match word {
                DateWord::AgoBefore | DateWord::LaterBefore if lead.is_none() => lead = Some(word),
                DateWord::Since if lead.is_none() => lead = Some(word),
                DateWord::Since | DateWord::AgoBefore => lead = Some(DateWord::AgoBefore),
                DateWord::Roughly => roughly = true,
                DateWord::LaterBefore => lead = Some(word),
                _ => break,
            }
            start += n;
        }
        if start > at && self.is(start, DateWord::Vague).is_some() && self.unit(start + 1).is_some() {
            return Some(Said::vague(start + 2 - at));
        }
        let length = length::at_place(self.tokens, start, self.words).or_else(|| {
            let (unit, n) = length::unit_at(self.tokens, start, self.words)?;
            (self.words.style.unit_is_one && lead.is_some()).then(|| Length::one(unit, n, self.tokens, start, self.words))
        })?;
        let mut end = start + length.tokens;
        let mut direction = match lead {
            Some(DateWord::AgoBefore) => Some(-1),
            Some(DateWord::LaterBefore) => Some(1),
            _ => None,
        };
        match self.word(end) {
            Some((DateWord::AgoAfter, n, _)) => {
                direction = Some(-1);
                end += n;
            }
            Some((DateWord::LaterAfter, n, _)) => {
                direction = Some(1);
                end += n;
            }
            _ => {}
        }
        let bare = direction.is_none();
        let day = shift(self.today.day, &length, direction.unwrap_or(-1));
        let mut said = Said::at(day, end - at);
        said.length = bare;
        if roughly || length.days.fract() != 0.0 || length.months.fract() != 0.0 || length.years.fract() != 0.0 {
            said = Said::vague(end - at);
        }
        Some(said)
    }

    /// "The first Friday of this month", "second Monday of next month", "premier vendredi de juillet".
    fn nth_weekday(&self, at: usize) -> Option<Said> {
        let mut start = self.skip_of(at);
        // "इस महीने के तीसरे बुधवार": the month first
        let before = self.month_by_way(start);
        if let Some((_, n)) = before {
            start = self.skip_of(start + n);
        }
        let found = number::at_place(self.tokens, start, self.words, true).filter(|f| f.ordinal)?;
        let nth = (1..=5_i8).find(|d| (f64::from(*d) - found.value).abs() < f64::EPSILON)?;
        let behind = self.skip_of(start + found.tokens);
        let (weekday, n, _) = self.weekday_word(behind)?;
        let mut end = behind + n;
        let today = self.today.day;
        let after = self.skip_of(end);
        let mut months: Vec<Date> = Vec::new();
        let mut open = false;
        if let Some((months_on, _)) = before {
            months.extend(today.first_of_month().checked_add(months_on.months()).ok());
        } else if let Some((months_on, n)) = self.month_by_way(after) {
            months.extend(today.first_of_month().checked_add(months_on.months()).ok());
            end = after + n;
        } else if let Some((month, n, _)) = self.month(after) {
            end = after + n;
            if let Some((years, m)) = self.year(end, false) {
                months.extend(years.iter().filter_map(|y| Date::new(*y, month, 1).ok()));
                end += m;
            } else {
                open = true;
                months.extend((-1..=1).filter_map(|y| Date::new(today.year() + y, month, 1).ok()));
            }
        } else {
            months.push(today.first_of_month());
        }
        let weekday = Weekday::from_monday_one_offset(weekday).ok()?;
        let mut days: Vec<Date> = months.iter().filter_map(|m| m.nth_weekday_of_month(nth, weekday).ok()).collect();
        self.sort(&mut days);
        Some(Said { open, ..Said::of(days, end - at) })
    }

    /// "Next month", "this month", "el mes pasado": months from now, and tokens.
    fn month_by_way(&self, at: usize) -> Option<(i32, usize)> {
        let months = |way| match way {
            Way::Last => -1,
            Way::This => 0,
            Way::Next => 1,
        };
        if let Some((way, n)) = self.way(at) {
            let after = self.skip_of(at + n);
            return match self.unit(after) {
                Some((Unit::Month, m)) => Some((months(way), after + m - at)),
                _ => None,
            };
        }
        let (Unit::Month, n) = self.unit(at)? else { return None };
        let (way, m) = self.way(at + n)?;
        Some((months(way), n + m))
    }

    /// Weeks from now: "last week", "la semana pasada".
    fn week_by_way(&self, at: usize) -> Option<(i32, usize)> {
        let weeks = |way| match way {
            Way::Last => -1,
            Way::This => 0,
            Way::Next => 1,
        };
        if let Some((way, n)) = self.way(at) {
            let after = self.skip_of(at + n);
            return match self.unit(after) {
                Some((Unit::Week, m)) => Some((weeks(way), after + m - at)),
                _ => None,
            };
        }
        let (Unit::Week, n) = self.unit(at)? else { return None };
        let (way, m) = self.way(at + n)?;
        Some((weeks(way), n + m))
    }

    /// A month by name with its day, before or behind, and the year: "monday january 12th, 2016", "21 de abril", "may twenty one".
    fn month_and_day(&self, at: usize) -> Option<Said> {
        let mut start = self.skip_of(at);
        let mut mended = false;
        if let Some((_, n, m)) = self.weekday_word(start) {
            mended |= m;
            start = self.skip_of(start + n);
        }
        // day, month
        if let Some((day, n, _)) = self.day_number(start) {
            let behind = self.skip_of(start + n);
            if let Some((month, m, by_mending)) = self.month(behind) {
                return Some(self.with_year(at, behind + m, month, day, mended | by_mending));
            }
        }
        // day, month by its number: "el 21 del 3"
        if self.words.style.month_by_number
            && let Some((day, n, _)) = self.day_number(start)
            && self.tokens.kind(start) == Some(Kind::Digits)
        {
            let behind = self.skip_of(start + n);
            if behind > start + n
                && let Some(month) = self.tokens.digits(behind).and_then(|m| i8::try_from(m).ok()).filter(|m| (1..=12).contains(m))
                && self.unit(behind + 1).is_none()
                && !matches!(self.tokens.between(behind + 1).trim(), "/" | ":")
            {
                return Some(self.with_year(at, behind + 1, month, day, mended));
            }
        }
        // month, day
        let (month, m, by_mending) = self.month(start)?;
        let behind = self.skip_of(start + m);
        mended |= by_mending;
        if let Some((day, n, _)) = self.day_number(behind)
            && self.year(behind, false).is_none()
        {
            return Some(self.with_year(at, behind + n, month, day, mended));
        }
        // a month alone is a stretch of time
        let end = self.year(start + m, false).map_or(start + m, |(_, n)| start + m + n);
        if self.tokens.text(start).len() < 4 && self.tokens.len() > 1 && end == start + m {
            return None; // "mar", "may", "sep" within words are hardly months
        }
        Some(Said::vague(end - at))
    }

    fn with_year(&self, at: usize, end: usize, month: i8, day: i8, mended: bool) -> Said {
        let said = match self.year(end, true) {
            Some((years, n)) => {
                let days = years.iter().filter_map(|year| Date::new(*year, month, day).ok()).collect();
                Said { year: true, ..Said::of(days, end + n - at) }
            }
            None => Said { open: true, ..Said::of(self.without_year(month, day), end - at) },
        };
        Said { mended, ..said }
    }

    /// "The 20th of next month", "31st of this month", 本月十日.
    fn day_of_this_month(&self, at: usize) -> Option<Said> {
        let start = self.skip_of(at);
        if let Some((day, n, _)) = self.day_number(start)
            && let Some((months, m)) = self.month_by_way(self.skip_of(start + n))
        {
            let end = self.skip_of(start + n) + m;
            return Some(Said::at(self.day_in_month(months, day), end - at));
        }
        let (months, n) = self.month_by_way(start)?;
        let behind = self.skip_of(start + n);
        match self.day_number(behind) {
            Some((day, m, _)) => Some(Said::at(self.day_in_month(months, day), behind + m - at)),
            None => Some(Said::vague(start + n - at)),
        }
    }

    fn day_in_month(&self, months: i32, day: i8) -> Option<Date> {
        let first = self.today.day.first_of_month().checked_add(months.months()).ok()?;
        Date::new(first.year(), first.month(), day).ok()
    }

    /// A weekday, alone or with last, next, this, a week or a day of the month: "last monday", "friday next week", "thursday the 21st".
    fn weekday(&self, at: usize) -> Option<Said> {
        let mut way = None;
        let mut start = self.skip_of(at);
        if let Some((weeks, n)) = self.week_by_way(start) {
            let behind = self.skip_of(start + n);
            let Some((weekday, m, _)) = self.weekday_word(behind) else { return Some(Said::vague(start + n - at)) };
            return Some(Said::at(self.in_week(weeks, weekday), behind + m - at));
        }
        if let Some((w, n)) = self.way(start) {
            way = Some(w);
            start = self.skip_of(start + n);
        }
        let (weekday, n, mended) = self.weekday_word(start)?;
        // "sat" and "sun" within a sentence are other words
        let short = n == 1 && self.tokens.text(start).is_ascii() && self.tokens.text(start).len() <= 3;
        let led = start > at || (at > 0 && self.word(at - 1).is_some_and(|(w, ..)| matches!(w, DateWord::Of | DateWord::Since)));
        if short && !led && self.tokens.len() > 3 && self.day_number(start + n).is_none() && !self.tokens.breaks(start + n) {
            return None;
        }
        let mut end = start + n;
        let behind = self.skip_of(end);
        if way.is_none() {
            if let Some((weeks, n)) = self.week_by_way(behind) {
                return Some(Said { mended, ..Said::at(self.in_week(weeks, weekday), behind + n - at) });
            }
            if let Some((w, n)) = self.way(behind).filter(|_| !self.tokens.breaks(behind)) {
                way = Some(w);
                end = behind + n;
            }
        }
        // "two mondays later", "the monday before"
        if matches!(self.word(behind), Some((DateWord::LaterAfter | DateWord::AgoAfter, n, _)) if self.tokens.breaks(behind + n)) {
            return Some(Said::vague(behind + 1 - at));
        }
        if way.is_none()
            && let Some((day, n, marked)) = self.day_number(behind)
            && !(self.words.style.units_first
                && day <= 5
                && number::at_place(self.tokens, behind, self.words, true).is_some_and(|f| f.ordinal))
            && (marked || behind > end || self.tokens.kind(behind) == Some(Kind::Digits))
            && self.unit(behind + n).is_none()
        {
            let days = self.weekday_on(weekday, day);
            // "saturday the 23rd" where no 23rd near is one: which was meant?
            if !days.is_empty() || marked || self.tokens.breaks(behind + n) {
                return Some(Said { open: true, mended, ..Said::of(days, behind + n - at) });
            }
        }
        let (last, next) = self.next_weekday(weekday)?;
        let today = self.today.day;
        let days = match way {
            // today is no "last monday"
            Some(Way::Last) if last == today => vec![last.checked_sub(7.days()).ok()?],
            Some(Way::Last) => vec![last],
            Some(Way::This) => vec![self.in_week(0, weekday)?],
            Some(Way::Next) => vec![self.in_week(1, weekday)?],
            None if self.today.ahead => vec![next, last],
            None => vec![last, next],
        };
        Some(Said { open: way.is_none(), mended, ..Said::of(days, end - at) })
    }

    fn in_week(&self, weeks: i32, weekday: i8) -> Option<Date> {
        self.monday()?.checked_add((weeks * 7 + i32::from(weekday) - 1).days()).ok()
    }

    /// The months around today in which a day of the month falls on a weekday.
    fn weekday_on(&self, weekday: i8, day: i8) -> Vec<Date> {
        let mut days: Vec<Date> =
            (-2..=2).filter_map(|m| self.day_in_month(m, day)).filter(|d| d.weekday().to_monday_one_offset() == weekday).collect();
        self.sort(&mut days);
        days
    }

    /// Today, yesterday, last night; "next day", "last day".
    fn relative(&self, at: usize) -> Option<Said> {
        if let Some((DateWord::Day(offset), n, mended)) = self.word(at) {
            return Some(Said { mended, ..Said::at(self.today.day.checked_add(offset.days()).ok(), n) });
        }
        if let Some((DateWord::Either(offset), n, mended)) = self.word(at) {
            let mut days: Vec<Date> = [-offset, offset].iter().filter_map(|o| self.today.day.checked_add(o.days()).ok()).collect();
            self.sort(&mut days);
            return Some(Said { open: true, either: true, mended, ..Said::of(days, n) });
        }
        if let Some((DateWord::Vague, n, _)) = self.word(at) {
            let unit = self.unit(at + n).map_or(0, |(_, m)| m);
            return Some(Said::vague(n + unit));
        }
        let start = self.skip_of(at);
        let (way, n) = self.way(start)?;
        let (unit, m) = self.unit(start + n)?;
        if unit != Unit::Day {
            return Some(Said::vague(start + n + m - at));
        }
        let offset = match way {
            Way::Last => -1,
            Way::This => 0,
            Way::Next => 1,
        };
        Some(Said::at(self.today.day.checked_add(offset.days()).ok(), start + n + m - at))
    }

    /// A day of the month by itself: "the 15th", "on 15", 29日; a bare "15" may as well count days.
    fn day_alone(&self, at: usize) -> Option<Said> {
        let start = self.skip_of(at);
        let (day, n, marked) = self.day_number(start)?;
        let end = start + n;
        if self.unit(end).is_some() {
            return None;
        }
        let led = start > at || (at > 0 && self.word(at - 1).is_some_and(|(w, ..)| matches!(w, DateWord::Of | DateWord::Since)));
        if self.tokens.kind(start) == Some(Kind::Digits) {
            let stuck = (start > 0 && matches!(self.tokens.between(start), "/" | "-" | ":" | "." | "" | "+"))
                || (end < self.tokens.len() && matches!(self.tokens.between(end), "/" | "-" | ":" | "%"))
                || (self.tokens.kind(end) == Some(Kind::Digits) && self.tokens.between(end).trim().len() <= 1);
            if stuck {
                return None;
            }
        } else if !marked && (!led || day == 1) {
            return None;
        }
        if !marked && !led && self.tokens.len() > 1 {
            return None;
        }
        // "the 3 of us", "on 2 occasions": a word directly behind that is no word of days makes it a count
        if !marked
            && self.tokens.kind(end) == Some(Kind::Word)
            && !self.tokens.breaks(end)
            && self.word(end).is_none()
            && self.tokens.len() > 4
            && !led
        {
            return None;
        }
        let mut days: Vec<Date> = (-2..=2).filter_map(|m| self.day_in_month(m, day)).collect();
        self.sort(&mut days);
        // "le vingt-et-un, jeudi": a weekday behind it must agree
        if let Some((weekday, n, _)) = self.weekday_word(end) {
            return Some(Said { open: true, ..Said::of(self.weekday_on(weekday, day), end + n - at) });
        }
        let before = days.iter().find(|d| **d <= self.today.day).copied();
        let after = days.iter().find(|d| **d > self.today.day).copied();
        days.retain(|d| Some(*d) == before || Some(*d) == after);
        Some(Said { open: true, bare: !marked && !led, ..Said::of(days, end - at) })
    }
}

fn date(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A day moved by a length, whole units only.
fn shift(from: Date, length: &Length, direction: i32) -> Option<Date> {
    let whole = |value: f64| (0..=40_000_i32).find(|n| (f64::from(*n) - value).abs() < 0.5);
    let days = whole(length.days)? + if length.days == 0.0 && length.has_hours() { whole((length.seconds / 86_400.0).floor())? } else { 0 };
    let span = (direction * whole(length.years)?).years().months(direction * whole(length.months)?).days(direction * days);
    from.checked_add(span).ok()
}

/// Whether a word turns down the day behind it: "not yesterday".
pub fn denied(tokens: &Tokens, at: usize, words: &Words) -> bool {
    at > 0
        && !tokens.breaks(at)
        && words.date.find(tokens, at - 1).is_some_and(|f| f.meaning == DateWord::Not)
        && words.number.find(tokens, at - 1).is_none_or(|f| f.meaning != NumberWord::Minus)
}
