//! Every key of the language, by where it may stand.

/// Of a flow.
pub const FLOW: &[&str] = &[
    "flow",
    "title",
    "languages",
    "for",
    "needs",
    "emergency",
    "who is this",
    "is it real",
    "why we ask",
    "how long",
    "starts on",
    "ends",
    "silence",
    "steps",
];

/// Of a step.
pub const STEP: &[&str] = &[
    "label",
    "when",
    "call",
    "set",
    "say",
    "say if you",
    "say if alone",
    "sms",
    "whatsapp",
    "voice",
    "email",
    "web",
    "alone",
    "ask",
    "none",
    "options",
    "whole",
    "unit",
    "code",
    "retry",
    "tries",
    "confirm",
    "why we ask",
    "if unclear",
    "repeat",
    "first",
    "more",
    "for each",
    "steps",
    "then",
    "task",
    "escalate",
    "because",
    "resume",
    "go",
    "end",
    "end all",
    "silence",
];

/// Of an arm: of `then` and of `if unclear`.
pub const ARM: &[&str] = &[
    "when",
    "else",
    "set",
    "say",
    "say if you",
    "say if alone",
    "sms",
    "whatsapp",
    "voice",
    "email",
    "web",
    "task",
    "escalate",
    "because",
    "resume",
    "go",
    "end",
    "end all",
];

/// Of an arm of `silence`.
pub const SILENCE: &[&str] = &[
    "after",
    "when",
    "set",
    "say",
    "say if you",
    "say if alone",
    "sms",
    "whatsapp",
    "voice",
    "email",
    "web",
    "task",
    "escalate",
    "because",
    "resume",
    "end",
    "end all",
];

/// Of an option's block.
pub const OPTION: &[&str] = &["say", "code", "words", "when"];

/// Of the language, but not built yet.
pub const LATER: &[&str] = &["start", "private", "undeliverable", "review", "promises", "wait"];

/// Whether a line beginning with it is surely no text.
pub fn is_known(key: &str) -> bool {
    [FLOW, STEP, ARM, SILENCE, OPTION].iter().any(|keys| keys.contains(&key))
}
