//! The names that are there without a step: by whom a flow is for.

use super::{condition::Type, model::Audience};

/// One built-in name.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// As written; `who.` stands for whatever name a `for each` gave.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// In flows for whom it is there; empty: in all.
    pub audiences: &'static [Audience],
    /// What it gives, for the reference.
    pub gives: &'static str,
}

/// What a built-in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A number or count.
    Number,
    /// A day.
    Date,
    /// Yes or no.
    Truth,
    /// A list of people.
    People,
    /// One of the media.
    Channel,
    /// One of the flow's languages.
    Language,
}

const WATCHED: &[Audience] = &[Audience::Contact, Audience::Monitoree];

/// All built-in names.
pub static BUILTINS: &[Builtin] = &[
    Builtin { name: "you.first_name", kind: Kind::Text, audiences: &[], gives: "the first name of who texts" },
    Builtin {
        name: "you.label",
        kind: Kind::Text,
        audiences: &[],
        gives: "what the household calls who texts; the first name if nothing else",
    },
    Builtin { name: "you.birth_year", kind: Kind::Number, audiences: &[], gives: "the year of birth on record, where there is one" },
    Builtin {
        name: "you.missed_in_a_row",
        kind: Kind::Number,
        audiences: &[Audience::Monitoree],
        gives: "how many daily checks before this one went unanswered",
    },
    Builtin { name: "you.days_left", kind: Kind::Number, audiences: &[Audience::Monitoree], gives: "days until the watching ends" },
    Builtin { name: "who.first_name", kind: Kind::Text, audiences: &[], gives: "the first name of the person of a `for each`" },
    Builtin { name: "who.label", kind: Kind::Text, audiences: &[], gives: "what the household calls that person" },
    Builtin { name: "household", kind: Kind::People, audiences: &[], gives: "everyone this phone answers for, who texts first" },
    Builtin {
        name: "yesterday.unwell",
        kind: Kind::Truth,
        audiences: &[Audience::Monitoree],
        gives: "whether who texts (in a `for each`: that person) was unwell in the last daily check",
    },
    Builtin { name: "agency.name", kind: Kind::Text, audiences: &[], gives: "the health department" },
    Builtin { name: "agency.emergency_number", kind: Kind::Text, audiences: &[], gives: "the emergency number, `911`" },
    Builtin { name: "agency.phone_line", kind: Kind::Text, audiences: &[], gives: "the department's telephone line" },
    Builtin { name: "window.start", kind: Kind::Date, audiences: &[Audience::Case], gives: "the first day on which contacts count" },
    Builtin { name: "window.end", kind: Kind::Date, audiences: &[Audience::Case], gives: "the last day on which contacts count" },
    Builtin { name: "quarantine.end", kind: Kind::Date, audiences: WATCHED, gives: "the last day of quarantine or watching" },
    Builtin { name: "today", kind: Kind::Date, audiences: &[], gives: "the person's day, in their time zone" },
    Builtin { name: "channel", kind: Kind::Channel, audiences: &[], gives: "`sms`, `whatsapp`, `voice`, `email` or `web`" },
    Builtin { name: "language", kind: Kind::Language, audiences: &[], gives: "the language spoken, `'es'`" },
];

/// Names that steps, groups and people of a flow cannot have, because they mean something already.
pub const RESERVED: &[&str] = &[
    "you",
    "household",
    "yesterday",
    "agency",
    "window",
    "quarantine",
    "today",
    "channel",
    "language",
    "handover",
    "flow",
    "yes",
    "no",
    "unsure",
    "none",
    "and",
    "or",
    "not",
    "in",
    "is",
    "any",
    "all",
    "holds",
    "answered",
    "missing",
    "reached",
    "days_since",
    "age_of",
    "next",
    "end",
    "count",
    "this",
    "if",
    "unless",
    "plural",
    "else",
];

impl Builtin {
    /// Whether it is there in flows for an audience.
    pub fn is_for(&self, audience: Audience) -> bool {
        self.audiences.is_empty() || self.audiences.contains(&audience)
    }

    /// Its type in conditions.
    pub fn ty(&self, languages: &[String]) -> Type {
        let options =
            |keys: Vec<String>| Type::Choice(super::condition::Options { question: self.name.to_owned(), keys, none: false }.into());
        match self.kind {
            Kind::Text => Type::Text,
            Kind::Number => Type::Number,
            Kind::Date => Type::Date,
            Kind::Truth => Type::Truth,
            Kind::People => Type::People,
            Kind::Channel => options(["sms", "whatsapp", "voice", "email", "web"].map(str::to_owned).to_vec()),
            Kind::Language => options(languages.to_vec()),
        }
    }
}
