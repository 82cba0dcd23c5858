//! What a reply means. Pure.
//!
//! In: what was asked ([`Expect`]), the reply as typed, and the [`Context`] (languages, today, country). Out: a [`Reading`] — clear,
//! ambiguous or unclear. Words are data, one file a language under `words/`. Knows no flow, no conversation, no channel.
//! Keywords ([`keyword`]) and the emergency lexicon ([`emergency`]) are read here too, and are heard before any answer.

pub mod expect;
pub mod reading;
pub mod value;

pub use expect::{Choice, Context, DateBounds, Expect};
pub use reading::{How, Reading, Unclear};
pub use value::{Number, TemperatureUnit, Truth, Value};
