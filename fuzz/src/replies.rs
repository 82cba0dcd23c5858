//! Replies: any words, for every kind of question, in every language.

use std::sync::OnceLock;

use intake::{
    answer::{self, Choice, Context, DateBounds, Expect, Reading, Reply, Value, auto_reply, emergency, keyword},
    base::Language,
};
use jiff::civil::{Date, date};

use super::{choice, text};

const TODAY: Date = date(2026, 3, 11);
const LANGUAGES: [&str; 8] = ["en", "es", "fr", "pt", "ar", "zh", "hi", "xx"];

fn choices() -> Vec<Choice> {
    let choice = |key: &str, label: &str, exclusive| Choice { key: key.to_owned(), label: label.to_owned(), words: Vec::new(), exclusive };
    vec![
        choice("fever", "Fever or chills", false),
        choice("cough", "Cough", false),
        choice("taste", "Loss of taste", false),
        choice("none", "None of these", true),
    ]
}

fn kinds() -> &'static [Expect] {
    static KINDS: OnceLock<Vec<Expect>> = OnceLock::new();
    KINDS.get_or_init(|| {
        vec![
            Expect::YesNo { unsure: false },
            Expect::YesNo { unsure: true },
            Expect::OneOf(choices()),
            Expect::AnyOf(choices()),
            Expect::Number { min: Some(0.0), max: Some(40.0), whole: true },
            Expect::Number { min: None, max: None, whole: false },
            Expect::Temperature,
            Expect::Date(DateBounds::default()),
            Expect::Date(DateBounds { from: Some(date(2026, 2, 20)), to: Some(TODAY) }),
            Expect::Time,
            Expect::Duration,
            Expect::Phone,
            Expect::Email,
            Expect::Name,
            Expect::Place,
            Expect::Text { min: 2, max: 200 },
            Expect::Photo,
            Expect::Location,
            Expect::Consent,
            Expect::BirthYear,
            Expect::BirthDate,
            Expect::ContactName,
        ]
    })
}

/// A reply: the first byte says to which question, the second in which language. The answer is one that was asked for.
pub fn answer(bytes: &[u8]) {
    let Some((kind, rest)) = choice(bytes, kinds().len()) else { return };
    let Some((language, rest)) = choice(rest, LANGUAGES.len()) else { return };
    let typed = text(rest);
    let reply = Reply::of(&typed);
    let languages: Vec<Language> = [LANGUAGES[language], "en", "es"].into_iter().filter_map(Language::parse).collect();
    let Some((first, others)) = languages.split_first() else { return };
    let expect = &kinds()[kind];
    let context = Context { language: first, others, today: TODAY, country: "US" };
    let reading = answer::read(expect, &reply, &context);
    assert_eq!(reading, answer::read(expect, &Reply::of(&typed), &context), "the same reply is read otherwise the second time");
    match &reading {
        Reading::Clear { value, .. } => fits(expect, value),
        Reading::Ambiguous(values) => {
            assert!(values.len() > 1, "ambiguous between {} values", values.len());
            values.iter().for_each(|value| fits(expect, value));
        }
        Reading::Unclear(_) => {}
    }
    let _ = keyword::read(&reply, &languages);
    let _ = emergency::hear(&reply, &languages);
    let _ = auto_reply::is_automatic(&reply, &languages);
}

fn fits(expect: &Expect, value: &Value) {
    let is_choice = |key: &String| choices().iter().any(|choice| choice.key == *key);
    let fits = match (expect, value) {
        (Expect::YesNo { .. }, Value::Truth(_)) | (Expect::Consent, Value::Consent(_)) => true,
        (Expect::OneOf(_), Value::Choice(key)) => is_choice(key),
        (Expect::AnyOf(_), Value::Choices(keys)) => keys.iter().all(is_choice) && (keys.len() < 2 || !keys.contains(&"none".to_owned())),
        (Expect::Number { min, max, whole }, Value::Number(number)) => {
            let number: f64 = number.to_string().parse().unwrap();
            number.is_finite()
                && min.is_none_or(|min| min <= number)
                && max.is_none_or(|max| number <= max)
                && (!*whole || number.fract() == 0.0)
        }
        (Expect::Temperature, Value::Temperature { .. }) => true,
        (Expect::Date(bounds), Value::Date(day)) => bounds.from.is_none_or(|from| from <= *day) && bounds.to.is_none_or(|to| *day <= to),
        (Expect::BirthDate, Value::Date(day)) => *day <= TODAY,
        (Expect::Text { min, max }, Value::Text(said)) => (*min..=*max).contains(&said.chars().count()),
        (Expect::Email, Value::Email(address)) => address.contains('@'),
        (Expect::Phone, Value::Phone(number)) => number.starts_with('+'),
        (Expect::Name | Expect::ContactName, Value::Name(name)) => !name.trim().is_empty(),
        (Expect::Place, Value::Place(place)) => !place.trim().is_empty(),
        (Expect::Time, Value::Time(_)) | (Expect::Duration, Value::Duration(_)) => true,
        (Expect::BirthYear, _) => true,
        _ => false,
    };
    assert!(fits, "{expect:?} was answered by {value:?}");
}
