//! A day within bounds: of what was said, the bounds choose. A future day for a past question is unclear, not guessed.

use jiff::{ToSpan, civil::Date};

use super::{
    day::{self, Said, Today},
    expect::{Context, DateBounds},
    normalise::{Kind, Tokens},
    reading::{How, Reading, Unclear},
    value::{Truth, Value},
    words::{ListWord, Words},
    yes_no,
};

/// Words that may stand beside a length without "ago" that is taken for a day: "it has been 3 days now".
const LENGTH_WORDS: usize = 4;

/// A day without a year that was so long ago, or that comes so soon, is rather a slip: days.
const LONG_AGO_DAYS: i32 = 300;
const SOON_DAYS: i32 = 45;

/// Reads one day.
pub fn read(bounds: DateBounds, tokens: &Tokens, context: &Context<'_>, words: &Words) -> Reading {
    let said = match said(bounds, tokens, context, words) {
        Ok(said) => said,
        Err(why) => return Reading::Unclear(why),
    };
    let reading = judge(bounds, &said, tokens, context);
    match &reading {
        Reading::Clear { value, how: How::Exact | How::Within }
            if in_other_order(bounds, tokens, context, words).is_some_and(|other| other != *value) =>
        {
            Reading::Clear { value: value.clone(), how: How::Guessed }
        }
        Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => reading,
    }
}

/// The day that is meant where day and month stand the other way round.
fn in_other_order(bounds: DateBounds, tokens: &Tokens, context: &Context<'_>, words: &Words) -> Option<Value> {
    let n_numbers = (0..tokens.len()).filter(|at| tokens.kind(*at) == Some(Kind::Digits)).count();
    if n_numbers < 2 {
        return None;
    }
    let said = said_in(!month_first(words, context.country), bounds, tokens, context, words).ok()?;
    match judge(bounds, &said, tokens, context) {
        Reading::Clear { value, .. } => Some(value),
        Reading::Ambiguous(_) | Reading::Unclear(_) => None,
    }
}

/// A whole date of birth: a year must have been said.
pub fn birth(bounds: DateBounds, tokens: &Tokens, context: &Context<'_>, words: &Words) -> Reading {
    let bounds = DateBounds {
        to: Some(bounds.to.unwrap_or(context.today)),
        from: bounds.from.or_else(|| Date::new(context.today.year() - 125, 1, 1).ok()),
    };
    match said(bounds, tokens, context, words) {
        Ok(said) if said.iter().any(|s| !s.year) => Reading::Unclear(Unclear::Unknown),
        Ok(said) => judge(bounds, &said, tokens, context),
        Err(why) => Reading::Unclear(why),
    }
}

/// Whether 3/4 is March 4: by the language, and for English by the country.
pub fn month_first(words: &Words, country: &str) -> bool {
    words.style.month_first && matches!(country, "" | "US" | "PH" | "PW" | "FM" | "MH" | "GU" | "PR" | "VI" | "AS" | "MP")
}

/// Every day that a reply says, in order.
pub fn said(bounds: DateBounds, tokens: &Tokens, context: &Context<'_>, words: &Words) -> Result<Vec<Said>, Unclear> {
    said_in(month_first(words, context.country), bounds, tokens, context, words)
}

fn said_in(month_first: bool, bounds: DateBounds, tokens: &Tokens, context: &Context<'_>, words: &Words) -> Result<Vec<Said>, Unclear> {
    if tokens.is_empty() {
        return Err(Unclear::Empty);
    }
    let ahead = bounds.from.is_some_and(|from| from >= context.today);
    let today = Today { day: context.today, month_first, ahead };
    let grammar = day::Grammar::new(tokens, today, words);
    let mut found: Vec<Said> = Vec::new();
    let mut at = 0;
    // where a length without "ago" ended
    let mut length_end = None;
    while at < tokens.len() {
        match grammar.at_place(at) {
            Some(said) => {
                let n = said.tokens.max(1);
                // "a week last Sunday": a week before it, or for a week since then?
                if length_end == Some(at) && !tokens.breaks(at) && !said.length && !said.vague && said.days != [context.today] {
                    return Err(Unclear::Unknown);
                }
                length_end = (said.length && said.days != [context.today]).then_some(at + n);
                if !day::denied(tokens, at, words) {
                    found.push(said);
                }
                at += n;
            }
            None => at += 1,
        }
    }
    // "yesterday or the day before", "2 or 3 days ago", "il y a 3 ou 4 jours": one day was found, two were meant
    let either = (0..tokens.len()).any(|at| words.list.find(tokens, at).is_some_and(|f| f.meaning == ListWord::Or));
    if either && (found.len() == 1 || found.iter().any(|s| s.length) && found.iter().any(|s| !s.length)) {
        return Err(Unclear::Unknown);
    }
    // "last night around 10"
    if found.iter().any(|s| !s.clock) {
        found.retain(|s| !s.clock);
    }
    // "hoy hace una semana", "it is 3 days today"
    let counted = |s: &Said| s.ago || s.length;
    if !ahead && found.iter().any(|s| counted(s) && s.days != [context.today]) {
        found.retain(|s| counted(s) || s.days != [context.today]);
    }
    // "3 days now": since then, till now
    if found.len() > 1 && found.iter().any(|s| s.length && s.days != [context.today]) {
        found.retain(|s| !s.length || s.days != [context.today]);
    }
    // a length without "ago" counts only where no other day is said and days past are asked
    if found.iter().any(|s| !s.length) {
        found.retain(|s| !s.length);
    } else if ahead || tokens.len() > found.iter().map(|s| s.tokens).sum::<usize>() + LENGTH_WORDS {
        found.clear();
    }
    // a stretch of time beside a day only dresses it: "last week on monday" was read whole
    if found.iter().any(|s| !s.vague) {
        found.retain(|s| !s.vague);
    }
    if found.is_empty() {
        return Err(match yes_no::plainly(tokens, words) {
            Some(Truth::Unsure) => Unclear::Unsure,
            _ => Unclear::Unknown,
        });
    }
    Ok(found)
}

fn judge(bounds: DateBounds, said: &[Said], tokens: &Tokens, context: &Context<'_>) -> Reading {
    let mut days: Vec<Date> = Vec::new();
    let mut wrong = None;
    let mut how = How::Exact;
    for one in said {
        if one.vague {
            wrong = wrong.or(Some(Unclear::Unknown));
            continue;
        }
        match choose(bounds, one, context) {
            Ok(fit) => {
                for day in fit {
                    if !days.contains(&day) {
                        days.push(day);
                    }
                }
                if one.mended {
                    how = How::Mended;
                }
            }
            Err(why) => wrong = Some(wrong.unwrap_or(why)),
        }
    }
    let taken: usize = said.iter().map(|s| s.tokens).sum();
    if how == How::Exact && taken < tokens.len() {
        how = How::Within;
    }
    match (days.as_slice(), wrong) {
        ([], why) => Reading::Unclear(why.unwrap_or(Unclear::Unknown)),
        // one day fits and another does not: which was meant?
        ([_], Some(why)) => Reading::Unclear(why),
        ([day], None) => Reading::Clear { value: Value::Date(*day), how },
        (several, _) => Reading::Ambiguous(several.iter().map(|d| Value::Date(*d)).collect()),
    }
}

/// The days of one saying that the bounds allow: one, or several where the saying is open.
fn choose(bounds: DateBounds, said: &Said, context: &Context<'_>) -> Result<Vec<Date>, Unclear> {
    let mut candidates = said.days.clone();
    if said.bare
        && let Some(first) = candidates.first().copied()
        && let Ok(ago) = context.today.checked_sub(i32::from(first.day()).days())
        && within(bounds, ago).is_ok()
        && !candidates.contains(&ago)
    {
        // "3" may be the third or three days ago
        candidates.retain(|d| within(bounds, *d).is_ok());
        candidates.truncate(1);
        candidates.push(ago);
        return Ok(candidates);
    }
    let first = candidates.first().copied().ok_or(Unclear::NoSuchDay)?;
    let fit: Vec<Date> = candidates.iter().copied().filter(|d| within(bounds, *d).is_ok()).collect();
    // "march 20" on the 11th: a slip, or a year ago? Not guessed
    if said.open
        && bounds.to == Some(context.today)
        && fit.first().is_some_and(|day| (context.today - *day).get_days() > LONG_AGO_DAYS)
        && candidates.iter().any(|day| *day > context.today && (*day - context.today).get_days() <= SOON_DAYS)
    {
        return Err(Unclear::TooLate);
    }
    // "february 3" where days from the 20th on are asked: a slip, or next year's? Not guessed
    if said.open
        && bounds.to.is_none()
        && fit.first().is_some_and(|day| (*day - context.today).get_days() > LONG_AGO_DAYS)
        && candidates.iter().any(|day| *day < context.today && (context.today - *day).get_days() <= SOON_DAYS)
    {
        return Err(Unclear::TooEarly);
    }
    match fit.first() {
        Some(_) if said.either => Ok(fit),
        Some(day) => Ok(vec![*day]),
        None => Err(within(bounds, nearest(bounds, &candidates).unwrap_or(first)).err().unwrap_or(Unclear::Unknown)),
    }
}

fn nearest(bounds: DateBounds, days: &[Date]) -> Option<Date> {
    days.iter().copied().min_by_key(|d| {
        let out = |bound: Option<Date>| bound.map_or(i32::MAX, |b| (b - *d).get_days().abs());
        out(bounds.from).min(out(bounds.to))
    })
}

fn within(bounds: DateBounds, day: Date) -> Result<(), Unclear> {
    if bounds.from.is_some_and(|from| day < from) {
        return Err(Unclear::TooEarly);
    }
    if bounds.to.is_some_and(|to| day > to) {
        return Err(Unclear::TooLate);
    }
    Ok(())
}

/// A birth year: four digits, or the year of a whole date.
pub fn birth_year(tokens: &Tokens, context: &Context<'_>, words: &Words) -> Reading {
    let this = context.today.year();
    let mut years: Vec<i16> = Vec::new();
    for at in 0..tokens.len() {
        if tokens.kind(at) == Some(Kind::Digits) && tokens.text(at).len() == 4 {
            let alone = tokens.len() == 1 || !tokens.glued(at);
            if let (true, Ok(year)) = (alone, tokens.text(at).parse::<i16>())
                && !years.contains(&year)
            {
                years.push(year);
            }
        }
    }
    if years.is_empty() {
        // "nineteen eighty five"
        years.extend(said_year(tokens, words));
    }
    if years.is_empty()
        && let Ok(said) = said(DateBounds::default(), tokens, context, words)
    {
        years.extend(said.iter().filter(|s| s.year).filter_map(|s| s.days.first().map(|d| d.year())));
    }
    match years.as_slice() {
        [] if tokens.is_empty() => Reading::Unclear(Unclear::Empty),
        [] => Reading::Unclear(Unclear::Unknown),
        [year] if *year > this => Reading::Unclear(Unclear::TooLate),
        [year] if *year < this - 125 => Reading::Unclear(Unclear::TooEarly),
        [year] => Reading::Clear { value: Value::Number(f64::from(*year)), how: if tokens.len() == 1 { How::Exact } else { How::Within } },
        several => Reading::Ambiguous(several.iter().map(|y| Value::Number(f64::from(*y))).collect()),
    }
}

fn said_year(tokens: &Tokens, words: &Words) -> Option<i16> {
    let whole = |value: f64| (0..=2999_i16).find(|y| (f64::from(*y) - value).abs() < f64::EPSILON);
    for at in 0..tokens.len() {
        let Some(found) = super::number::at_place(tokens, at, words, true).filter(|f| !f.digits) else { continue };
        match whole(found.value)? {
            year @ 1900..=2999 => return Some(year),
            century @ (19 | 20) => {
                let rest = super::number::at_place(tokens, at + found.tokens, words, true)?;
                let rest = whole(rest.value).filter(|r| (1..=99).contains(r))?;
                return Some(century * 100 + rest);
            }
            _ => return None,
        }
    }
    None
}

/// The one day that a reply names beside its answer, not after today; a bare number is none.
pub fn beside(tokens: &Tokens, context: &Context<'_>, words: &Words) -> Option<Date> {
    let bounds = DateBounds { from: None, to: Some(context.today) };
    let today = Today { day: context.today, month_first: true, ahead: false };
    if !day::Grammar::new(tokens, today, words).may_say() {
        return None;
    }
    let said: Vec<Said> = said(bounds, tokens, context, words).ok()?.into_iter().filter(|s| !s.bare).collect();
    match judge(bounds, &said, tokens, context) {
        Reading::Clear { value: Value::Date(day), .. } => Some(day),
        Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => None,
    }
}
