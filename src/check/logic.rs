//! What can be said of conditions without knowing the answers: that one can never hold, that two never hold together, that one follows from
//! another. "Yes" is certain; "no" may only mean that it could not be shown.
//!
//! A condition is brought into an "or" of "and"s of claims about single names, and each "and" is tried for a contradiction. Every comparison
//! claims as well that its name is answered: a missing answer makes it undecided.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::condition::{Comparison, Datum, Expression, Logic};

/// More "and"s than this are given up: conditions of people are far smaller.
const MOST_CONJUNCTIONS: usize = 64;

/// Whether a condition can never hold.
pub fn impossible(condition: &Expression) -> bool {
    alternatives(condition, true).is_some_and(|all| all.iter().all(|claims| contradiction(claims)))
}

/// Whether two conditions can never hold together.
pub fn exclusive(one: &Expression, other: &Expression) -> bool {
    both_impossible(alternatives(one, true), alternatives(other, true))
}

/// Whether `other` holds wherever `one` does.
pub fn implies(one: &Expression, other: &Expression) -> bool {
    one == other || both_impossible(alternatives(one, true), alternatives(other, false))
}

fn both_impossible(one: Option<Vec<Vec<Claim>>>, other: Option<Vec<Vec<Claim>>>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    one.iter().all(|a| other.iter().all(|b| contradiction(&[a.as_slice(), b.as_slice()].concat())))
}

/// A claim about one name.
#[derive(Clone, Debug)]
struct Claim {
    about: String,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Missing,
    Answered,
    Is(String),
    IsNot(String),
    None,
    NotNone,
    Has(String),
    HasNot(String),
    Above(f64, bool),
    Below(f64, bool),
    /// Something not looked into, as a whole.
    Holds(bool),
}

/// The condition (or its negation) as "or" of "and"s; `None` where it grew too large.
fn alternatives(expression: &Expression, positive: bool) -> Option<Vec<Vec<Claim>>> {
    match expression {
        Expression::Not(inner) => alternatives(inner, !positive),
        Expression::Logic(logic, left, right) => {
            let (left, right) = (alternatives(left, positive)?, alternatives(right, positive)?);
            let either = matches!((logic, positive), (Logic::Or, true) | (Logic::And, false));
            if either {
                return Some([left, right].concat());
            }
            if left.len() * right.len() > MOST_CONJUNCTIONS {
                return None;
            }
            let mut all = Vec::new();
            for one in &left {
                for other in &right {
                    all.push([one.as_slice(), other.as_slice()].concat());
                }
            }
            Some(all)
        }
        Expression::Literal(_)
        | Expression::Name(_)
        | Expression::Option(_)
        | Expression::Compare(..)
        | Expression::In(..)
        | Expression::IsNone(_)
        | Expression::IsAnswered(_)
        | Expression::IsMissing(_)
        | Expression::Holds(_)
        | Expression::HandoverNotReached
        | Expression::Arithmetic(..)
        | Expression::Quantified(..)
        | Expression::DaysSince(_)
        | Expression::AgeOf(_) => Some(vec![claims(expression, positive)]),
    }
}

fn claims(expression: &Expression, positive: bool) -> Vec<Claim> {
    let claim = |about: &Expression, what: What| Claim { about: subject(about), what };
    let answered = |about: &Expression| claim(about, What::Answered);
    match expression {
        Expression::IsMissing(x) => vec![claim(x, if positive { What::Missing } else { What::Answered })],
        Expression::IsAnswered(x) => vec![claim(x, if positive { What::Answered } else { What::Missing })],
        Expression::IsNone(x) => vec![answered(x), claim(x, if positive { What::None } else { What::NotNone })],
        Expression::In(x, list) if constant(x).is_some() => {
            let key = constant(x).unwrap_or_default();
            vec![answered(list), claim(list, if positive { What::Has(key) } else { What::HasNot(key) })]
        }
        Expression::Name(_) => vec![answered(expression), claim(expression, is("yes", positive))],
        Expression::Compare(comparison, left, right) => match (constant(left), constant(right)) {
            (None, Some(_)) => compared(*comparison, left, right, positive),
            (Some(_), None) => compared(mirrored(*comparison), right, left, positive),
            (None, None) | (Some(_), Some(_)) => vec![whole(expression, positive)],
        },
        Expression::Literal(_)
        | Expression::Option(_)
        | Expression::Not(_)
        | Expression::Logic(..)
        | Expression::In(..)
        | Expression::Holds(_)
        | Expression::HandoverNotReached
        | Expression::Arithmetic(..)
        | Expression::Quantified(..)
        | Expression::DaysSince(_)
        | Expression::AgeOf(_) => vec![whole(expression, positive)],
    }
}

fn whole(expression: &Expression, positive: bool) -> Claim {
    Claim { about: subject(expression), what: What::Holds(positive) }
}

fn is(value: &str, positive: bool) -> What {
    if positive { What::Is(value.to_owned()) } else { What::IsNot(value.to_owned()) }
}

fn compared(comparison: Comparison, about: &Expression, with: &Expression, positive: bool) -> Vec<Claim> {
    let comparison = if positive { comparison } else { opposite(comparison) };
    let number = number(with);
    let what = match (comparison, number) {
        (Comparison::Equal, _) => is(&constant(with).unwrap_or_default(), true),
        (Comparison::NotEqual, _) => is(&constant(with).unwrap_or_default(), false),
        (Comparison::Less, Some(n)) => What::Below(n, false),
        (Comparison::LessOrEqual, Some(n)) => What::Below(n, true),
        (Comparison::Greater, Some(n)) => What::Above(n, false),
        (Comparison::GreaterOrEqual, Some(n)) => What::Above(n, true),
        (Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual, None) => What::Answered,
    };
    let mut claims = vec![Claim { about: subject(about), what: What::Answered }, Claim { about: subject(about), what }];
    if let (Comparison::Equal, Some(n)) = (comparison, number) {
        claims.push(Claim { about: subject(about), what: What::Above(n, true) });
        claims.push(Claim { about: subject(about), what: What::Below(n, true) });
    }
    claims
}

const fn opposite(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}

const fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        Comparison::Equal | Comparison::NotEqual => comparison,
    }
}

/// What an expression is, as a key: equal expressions have equal keys.
fn subject(expression: &Expression) -> String {
    match expression {
        Expression::Name(name) => name.clone(),
        _ => format!("{expression:?}"),
    }
}

/// A constant as text, so that equal constants are equal texts.
fn constant(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Option(key) => Some(key.clone()),
        Expression::Literal(datum) => match datum {
            Datum::Truth(true) => Some("yes".to_owned()),
            Datum::Truth(false) => Some("no".to_owned()),
            Datum::Unsure => Some("unsure".to_owned()),
            Datum::Number(n) | Datum::Days(n) => Some(n.to_string()),
            Datum::Date(date) => Some(date.to_string()),
            Datum::Text(text) | Datum::Choice(text) => Some(text.clone()),
            Datum::Missing | Datum::Choices(_) => None,
        },
        _ => None,
    }
}

/// A constant on the line of numbers; dates by their days.
fn number(expression: &Expression) -> Option<f64> {
    match expression {
        Expression::Literal(Datum::Number(n) | Datum::Days(n)) => Some(*n),
        Expression::Literal(Datum::Date(date)) => date.since(jiff::civil::date(1970, 1, 1)).ok().map(|span| f64::from(span.get_days())),
        _ => None,
    }
}

/// What is known of one name within one "and".
#[derive(Default)]
struct Known<'a> {
    missing: bool,
    answered: bool,
    is: BTreeSet<&'a str>,
    is_not: BTreeSet<&'a str>,
    none: bool,
    not_none: bool,
    has: BTreeSet<&'a str>,
    has_not: BTreeSet<&'a str>,
    above: Option<(f64, bool)>,
    below: Option<(f64, bool)>,
    holds: bool,
    holds_not: bool,
}

fn contradiction(claims: &[Claim]) -> bool {
    let mut all: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    for claim in claims {
        let known = all.entry(&claim.about).or_default();
        match &claim.what {
            What::Missing => known.missing = true,
            What::Answered => known.answered = true,
            What::Is(value) => drop(known.is.insert(value)),
            What::IsNot(value) => drop(known.is_not.insert(value)),
            What::None => known.none = true,
            What::NotNone => known.not_none = true,
            What::Has(value) => drop(known.has.insert(value)),
            What::HasNot(value) => drop(known.has_not.insert(value)),
            What::Above(n, inclusive) => known.above = tighter(known.above, (*n, *inclusive), |new, old| new > old),
            What::Below(n, inclusive) => known.below = tighter(known.below, (*n, *inclusive), |new, old| new < old),
            What::Holds(true) => known.holds = true,
            What::Holds(false) => known.holds_not = true,
        }
    }
    all.values().any(Known::contradicts)
}

fn tighter(old: Option<(f64, bool)>, new: (f64, bool), closer: impl Fn(f64, f64) -> bool) -> Option<(f64, bool)> {
    match old {
        None => Some(new),
        Some((n, inclusive)) if (n - new.0).abs() < f64::EPSILON => Some((n, inclusive && new.1)),
        Some((n, _)) if closer(new.0, n) => Some(new),
        Some(old) => Some(old),
    }
}

impl Known<'_> {
    fn contradicts(&self) -> bool {
        let empty_range = match (self.above, self.below) {
            (Some((least, with_least)), Some((most, with_most))) => {
                least > most || ((least - most).abs() < f64::EPSILON && !(with_least && with_most))
            }
            (None | Some(_), None) | (None, Some(_)) => false,
        };
        self.missing && self.answered
            || self.is.len() > 1
            || self.is.intersection(&self.is_not).next().is_some()
            || self.none && (self.not_none || !self.has.is_empty() || self.is.iter().any(|key| *key != "none"))
            || self.has.intersection(&self.has_not).next().is_some()
            || self.holds && self.holds_not
            || empty_range
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Box<Expression> {
        Box::new(Expression::Name(name.to_owned()))
    }

    fn is(x: &str, option: &str) -> Expression {
        Expression::Compare(Comparison::Equal, name(x), Box::new(Expression::Option(option.to_owned())))
    }

    fn compare(x: &str, comparison: Comparison, n: f64) -> Expression {
        Expression::Compare(comparison, name(x), Box::new(Expression::Literal(Datum::Number(n))))
    }

    fn has(x: &str, option: &str) -> Expression {
        Expression::In(Box::new(Expression::Option(option.to_owned())), name(x))
    }

    fn logic(logic: Logic, one: Expression, other: Expression) -> Expression {
        Expression::Logic(logic, Box::new(one), Box::new(other))
    }

    fn not(x: Expression) -> Expression {
        Expression::Not(Box::new(x))
    }

    #[test]
    fn one_answer_is_not_two_options_but_a_list_may_hold_both() {
        assert!(exclusive(&is("x", "a"), &is("x", "b")));
        assert!(!exclusive(&is("x", "a"), &is("y", "b")));
        assert!(!exclusive(&has("x", "a"), &has("x", "b")));
        assert!(exclusive(&has("x", "a"), &Expression::IsNone(name("x"))));
        assert!(impossible(&logic(Logic::And, is("x", "a"), is("x", "b"))));
        assert!(!impossible(&logic(Logic::Or, is("x", "a"), is("x", "b"))));
    }

    #[test]
    fn what_is_missing_is_not_compared() {
        let missing = Expression::IsMissing(name("x"));
        assert!(exclusive(&missing, &is("x", "a")));
        assert!(exclusive(&missing, &not(is("x", "a"))));
        assert!(exclusive(&missing, &not(Expression::IsNone(name("x")))));
        assert!(!exclusive(&missing, &is("y", "a")));
    }

    #[test]
    fn ranges_that_do_not_meet_exclude_each_other() {
        assert!(exclusive(&compare("x", Comparison::Less, 3.0), &compare("x", Comparison::GreaterOrEqual, 3.0)));
        assert!(!exclusive(&compare("x", Comparison::LessOrEqual, 3.0), &compare("x", Comparison::GreaterOrEqual, 3.0)));
        assert!(exclusive(&compare("x", Comparison::Equal, 2.0), &compare("x", Comparison::Greater, 3.0)));
    }

    #[test]
    fn a_narrower_condition_implies_a_wider_one() {
        let both = logic(Logic::And, is("x", "a"), is("y", "b"));
        assert!(implies(&both, &is("x", "a")));
        assert!(!implies(&is("x", "a"), &both));
        assert!(implies(&is("x", "a"), &logic(Logic::Or, is("x", "a"), is("y", "b"))));
        assert!(implies(&compare("x", Comparison::Greater, 5.0), &compare("x", Comparison::Greater, 3.0)));
    }
}
