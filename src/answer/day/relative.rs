//! Days counted from today: "3 days ago", "hace 3 días", "yesterday", "two weeks from tomorrow"; and the day of the month by itself.

use jiff::{ToSpan, civil::Date};

use super::{Grammar, Said, Way};
use crate::answer::{
    length::{self, Length},
    normalise::Kind,
    words::{DateWord, TimeWord, Unit},
};

impl Grammar<'_> {
    /// "Two weeks from now", "three days after tomorrow", "2 days before yesterday" where the data knows the joining words.
    pub(super) fn counted_from_day(&self, at: usize) -> Option<Said> {
        let length = length::at_place(self.tokens, at, self.words)?;
        let next = at + length.tokens;
        let (direction, n) = match self.word(next)? {
            (DateWord::LaterAfter, n, _) => (1, n),
            (DateWord::Since, n, _) => (1, n),
            (DateWord::AgoAfter, n, _) => (-1, n),
            _ => return None,
        };
        let start = self.skip_of(next + n);
        match self.word(start)? {
            (DateWord::Day(offset), m, _) if start == next + n => {
                let base = self.today.day.checked_add(offset.days()).ok()?;
                Some(Said::at(shift(base, &length, direction), length.tokens + n + m))
            }
            (DateWord::Feast(feast), m, _) => {
                let days = self.feast_days(feast, 0).into_iter().filter_map(|base| shift(base, &length, direction)).collect();
                Some(Said { open: true, ..Said::of(days, start + m - at) })
            }
            _ => None,
        }
    }

    /// "3 days ago", "hace 3 días", "il y a", "in 3 weeks", "3 days" where days past are asked.
    pub(super) fn ago_or_later(&self, at: usize) -> Option<Said> {
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
                // "faz hoje uma semana"
                DateWord::Day(0) if lead == Some(DateWord::AgoBefore) => {}
                _ => break,
            }
            start += n;
        }
        if start > at
            && self.is(start, DateWord::Vague).is_some()
            && let Some((unit, _)) = self.unit(start + 1)
        {
            return Some(self.some_of(unit, start + 2 - at));
        }
        let length = length::at_place(self.tokens, start, self.words).or_else(|| {
            let (unit, n) = length::unit_at(self.tokens, start, self.words)?;
            // من يوم الاثنين: since the day of Monday, and not for a day
            let named = |at: usize| self.weekday_word(at).is_some();
            if unit == Unit::Day && (named(start) || !self.tokens.breaks(start + n) && named(start + n)) {
                return None;
            }
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
        said.ago = direction == Some(-1);
        let half_days = length.seconds >= 86_400.0 && length.seconds % 86_400.0 != 0.0;
        if roughly || half_days || length.days.fract() != 0.0 || length.months.fract() != 0.0 || length.years.fract() != 0.0 {
            said = Said::vague(end - at);
        }
        Some(said)
    }

    /// "A few days", which is no day; "a few hours" is today.
    fn some_of(&self, unit: Unit, tokens: usize) -> Said {
        match unit {
            Unit::Second | Unit::Minute | Unit::Hour => Said { length: true, ..Said::at(Some(self.today.day), tokens) },
            Unit::Day | Unit::Week | Unit::Month | Unit::Year => Said::vague(tokens),
        }
    }

    /// Today, yesterday, last night; "next day", "last day".
    pub(super) fn relative(&self, at: usize) -> Option<Said> {
        if let Some((DateWord::Day(offset), n, mended)) = self.word(at) {
            return Some(Said { mended, ..Said::at(self.today.day.checked_add(offset.days()).ok(), n) });
        }
        if let Some((DateWord::Either(offset), n, mended)) = self.word(at) {
            let mut days: Vec<Date> = [-offset, offset].iter().filter_map(|o| self.today.day.checked_add(o.days()).ok()).collect();
            self.sort(&mut days);
            return Some(Said { open: true, either: true, mended, ..Said::of(days, n) });
        }
        if let Some((DateWord::Now, n, _)) = self.word(at) {
            return Some(Said { length: true, ..Said::at(Some(self.today.day), n) });
        }
        if let Some((DateWord::Vague, n, _)) = self.word(at) {
            let Some((unit, m)) = self.unit(at + n) else { return Some(Said::vague(n)) };
            let ago = self.is(at + n + m, DateWord::AgoAfter).unwrap_or(0);
            return Some(self.some_of(unit, n + m + ago));
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
    pub(super) fn day_alone(&self, at: usize) -> Option<Said> {
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
        // "10h", "10 pm" is a time
        let time = |i: usize| self.words.time.find(self.tokens, i);
        if !marked
            && time(end)
                .is_some_and(|f| f.meaning == TimeWord::Hour || self.tokens.text(end).len() <= 2 && self.tokens.text(end).is_ascii())
        {
            return None;
        }
        let clock = !marked
            && (1..=start.min(3)).any(|k| time(start - k).is_some_and(|f| f.meaning == TimeWord::Filler && f.tokens == k))
            && self.is(start - 1, DateWord::Of).is_none_or(|_| time(start.saturating_sub(2)).is_some_and(|f| f.tokens == 2));
        let mut days: Vec<Date> = (-2..=2).filter_map(|m| self.day_in_month(m, day)).collect();
        self.sort(&mut days);
        // "a couple fridays": a count of weekdays
        let in_words = self.tokens.kind(start) == Some(Kind::Word);
        if in_words && !marked && !self.tokens.breaks(end) && self.weekday_word(end).is_some() {
            return Some(Said::vague(end + 1 - at));
        }
        // "le vingt-et-un, jeudi": a weekday behind it must agree
        if let Some((weekday, n, _)) = self.weekday_word(end) {
            return Some(Said { open: true, ..Said::of(self.weekday_on(weekday, day), end + n - at) });
        }
        self.keep_one_each_side(&mut days);
        Some(Said { open: true, clock, bare: !marked && !led, ..Said::of(days, end - at) })
    }
}

/// A day moved by a length, whole units only.
fn shift(from: Date, length: &Length, direction: i32) -> Option<Date> {
    let whole = |value: f64| (0..=40_000_i32).find(|n| (f64::from(*n) - value).abs() < 0.5);
    let days = whole(length.days)? + if length.days == 0.0 && length.has_hours() { whole((length.seconds / 86_400.0).floor())? } else { 0 };
    let span = (direction * whole(length.years)?).years().months(direction * whole(length.months)?).days(direction * days);
    from.checked_add(span).ok()
}
