//! A flow as the engine runs it.

use std::collections::BTreeMap;

use super::{
    condition::{Condition, Expression},
    source::Span,
};
use crate::base::{Language, Medium};

/// A flow, compiled.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its name, which is its file's name too: `daily-check`.
    pub name: String,
    /// What it is called at the desk.
    pub title: String,
    /// The first is the language of the file itself.
    pub languages: Vec<Language>,
    /// Where each of them is named.
    pub languages_at: Vec<Span>,
    /// For whom it is.
    pub audience: Audience,
    /// The flow that must have held on this address within 30 days, or runs first.
    pub needs: Option<String>,
    /// The shared text sent at once on emergency words: a partial under `templates/messages/`.
    pub emergency: Option<String>,
    /// Shared texts of its own for what people ask back: the question, by the text it has otherwise (`who-is-this`), and the flow's own text.
    pub asked_back: Vec<(&'static str, String)>,
    /// Words that start it when nothing is open, upper case.
    pub starts_on: Vec<TextId>,
    /// Its own endings.
    pub ends: Vec<String>,
    /// Where each of them stands.
    pub ends_at: Vec<Span>,
    /// What happens while the open question stays unanswered, in the order of the times.
    pub silence: Vec<SilenceArm>,
    /// All steps in file order, groups before their steps; [`StepId`] indexes it.
    pub steps: Vec<Step>,
    /// The steps of the outermost list, in order.
    pub top: Vec<StepId>,
    /// All texts; [`TextId`] indexes it.
    pub texts: Vec<Text>,
    /// Where the name stands, for findings about the whole flow.
    pub span: Span,
}

/// For whom a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anyone, strangers too.
    Anyone,
    /// A case.
    Case,
    /// A contact: no name of the index case exists here.
    Contact,
    /// A person being watched.
    Monitoree,
}

/// An index into [`Flow::steps`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(pub usize);

/// An index into [`Flow::texts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(pub usize);

/// One point of a flow. What it does is always in this order: `when`, `call` or `set`, `say`, `ask` (or the group), `then`, then what leaves.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its own name, `danger`.
    pub name: String,
    /// Its full name, `each_unwell.danger`: unique, stored in sessions and records.
    pub path: String,
    /// The group it stands in.
    pub group: Option<StepId>,
    /// The next step of the same list.
    pub next: Option<StepId>,
    /// What the question is called at the desk.
    pub label: Option<TextId>,
    /// Skips the step unless it holds.
    pub when: Option<Condition>,
    /// Values set.
    pub set: Vec<(String, Expression)>,
    /// What is said.
    pub say: Option<Wording>,
    /// Whether it is a message of its own.
    pub alone: bool,
    /// What it asks, repeats or calls.
    pub body: Body,
    /// What is done on the answer: every arm that holds.
    pub then: Vec<Arm>,
    /// Done last: `task`, `escalate`, `go`, `end`.
    pub last: Actions,
    /// Replaces the flow's `silence` while this step's question is open.
    pub silence: Option<Vec<SilenceArm>>,
    /// Where the step's name stands.
    pub span: Span,
}

/// The main thing a step does.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a flow has tens of them, made once; boxes would only be in the way")]
pub enum Body {
    /// Nothing but saying and leaving.
    Plain,
    /// Asks a question.
    Ask(Ask),
    /// Asks its steps again and again: contacts.
    Repeat(Repeat),
    /// Asks its steps for each person of a list.
    ForEach(ForEach),
    /// Runs another flow and comes back with how it ended.
    Call(String),
}

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What kind of answer.
    pub kind: Kind,
    /// The options of `one of` and `any of`, in file order.
    pub options: Vec<FlowOption>,
    /// The exclusive answer of `any of`.
    pub none: Option<TextId>,
    /// The words of the second asking.
    pub retry: Option<TextId>,
    /// Which readings are confirmed before they are taken.
    pub confirm: Confirm,
    /// What is said to whoever asks why this is asked.
    pub why: Option<TextId>,
    /// Replies that are read before `if unclear` is done, the first included.
    pub tries: u8,
    /// What is done then.
    pub if_unclear: IfUnclear,
    /// The question's code: `LOINC 75325-1`.
    pub code: Option<String>,
    /// Where the `ask` stands.
    pub span: Span,
}

/// What kind of answer a question asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `yes/no`
    YesNo,
    /// `yes/no/unsure`
    YesNoUnsure,
    /// `one of` the options
    OneOf,
    /// `any of` the options
    AnyOf,
    /// `one of people in household`: the list's name
    OnePerson(String),
    /// `any of people in household`: the list's name
    People(String),
    /// `number A..B`
    Number {
        /// Least.
        min: Option<f64>,
        /// Most.
        max: Option<f64>,
        /// `whole`
        whole: bool,
        /// `unit`, shown and recorded
        unit: Option<String>,
    },
    /// `temperature`
    Temperature,
    /// `date` with its bounds
    Date(Bounds),
    /// `phone`
    Phone,
    /// `name`
    Name,
    /// `text A..B`
    Text {
        /// Least characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// `consent`: the version of the text is the revision's hash.
    Consent,
    /// `birth year`: passed only on a match with the record.
    BirthYear,
}

/// Which readings are confirmed in a short question before they are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirm {
    /// None.
    #[default]
    Never,
    /// Those that mended a typing fault or chose between two orders of day and month.
    Uncertain,
    /// All that were typed.
    Always,
}

/// Bounds of a date question, inclusive, evaluated when it is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The first day: `since X`, `in the past N days`, `future`.
    pub from: Option<Expression>,
    /// The last day: `past`, `in the past N days`.
    pub to: Option<Expression>,
}

/// One option.
#[derive(Clone, Debug)]
pub struct FlowOption {
    /// Its key, `breathless`.
    pub key: String,
    /// Its label.
    pub say: TextId,
    /// How people say it besides.
    pub words: Vec<String>,
    /// Its code.
    pub code: Option<String>,
    /// Shown only when it holds.
    pub when: Option<Condition>,
    /// Where the key stands.
    pub span: Span,
}

/// What is done when no reply was understood.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a flow has tens of them, made once; boxes would only be in the way")]
pub enum IfUnclear {
    /// `escalate: routine`, because "not understood".
    Default,
    /// The words are kept, flagged.
    Accept,
    /// An arm.
    Arm(Actions),
}

/// `repeat: contact, up to 15`
#[derive(Clone, Debug)]
pub struct Repeat {
    /// What an item is: `contact`.
    pub noun: String,
    /// The most items.
    pub up_to: u16,
    /// Asked before the first item (yes/no), so that the list may be empty. `None`: at least one is asked.
    pub first: Option<TextId>,
    /// Asked after each item (yes/no).
    pub more: Option<TextId>,
    /// The steps of an item.
    pub steps: Vec<StepId>,
}

/// `for each: who in unwell`
#[derive(Clone, Debug)]
pub struct ForEach {
    /// The name of the person: `who`.
    pub who: String,
    /// The list: `household`, or the path of a question that chose people.
    pub list: String,
    /// The steps for each.
    pub steps: Vec<StepId>,
}

/// The words of one message, in their variants.
#[derive(Clone, Debug)]
pub struct Wording {
    /// The usual words.
    pub say: TextId,
    /// Where the person spoken of is the one who texts.
    pub if_you: Option<TextId>,
    /// Where the texter answers for no one else.
    pub if_alone: Option<TextId>,
    /// By medium.
    pub by_medium: Vec<(Medium, TextId)>,
}

/// `when …:` or `else:` with what is done.
#[derive(Clone, Debug)]
pub struct Arm {
    /// `None` is `else`: done if no arm before it held (and none was undecided).
    pub when: Option<Condition>,
    /// What is done.
    pub actions: Actions,
    /// Where the arm begins.
    pub span: Span,
}

/// What an arm or the end of a step does, in this order: `set`, `say`, `task`, then what leaves: `escalate`, `go`, `end`.
#[derive(Clone, Debug, Default)]
pub struct Actions {
    /// Values set.
    pub set: Vec<(String, Expression)>,
    /// What is said. With `escalate` it is what the patient is told.
    pub say: Option<Wording>,
    /// A task for the desk; the bot goes on.
    pub task: Option<CallHuman>,
    /// A human takes over; the bot waits.
    pub escalate: Option<CallHuman>,
    /// Where the bot goes on when it is handed back; the next step if not given.
    pub resume: Option<Resume>,
    /// A jump.
    pub go: Option<Go>,
    /// An end.
    pub end: Option<End>,
}

/// A call for a human.
#[derive(Clone, Debug)]
pub struct CallHuman {
    /// How urgent.
    pub urgency: Urgency,
    /// Why, in the desk's language.
    pub because: String,
    /// Where it stands.
    pub span: Span,
}

/// How urgent a call for a human is. Ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Within hours.
    Routine,
    /// Within half an hour.
    Urgent,
    /// Within minutes; the emergency number is told at once.
    Emergency,
}

impl Urgency {
    /// `routine`, `urgent`, `emergency`
    pub const fn word(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Urgent => "urgent",
            Self::Emergency => "emergency",
        }
    }
}

/// Where the bot goes on after a hand-back.
#[derive(Clone, Debug, PartialEq)]
pub enum Resume {
    /// At a step, by path.
    Step(String),
    /// The session ends as "resolved".
    End,
}

/// A jump.
#[derive(Clone, Debug, PartialEq)]
pub enum Go {
    /// To a step of the same or an enclosing list.
    Step(StepId),
    /// To the group's next item.
    NextItem,
}

/// An end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// `complete`, one of the flow's own, or a built-in.
    pub name: String,
    /// `end all`: ends the calling flows too.
    pub all: bool,
}

/// One arm of `silence`.
#[derive(Clone, Debug)]
pub struct SilenceArm {
    /// Seconds since the open question.
    pub after_s: i64,
    /// Only if it holds.
    pub when: Option<Condition>,
    /// What is done.
    pub actions: Actions,
    /// Where it stands.
    pub span: Span,
}

/// One authored text with its translations.
#[derive(Clone, Debug)]
pub struct Text {
    /// What it is: decides how it is shown, its limits, and what checks look for.
    pub role: Role,
    /// The path of its step; empty for texts of the flow itself.
    pub step: String,
    /// The source text after the line rule: a handlebars template.
    pub source: String,
    /// Where it stands.
    pub span: Span,
    /// Names that the source or a translation uses (`you.first_name`, `contacts.count`), those of its partials included; sorted.
    pub names: Vec<String>,
    /// Translations, after the line rule.
    pub translations: BTreeMap<Language, Translation>,
}

/// A translated text.
#[derive(Clone, Debug)]
pub struct Translation {
    /// The template.
    pub text: String,
    /// Where it stands in the translation's file.
    pub span: Span,
}

/// What a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A step's or arm's words.
    Say,
    /// An option's label, with its key.
    Option(String),
    /// The exclusive option's label.
    None,
    /// The first question of a repeat.
    First,
    /// The question after each item.
    More,
    /// The words of the second asking.
    Retry,
    /// The answer to "why do you ask?".
    Why,
    /// A word of `starts on`.
    StartsOn,
    /// A question's label at the desk.
    Label,
}

impl Flow {
    /// The step of an id.
    ///
    /// # Panics
    /// If the id is another flow's: a bug.
    #[expect(clippy::indexing_slicing, reason = "ids are made with the steps and never leave their flow")]
    pub fn step(&self, id: StepId) -> &Step {
        &self.steps[id.0]
    }

    /// The text of an id.
    ///
    /// # Panics
    /// If the id is another flow's: a bug.
    #[expect(clippy::indexing_slicing, reason = "ids are made with the texts and never leave their flow")]
    pub fn text(&self, id: TextId) -> &Text {
        &self.texts[id.0]
    }

    /// The step with a path.
    pub fn find(&self, path: &str) -> Option<StepId> {
        self.steps.iter().position(|step| step.path == path).map(StepId)
    }

    /// The full name of a name as a text of a step writes it: what [`super::condition::Scope::value`] is asked for. Inside a group
    /// names are the group's own first; what is no step and no value that was set stays as written.
    pub fn full_name(&self, step: &str, written: &str) -> String {
        let bare = written.strip_suffix(".count").unwrap_or(written);
        let mut group = step;
        while let Some((outer, _)) = group.rsplit_once('.') {
            let path = format!("{outer}.{bare}");
            if self.steps.iter().any(|step| step.path == path || step.sets(&path)) {
                return format!("{outer}.{written}");
            }
            group = outer;
        }
        written.to_owned()
    }

    /// The steps of a group's list, or of the outermost list.
    pub fn list(&self, group: Option<StepId>) -> &[StepId] {
        match group.map(|id| &self.step(id).body) {
            None => &self.top,
            Some(Body::Repeat(repeat)) => &repeat.steps,
            Some(Body::ForEach(each)) => &each.steps,
            Some(Body::Plain | Body::Ask(_) | Body::Call(_)) => &[],
        }
    }
}

impl Step {
    /// Whether the step or one of its arms sets a value of this full name.
    pub fn sets(&self, path: &str) -> bool {
        let unclear = match &self.body {
            Body::Ask(Ask { if_unclear: IfUnclear::Arm(actions), .. }) => Some(&actions.set),
            Body::Ask(_) | Body::Plain | Body::Repeat(_) | Body::ForEach(_) | Body::Call(_) => None,
        };
        let arms = self.then.iter().map(|arm| &arm.actions.set);
        let silence = self.silence.iter().flatten().map(|arm| &arm.actions.set);
        arms.chain(silence).chain(unclear).chain([&self.set]).flatten().any(|(name, _)| name == path)
    }
}

impl Text {
    /// The words in a language, and the language they are in: the source's where there is no translation.
    pub fn in_language<'a>(&'a self, language: &'a Language, source: &'a Language) -> (&'a str, &'a Language) {
        match self.translations.get(language) {
            Some(translation) => (&translation.text, language),
            None => (&self.source, source),
        }
    }
}
