//! What stands after `ask:`.

use std::ops::Range;

use crate::flow::{
    codes,
    condition::Type,
    diagnostic::{Problem, nearest},
};

/// An `ask` as written, before names are known.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// `yes/no`
    YesNo,
    /// `yes/no/unsure`
    YesNoUnsure,
    /// `one of`
    OneOf,
    /// `any of`
    AnyOf,
    /// `one of people in X`
    OnePerson(String),
    /// `any of people in X`
    People(String),
    /// `number A..B, whole, unit kg`
    Number {
        /// `A..B`
        bounds: Option<(f64, f64)>,
        /// `whole`
        whole: bool,
        /// `unit …`
        unit: Option<String>,
    },
    /// `temperature`
    Temperature,
    /// `date, …`
    Date(Vec<DatePart>),
    /// `phone`
    Phone,
    /// `name`
    Name,
    /// `text A..B`
    Text(usize, usize),
    /// `consent`
    Consent,
    /// `birth year`
    BirthYear,
}

/// One bound of a date.
#[derive(Clone, Debug, PartialEq)]
pub enum DatePart {
    /// `past`: today or before.
    Past,
    /// `future`: today or after.
    Future,
    /// `in the past N days`
    PastDays(u16),
    /// `in the next N days`
    NextDays(u16),
    /// `since X`: the first day, an expression and its place.
    Since(String, Range<usize>),
    /// `until X`: the last day.
    Until(String, Range<usize>),
}

/// The kinds, as a designer writes them.
pub const KINDS: &[&str] = &[
    "yes/no",
    "yes/no/unsure",
    "one of",
    "any of",
    "one of people in household",
    "any of people in household",
    "number",
    "temperature",
    "date",
    "phone",
    "name",
    "text",
    "consent",
    "birth year",
];
const LATER: &[&str] = &["time", "duration", "email", "place", "photo", "location", "date of birth"];
/// Characters of a text answer where no bounds are given.
const TEXT_DEFAULT: (usize, usize) = (1, 500);
/// Characters of a text answer that may be asked for at most.
const TEXT_MOST: usize = 2_000;

/// Reads it.
///
/// # Errors
/// What cannot be read, with what to write instead; the range lies in the file.
pub fn read(words: &str, range: &Range<usize>) -> Result<Form, Problem> {
    let (head, rest) = words.split_once(',').map_or((words, None), |(head, rest)| (head, Some(rest)));
    let rest_at = range.start + head.len() + 1;
    let parts = rest.map(|rest| parts(rest, rest_at)).unwrap_or_default();
    let head_text = head.split_whitespace().collect::<Vec<_>>().join(" ").replace(" / ", "/");
    let head_range = range.start..range.start + head.trim_end().len();
    let plain = |form: Form| match parts.first() {
        None => Ok(form),
        Some((_, range)) => {
            Err(Problem::new(codes::WRONG_VALUE, range.clone(), format!("`{head_text}` takes nothing after it"), "not known here")
                .help("remove it"))
        }
    };
    match head_text.as_str() {
        "yes/no" => plain(Form::YesNo),
        "yes/no/unsure" => plain(Form::YesNoUnsure),
        "one of" => plain(Form::OneOf),
        "any of" => plain(Form::AnyOf),
        "temperature" => plain(Form::Temperature),
        "phone" => plain(Form::Phone),
        "name" => plain(Form::Name),
        "consent" => plain(Form::Consent),
        "birth year" => plain(Form::BirthYear),
        _ if LATER.contains(&head_text.as_str()) => {
            Err(Problem::new(codes::NOT_BUILT, head_range, format!("`{head_text}` is planned, but not built yet"), "not built yet")
                .help(if head_text == "date of birth" { "write `birth year`" } else { "write `text` for now" }))
        }
        _ => {
            if let Some(list) = head_text.strip_prefix("one of people in ") {
                return plain(Form::OnePerson(list.to_owned()));
            }
            if let Some(list) = head_text.strip_prefix("any of people in ") {
                return plain(Form::People(list.to_owned()));
            }
            let (first, tail) = head_text.split_once(' ').map_or((head_text.as_str(), ""), |(first, tail)| (first, tail));
            match first {
                "date" => date(tail, &head_range, &parts),
                "number" => number(tail, &head_range, &parts),
                "text" => {
                    let (min, max) = text_bounds(tail, &head_range)?;
                    plain(Form::Text(min, max))
                }
                _ => Err(unknown(&head_text, head_range)),
            }
        }
    }
}

fn unknown(written: &str, range: Range<usize>) -> Problem {
    let alias = match written {
        "choice" | "select" | "single" | "one" | "multiple choice" => Some("one of"),
        "choices" | "multi" | "multiple" | "any" | "checkbox" => Some("any of"),
        "boolean" | "yesno" | "yes or no" | "y/n" => Some("yes/no"),
        "string" | "free text" | "open" => Some("text"),
        "integer" | "int" | "count" => Some("number 0..100, whole"),
        "day" => Some("date"),
        "fever" => Some("temperature"),
        "telephone" | "phone number" => Some("phone"),
        _ => None,
    };
    let help = match alias.or_else(|| nearest(written, KINDS.iter().copied())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one can ask {}", super::fields::listed(KINDS)),
    };
    Problem::new(codes::WRONG_VALUE, range, format!("there is no kind of question `{written}`"), "not a kind of question").help(help)
}

/// The parts after the commas, each with its place.
fn parts(rest: &str, at: usize) -> Vec<(String, Range<usize>)> {
    let mut start = at;
    let mut all = Vec::new();
    for part in rest.split(',') {
        let trimmed = part.trim();
        let from = start + (part.len() - part.trim_start().len());
        if !trimmed.is_empty() {
            all.push((trimmed.to_owned(), from..from + trimmed.len()));
        }
        start += part.len() + 1;
    }
    all
}

fn bounds(words: &str) -> Option<(f64, f64)> {
    let (from, to) = words.split_once("..").or_else(|| words.split_once(" to "))?;
    let (from, to) = (from.trim().parse::<f64>().ok()?, to.trim().parse::<f64>().ok()?);
    (from.is_finite() && to.is_finite() && from <= to).then_some((from, to))
}

fn number(tail: &str, head: &Range<usize>, parts: &[(String, Range<usize>)]) -> Result<Form, Problem> {
    let mut found = None;
    let (mut whole, mut unit) = (false, None);
    let first = (tail.to_owned(), head.clone());
    for (words, range) in std::iter::once(&first).chain(parts).filter(|(words, _)| !words.is_empty()) {
        if words == "whole" {
            whole = true;
        } else if let Some(name) = words.strip_prefix("unit ").or_else(|| words.strip_prefix("in ")) {
            unit = Some(name.trim().to_owned());
        } else if let Some(pair) = bounds(words) {
            found = Some(pair);
        } else if let Some(pair) = words.strip_suffix(" whole").and_then(bounds) {
            found = Some(pair);
            whole = true;
        } else {
            return Err(Problem::new(codes::WRONG_VALUE, range.clone(), format!("`{words}` says nothing of a number"), "not understood")
                .help("write the least and the most, as in `number 0..50`, and `whole` or `unit kg` after a comma"));
        }
    }
    Ok(Form::Number { bounds: found, whole, unit })
}

fn text_bounds(tail: &str, range: &Range<usize>) -> Result<(usize, usize), Problem> {
    if tail.is_empty() {
        return Ok(TEXT_DEFAULT);
    }
    let pair = match tail.strip_prefix("up to ") {
        Some(most) => most.trim().parse().ok().map(|most| (1, most)),
        None => tail.split_once("..").and_then(|(from, to)| Some((from.trim().parse().ok()?, to.trim().parse().ok()?))),
    };
    pair.filter(|(from, to)| *from <= *to && (1..=TEXT_MOST).contains(to)).ok_or_else(|| {
        Problem::new(codes::WRONG_VALUE, range.clone(), format!("`{tail}` says nothing of a text's length"), "not understood")
            .help(format!("write the fewest and the most characters, as in `text 1..300`; at most {TEXT_MOST}"))
    })
}

fn date(tail: &str, head: &Range<usize>, parts: &[(String, Range<usize>)]) -> Result<Form, Problem> {
    let tail_at = head.end.saturating_sub(tail.len());
    let first = (tail.to_owned(), tail_at..head.end);
    let mut all = Vec::new();
    for (words, range) in std::iter::once(&first).chain(parts).filter(|(words, _)| !words.is_empty()) {
        let days = |prefix: &str| {
            let rest = words.strip_prefix(prefix)?.trim();
            rest.strip_suffix("days").or_else(|| rest.strip_suffix("day"))?.trim().parse::<u16>().ok()
        };
        let expression = |prefix: &str| {
            let rest = words.strip_prefix(prefix)?;
            Some((rest.trim().to_owned(), range.end - rest.trim_start().len()..range.end))
        };
        if words == "past" || words == "in the past" {
            all.push(DatePart::Past);
        } else if words == "future" || words == "in the future" {
            all.push(DatePart::Future);
        } else if let Some(n) = days("in the past ") {
            all.push(DatePart::PastDays(n));
        } else if let Some(n) = days("in the next ") {
            all.push(DatePart::NextDays(n));
        } else if let Some((source, range)) = expression("since ") {
            all.push(DatePart::Since(source, range));
        } else if let Some((source, range)) = expression("until ") {
            all.push(DatePart::Until(source, range));
        } else {
            return Err(Problem::new(codes::WRONG_VALUE, range.clone(), format!("`{words}` says nothing of a day"), "not understood")
                .help("after `date,` stands `past`, `future`, `in the past 30 days`, `in the next 30 days`, `since …` or `until …`"));
        }
    }
    Ok(Form::Date(all))
}

impl Form {
    /// The type of its answer; options come from elsewhere.
    pub fn ty(&self, options: std::sync::Arc<crate::flow::condition::Options>) -> Type {
        match self {
            Self::YesNo | Self::Consent => Type::Truth,
            Self::YesNoUnsure => Type::TruthOrUnsure,
            Self::OneOf => Type::Choice(options),
            Self::AnyOf => Type::Choices(options),
            Self::OnePerson(_) => Type::Person,
            Self::People(_) => Type::People,
            Self::Number { .. } | Self::BirthYear => Type::Number,
            Self::Temperature => Type::Temperature,
            Self::Date(_) => Type::Date,
            Self::Phone | Self::Name | Self::Text(..) => Type::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read() {
        let cases = [
            ("yes / no", Form::YesNo),
            ("any of people in household", Form::People("household".to_owned())),
            ("number 0..50, whole, unit kg", Form::Number { bounds: Some((0.0, 50.0)), whole: true, unit: Some("kg".to_owned()) }),
            ("number", Form::Number { bounds: None, whole: false, unit: None }),
            ("date, in the past 30 days", Form::Date(vec![DatePart::PastDays(30)])),
            ("date in the past 30 days", Form::Date(vec![DatePart::PastDays(30)])),
            ("date, since onset, past", Form::Date(vec![DatePart::Since("onset".to_owned(), 12..17), DatePart::Past])),
            ("text up to 300", Form::Text(1, 300)),
            ("birth year", Form::BirthYear),
        ];
        for (words, expected) in cases {
            assert_eq!(read(words, &(0..words.len())), Ok(expected), "{words}");
        }
    }

    #[test]
    fn what_is_no_kind_is_told_with_the_nearest() {
        let help = |words: &str| read(words, &(0..words.len())).unwrap_err().help.unwrap();
        assert_eq!(help("yes/on"), "did you mean `yes/no`?");
        assert_eq!(help("multiple choice"), "did you mean `one of`?");
        assert_eq!(read("photo", &(0..5)).unwrap_err().code, codes::NOT_BUILT);
        assert_eq!(read("phone, short", &(0..12)).unwrap_err().range, 7..12);
        assert_eq!(read("number 5..1", &(0..11)).unwrap_err().code, codes::WRONG_VALUE);
    }
}
