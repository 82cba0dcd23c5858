//! What a reply means. Pure.
//!
//! In: what was asked ([`Expect`]), the reply as typed, and the [`Context`] (languages, today, country). Out: a [`Reading`] — clear,
//! ambiguous or unclear. Words are data, one file a language under `words/`. Knows no flow, no conversation, no channel.
//! Keywords ([`keyword`]) and the emergency lexicon ([`emergency`]) are read here too, and are heard before any answer.
//!
//! A reply is folded and cut into tokens once (`reply`, `normalise`); each kind of answer then goes over the tokens with the word tables of one language
//! (`words`). The language spoken is tried first, then the flow's others.

pub mod auto_reply;
pub mod case;
pub mod emergency;
pub mod expect;
pub mod extra;
pub mod keyword;
pub mod question_back;
pub mod reading;
pub mod tongue;
pub mod value;

mod alike;
mod choice;
mod concept;
mod correction;
mod date;
mod day;
mod han;
mod label;
mod length;
mod lexicon;
mod normalise;
mod number;
mod pattern;
mod phone;
mod places;
mod reply;
mod temperature;
mod text;
mod time;
mod words;
mod yes_no;

pub use expect::{Choice, Context, DateBounds, Expect};
pub use keyword::Keyword;
pub use question_back::QuestionBack;
pub use reading::{How, Reading, Unclear};
pub use reply::Reply;
pub use value::{Number, TemperatureUnit, Truth, Value};
pub use words::{languages, learn};

use self::words::Words;

/// Whether there are words of a language: else replies, commands and emergencies are not heard in it.
pub fn hears(language: &crate::base::Language) -> bool {
    words::of(language).is_some()
}

/// What a reply means as an answer to what was asked.
///
/// Reads no more than [`crate::base::limit::REPLY_READ_CHARS`] characters, in linear time. Tries the language spoken first; a reply that only
/// another language of the flow can read comes back as [`How::OtherLanguage`].
pub fn read(expect: &Expect, reply: &Reply<'_>, context: &Context<'_>) -> Reading {
    let mut first = None;
    for language in std::iter::once(context.language).chain(context.others) {
        let Some(words) = words::of(language) else { continue };
        let reading = read_in(expect, reply, context, words);
        let Some(unread) = &first else {
            if worth_another_language(&reading) {
                first = Some(reading);
                continue;
            }
            return reading;
        };
        match reading {
            Reading::Clear { value, .. } => return Reading::Clear { value, how: How::OtherLanguage },
            Reading::Ambiguous(values) => return Reading::Ambiguous(values),
            // "no sé" to someone spoken to in English
            Reading::Unclear(Unclear::Unsure) if *unread == Reading::Unclear(Unclear::Unknown) => return Reading::Unclear(Unclear::Unsure),
            Reading::Unclear(_) => {}
        }
    }
    match first {
        Some(reading) => reading,
        // no language of the flow has data: the numbers and signs that English reads
        None => match words::of(&crate::base::Language::english()) {
            Some(words) => read_in(expect, reply, context, words),
            None => Reading::Unclear(Unclear::Unknown),
        },
    }
}

fn worth_another_language(reading: &Reading) -> bool {
    matches!(reading, Reading::Unclear(Unclear::Unknown))
}

fn read_in(expect: &Expect, reply: &Reply<'_>, context: &Context<'_>, words: &Words) -> Reading {
    let whole = read_whole(expect, reply, context, words);
    let behind = |behind: &Reply<'_>| read_whole(expect, behind, context, words);
    match (correction::taken_back(expect, reply, words, behind), &whole) {
        (Some(Reading::Clear { value, .. }), Reading::Clear { value: same, .. }) if value == *same => whole,
        (Some(corrected), _) => corrected,
        (None, _) => whole,
    }
}

fn read_whole(expect: &Expect, reply: &Reply<'_>, context: &Context<'_>, words: &Words) -> Reading {
    let (text, tokens) = (reply.text(), reply.tokens());
    match expect {
        Expect::YesNo { unsure } => yes_no::read(*unsure, tokens, words),
        Expect::OneOf(choices) => choice::one_of(choices, tokens, context, words),
        Expect::AnyOf(choices) => choice::any_of(choices, tokens, words),
        Expect::Number { min, max, whole } => number::read(*min, *max, *whole, tokens, words),
        Expect::Temperature => temperature::read(tokens, words),
        Expect::Date(bounds) => date::read(*bounds, tokens, context, words),
        Expect::Time => time::read(tokens, words),
        Expect::Duration => length::read(tokens, words),
        Expect::Phone => phone::read(tokens, context.country, words),
        Expect::Email => text::email(text, tokens, words),
        Expect::Name | Expect::ContactName => text::name(text, tokens, words),
        Expect::Place => text::place(text, tokens, words),
        Expect::Text { min, max } => text::text(*min, *max, text),
        // pictures and positions come as events of their own; words are none
        Expect::Photo | Expect::Location => Reading::Unclear(if tokens.is_empty() { Unclear::Empty } else { Unclear::Unknown }),
        Expect::Consent => yes_no::consent(tokens, words),
        Expect::BirthYear => date::birth_year(tokens, context, words),
        Expect::BirthDate => date::birth(DateBounds::default(), tokens, context, words),
    }
}
