//! Options that are stretches of days or of numbers: "2-3 days ago", "More than a week", "18 to 64", "5 or more".
//!
//! A reply that says a day, a length or a number means the option whose stretch has it: "since sunday", "a fortnight", "34".

use crate::answer::{
    date,
    expect::{Choice, Context, DateBounds},
    length::{self, Length},
    normalise::{Kind, Tokens},
    number,
    reading::Reading,
    value::Value,
    words::{DateWord, Reach, Unit, Words},
};

/// More words than this tell a story, in which a number may be of anything.
const WORDS: usize = 12;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// Days before today.
    Days,
    /// Whatever the question asks.
    Numbers,
}

/// From a value to another, both within; without an end where it is "or more".
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    of: Of,
    from: f64,
    to: f64,
}

impl Stretch {
    fn has(self, other: Self) -> bool {
        self.of == other.of && self.from <= other.from && other.to <= self.to
    }

    fn one(of: Of, value: f64) -> Self {
        Self { of, from: value, to: value }
    }
}

/// The options that a reply means by what it counts: none where the options are no stretches, or it says nothing that one of them has.
pub(super) fn meant(choices: &[Choice], tokens: &Tokens, context: &Context<'_>, words: &Words) -> Vec<usize> {
    if tokens.len() > WORDS || !has_figures(tokens, words) {
        return Vec::new();
    }
    // most options are no stretches, which is seen before any is read as one
    let labels: Vec<(usize, Tokens)> =
        choices.iter().enumerate().filter(|(_, choice)| !choice.exclusive).map(|(at, choice)| (at, Tokens::of(&choice.label))).collect();
    if labels.iter().filter(|(_, label)| has_figures(label, words)).count() < 2 {
        return Vec::new();
    }
    let options: Vec<(usize, Stretch)> = labels.iter().filter_map(|(at, label)| Some((*at, of_label(label, words)?))).collect();
    let Some((_, Stretch { of, .. })) = options.first().copied() else { return Vec::new() };
    // "1", "2" and "3" are what they are called
    let spread = options.iter().any(|(_, stretch)| stretch.from < stretch.to);
    if options.len() < 2 || !spread || options.iter().any(|(_, stretch)| stretch.of != of) {
        return Vec::new();
    }
    let mut found: Vec<usize> = Vec::new();
    for said in said(of, tokens, context, words) {
        // what has an end tells more than what has none, and a short stretch more than a long one
        let fits = options.iter().filter(|(_, stretch)| stretch.has(said));
        match fits.min_by(|(_, a), (_, b)| (a.to - a.from).total_cmp(&(b.to - b.from))) {
            Some((at, _)) if !found.contains(at) => found.push(*at),
            Some(_) => {}
            None => return Vec::new(),
        }
    }
    found
}

/// Whether a text has a figure, or a word of numbers or days.
fn has_figures(tokens: &Tokens, words: &Words) -> bool {
    let counts = |at: usize| {
        tokens.kind(at) == Some(Kind::Digits) || words.date.find(tokens, at).is_some() || words.number.find(tokens, at).is_some()
    };
    (0..tokens.len()).any(counts)
}

/// The options whose label has a stretch of numbers in which a number of the reply lies.
pub(super) fn having_numbers(choices: &[Choice], tokens: &Tokens, words: &Words) -> Vec<usize> {
    // "4 months" are no age of those that labels have
    let short = |at: usize| length::at_place(tokens, at, words).is_some_and(|length| length.years <= 0.0);
    let counts = (0..tokens.len()).filter(|at| !short(*at)).filter_map(|at| tokens.digits(at));
    let numbers: Vec<Stretch> = counts.map(|n| Stretch::one(Of::Numbers, f64::from(n))).collect();
    let has = |choice: &Choice| {
        let label = of_label(&Tokens::of(&choice.label), words).filter(|stretch| stretch.from < stretch.to);
        label.is_some_and(|label| numbers.iter().any(|number| label.has(*number)))
    };
    choices.iter().enumerate().filter(|(_, choice)| !choice.exclusive && has(choice)).map(|(at, _)| at).collect()
}

/// What a reply counts; several where it is open which.
fn said(of: Of, tokens: &Tokens, context: &Context<'_>, words: &Words) -> Vec<Stretch> {
    if of == Of::Days {
        let past = DateBounds { from: None, to: Some(context.today) };
        let ago = |value: &Value| match value {
            Value::Date(day) => Some(Stretch::one(Of::Days, f64::from((context.today - *day).get_days()))),
            _ => None,
        };
        match date::read(past, tokens, context, words) {
            Reading::Clear { value, .. } => return ago(&value).into_iter().collect(),
            Reading::Ambiguous(values) => return values.iter().filter_map(ago).collect(),
            Reading::Unclear(_) => {}
        }
    }
    if of == Of::Numbers
        && let Reading::Clear { value: Value::Number(n), .. } = number::read(None, None, false, tokens, words)
    {
        return vec![Stretch::one(Of::Numbers, n)];
    }
    match counted(tokens, words) {
        Some(stretch) if stretch.of == of => vec![stretch],
        Some(_) | None => Vec::new(),
    }
}

fn of_label(label: &Tokens, words: &Words) -> Option<Stretch> {
    if let Some(stretch) = counted(label, words) {
        return Some(stretch);
    }
    let is = |at: usize, meaning: DateWord| words.date.find(label, at).is_some_and(|f| f.meaning == meaning);
    if label.len() == 2 && is(0, DateWord::This) && is(1, DateWord::Unit(Unit::Week)) {
        return Some(Stretch { of: Of::Days, from: 0.0, to: 6.0 });
    }
    // "Today", "Yesterday": the whole label is a day's name
    let named = words.date.find(label, 0).filter(|found| found.tokens == label.len())?;
    match named.meaning {
        DateWord::Day(days) if days <= 0 => Some(Stretch::one(Of::Days, f64::from(-days))),
        DateWord::Either(days) => Some(Stretch::one(Of::Days, f64::from(days.abs()))),
        _ => None,
    }
}

/// The numbers or lengths of a text as one stretch: "2 to 7 days", "more than a week", "65+".
fn counted(tokens: &Tokens, words: &Words) -> Option<Stretch> {
    let mut values: Vec<f64> = Vec::new();
    let mut bare = 0;
    let mut of = Of::Numbers;
    let mut reach = None;
    let mut at = 0;
    while at < tokens.len() {
        if let Some(found) = words.reach.find(tokens, at) {
            reach = Some(found.meaning);
            at += found.tokens;
            continue;
        }
        // "قبل أكثر من أسبوع": one of the unit
        let one = |reach: Option<Reach>| {
            let (unit, n) = length::unit_at(tokens, at, words).filter(|_| reach.is_some())?;
            Some(Length::one(unit, n, tokens, at, words))
        };
        if let Some(length) = length::at_place(tokens, at, words).or_else(|| one(reach)) {
            // years are counted as ages are: "18 to 64", "40 years"
            let ages = length.years > 0.0 && length.months + length.days + length.seconds <= 0.0;
            if ages {
                values.push(length.years);
                bare += 1;
                at += length.tokens;
                continue;
            }
            let days = length.in_seconds() / 86_400.0;
            // "2 to 7 days": the unit is that of both
            let many = number::at_place(tokens, at, words, false).filter(|n| n.tokens < length.tokens).map_or(1.0, |n| n.value);
            for value in values.iter_mut().rev().take(bare).filter(|_| many > 0.0) {
                *value *= days / many;
            }
            (of, bare) = (Of::Days, 0);
            values.push(days);
            at += length.tokens;
            continue;
        }
        // "H1N1" and "Pf-2" count nothing
        let of_a_name =
            at > 0 && tokens.kind(at - 1) == Some(Kind::Word) && matches!(tokens.between(at), "" | "-") && tokens.text(at - 1).is_ascii();
        match number::at_place(tokens, at, words, true).filter(|n| !n.ordinal && !of_a_name && n.value >= 0.0) {
            Some(found) => {
                values.push(found.value);
                bare += 1;
                at += found.tokens.max(1);
            }
            None => at += 1,
        }
        if reach.is_none() && tokens.between(at).starts_with('+') {
            reach = Some(Reach::Beyond);
        }
    }
    match (values.as_slice(), reach) {
        ([from, to], None) if from < to => Some(Stretch { of, from: *from, to: *to }),
        ([value], Some(Reach::Beyond)) => Some(Stretch { of, from: *value, to: f64::INFINITY }),
        ([value], Some(Reach::UpTo)) => Some(Stretch { of, from: 0.0, to: *value }),
        ([value], None) => Some(Stretch::one(of, if of == Of::Days { value.floor() } else { *value })),
        _ => None,
    }
}
