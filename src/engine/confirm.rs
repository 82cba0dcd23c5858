//! Readings that are confirmed before they are taken, and several readings of one reply to choose from.

use super::{
    effect::{Hint, Paragraph, Purpose, Question, ShownChoice, Words},
    listen::Heard,
    session::{Aside, Offered},
    walk::{At, Walk},
};
use crate::{
    answer::{Expect, How, Reading, Reply, TemperatureUnit, Truth, Unclear, Value},
    base::{Private, limit},
    flow::{
        Flow,
        condition::Datum,
        model::{Ask, Confirm, Kind, StepId},
    },
};

impl Walk<'_, '_> {
    /// Whether a clear reading is to be confirmed first.
    pub const fn to_confirm(ask: &Ask, how: How, reply: Heard<'_>) -> bool {
        match (ask.confirm, reply) {
            (Confirm::Never, _) | (_, Heard::Tap(..)) => false,
            (Confirm::Uncertain, Heard::Words(_)) => matches!(how, How::Mended | How::Guessed),
            (Confirm::Always, Heard::Words(_)) => true,
        }
    }

    /// "I read: May 3. Is that right?"
    pub fn ask_to_confirm(&mut self, flow: &Flow, ask: &Ask, value: Value, said: Private<String>) -> At {
        let own = [("value", self.shown_value(flow, ask, &value))];
        let paragraph = self.run.shared(Some(&self.revision.id), "did-you-mean", &own);
        self.offer(vec![value], said, Some(Aside::Confirm));
        let question = self.yes_no_question(false);
        self.say_question(vec![paragraph], Some(question), Purpose::Dialogue);
        At::Stop
    }

    /// Several readings, to choose from; `None` where they cannot be shown so that a choice is clear.
    pub fn ask_which(&mut self, flow: &Flow, ask: &Ask, values: &[Value], said: Private<String>) -> Option<At> {
        // A number of the list could be taken for a number that is meant.
        let clear = matches!(ask.kind, Kind::OneOf | Kind::OnePerson(_) | Kind::Date(_) | Kind::Phone | Kind::Temperature);
        if !clear || !(2..=limit::READINGS_OFFERED).contains(&values.len()) {
            return None;
        }
        let paragraph = self.run.shared(Some(&self.revision.id), "which-one", &[]);
        let revision = Some(self.revision.id.clone());
        let choices = values
            .iter()
            .enumerate()
            .map(|(n, value)| ShownChoice {
                key: (n + 1).to_string(),
                label: Words::Shared { revision: revision.clone(), name: "reading".to_owned() },
                data: vec![("value".to_owned(), self.shown_value(flow, ask, value))],
                exclusive: false,
            })
            .collect();
        self.offer(values.to_vec(), said, None);
        let question = Question { hint: Hint::One, choices, several: false, tap: self.tap() };
        self.say_question(vec![paragraph], Some(question), Purpose::Dialogue);
        Some(At::Stop)
    }

    /// A question of the engine's own stands in place of the open one: taps on the open one's buttons are old now.
    pub fn offer(&mut self, values: Vec<Value>, said: Private<String>, aside: Option<Aside>) {
        self.session.n_askings = self.session.n_askings.wrapping_add(1);
        let asking = self.session.n_askings;
        if let Some(open) = &mut self.session.open {
            open.asking = asking;
            open.aside = aside;
            open.offered = (!values.is_empty()).then(|| Offered { values: values.into_iter().map(Private::new).collect(), said });
        }
    }

    /// Yes, no or a choice to what was offered; anything else is read as the answer itself.
    pub fn hear_offer(&mut self, flow: &Flow, id: StepId, ask: &Ask, reply: Heard<'_>) -> Option<At> {
        let open = self.session.open.as_mut()?;
        let offered = open.offered.take()?;
        let confirms = open.aside.take() == Some(Aside::Confirm);
        if let [value] = offered.values.as_slice() {
            return match self.confirmed(flow, ask, reply)? {
                true => {
                    Some(self.take(flow, id, ask, value.reveal().clone(), Heard::Words(&Reply::of(offered.said.reveal())), How::Within))
                }
                false if confirms => Some(self.not_understood(flow, id, ask, Unclear::Unknown, reply)),
                false => {
                    self.ask_again(Vec::new(), Purpose::Dialogue);
                    Some(At::Stop)
                }
            };
        }
        let number = |text: &str| text.trim().trim_end_matches(['.', ')']).parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let chosen = match reply {
            Heard::Tap(key, _) => number(key).and_then(|n| offered.values.get(n)),
            Heard::Words(words) => match self.read(flow, ask, reply) {
                Reading::Clear { value, .. } if offered.values.iter().any(|known| *known.reveal() == value) => {
                    offered.values.iter().find(|known| *known.reveal() == value)
                }
                Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => {
                    number(words.text()).and_then(|n| offered.values.get(n))
                }
            },
        }?;
        Some(self.take(flow, id, ask, chosen.reveal().clone(), Heard::Words(&Reply::of(offered.said.reveal())), How::Within))
    }

    /// Whether they say yes or no; `None` where they say the answer itself.
    fn confirmed(&self, flow: &Flow, ask: &Ask, reply: Heard<'_>) -> Option<bool> {
        let words = match reply {
            Heard::Tap(key, _) => return Some(key == "yes"),
            Heard::Words(words) => words,
        };
        let truth = match self.understand(flow, &Expect::YesNo { unsure: false }, words) {
            Reading::Clear { value: Value::Truth(truth @ (Truth::Yes | Truth::No)), how } => Some((truth == Truth::Yes, how)),
            Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => None,
        };
        match truth {
            Some((yes, How::Number | How::Exact | How::OtherLanguage | How::Mended)) => Some(yes),
            // "no, may 5" says the day itself.
            Some((yes, How::Within | How::Guessed)) => {
                let says_it = matches!(self.read(flow, ask, reply), Reading::Clear { .. } | Reading::Ambiguous(_))
                    && !matches!(ask.kind, Kind::YesNo | Kind::YesNoUnsure);
                (!says_it).then_some(yes)
            }
            None => None,
        }
    }

    /// A value for a text, in the language spoken.
    pub fn shown_value(&self, flow: &Flow, ask: &Ask, value: &Value) -> Datum {
        let labels = || {
            let choices = self.choices(flow, ask, &self.language());
            move |key: &String| choices.iter().find(|choice| choice.key == *key).map_or_else(|| key.clone(), |choice| choice.label.clone())
        };
        match value {
            Value::Choice(key) => Datum::Text(labels()(key)),
            Value::Choices(keys) if keys.is_empty() => Datum::Text(labels()(&super::ask::NONE_KEY.to_owned())),
            Value::Choices(keys) => Datum::Choices(keys.iter().map(labels()).collect()),
            Value::Temperature { degrees, unit } => {
                let unit = if *unit == TemperatureUnit::Celsius { "°C" } else { "°F" };
                Datum::Text(format!("{degrees} {unit}"))
            }
            other => Datum::from(other),
        }
    }

    /// A paragraph of shared words for the flow's revision.
    pub fn shared(&self, name: &str) -> Paragraph {
        self.run.shared(Some(&self.revision.id), name, &[])
    }
}
