//! What was asked.

use jiff::civil::Date;

use crate::base::Language;

/// What kind of answer a question expects. Options and bounds come already evaluated: dates are days, options are those shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// Yes or no; with `unsure`, "I do not know" is an answer too.
    YesNo {
        /// Whether "unsure" is an answer.
        unsure: bool,
    },
    /// Exactly one of the options.
    OneOf(Vec<Choice>),
    /// Any number of the options, or the exclusive one (`none`), which is among them and marked.
    AnyOf(Vec<Choice>),
    /// A number within bounds, inclusive.
    Number {
        /// Least, inclusive.
        min: Option<f64>,
        /// Most, inclusive.
        max: Option<f64>,
        /// Whether it must be whole.
        whole: bool,
    },
    /// A body temperature, °C or °F.
    Temperature,
    /// A day within bounds.
    Date(DateBounds),
    /// A time of day.
    Time,
    /// A length of time.
    Duration,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A person's name.
    Name,
    /// A place.
    Place,
    /// Any text of so many characters.
    Text {
        /// Least characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// A picture.
    Photo,
    /// A position.
    Location,
    /// Agreement to a text: yes or no, never unsure, never skipped.
    Consent,
    /// A birth year of four digits (or the year of a whole birth date).
    BirthYear,
    /// A whole date of birth.
    BirthDate,
    /// A contact card was asked for or a name typed (`repeat`'s first field); reads as `Name`.
    ContactName,
}

/// One option as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The option's key in the flow file, or the person's number for a list of people.
    pub key: String,
    /// Its label, in the language spoken.
    pub label: String,
    /// Its label in the flow's other languages, and the author's `words:`.
    pub words: Vec<String>,
    /// Whether it excludes the others (`none:`): it is number 0 when typed.
    pub exclusive: bool,
}

/// The days that a date may be. Inclusive. `None` is unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateBounds {
    /// The first day that may be.
    pub from: Option<Date>,
    /// The last day that may be.
    pub to: Option<Date>,
}

/// What is known of the person and the day when a reply is read.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The language spoken so far: tried first, and decides the order of day and month.
    pub language: &'a Language,
    /// The flow's other languages: a reply may be in one of them.
    pub others: &'a [Language],
    /// The person's day, in their time zone.
    pub today: Date,
    /// ISO country code of the person or agency (`US`): telephone numbers without a prefix, and °F or °C.
    pub country: &'a str,
}
