//! A flow file as a tree with places: YAML, tamed.
//!
//! ```text
//! text ──scan──▶ every key and value with its place, and the same lines with `k1: v1` in their stead
//!                        └──saphyr──▶ events ──build──▶ tree
//! ```
//! The scanner takes every value from its source line, so that YAML resolves nothing (`say: 1.10` stays "1.10") and cannot stumble
//! over what a designer writes in a text. It finds what is wrong with single lines and mends it in what it hands on, so that one
//! mistake does not hide the next. Knows nothing of what a key means but which keys hold texts.

mod build;
mod line;
mod scan;

use std::ops::Range;

use super::{diagnostic::Problem, source::SourceFile};

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its bytes; of an empty value, those of its key.
    pub range: Range<usize>,
    /// What it is.
    pub kind: NodeKind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Nothing stands there.
    Empty,
    /// Words, on the line or in a block below it.
    Scalar(Scalar),
    /// `- ` items.
    List(Vec<Node>),
    /// Keys with values, in file order, each key once.
    Map(Vec<Entry>),
}

/// Words as they stand in the file.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The lines, each without its ends' spaces and without comments; joined they are the text before the line rule.
    pub lines: Vec<Range<usize>>,
    /// The lines, joined by line breaks.
    pub text: String,
}

/// One key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key, without quotes.
    pub key: String,
    /// Where it stands.
    pub key_range: Range<usize>,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// The words, if it is words.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            NodeKind::Empty | NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }

    /// What it is, in a designer's words.
    pub const fn word(&self) -> &'static str {
        match self.kind {
            NodeKind::Empty => "nothing",
            NodeKind::Scalar(_) => "a single value",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a block of keys",
        }
    }
}

/// Keys whose value is a text: taken as it stands.
pub const TEXT_KEYS: &[&str] = &[
    "say",
    "say if you",
    "say if alone",
    "sms",
    "whatsapp",
    "voice",
    "email",
    "web",
    "retry",
    "first",
    "more",
    "none",
    "because",
    "label",
    "title",
    "from",
    "to",
    "note",
];

/// Keys whose list items are texts.
pub const TEXT_LIST_KEYS: &[&str] = &["words", "starts on"];

/// Reads a file into a tree. The tree holds all that could be read, whatever was found.
pub fn read(file: &SourceFile<'_>) -> (Node, Vec<Problem>) {
    let mut scanned = scan::scan(file);
    let tree = build::build(file, &mut scanned);
    (tree, scanned.problems)
}
