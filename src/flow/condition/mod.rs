//! The small, closed, typed condition language: three-valued, bounded by its size.
//!
//! A condition is read once, its names and options are resolved and its types checked against the flow
//!, and it is evaluated against a [`Scope`] as often as needed. What names [`Scope::value`] is asked for:
//!
//! | written | asked for |
//! |---|---|
//! | a step's answer, however short it was written | its full path: `unwell`, `each_unwell.danger`, `each_unwell.contacts.phone` |
//! | a name that `set` gave | the path it has where it was set: `risk`, `each_unwell.risk` |
//! | the count of a group | the group's full path and `.count`: `contacts.count`, `each_unwell.contacts.count` |
//! | the count of what was chosen in `any of` | the evaluator counts the question's own value |
//! | the person of a `for each`, and its facts | as written: `who` (a [`Datum::Choice`] of the person's number), `who.first_name` |
//! | a built-in | as written: `you.first_name`, `agency.name`, `window.start`, `yesterday.unwell` |
//! | `today` | never: [`Scope::today`] gives it |
//! | `identity holds`, `identity.holds` | never: [`Scope::holds`] gives it |
//!
//! In `any(contacts, …)` the list is the group's full path, and each of [`Scope::items`] answers the same full paths
//! (`contacts.last`) with its own item's values. A step inside a group is named outside only through `any`, `all` or `.count`.

mod check;
mod evaluate;
mod lex;
mod parse;
mod types;

pub use check::{condition as compile, no_meaning, value as compile_value};
pub use types::{Meaning, Names, NoMeaning, Options, Type};

use jiff::civil::Date;

use crate::answer::Value;

/// A compiled condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// As written, for traces and findings.
    pub source: String,
    /// What is evaluated; its type was checked to be a truth.
    pub expression: Expression,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A literal.
    Literal(Datum),
    /// `danger`, `each_unwell.danger`, `you.first_name`, `contacts.count`, `today`
    Name(String),
    /// An option of a question: compared as its key.
    Option(String),
    /// `not x`
    Not(Box<Expression>),
    /// `x and y`, `x or y`
    Logic(Logic, Box<Expression>, Box<Expression>),
    /// `x < y`
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// `x in y`
    In(Box<Expression>, Box<Expression>),
    /// `x is none`
    IsNone(Box<Expression>),
    /// `x is answered`
    IsAnswered(Box<Expression>),
    /// `x is missing`
    IsMissing(Box<Expression>),
    /// `x holds`
    Holds(String),
    /// `handover is not reached`
    HandoverNotReached,
    /// `x + y`, `x - y` on dates and numbers
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    /// `any(list, cond)`, `all(list, cond)`: the list's name, the condition on each item
    Quantified(Quantifier, String, Box<Expression>),
    /// `days_since(d)`
    DaysSince(Box<Expression>),
    /// `age_of(d)`
    AgeOf(Box<Expression>),
}

/// `and`, `or`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logic {
    /// Both.
    And,
    /// Either.
    Or,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// `+`, `-`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Plus,
    /// `-`
    Minus,
}

/// `any`, `all`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one item.
    Any,
    /// Every item.
    All,
}

/// A value while it is evaluated.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// Not asked, or skipped.
    Missing,
    /// A truth.
    Truth(bool),
    /// `unsure`, as an answer.
    Unsure,
    /// A number or count.
    Number(f64),
    /// A day.
    Date(Date),
    /// A length of time in days (conditions know no shorter one but hours as fractions).
    Days(f64),
    /// A text.
    Text(String),
    /// One option's key.
    Choice(String),
    /// The keys chosen; empty is "none".
    Choices(Vec<String>),
}

/// Yes, no or undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// An answer that it needs is missing.
    Undecided,
}

/// What gives a condition its values: the engine's view of a conversation.
pub trait Scope {
    /// The value of a name (see the table at the head of the module); [`Datum::Missing`] where there is no answer, and for the
    /// count of a group that was not reached.
    fn value(&self, name: &str) -> Datum;
    /// Whether the called flow, or the flow that was needed, ended as `holds`.
    fn holds(&self, flow: &str) -> bool;
    /// Whether the last hand-over was given up because nobody took it.
    fn handover_not_reached(&self) -> bool;
    /// The items of a group (`contacts`, `each_unwell`), each with names of its own before the outer ones.
    fn items(&self, list: &str) -> Vec<Box<dyn Scope + '_>>;
    /// The person's day.
    fn today(&self) -> Date;
}

impl From<&Value> for Datum {
    fn from(value: &Value) -> Self {
        match value {
            Value::Truth(crate::answer::Truth::Yes) | Value::Consent(true) => Self::Truth(true),
            Value::Truth(crate::answer::Truth::No) | Value::Consent(false) => Self::Truth(false),
            Value::Truth(crate::answer::Truth::Unsure) => Self::Unsure,
            Value::Choice(key) => Self::Choice(key.clone()),
            Value::Choices(keys) => Self::Choices(keys.clone()),
            Value::Number(number) => Self::Number(*number),
            Value::Temperature { .. } => value.celsius().map_or(Self::Missing, Self::Number),
            Value::Date(date) => Self::Date(*date),
            #[expect(clippy::cast_precision_loss, reason = "seconds of a duration are far below 2^52")]
            Value::Duration(seconds) => Self::Days(*seconds as f64 / 86_400.0),
            Value::Time(time) => Self::Text(time.to_string()),
            Value::Phone(text) | Value::Email(text) | Value::Name(text) | Value::Place(text) | Value::Text(text) | Value::Photo(text) => {
                Self::Text(text.clone())
            }
            Value::Location(latitude, longitude) => Self::Text(format!("{latitude},{longitude}")),
        }
    }
}
