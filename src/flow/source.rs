//! The texts of flow files and where something stands in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A stretch of one file, in bytes, with the line and column (both from 1, columns in characters) where it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The file's name as shown to the author: `flows/daily-check.yaml`.
    pub file: String,
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first byte in characters, from 1.
    pub column: usize,
}

/// All the files that one revision of a flow is made of, as text: what is hashed, stored and compiled.
///
/// Names are relative: `daily-check.yaml`, `daily-check.es.yaml`, `messages/emergency-text.hbs`, `messages/emergency-text.es.hbs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The flow that is started by it.
    pub root: String,
    /// Name to content: the root flow, flows it calls or needs, their translations, and the partials.
    pub files: BTreeMap<String, String>,
}
