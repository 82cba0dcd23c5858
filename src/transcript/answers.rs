//! What was answered, by name, as a transcript and the terminal show it.

use crate::{
    answer::{TemperatureUnit, Truth, Value},
    base::id::PersonNumber,
    engine::{Conversation, Fact, effect::AnsweredFact, session::Item},
};

/// The newest answer under a name, as a word: `Luis.danger`, `danger`, `contacts.1.name` (items count from 1), `contacts.count`.
///
/// `missing` where the question was skipped, given up, or never asked.
pub fn answer(conversation: &Conversation, facts: &[Fact], name: &str) -> String {
    if let Some(group) = name.strip_suffix(".count") {
        let of_group = |fact: &&Fact| matches!(fact, Fact::ItemGiven { group: other, finished: true, .. } if other == group || ends_with(other, group));
        return facts.iter().filter(of_group).count().to_string();
    }
    let (mut who, mut nth, mut step) = (None, None, Vec::new());
    for part in name.split('.') {
        let person = conversation.roster.iter().find(|person| person.first_name.reveal() == part).map(|person| person.number);
        match (person, part.parse::<u16>()) {
            (Some(number), _) if who.is_none() && step.is_empty() => who = Some(number),
            (_, Ok(number)) => nth = number.checked_sub(1),
            (_, Err(_)) => step.push(part),
        }
    }
    let step = step.join(".");
    let fits = |fact: &&AnsweredFact| {
        (fact.step == step || ends_with(&fact.step, &step))
            && who.is_none_or(|who| about(fact) == who)
            && nth.is_none_or(|nth| fact.items.contains(&Item::Nth(nth)))
    };
    let answered = facts.iter().rev().filter_map(|fact| if let Fact::Answered(answered) = fact { Some(answered) } else { None }).find(fits);
    match answered {
        Some(fact) => fact.value.as_ref().map_or_else(|| "missing".to_owned(), |value| word(conversation, value.reveal())),
        None => set_value(conversation, &step).unwrap_or_else(|| "missing".to_owned()),
    }
}

fn about(fact: &AnsweredFact) -> PersonNumber {
    let inner = |item: &Item| match item {
        Item::Person(number) => Some(*number),
        Item::Nth(_) => None,
    };
    fact.items.iter().rev().find_map(inner).unwrap_or(fact.who)
}

/// A value that was set by the flow, not asked.
fn set_value(conversation: &Conversation, name: &str) -> Option<String> {
    let answered = conversation.open_session()?.answers.iter().rev().find(|answered| !answered.superseded && answered.step == name)?;
    answered.value.as_ref().map(|value| word(conversation, value.reveal()))
}

fn ends_with(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|before| before.ends_with('.'))
}

/// A value as a word: `yes`, an option's key, `none`, `2026-03-01`, `38.5 C`. People by first name, where a key is a person's number.
pub fn word(conversation: &Conversation, value: &Value) -> String {
    let name = |key: &String| {
        let number = key.parse().map(PersonNumber).ok();
        let person = number.and_then(|number| conversation.person(number)).map(|person| person.first_name.reveal().clone());
        person.filter(|name| !name.is_empty()).unwrap_or_else(|| key.clone())
    };
    match value {
        Value::Truth(Truth::Yes) | Value::Consent(true) => "yes".to_owned(),
        Value::Truth(Truth::No) | Value::Consent(false) => "no".to_owned(),
        Value::Truth(Truth::Unsure) => "unsure".to_owned(),
        Value::Choice(key) => name(key),
        Value::Choices(keys) if keys.is_empty() => "none".to_owned(),
        Value::Choices(keys) => keys.iter().map(name).collect::<Vec<_>>().join(", "),
        Value::Number(number) => number.to_string(),
        Value::Temperature { degrees, unit: TemperatureUnit::Celsius } => format!("{degrees} C"),
        Value::Temperature { degrees, unit: TemperatureUnit::Fahrenheit } => format!("{degrees} F"),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Duration(seconds) => format!("{seconds} s"),
        Value::Phone(text) | Value::Email(text) | Value::Name(text) | Value::Place(text) | Value::Text(text) | Value::Photo(text) => {
            text.clone()
        }
        Value::Location(latitude, longitude) => format!("{latitude}, {longitude}"),
    }
}
