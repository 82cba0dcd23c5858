//! Findings: what is wrong with a flow, where, why, and what to write instead.

use serde::Serialize;

use super::source::Span;

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
