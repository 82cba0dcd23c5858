//! Why a step did what it did: for `chat --why`, tests and the author.

/// One line of the trace. Carries names of the flow only, never a value of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The flow that was talked in; empty outside any.
    pub flow: String,
    /// The step's path, or empty for the conversation itself.
    pub step: String,
    /// What was decided there: ``when `danger is not none` holds``.
    pub what: String,
}
