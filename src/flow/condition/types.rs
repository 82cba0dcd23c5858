//! Types, and the names that a flow has.

use std::{collections::BTreeMap, sync::Arc};

use crate::flow::{builtin, model::Audience};

/// What a value in a condition is.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Yes or no.
    Truth,
    /// Yes, no or unsure.
    TruthOrUnsure,
    /// A number or count.
    Number,
    /// A temperature in °C.
    Temperature,
    /// A day.
    Date,
    /// A length of time.
    Days,
    /// A text.
    Text,
    /// One of the options.
    Choice(Arc<Options>),
    /// Any of the options.
    Choices(Arc<Options>),
    /// People chosen.
    People,
    /// One person.
    Person,
}

impl Type {
    /// In a designer's words.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Truth => "yes or no",
            Self::TruthOrUnsure => "yes, no or unsure",
            Self::Number => "a number",
            Self::Temperature => "a temperature",
            Self::Date => "a day",
            Self::Days => "a length of time",
            Self::Text => "a text",
            Self::Choice(_) => "one of several options",
            Self::Choices(_) => "a list of options",
            Self::People => "a list of people",
            Self::Person => "a person",
        }
    }
}

/// The options of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The question's path.
    pub question: String,
    /// The keys, in file order.
    pub keys: Vec<String>,
    /// Whether there is an exclusive answer.
    pub none: bool,
}

/// All names of a flow.
#[derive(Clone, Debug)]
pub struct Names {
    /// Answers and values set, by full path.
    pub values: BTreeMap<String, Type>,
    /// Groups by full path; of a `for each`, the name of its person.
    pub groups: BTreeMap<String, Option<String>>,
    /// All steps by full path, for better words about those that ask nothing.
    pub steps: BTreeMap<String, ()>,
    /// Flows that this one calls or needs.
    pub flows: Vec<String>,
    /// For whom the flow is.
    pub audience: Audience,
    /// The tags of its languages.
    pub languages: Vec<String>,
}

/// What a written name stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    /// What the scope is asked for.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// Why a written name stands for nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum NoMeaning {
    /// There is nothing by this name.
    Unknown,
    /// It is in a group that this place is not in.
    InGroup {
        /// The group's path.
        group: String,
        /// The rest of the name.
        name: String,
    },
    /// A step that asks nothing.
    AsksNothing,
    /// A group where a value belongs.
    IsGroup,
    /// A built-in of flows for others.
    NotForThisAudience,
    /// The name of the person of a `for each`, where no such group is open.
    NoSuchPersonHere,
}

impl Names {
    /// What a name written in a place inside the groups (innermost first, full paths) stands for.
    ///
    /// # Errors
    /// Why it stands for nothing there.
    pub fn resolve(&self, written: &str, groups: &[String]) -> Result<Meaning, NoMeaning> {
        if let Some(path) = self.path(written, groups, |path| self.values.contains_key(path))
            && let Some(ty) = self.values.get(&path)
        {
            return Ok(Meaning { name: path, ty: ty.clone() });
        }
        if let Some(counted) = written.strip_suffix(".count") {
            let countable =
                |path: &str| self.groups.contains_key(path) || matches!(self.values.get(path), Some(Type::Choices(_) | Type::People));
            if let Some(path) = self.path(counted, groups, countable) {
                return Ok(Meaning { name: format!("{path}.count"), ty: Type::Number });
            }
            if counted == "household" {
                return Ok(Meaning { name: written.to_owned(), ty: Type::Number });
            }
        }
        self.person(written, groups).or_else(|no| match no {
            NoMeaning::Unknown => self.builtin(written),
            other => Err(other),
        })
    }

    /// The full path of a group.
    pub fn group(&self, written: &str, groups: &[String]) -> Option<String> {
        self.path(written, groups, |path| self.groups.contains_key(path))
    }

    /// The first full path, from the innermost list outwards, that exists and may be named from here.
    fn path(&self, written: &str, groups: &[String], exists: impl Fn(&str) -> bool) -> Option<String> {
        for group in groups.iter().map(String::as_str).chain([""]) {
            let path = if group.is_empty() { written.to_owned() } else { format!("{group}.{written}") };
            let open = |path: &str| path.rsplit_once('.').is_none_or(|(group, _)| groups.iter().any(|open| open == group));
            if exists(&path) && open(&path) {
                return Some(path);
            }
        }
        None
    }

    fn person(&self, written: &str, groups: &[String]) -> Result<Meaning, NoMeaning> {
        let (head, rest) = written.split_once('.').map_or((written, None), |(head, rest)| (head, Some(rest)));
        let is_open = groups.iter().any(|group| self.groups.get(group).is_some_and(|who| who.as_deref() == Some(head)));
        let fact = rest.map(|rest| builtin::BUILTINS.iter().find(|builtin| builtin.name.strip_prefix("who.") == Some(rest)));
        match (is_open, fact) {
            (true, None) => Ok(Meaning { name: written.to_owned(), ty: Type::Person }),
            (true, Some(Some(fact))) => Ok(Meaning { name: written.to_owned(), ty: fact.ty(&self.languages) }),
            (false, _) if self.groups.values().any(|who| who.as_deref() == Some(head)) => Err(NoMeaning::NoSuchPersonHere),
            (true, Some(None)) | (false, _) => Err(NoMeaning::Unknown),
        }
    }

    fn builtin(&self, written: &str) -> Result<Meaning, NoMeaning> {
        if let Some(builtin) = builtin::BUILTINS.iter().find(|builtin| builtin.name == written && !written.starts_with("who.")) {
            if !builtin.is_for(self.audience) {
                return Err(NoMeaning::NotForThisAudience);
            }
            return Ok(Meaning { name: written.to_owned(), ty: builtin.ty(&self.languages) });
        }
        if self.groups.contains_key(written) {
            return Err(NoMeaning::IsGroup);
        }
        if self.steps.contains_key(written) && !self.values.contains_key(written) {
            return Err(NoMeaning::AsksNothing);
        }
        let inner =
            self.values.keys().find(|path| path.as_str() == written || path.rsplit_once('.').is_some_and(|(_, name)| name == written));
        match inner.and_then(|path| path.rsplit_once('.')) {
            Some((group, name)) => Err(NoMeaning::InGroup { group: group.to_owned(), name: name.to_owned() }),
            None => Err(NoMeaning::Unknown),
        }
    }

    /// Every name that may be written in a place, for "did you mean".
    pub fn written(&self, groups: &[String]) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for path in self.values.keys() {
            match path.rsplit_once('.') {
                None => all.push(path.clone()),
                Some((group, name)) if groups.iter().any(|open| open == group) => all.push(name.to_owned()),
                Some(_) => {}
            }
        }
        all.extend(self.groups.keys().map(|group| format!("{group}.count")));
        for builtin in builtin::BUILTINS.iter().filter(|builtin| builtin.is_for(self.audience)) {
            match builtin.name.strip_prefix("who.") {
                None => all.push(builtin.name.to_owned()),
                Some(fact) => {
                    let people = groups.iter().filter_map(|group| self.groups.get(group).and_then(Option::as_ref));
                    all.extend(people.map(|who| format!("{who}.{fact}")));
                }
            }
        }
        all
    }
}
