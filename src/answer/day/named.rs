//! Days by the names of months and weekdays: "21 de abril", "last monday", "the second Monday of next month".

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

use super::{Grammar, Said, Way};
use crate::answer::{
    normalise::Kind,
    number,
    words::{DateWord, Unit},
};

impl Grammar<'_> {
    /// "The first Friday of this month", "second Monday of next month", "premier vendredi de juillet".
    pub(super) fn nth_weekday(&self, at: usize) -> Option<Said> {
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
    pub(super) fn month_by_way(&self, at: usize) -> Option<(i32, usize)> {
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
    pub(super) fn week_by_way(&self, at: usize) -> Option<(i32, usize)> {
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
    pub(super) fn month_and_day(&self, at: usize) -> Option<Said> {
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

    pub(super) fn with_year(&self, at: usize, end: usize, month: i8, day: i8, mended: bool) -> Said {
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
    pub(super) fn day_of_this_month(&self, at: usize) -> Option<Said> {
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

    pub(super) fn day_in_month(&self, months: i32, day: i8) -> Option<Date> {
        let first = self.today.day.first_of_month().checked_add(months.months()).ok()?;
        Date::new(first.year(), first.month(), day).ok()
    }

    /// A weekday, alone or with last, next, this, a week or a day of the month: "last monday", "friday next week", "thursday the 21st".
    pub(super) fn weekday(&self, at: usize) -> Option<Said> {
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
        // "the sunday before last"
        if let Some((DateWord::AgoAfter, n, _)) = self.word(behind)
            && let Some(m) = self.is(behind + n, DateWord::Last)
        {
            return Some(Said::vague(behind + n + m - at));
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
            Some(Way::Next) if self.words.style.next_is_coming => vec![next],
            Some(Way::Next) => vec![self.in_week(1, weekday)?],
            None if self.today.ahead => vec![next, last],
            None => vec![last, next],
        };
        Some(Said { open: way.is_none(), mended, ..Said::of(days, end - at) })
    }

    pub(super) fn in_week(&self, weeks: i32, weekday: i8) -> Option<Date> {
        self.monday()?.checked_add((weeks * 7 + i32::from(weekday) - 1).days()).ok()
    }

    /// The months around today in which a day of the month falls on a weekday.
    pub(super) fn weekday_on(&self, weekday: i8, day: i8) -> Vec<Date> {
        let mut days: Vec<Date> =
            (-2..=2).filter_map(|m| self.day_in_month(m, day)).filter(|d| d.weekday().to_monday_one_offset() == weekday).collect();
        self.sort(&mut days);
        days
    }
}
