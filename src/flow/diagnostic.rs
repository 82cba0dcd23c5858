//! Findings: what is wrong with a flow, where, why, and what to write instead.

use std::ops::Range;

use serde::Serialize;

use super::{
    codes,
    source::{SourceFile, Span},
};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Probably wrong.
    Warning,
    /// Cannot be published.
    Error,
}

/// A place a finding speaks of, with a word for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Where.
    pub span: Span,
    /// What stands there: `no step has this name`.
    pub label: String,
}

/// One finding. Printed with carets, or as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's code, `F012`; `intake explain F012` prints its page.
    pub code: &'static str,
    /// How bad.
    pub level: Level,
    /// What is wrong, in one line.
    pub message: String,
    /// Where.
    pub place: Place,
    /// Other places that belong to it.
    pub also: Vec<Place>,
    /// What to do: "write `breathless`", "put the text in a block: `say: |`".
    pub help: Option<String>,
}

/// A problem of one file before its place is known by line and column: what the readers of the language hand up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code, one of [`super::codes`].
    pub code: &'static str,
    /// The bytes it is about.
    pub range: Range<usize>,
    /// What is wrong, in one line.
    pub message: String,
    /// The word at the caret.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Another place that belongs to it.
    pub also: Option<Box<(Range<usize>, String)>>,
}

impl Problem {
    /// A problem without help.
    pub fn new(code: &'static str, range: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { code, range, message: message.into(), label: label.into(), help: None, also: None }
    }

    /// With what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With what to write instead, where there is something to propose.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// With another place.
    #[must_use]
    pub fn also(mut self, range: Range<usize>, label: impl Into<String>) -> Self {
        self.also = Some(Box::new((range, label.into())));
        self
    }

    /// Moved within the file.
    #[must_use]
    pub fn moved(mut self, by: usize) -> Self {
        self.range = self.range.start + by..self.range.end + by;
        self
    }

    /// The finding, placed in its file, with the level of its code.
    pub fn into_finding(self, file: &SourceFile<'_>) -> Finding {
        Finding {
            code: self.code,
            level: codes::level(self.code),
            message: self.message,
            place: Place { span: file.span(&self.range), label: self.label },
            also: self.also.map(|also| Place { span: file.span(&also.0), label: also.1 }).into_iter().collect(),
            help: self.help,
        }
    }
}

/// "did you mean `breathless`?", if one of the words is near enough to be meant.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(written, known).map(|word| format!("did you mean `{word}`?"))
}

/// The word that is nearest to what was written, if it is near: a third of its letters may differ.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&written, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count().max(written.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
