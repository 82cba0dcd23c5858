//! Days with a name: "New Year's day", "martes de carnaval". A rule tells the day of a year; which names follow it is data.

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

use super::{Grammar, Said};
use crate::answer::words::{DateWord, Unit};

/// The rule of a named day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feast {
    /// Month and day: `12-25`.
    Fixed(i8, i8),
    /// Days from Easter Sunday: `easter-47`.
    Easter(i32),
    /// Month, weekday (Monday 1) and which of them: `11/4/4`.
    Nth(i8, i8, i8),
}

impl Feast {
    /// A rule as written in the data.
    pub fn parse(rule: &str) -> Option<Self> {
        if let Some(days) = rule.strip_prefix("easter") {
            return if days.is_empty() { Some(Self::Easter(0)) } else { days.parse().ok().map(Self::Easter) };
        }
        if let Some((month, day)) = rule.split_once('-') {
            return Some(Self::Fixed(month.parse().ok()?, day.parse().ok()?));
        }
        let mut parts = rule.split('/').map(str::parse);
        match (parts.next()?, parts.next()?, parts.next()?) {
            (Ok(month), Ok(weekday), Ok(nth)) => Some(Self::Nth(month, weekday, nth)),
            _ => None,
        }
    }

    /// The day in a year.
    pub fn day(self, year: i16) -> Option<Date> {
        match self {
            Self::Fixed(month, day) => Date::new(year, month, day).ok(),
            Self::Easter(days) => easter(year)?.checked_add(days.days()).ok(),
            Self::Nth(month, weekday, nth) => {
                let weekday = Weekday::from_monday_one_offset(weekday).ok()?;
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
            }
        }
    }
}

/// Easter Sunday of the western churches, by the rule of Meeus, Jones and Butcher.
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl Grammar<'_> {
    /// A named day, its year said or not; "the day after Christmas" too. "Before Christmas" is a stretch of time.
    pub(super) fn feast(&self, at: usize) -> Option<Said> {
        let start = self.skip_of(at);
        let (DateWord::Feast(feast), n, _) = self.word(start)? else { return None };
        let n = start + n - at;
        let mut before = at;
        while before > 0 && self.is(before - 1, DateWord::Of).is_some() {
            before -= 1;
        }
        let mut offset = 0;
        if before > 0 && !self.tokens.breaks(before) {
            let direction = match self.word(before - 1) {
                Some((DateWord::LaterAfter, ..)) => 1,
                Some((DateWord::AgoAfter, ..)) => -1,
                _ => 0,
            };
            if direction != 0 && (before < 2 || self.unit(before - 2).is_none_or(|(unit, _)| unit != Unit::Day)) {
                return Some(Said::vague(n));
            }
            offset = direction;
        }
        if let Some((years, m)) = self.year(at + n, false) {
            let days = years.iter().filter_map(|year| moved(feast.day(*year), offset)).collect();
            return Some(Said { year: true, ..Said::of(days, n + m) });
        }
        Some(Said { open: true, ..Said::of(self.feast_days(feast, offset), n) })
    }

    /// The days of a feast around today, the likelier first, moved by so many days.
    pub(super) fn feast_days(&self, feast: Feast, offset: i32) -> Vec<Date> {
        let this = self.today.day.year();
        let mut days: Vec<Date> = (this - 1..=this + 1).filter_map(|year| moved(feast.day(year), offset)).collect();
        self.sort(&mut days);
        self.keep_one_each_side(&mut days);
        days
    }
}

fn moved(day: Option<Date>, offset: i32) -> Option<Date> {
    day?.checked_add(offset.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_the_tables_say() {
        for (year, month, day) in [(2008, 3, 23), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2038, 4, 25)] {
            assert_eq!(easter(year), Date::new(year, month, day).ok(), "{year}");
        }
    }

    #[test]
    fn a_rule_is_read_as_written() {
        assert_eq!(Feast::parse("12-25"), Some(Feast::Fixed(12, 25)));
        assert_eq!(Feast::parse("easter-47").and_then(|f| f.day(2026)), Date::new(2026, 2, 17).ok());
        assert_eq!(Feast::parse("easter+39"), Some(Feast::Easter(39)));
        assert_eq!(Feast::parse("11/4/4").and_then(|f| f.day(2025)), Date::new(2025, 11, 27).ok());
        assert_eq!(Feast::parse("x"), None);
    }
}
