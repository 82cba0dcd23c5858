//! What a reply says beside its answer: "yes, since monday", "no but my son does".
//!
//! Nothing of it is taken: it is offered to the question that asks it, for the person to confirm.

use super::{
    date,
    expect::{Context, Expect},
    normalise::{Kind, Tokens},
    phone,
    reading::Reading,
    reply::Reply,
    temperature,
    value::Value,
    words::{self, Words},
};

/// One thing said beside the answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Extra {
    /// A day, a temperature or a telephone number, to be confirmed where it is asked.
    Value(Value),
    /// Someone else of the house is meant too: ask about the household.
    SomeoneElse,
}

/// What a reply to a question says besides; empty where it is too short to say more, or in no language that has data.
pub fn read(expect: &Expect, reply: &Reply<'_>, context: &Context<'_>) -> Vec<Extra> {
    let tokens = reply.tokens();
    let words_in = (0..tokens.len()).filter(|at| tokens.kind(*at) == Some(Kind::Word)).count();
    if tokens.len() < 2 || words_in == 0 {
        return Vec::new();
    }
    for language in std::iter::once(context.language).chain(context.others) {
        let Some(words) = words::of(language) else { continue };
        let found = read_in(expect, tokens, context, words);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

fn read_in(expect: &Expect, tokens: &Tokens, context: &Context<'_>, words: &Words) -> Vec<Extra> {
    let mut found = Vec::new();
    let number = phone::first(tokens, context.country, words).filter(|_| !context.country.is_empty());
    if !matches!(expect, Expect::Phone)
        && let Some(number) = &number
    {
        found.push(Extra::Value(Value::Phone(number.clone())));
    }
    let asks_a_day = matches!(expect, Expect::Date(_) | Expect::BirthDate | Expect::BirthYear | Expect::Time | Expect::Duration);
    if !asks_a_day
        && number.is_none()
        && let Some(day) = date::beside(tokens, context, words)
    {
        found.push(Extra::Value(Value::Date(day)));
    }
    let asks_a_number =
        matches!(expect, Expect::Temperature | Expect::Number { .. } | Expect::Phone | Expect::BirthDate | Expect::BirthYear);
    if !asks_a_number
        && number.is_none()
        && let Reading::Clear { value, .. } = temperature::read(tokens, words)
    {
        found.push(Extra::Value(value));
    }
    if matches!(expect, Expect::YesNo { .. } | Expect::OneOf(_) | Expect::AnyOf(_)) && words.someone_else.fits(tokens) {
        found.push(Extra::SomeoneElse);
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::base::Language;

    #[test]
    fn what_is_said_beside_an_answer_is_offered() {
        let day = |d: &str| Extra::Value(Value::Date(d.parse().unwrap()));
        for (language, reply, extra) in [
            ("en", "yes, since monday", vec![day("2026-03-09")]),
            ("en", "Yes for 3 days", vec![day("2026-03-08")]),
            ("en", "no but my son does", vec![Extra::SomeoneElse]),
            ("en", "yes", vec![]),
            ("en", "1 2", vec![]),
            ("en", "no thanks", vec![]),
            ("en", "yes next monday", vec![]),
            ("es", "sí, desde ayer", vec![day("2026-03-10")]),
            ("es", "no pero mi hijo sí", vec![Extra::SomeoneElse]),
            ("fr", "oui depuis lundi", vec![day("2026-03-09")]),
            ("pt", "sim desde ontem", vec![day("2026-03-10")]),
            ("zh", "有，从昨天开始", vec![day("2026-03-10")]),
            ("ar", "نعم منذ أمس", vec![day("2026-03-10")]),
        ] {
            let language = Language::parse(language).unwrap();
            let context = Context { language: &language, others: &[], today: Date::constant(2026, 3, 11), country: "US" };
            assert_eq!(read(&Expect::YesNo { unsure: false }, &Reply::of(reply), &context), extra, "{reply}");
        }
        let english = Language::english();
        let context = Context { language: &english, others: &[], today: Date::constant(2026, 3, 11), country: "US" };
        let expect = Expect::YesNo { unsure: false };
        assert_eq!(
            read(&expect, &Reply::of("yes I had 101.2 yesterday"), &context),
            [day("2026-03-10"), Extra::Value(Value::Temperature { degrees: 101.2, unit: crate::answer::TemperatureUnit::Fahrenheit })]
        );
        assert_eq!(read(&Expect::Name, &Reply::of("Beto 555 010 0777"), &context), [Extra::Value(Value::Phone("+15550100777".to_owned()))]);
    }
}
