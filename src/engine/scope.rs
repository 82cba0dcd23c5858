//! What names mean in one place of a conversation: answers, people, built-ins.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    conversation::{Conversation, Person},
    session::{Answered, Item, Session},
    world::World,
};
use crate::{
    answer::Value,
    base::{Language, id::PersonNumber},
    flow::{
        Flow,
        condition::{Datum, Scope},
        model::{Body, Kind},
    },
};

/// A view of a conversation from one place: what conditions ask and texts print.
pub(super) struct View<'a> {
    pub world: &'a World<'a>,
    pub conversation: &'a Conversation,
    /// `None` outside any session.
    pub session: Option<&'a Session>,
    pub flow: Option<&'a Flow>,
    /// The items of the groups entered, outermost first.
    pub items: Vec<Item>,
    /// The paths of the groups entered, outermost first: texts may name their own group's answers shortly.
    pub groups: Vec<String>,
    /// The names of the people of the groups entered: `who` and whom it means.
    pub people: Vec<(String, PersonNumber)>,
    pub today: Date,
}

/// The person's day: in their own time zone, else the agency's.
pub(super) fn today(world: &World<'_>, conversation: &Conversation, now: Timestamp) -> Date {
    zone(world, conversation).to_datetime(now).date()
}

/// The person's time zone, else the agency's, else UTC.
pub(super) fn zone(world: &World<'_>, conversation: &Conversation) -> TimeZone {
    conversation
        .time_zone
        .as_deref()
        .and_then(|name| TimeZone::get(name).ok())
        .or_else(|| TimeZone::get(&world.agency.time_zone).ok())
        .unwrap_or(TimeZone::UTC)
}

impl View<'_> {
    /// The valid answer of a step or set value for the items in view.
    pub fn answered(&self, path: &str) -> Option<&Answered> {
        let flow = self.flow?;
        let items = self.items.get(..self.depth(path))?;
        self.session?
            .answers
            .iter()
            .rev()
            .find(|answer| !answer.superseded && answer.step == path && answer.flow == flow.name && answer.items == items)
    }

    /// How many groups a path stands in, of those in view.
    fn depth(&self, path: &str) -> usize {
        depth(self.flow, path).min(self.items.len())
    }

    fn person(&self, number: PersonNumber) -> Option<&Person> {
        self.conversation.person(number)
    }

    fn fact_of(&self, number: PersonNumber, fact: &str) -> Datum {
        let Some(person) = self.person(number) else { return Datum::Missing };
        match fact {
            "" => Datum::Choice(number.0.to_string()),
            "first_name" | "label" if person.first_name.reveal().is_empty() => Datum::Missing,
            "first_name" | "label" => Datum::Text(person.first_name.reveal().clone()),
            "birth_year" => person.birth_year.map_or(Datum::Missing, |year| Datum::Number(f64::from(year))),
            "missed_in_a_row" => Datum::Number(f64::from(person.missed_in_a_row)),
            _ => Datum::Missing,
        }
    }

    fn count(&self, path: &str) -> Datum {
        let (Some(flow), Some(session)) = (self.flow, self.session) else { return Datum::Missing };
        match flow.find(path).map(|id| &flow.step(id).body) {
            Some(Body::Repeat(_)) => {
                let outer = self.items.get(..self.depth(path)).unwrap_or_default();
                let list = session.lists.iter().find(|list| list.flow == flow.name && list.group == path && list.items == outer);
                Datum::Number(list.map_or(0.0, |list| f64::from(list.n_done)))
            }
            Some(Body::ForEach(each)) => count_of(people_of(self, &each.list).len()),
            Some(Body::Ask(_)) => match self.answered(path).and_then(|answer| answer.value.as_ref()).map(|value| value.reveal()) {
                Some(Value::Choices(keys)) => count_of(keys.len()),
                _ => Datum::Missing,
            },
            Some(Body::Plain | Body::Call(_)) | None if path == "household" => count_of(self.conversation.roster.len()),
            Some(Body::Plain | Body::Call(_)) | None => Datum::Missing,
        }
    }

    /// A value for a text: as [`Scope::value`], but options and people by their labels in a language.
    pub fn printed(&self, name: &str, language: &Language) -> Datum {
        let path = self.full_path(name);
        let datum = if name == "today" { Datum::Date(self.today) } else { self.value(&path) };
        let label = |key: &String| self.label(&path, key, language);
        match datum {
            Datum::Choice(key) => Datum::Text(label(&key)),
            Datum::Choices(keys) => Datum::Choices(keys.iter().map(label).collect()),
            other => other,
        }
    }

    /// The full path of a name as written in a text: of its own group first, then of the groups around it.
    fn full_path(&self, name: &str) -> String {
        let step = name.strip_suffix(".count").unwrap_or(name);
        let known = |path: &str| self.flow.is_some_and(|flow| flow.find(path).is_some()) || self.answered(path).is_some();
        for group in self.groups.iter().rev() {
            if known(&format!("{group}.{step}")) {
                return format!("{group}.{name}");
            }
        }
        name.to_owned()
    }

    fn label(&self, name: &str, key: &str, language: &Language) -> String {
        let Some(flow) = self.flow else { return key.to_owned() };
        if let Some(Body::Ask(ask)) = flow.find(name).map(|id| &flow.step(id).body) {
            if matches!(ask.kind, Kind::People(_) | Kind::OnePerson(_)) {
                return self.person_label(key);
            }
            if let (Some(option), Some(source)) = (ask.options.iter().find(|option| option.key == key), flow.languages.first()) {
                return flow.text(option.say).in_language(language, source).0.to_owned();
            }
        }
        if self.people.iter().any(|(who, _)| who == name) { self.person_label(key) } else { key.to_owned() }
    }

    fn person_label(&self, key: &str) -> String {
        let number = key.parse().map(PersonNumber).unwrap_or(PersonNumber::YOU);
        self.person(number).map(|person| person.first_name.reveal().clone()).unwrap_or_default()
    }
}

/// How many groups of the flow a path stands in.
pub(super) fn depth(flow: Option<&Flow>, path: &str) -> usize {
    let Some(flow) = flow else { return 0 };
    path.match_indices('.').filter(|(at, _)| path.get(..*at).is_some_and(|group| flow.find(group).is_some())).count()
}

/// The people that a list names: `household`, or those chosen in a question.
pub(super) fn people_of(view: &View<'_>, list: &str) -> Vec<PersonNumber> {
    if list == "household" {
        return view.conversation.roster.iter().map(|person| person.number).collect();
    }
    match view.answered(list).and_then(|answer| answer.value.as_ref()).map(|value| value.reveal()) {
        Some(Value::Choices(keys)) => keys.iter().filter_map(|key| key.parse().ok().map(PersonNumber)).collect(),
        Some(Value::Choice(key)) => key.parse().ok().map(PersonNumber).into_iter().collect(),
        _ => Vec::new(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
const fn count_of(n: usize) -> Datum {
    Datum::Number(n as f64)
}

impl Scope for View<'_> {
    fn value(&self, name: &str) -> Datum {
        if let Some(answer) = self.answered(name) {
            return answer.value.as_ref().map_or(Datum::Missing, |value| Datum::from(value.reveal()));
        }
        if let Some(path) = name.strip_suffix(".count") {
            return self.count(path);
        }
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        if let Some((_, number)) = self.people.iter().rev().find(|(who, _)| who == first) {
            return self.fact_of(*number, rest);
        }
        let agency = self.world.agency;
        let text = |text: &str| if text.is_empty() { Datum::Missing } else { Datum::Text(text.to_owned()) };
        match (first, rest) {
            ("you", fact) => self.fact_of(PersonNumber::YOU, fact),
            ("agency", "name") => text(&agency.name),
            ("agency", "emergency_number") => text(&agency.emergency_number),
            ("agency", "phone_line") => text(&agency.phone_line),
            ("agency", "country") => text(&agency.country),
            ("channel", "") => text(self.conversation.address.medium.word()),
            ("language", "") => self.conversation.language.as_ref().map_or(Datum::Missing, |language| text(language.tag())),
            _ => Datum::Missing,
        }
    }

    fn holds(&self, flow: &str) -> bool {
        let called = |session: &Session| session.called.iter().rev().find(|(name, _)| name == flow).map(|(_, end)| end == "holds");
        self.session.and_then(called).unwrap_or(false)
    }

    fn handover_not_reached(&self) -> bool {
        self.session.is_some_and(|session| session.handover_not_reached)
    }

    fn items(&self, list: &str) -> Vec<Box<dyn Scope + '_>> {
        let (Some(flow), Some(session)) = (self.flow, self.session) else { return Vec::new() };
        let outer = self.items.get(..self.depth(list)).unwrap_or_default().to_vec();
        let inner = |item: Item, who: Option<(String, PersonNumber)>| {
            let mut items = outer.clone();
            items.push(item);
            let mut people = self.people.clone();
            people.extend(who);
            Box::new(View {
                world: self.world,
                conversation: self.conversation,
                session: self.session,
                flow: self.flow,
                items,
                groups: self.groups.clone(),
                people,
                today: self.today,
            }) as Box<dyn Scope>
        };
        match flow.find(list).map(|id| &flow.step(id).body) {
            Some(Body::Repeat(_)) => {
                let list = session.lists.iter().find(|begun| begun.flow == flow.name && begun.group == list && begun.items == outer);
                (0..list.map_or(0, |list| list.n_begun)).map(|nth| inner(Item::Nth(nth), None)).collect()
            }
            Some(Body::ForEach(each)) => people_of(self, &each.list)
                .into_iter()
                .map(|number| inner(Item::Person(number), Some((each.who.clone(), number))))
                .collect(),
            Some(Body::Plain | Body::Ask(_) | Body::Call(_)) | None => Vec::new(),
        }
    }

    fn today(&self) -> Date {
        self.today
    }
}
