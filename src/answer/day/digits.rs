//! Days in digits with signs between ("22/02/2016", "4/22", "2016-02-22") or marked by signs of Chinese (2月22号).

use jiff::civil::Date;

use super::{Grammar, Said};
use crate::answer::{
    normalise::Kind,
    number,
    words::{DateWord, Unit},
};

impl Grammar<'_> {
    /// 2016年2月22日, 2月22号, 二零零四年八月十五.
    pub(super) fn year_month_day_marked(&self, at: usize) -> Option<Said> {
        if !self.words.style.places {
            return None;
        }
        let (era, mut next) = match self.word(at) {
            Some((DateWord::Era(before), n, _)) => (Some(before), at + n),
            _ => (None, at),
        };
        let mut years = Vec::new();
        if let Some((value, n)) = self.marked_number(next, DateWord::YearMark).or_else(|| self.first_year(era, next)) {
            years = match i16::try_from(value).ok()? {
                year if let Some(before) = era => vec![before.checked_add(year)?],
                year @ 1000..=2999 => vec![year],
                // 85年7月4日
                year @ 10..=99 if self.marked_number(next + n, DateWord::MonthMark).is_some() => self.short_year(year),
                _ => return None,
            };
            next += n;
        }
        let Some((month, n)) = self.marked_number(next, DateWord::MonthMark) else {
            return (!years.is_empty()).then(|| Said::vague(next - at));
        };
        next += n;
        let month = i8::try_from(month).ok()?;
        let Some((day, n, _)) = self.day_number(next) else {
            return Some(Said::vague(next - at));
        };
        next += n;
        if years.is_empty() {
            return Some(Said { open: true, ..Said::of(self.without_year(month, day), next - at) });
        }
        let days = years.iter().filter_map(|year| Date::new(*year, month, day).ok()).collect();
        Some(Said { year: true, ..Said::of(days, self.behind_weekday(next) - at) })
    }

    /// 元年, the first year of an era.
    fn first_year(&self, era: Option<i16>, at: usize) -> Option<(i32, usize)> {
        (era.is_some() && self.tokens.text(at) == "元").then_some((1, 1 + self.is(at + 1, DateWord::YearMark).unwrap_or(0)))
    }

    /// Passes a weekday written behind a whole date.
    pub(super) fn behind_weekday(&self, at: usize) -> usize {
        self.weekday_word(at).map_or(at, |(_, n, _)| at + n)
    }

    pub(super) fn marked_number(&self, at: usize, mark: DateWord) -> Option<(i32, usize)> {
        let found = number::at_place(self.tokens, at, self.words, true)?;
        let n = match self.word(at + found.tokens)? {
            (word, n, _) if word == mark => n,
            (DateWord::Unit(Unit::Year), n, _) if mark == DateWord::YearMark && found.value >= 10.0 => n,
            _ => return None,
        };
        let value = (0..=2999_i32).find(|v| (f64::from(*v) - found.value).abs() < f64::EPSILON)?;
        Some((value, found.tokens + n))
    }

    /// Days in digits with signs between: 2016-02-22, 22/02/2016, 4/22, 22.2., 08/12,15.
    pub(super) fn in_digits(&self, at: usize) -> Option<Said> {
        let t = self.tokens;
        let first = t.digits(at)?;
        if t.text(at).len() == 8 && (1_900..2_100).contains(&(first / 10_000)) {
            // 20260309
            return Some(Said { year: true, ..Said::at(date(first / 10_000, first / 100 % 100, first % 100), 1) });
        }
        if t.text(at).len() == 8 && (1_900..2_100).contains(&(first % 10_000)) {
            // 04071985
            let year = i16::try_from(first % 10_000).ok()?;
            return Some(Said { year: true, ..Said::of(self.either_order(first / 1_000_000, first / 10_000 % 100, &[year]), 1) });
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
    pub(super) fn month_name_in_signs(&self, at: usize) -> Option<Said> {
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
    pub(super) fn either_order(&self, first: u32, second: u32, years: &[i16]) -> Vec<Date> {
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
}

fn date(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
