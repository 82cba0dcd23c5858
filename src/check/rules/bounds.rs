use super::super::{Rule, Subject, finding, walk::steps};
use crate::flow::{
    codes::Page,
    condition::{Arithmetic, Datum, Expression},
    diagnostic::{Finding, Level},
    model::{Body, Kind},
};

/// Bounds that no reply can meet.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F037",
    title: "Bounds that no reply can meet",
    level: Level::Error,
    what: "The least that may be answered is above the most.",
    why: "Every reply is refused, and after the last try a human is called for everyone.",
    bad: "\
steps:
  visit:
    say: On which day were you there?
    ask: date, since today, until today - 7 days
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  visit:
    say: On which day were you there?
    ask: date, since today - 7 days, until today
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (_, step) in steps(subject.flow) {
        let Body::Ask(ask) = &step.body else { continue };
        let (wrong, help) = match &ask.kind {
            Kind::Number { min: Some(min), max: Some(max), whole, .. } => {
                let none_whole = *whole && min.ceil() > max.floor();
                (
                    min > max || none_whole,
                    if min > max { format!("write `{max}..{min}`") } else { "there is no whole number between them".to_owned() },
                )
            }
            Kind::Text { min, max } => (min > max || *max == 0, "write the least number of characters first".to_owned()),
            Kind::Date(bounds) => match (bounds.from.as_ref().and_then(day), bounds.to.as_ref().and_then(day)) {
                (Some(from), Some(to)) => (from.is_after(&to), "let the first day stand before the last".to_owned()),
                (None | Some(_), None) | (None, Some(_)) => continue,
            },
            Kind::YesNo
            | Kind::YesNoUnsure
            | Kind::OneOf
            | Kind::AnyOf
            | Kind::OnePerson(_)
            | Kind::People(_)
            | Kind::Number { .. }
            | Kind::Temperature
            | Kind::Phone
            | Kind::Name
            | Kind::Consent
            | Kind::BirthYear => continue,
        };
        if wrong {
            let mut found = finding(&PAGE, &ask.span, "no reply fits", format!("no reply to `{}` can meet its bounds", step.path));
            found.help = Some(help);
            findings.push(found);
        }
    }
}

/// A day that can be compared without knowing today.
enum Day {
    Fixed(jiff::civil::Date),
    FromToday(f64),
}

impl Day {
    fn is_after(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fixed(one), Self::Fixed(other)) => one > other,
            (Self::FromToday(one), Self::FromToday(other)) => one > other,
            (Self::Fixed(_), Self::FromToday(_)) | (Self::FromToday(_), Self::Fixed(_)) => false,
        }
    }
}

fn day(expression: &Expression) -> Option<Day> {
    match expression {
        Expression::Literal(Datum::Date(date)) => Some(Day::Fixed(*date)),
        Expression::Name(name) if name == "today" => Some(Day::FromToday(0.0)),
        Expression::Arithmetic(sign, from, by) => match (day(from)?, by.as_ref()) {
            (Day::FromToday(offset), Expression::Literal(Datum::Days(days) | Datum::Number(days))) => Some(Day::FromToday(match sign {
                Arithmetic::Plus => offset + days,
                Arithmetic::Minus => offset - days,
            })),
            _ => None,
        },
        _ => None,
    }
}
