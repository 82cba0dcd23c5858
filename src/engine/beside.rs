//! What is said beside an answer: "yes, since monday", "no but Luis does". Nothing of it is taken; it is offered where it is asked.

use super::{
    conversation::Person,
    listen::Heard,
    session::{Beside, Offered},
    walk::Walk,
};
use crate::{
    answer::{
        Choice, Expect, Reading, Reply, Truth, Value,
        extra::{self, Extra},
    },
    base::{Language, Private, id::PersonNumber, limit},
    flow::{
        Flow,
        model::{Ask, Kind, Urgency},
    },
};

impl Walk<'_, '_> {
    /// What was said beside the answer: kept for the question that asks it, or told to the desk.
    pub fn hear_beside(&mut self, flow: &Flow, ask: &Ask, reply: Heard<'_>, value: &Value) {
        let Heard::Words(reply) = reply else { return };
        let expect = self.expect(flow, ask);
        let language = self.language();
        let others: Vec<Language> = flow.languages.iter().filter(|other| **other != language).cloned().collect();
        let mut extras = extra::read(&expect, reply, &self.context(&language, &others));
        let is_no = matches!(ask.kind, Kind::YesNo | Kind::YesNoUnsure) && *value == Value::Truth(Truth::No);
        if is_no && let Some(named) = self.others_named(flow, reply) {
            extras.retain(|extra| *extra != Extra::SomeoneElse);
            extras.extend([Extra::Value(named), Extra::SomeoneElse]);
        }
        for extra in extras {
            match extra {
                Extra::Value(beside) => self.keep_beside(&ask.kind, value, beside, reply.text()),
                Extra::SomeoneElse => {
                    let rule = format!("{} {} someone else", flow.name, self.frame().at);
                    let session = Some(self.session.id.clone());
                    self.run.task(
                        Urgency::Routine,
                        "Says that someone else is meant too",
                        &rule,
                        Some(Private::from(reply.text())),
                        session,
                    );
                    if matches!(ask.kind, Kind::YesNo | Kind::YesNoUnsure) {
                        let noted = self.run.shared(Some(&self.revision.id), "others-noted", &[]);
                        self.pending.push(noted);
                    }
                }
            }
        }
    }

    /// The others of the household whom a "no" names: "no but Luis does" is offered to the question that asks who.
    fn others_named(&self, flow: &Flow, reply: &Reply<'_>) -> Option<Value> {
        let choice = |person: &Person| Choice {
            key: person.number.0.to_string(),
            label: person.first_name.reveal().clone(),
            words: Vec::new(),
            exclusive: false,
        };
        let people: Vec<Choice> = self.run.conversation.roster.iter().map(choice).filter(|choice| !choice.label.is_empty()).collect();
        let Reading::Clear { value: Value::Choices(keys), .. } = self.understand(flow, &Expect::AnyOf(people), reply) else { return None };
        let you = self.who().0.to_string();
        let others: Vec<String> = keys.into_iter().filter(|key| *key != you).collect();
        (!others.is_empty()).then_some(Value::Choices(others))
    }

    fn keep_beside(&mut self, kind: &Kind, answer: &Value, value: Value, said: &str) {
        let number = |key: &String| key.parse().ok().map(PersonNumber);
        let about: Vec<PersonNumber> = match (kind, answer) {
            (Kind::People(_), Value::Choices(keys)) => keys.iter().filter_map(number).collect(),
            (Kind::OnePerson(_), Value::Choice(key)) => number(key).into_iter().collect(),
            _ => vec![self.who()],
        };
        if about.is_empty() {
            return;
        }
        let items = self.items();
        self.session
            .beside
            .retain(|known| std::mem::discriminant(known.value.reveal()) != std::mem::discriminant(&value) || known.items != items);
        if self.session.beside.len() >= limit::SAID_BESIDE {
            self.session.beside.remove(0);
        }
        self.session.beside.push(Beside { value: Private::new(value), said: Private::from(said), items, about });
    }

    /// A value said beside an earlier answer that this question asks for, a day or whom of the household it is about: it is offered once for each person it was said of.
    pub fn said_before(&mut self, flow: &Flow, ask: &Ask) -> Option<Offered> {
        if self.session.beside.is_empty() {
            return None;
        }
        let (expect, items, who) = (self.expect(flow, ask), self.items(), self.who());
        let fits = |known: &Beside| {
            items.starts_with(&known.items)
                && known.about.contains(&who)
                && match (&expect, known.value.reveal()) {
                    (Expect::Date(bounds), Value::Date(day)) => {
                        bounds.from.is_none_or(|from| from <= *day) && bounds.to.is_none_or(|to| *day <= to)
                    }
                    (Expect::AnyOf(people), Value::Choices(keys)) => {
                        matches!(ask.kind, Kind::People(_)) && keys.iter().all(|key| people.iter().any(|person| person.key == *key))
                    }
                    (Expect::Phone, Value::Phone(_)) | (Expect::Temperature, Value::Temperature { .. }) => true,
                    _ => false,
                }
        };
        let at = self.session.beside.iter().rposition(fits)?;
        let known = self.session.beside.get_mut(at)?;
        known.about.retain(|number| *number != who);
        let offered = Offered { values: vec![known.value.clone()], said: known.said.clone() };
        if known.about.is_empty() {
            self.session.beside.remove(at);
        }
        Some(offered)
    }
}
