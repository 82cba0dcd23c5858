//! What came of reading a reply.

use super::value::Value;

/// The outcome of reading one reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// One meaning.
    Clear {
        /// The typed answer.
        value: Value,
        /// How sure, and by what way.
        how: How,
    },
    /// Several meanings that fit: ask which.
    Ambiguous(Vec<Value>),
    /// No meaning that may be taken.
    Unclear(Unclear),
}

/// The way by which a clear reading was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By its number in the list, or a tap.
    Number,
    /// By the exact words or form.
    Exact,
    /// By words within a longer reply.
    Within,
    /// After mending a typing fault.
    Mended,
    /// By the usual order of day and month, where the other order gives a day that may be meant too: 3/4.
    Guessed,
    /// In another language of the flow than the one spoken.
    OtherLanguage,
}

/// Why a reply could not be read. The words of the second asking go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// Nothing was said.
    Empty,
    /// Words we do not know for this question.
    Unknown,
    /// Somebody is named whom the list does not have, or something that was not asked: plain enough to be read in no other language.
    NotInList,
    /// It says yes and no, or contradicts itself.
    Contradiction,
    /// A number below the least allowed.
    TooLow,
    /// A number above the most allowed.
    TooHigh,
    /// A day before the first that may be.
    TooEarly,
    /// A day after the last that may be: a future day for a past question, say.
    TooLate,
    /// A day that no calendar has.
    NoSuchDay,
    /// More than one where one was asked.
    TooMany,
    /// Not whole where it must be.
    NotWhole,
    /// A number of telephone that cannot be one.
    NotAPhone,
    /// Too few characters.
    TooShort,
    /// Too many characters.
    TooLong,
    /// "I do not know" where that is no answer.
    Unsure,
}

impl Unclear {
    /// Its words, for records and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Unknown => "unknown",
            Self::NotInList => "not in the list",
            Self::Contradiction => "contradiction",
            Self::TooLow => "too low",
            Self::TooHigh => "too high",
            Self::TooEarly => "too early",
            Self::TooLate => "too late",
            Self::NoSuchDay => "no such day",
            Self::TooMany => "too many",
            Self::NotWhole => "not whole",
            Self::NotAPhone => "not a phone",
            Self::TooShort => "too short",
            Self::TooLong => "too long",
            Self::Unsure => "unsure",
        }
    }
}
