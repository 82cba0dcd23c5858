//! What an answer is once it is understood: a typed value.

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

/// A typed answer. Also what conditions compare and templates print.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Yes, no or unsure.
    Truth(Truth),
    /// The key of one option.
    Choice(String),
    /// The keys of the options taken, in the flow's order. Empty: the exclusive option, "none".
    Choices(Vec<String>),
    /// A number.
    Number(Number),
    /// A body temperature, as given.
    Temperature {
        /// In the unit given.
        degrees: f64,
        /// Celsius or Fahrenheit.
        unit: TemperatureUnit,
    },
    /// A day.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// Seconds.
    Duration(i64),
    /// A telephone number in E.164.
    Phone(String),
    /// An e-mail address.
    Email(String),
    /// A person's name.
    Name(String),
    /// A place.
    Place(String),
    /// Free text.
    Text(String),
    /// Consent given or refused.
    Consent(bool),
    /// The reference of a stored picture.
    Photo(String),
    /// Latitude and longitude.
    Location(f64, f64),
}

impl Value {
    /// The bytes of its text; 0 where it has none.
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Choice(text)
            | Self::Phone(text)
            | Self::Email(text)
            | Self::Name(text)
            | Self::Place(text)
            | Self::Text(text)
            | Self::Photo(text) => text.len(),
            Self::Choices(keys) => keys.iter().map(String::len).sum(),
            Self::Truth(_)
            | Self::Number(_)
            | Self::Temperature { .. }
            | Self::Date(_)
            | Self::Time(_)
            | Self::Duration(_)
            | Self::Consent(_)
            | Self::Location(..) => 0,
        }
    }
}

/// Yes, no or "I do not know".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Truth {
    /// Yes.
    Yes,
    /// No.
    No,
    /// "I do not know", where the question allows it.
    Unsure,
}

/// A number as answered.
pub type Number = f64;

/// The unit of a temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemperatureUnit {
    /// °C.
    Celsius,
    /// °F.
    Fahrenheit,
}

impl Value {
    /// A temperature in °C, for conditions and records; others are themselves.
    pub fn celsius(&self) -> Option<f64> {
        match self {
            Self::Temperature { degrees, unit: TemperatureUnit::Celsius } => Some(*degrees),
            Self::Temperature { degrees, unit: TemperatureUnit::Fahrenheit } => Some((degrees - 32.0) * 5.0 / 9.0),
            Self::Truth(_)
            | Self::Choice(_)
            | Self::Choices(_)
            | Self::Number(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::Duration(_)
            | Self::Phone(_)
            | Self::Email(_)
            | Self::Name(_)
            | Self::Place(_)
            | Self::Text(_)
            | Self::Consent(_)
            | Self::Photo(_)
            | Self::Location(..) => None,
        }
    }
}
