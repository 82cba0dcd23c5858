//! Opening hours: when somebody is there.
//!
//! Written as a person would: `Mon-Fri 08:00-18:00`, `Mon-Fri 08:00-12:00, 13:00-18:00, Sat 09:00-12:00`, `Fri-Sun 22:00-06:00` (over
//! midnight: the morning belongs to the day before), `always`. Wall-clock times of a time zone, so that they hold across the changes of
//! summer time: an hour that is skipped is neither open nor shut, an hour that comes twice is open both times. Knows no holidays.

use std::fmt;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::{AmbiguousOffset, TimeZone},
};
use serde::{Deserialize, Serialize};

/// Opening hours, read from their text form and stored as it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    text: String,
    spans: Vec<Span>,
}

/// One span on some days of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    /// Monday first.
    days: [bool; 7],
    /// Minutes from midnight.
    from: i16,
    /// Minutes from midnight of the same day; above 24 h where the span ends on the next.
    to: i16,
}

/// Minutes of a day on the wall.
const DAY: i16 = 24 * 60;
/// Days looked ahead: every span comes again within 7, and a change of summer time may swallow it once.
const AHEAD_DAYS: i32 = 16;
const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const EXAMPLE: &str = "write them as `Mon-Fri 08:00-18:00, Sat 09:00-12:00`, or `always`";

impl Hours {
    /// Reads opening hours. A span without days is for the days of the span before it, the first one for every day.
    ///
    /// # Errors
    /// A sentence that names the part and says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(format!("opening hours are empty; {EXAMPLE}"));
        }
        let mut spans = Vec::new();
        if trimmed.eq_ignore_ascii_case("always") {
            spans.push(Span { days: [true; 7], from: 0, to: DAY });
        } else {
            let mut days = [true; 7];
            for part in trimmed.split(',') {
                spans.push(parse_span(part.trim(), &mut days)?);
            }
        }
        Ok(Self { text: trimmed.to_owned(), spans })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is open at a moment. The first minute is open, the last is not.
    pub fn open_at(&self, at: Timestamp, zone: &TimeZone) -> bool {
        self.openings(at, zone).iter().any(|(from, to)| *from <= at && at < *to)
    }

    /// The first moment from `at` on when it is open: `at` itself where it is open then.
    pub fn next_opening(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        self.openings(at, zone).into_iter().find(|(_, to)| at < *to).map(|(from, _)| from.max(at))
    }

    /// The first moment from `at` on when it is shut: `at` itself where it is shut then, `None` where it never shuts.
    pub fn next_closing(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let Some((_, to)) = self.openings(at, zone).into_iter().find(|(from, to)| *from <= at && at < *to) else {
            return Some(at);
        };
        let far = at.checked_add((24 * (AHEAD_DAYS - 2)).hours()).ok()?;
        (to < far).then_some(to)
    }

    /// The stretches of open time around a moment, in order, those that touch joined.
    fn openings(&self, at: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, Timestamp)> {
        let today = at.to_zoned_datetime(zone.clone()).date();
        let mut open: Vec<(Timestamp, Timestamp)> = Vec::new();
        for offset in -2..=AHEAD_DAYS {
            let Ok(date) = today.checked_add(offset.days()) else { continue };
            for span in self.spans.iter().filter(|span| span.falls_on(date.weekday())) {
                let (Some(from), Some(to)) = (moment(date, span.from, zone, End::From), moment(date, span.to, zone, End::To)) else {
                    continue;
                };
                if from < to {
                    open.push((from, to));
                }
            }
        }
        open.sort_unstable();
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(open.len());
        for (from, to) in open {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                Some(_) | None => joined.push((from, to)),
            }
        }
        joined
    }
}

#[derive(Clone, Copy)]
enum End {
    From,
    To,
}

/// The moment of a wall-clock time. In an hour that is skipped: the moment of the change. In one that comes twice: the first for a beginning,
/// the second for an end, so that every moment whose wall clock lies inside is open.
fn moment(date: Date, minutes: i16, zone: &TimeZone, end: End) -> Option<Timestamp> {
    let date = if minutes >= DAY { date.checked_add(1.day()).ok()? } else { date };
    let minutes = minutes % DAY;
    let time = Time::new(i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?, 0, 0).ok()?;
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => ambiguous.compatible().ok(),
        AmbiguousOffset::Gap { .. } => {
            let before = ambiguous.earlier().ok()?;
            zone.following(before).next().map(|change| change.timestamp())
        }
        AmbiguousOffset::Fold { .. } => match end {
            End::From => ambiguous.earlier().ok(),
            End::To => ambiguous.later().ok(),
        },
    }
}

impl Span {
    fn falls_on(&self, weekday: Weekday) -> bool {
        let index = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
        self.days.get(index).copied().unwrap_or(false)
    }
}

fn parse_span(part: &str, days: &mut [bool; 7]) -> Result<Span, String> {
    if part.is_empty() {
        return Err(format!("there is nothing between two commas of the opening hours; {EXAMPLE}"));
    }
    let begins_with_digit = part.starts_with(|c: char| c.is_ascii_digit());
    let times = if begins_with_digit {
        part
    } else {
        let (names, times) = part.split_once(char::is_whitespace).ok_or_else(|| format!("`{part}` has no times; {EXAMPLE}"))?;
        *days = parse_days(names)?;
        times.trim()
    };
    let (from, to) = times.split_once('-').ok_or_else(|| format!("`{times}` is no span of time; write it as `08:00-18:00`"))?;
    let (from, mut to) = (parse_time(from.trim())?, parse_time(to.trim())?);
    if from == DAY || from == to {
        return Err(format!("`{times}` begins when it ends; write `00:00-24:00` for a whole day"));
    }
    if to < from {
        to += DAY;
    }
    Ok(Span { days: *days, from, to })
}

fn parse_days(text: &str) -> Result<[bool; 7], String> {
    if text.eq_ignore_ascii_case("daily") {
        return Ok([true; 7]);
    }
    let day = |name: &str| {
        NAMES
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| format!("`{name}` is no day; write {}", NAMES.join(", ")))
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(text)?, day(text)?),
    };
    let mut days = [false; 7];
    for (index, falls) in days.iter_mut().enumerate() {
        // `Fri-Mon` runs over the week's end.
        *falls = if first <= last { (first..=last).contains(&index) } else { index >= first || index <= last };
    }
    Ok(days)
}

fn parse_time(text: &str) -> Result<i16, String> {
    let wrong = || format!("`{text}` is no time of day; write it as `08:00`, at most `24:00`");
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !(1..=2).contains(&hours.len()) || minutes.len() != 2 || !digits(hours) || !digits(minutes) {
        return Err(wrong());
    }
    let (hours, minutes): (i16, i16) = (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
    let all = hours * 60 + minutes;
    if minutes > 59 || all > DAY { Err(wrong()) } else { Ok(all) }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::civil::DateTime>().unwrap().to_zoned_datetime(zone()).unwrap().timestamp()
    }

    fn hours(text: &str) -> Hours {
        Hours::parse(text).unwrap()
    }

    #[test]
    fn spans_days_and_pauses_are_open_as_written() {
        let cases = [
            // 2026-03-02 is a Monday.
            ("Mon-Fri 08:00-18:00", "2026-03-02T07:59:59", false),
            ("Mon-Fri 08:00-18:00", "2026-03-02T08:00", true),
            ("Mon-Fri 08:00-18:00", "2026-03-02T17:59:59", true),
            ("Mon-Fri 08:00-18:00", "2026-03-02T18:00", false),
            ("Mon-Fri 08:00-18:00", "2026-03-07T12:00", false),
            ("Mon-Fri 08:00-12:00, Mon-Fri 13:00-18:00, Sat 09:00-12:00", "2026-03-02T12:30", false),
            ("Mon-Fri 08:00-12:00, Mon-Fri 13:00-18:00, Sat 09:00-12:00", "2026-03-07T11:59", true),
            ("Mon-Fri 08:00-12:00, 13:00-18:00", "2026-03-08T14:00", false),
            ("Fri 22:00-06:00", "2026-03-07T05:59", true),
            ("Fri 22:00-06:00", "2026-03-06T05:59", false),
            ("sat-mon 8:00-9:00", "2026-03-01T08:30", true),
            ("sat-mon 8:00-9:00", "2026-03-03T08:30", false),
            ("09:00-17:00", "2026-03-08T10:00", true),
            ("daily 00:00-24:00", "2026-03-08T23:59:59", true),
            ("always", "2026-03-08T03:00", true),
        ];
        for (text, moment, open) in cases {
            assert_eq!(hours(text).open_at(at(moment), &zone()), open, "{text} at {moment}");
        }
    }

    #[test]
    fn the_next_opening_and_closing_are_found_over_the_week_end() {
        let office = hours("Mon-Fri 08:00-18:00");
        let zone = zone();
        assert_eq!(office.next_opening(at("2026-03-06T18:00"), &zone), Some(at("2026-03-09T08:00")));
        assert_eq!(office.next_opening(at("2026-03-06T09:00"), &zone), Some(at("2026-03-06T09:00")));
        assert_eq!(office.next_closing(at("2026-03-06T09:00"), &zone), Some(at("2026-03-06T18:00")));
        assert_eq!(office.next_closing(at("2026-03-07T09:00"), &zone), Some(at("2026-03-07T09:00")));
        assert_eq!(hours("always").next_closing(at("2026-03-06T09:00"), &zone), None);
        assert_eq!(hours("Mon-Sun 00:00-12:00, 12:00-24:00").next_closing(at("2026-03-06T09:00"), &zone), None);
        assert_eq!(
            hours("Mon-Fri 20:00-24:00, Tue-Sat 00:00-02:00").next_closing(at("2026-03-06T23:00"), &zone),
            Some(at("2026-03-07T02:00"))
        );
    }

    #[test]
    fn summer_time_moves_no_wall_clock_hour() {
        let zone = zone();
        // 2026-03-08 02:00 → 03:00, 2026-11-01 02:00 → 01:00.
        let night = hours("daily 02:30-05:00");
        assert_eq!(night.next_opening(at("2026-03-08T00:00"), &zone), Some(at("2026-03-08T03:00")));
        assert_eq!(night.next_closing(at("2026-03-08T03:10"), &zone), Some(at("2026-03-08T05:00")));
        let late = hours("Sat 22:00-01:30");
        let second_half_past_one: Timestamp = "2026-11-01T06:30Z".parse().unwrap();
        assert_eq!(late.next_closing(at("2026-10-31T23:00"), &zone), Some(second_half_past_one));
        assert_eq!(hours("Sun 02:00-03:00").next_opening(at("2026-03-07T12:00"), &zone), Some(at("2026-03-15T02:00")));
    }

    #[test]
    fn an_error_says_what_to_write() {
        let cases = [
            ("", "empty"),
            ("Mon-Fri", "has no times"),
            ("Mo-Fr 08:00-18:00", "`Mo` is no day; write Mon"),
            ("Mon-Fri 8-18", "`8` is no time of day; write it as `08:00`"),
            ("Mon 08:00-25:00", "at most `24:00`"),
            ("Mon 08:60-09:00", "no time of day"),
            ("Mon 08:00", "no span of time"),
            ("Mon 08:00-08:00", "begins when it ends"),
            ("Mon 08:00-09:00,", "between two commas"),
        ];
        for (text, part) in cases {
            let error = Hours::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn hours_are_stored_as_their_text() {
        let json = serde_json::to_string(&hours("Mon-Fri 08:00-18:00")).unwrap();
        assert_eq!(json, "\"Mon-Fri 08:00-18:00\"");
        assert_eq!(serde_json::from_str::<Hours>(&json).unwrap(), hours("Mon-Fri 08:00-18:00"));
        assert!(serde_json::from_str::<Hours>("\"nine to five\"").is_err());
    }

    proptest! {
        #[test]
        fn an_opening_is_open_and_a_closing_is_shut(
            days in 0_usize..49, from in 0_i16..1440, length in 1_i16..1440, second in 0_i64..3 * 365 * 86_400,
        ) {
            let clock = |minutes: i16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            let text = format!("{}-{} {}-{}", NAMES[days / 7], NAMES[days % 7], clock(from), clock((from + length) % DAY));
            let (hours, zone) = (hours(&text), zone());
            let now = at("2025-01-01T00:00") + second.seconds();
            let opening = hours.next_opening(now, &zone).unwrap();
            prop_assert!(opening >= now && hours.open_at(opening, &zone));
            prop_assert!(opening == now || !hours.open_at(opening - 1.second(), &zone));
            prop_assert_eq!(opening == now, hours.open_at(now, &zone));
            if let Some(closing) = hours.next_closing(opening, &zone) {
                prop_assert!(closing > opening && !hours.open_at(closing, &zone) && hours.open_at(closing - 1.second(), &zone));
            }
        }
    }
}
